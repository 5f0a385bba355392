#include "cli/shell/history.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace nacre::cli {
namespace {

class ShellHistory : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_NE(mkdtemp(folder_.data()), nullptr);
    file_ = folder_ + "/state/nacre/history";
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::string folder_ = (std::filesystem::temp_directory_path() / "nacre-history-XXXXXX").string();
  std::string file_;
};

TEST_F(ShellHistory, KeepsLinesForItsOwnerAlone) {
  {
    History history(file_);
    EXPECT_TRUE(history.add("put a 1"));
    EXPECT_FALSE(history.add("put a 1")) << "repeats the one before";
    EXPECT_FALSE(history.add(" put secret 1")) << "begins with a blank";
    EXPECT_FALSE(history.add(""));
    EXPECT_TRUE(history.add("get a"));
  }
  EXPECT_EQ(History(file_).lines(), (std::vector<std::string>{"put a 1", "get a"}));
  struct stat status{};
  ASSERT_EQ(stat(file_.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600U);
  ASSERT_EQ(stat((folder_ + "/state").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0700U);
}

TEST_F(ShellHistory, AFileThatOthersCouldReadIsClosedToThem) {
  std::filesystem::create_directories(folder_ + "/state/nacre");
  std::ofstream(file_) << "old\n";
  chmod(file_.c_str(), 0644);
  EXPECT_TRUE(History(file_).add("new"));
  struct stat status{};
  ASSERT_EQ(stat(file_.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600U);
}

TEST_F(ShellHistory, ShellsSideBySideLoseNothing) {
  History one(file_);
  History other(file_);
  one.add("a");
  other.add("b");
  one.add("c");
  EXPECT_EQ(History(file_).lines(), (std::vector<std::string>{"a", "b", "c"}));
}

TEST_F(ShellHistory, IsCutWhenItGrew) {
  std::filesystem::create_directories(folder_ + "/state/nacre");
  const auto write_lines = [this](size_t count) {
    std::ofstream out(file_);
    for (size_t i = 0; i < count; i++) out << "line " << i << "\n";
  };
  write_lines(2 * History::kKept - 1);
  const auto size = std::filesystem::file_size(file_);
  EXPECT_EQ(History(file_).lines().size(), History::kKept);
  EXPECT_EQ(std::filesystem::file_size(file_), size);
  write_lines(2 * History::kKept);
  const History cut(file_);
  EXPECT_EQ(cut.lines().front(), "line " + std::to_string(History::kKept));
  EXPECT_LT(std::filesystem::file_size(file_), size);
  EXPECT_EQ(History(file_).lines(), cut.lines());
}

TEST_F(ShellHistory, WhatCannotBeWrittenIsLeftAlone) {
  std::ofstream(folder_ + "/file") << "x";
  for (const std::string& file : {std::string(), folder_ + "/file/below", folder_, std::string("/dev/null")}) {
    History history(file);
    EXPECT_TRUE(history.lines().empty());
    EXPECT_TRUE(history.add("line")) << "in memory it is there";
    EXPECT_EQ(history.lines().size(), 1U);
  }
}

TEST_F(ShellHistory, TheEnvironmentSaysWhere) {
  setenv("NACRE_HISTORY", "/x/y", 1);
  EXPECT_EQ(history_file(), "/x/y");
  setenv("NACRE_HISTORY", "", 1);
  EXPECT_EQ(history_file(), "");
  unsetenv("NACRE_HISTORY");
  setenv("XDG_STATE_HOME", "/state", 1);
  EXPECT_EQ(history_file(), "/state/nacre/history");
  setenv("XDG_STATE_HOME", "relative", 1);
  setenv("HOME", "/home/somebody", 1);
  EXPECT_EQ(history_file(), "/home/somebody/.local/state/nacre/history");
  unsetenv("XDG_STATE_HOME");
  unsetenv("HOME");
  EXPECT_EQ(history_file(), "");
}

}  // namespace
}  // namespace nacre::cli
