#include "os/posix_line_file.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <string>
#include <thread>

#include "os/read_wait.h"
#include "os/testing.h"

namespace nacre::os {
namespace {

TEST(PosixLineFile, IsMadePrivateAndAppendedTo) {
  const TemporaryDirectory where;
  const auto directory = where.open();
  {
    auto file = directory->open_lines("LOG").value();
    EXPECT_EQ(file->size_bytes(), 0U);
    file->append("one\n").value();
    EXPECT_EQ(slurp(where / "LOG"), "one\n");
  }
  struct stat status = {};
  ASSERT_EQ(::stat((where / "LOG").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0600U);
  auto again = directory->open_lines("LOG").value();
  EXPECT_EQ(again->size_bytes(), 4U);
  again->append("two\n").value();
  EXPECT_EQ(again->size_bytes(), 8U);
  EXPECT_EQ(slurp(where / "LOG"), "one\ntwo\n");
}

TEST(PosixLineFile, NoLinkPipeOrDirectoryIsOpened) {
  const TemporaryDirectory where;
  const auto directory = where.open();
  spill(where / "target", "");
  ASSERT_EQ(::symlink("target", (where / "link").c_str()), 0);
  ASSERT_EQ(::symlink("nowhere", (where / "dangling").c_str()), 0);
  ASSERT_EQ(::mkfifo((where / "pipe").c_str(), 0600), 0);
  ASSERT_EQ(::mkdir((where / "directory").c_str(), 0700), 0);
  for (const char* name : {"link", "dangling", "pipe", "directory", "", ".", "a/b"})
    EXPECT_FALSE(directory->open_lines(name)) << name;
  struct stat status = {};
  EXPECT_NE(::lstat((where / "nowhere").c_str(), &status), 0) << "a file was made through a link";
}

TEST(PosixLineFile, ALastLineWithoutAnEndGetsOne) {
  const TemporaryDirectory where;
  const auto directory = where.open();
  for (const auto& [before, after] : {std::pair<const char*, const char*>{"", "x\n"}, {"a\n", "a\nx\n"}, {"a\nb", "a\nb\nx\n"}}) {
    spill(where / "LOG", before);
    directory->open_lines("LOG").value()->append("x\n").value();
    EXPECT_EQ(slurp(where / "LOG"), after);
  }
}

TEST(PosixLineFile, AnErrorIsNotFinal) {
  if (!is_root()) GTEST_SKIP() << "only root may mount a small file system";
  const SmallFileSystem small("size=64k");
  if (!small.mounted()) GTEST_SKIP() << "a small file system cannot be mounted here";
  const auto directory = small.where().open();
  auto file = directory->open_lines("LOG").value();
  file->append("first\n").value();
  const auto refused = file->append(std::string(128 << 10, 'x') + "\n");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::kNoSpace) << refused.error().to_string();
  EXPECT_EQ(slurp(small.where() / "LOG"), "first\n") << "a part of a line stays";
  file->append("second\n").value();
  EXPECT_EQ(slurp(small.where() / "LOG"), "first\nsecond\n");
}

// A limit on the size of files: the part of a line that fitted is cut off again.
TEST(PosixLineFile, AFileThatMayNotGrowKeepsWholeLines) {
  const TemporaryDirectory where;
  EXPECT_EQ(in_child([&where] {
              ::signal(SIGXFSZ, SIG_IGN);
              const rlimit limit{.rlim_cur = 1000, .rlim_max = RLIM_INFINITY};
              if (::setrlimit(RLIMIT_FSIZE, &limit) != 0) return 1;
              const auto file = where.open()->open_lines("LOG").value();
              for (int i = 0; i < 9; i++) {
                if (!file->append(std::string(99, 'a') + "\n")) return 2;
              }
              if (file->append(std::string(149, 'x') + "\n")) return 3;
              return file->append(std::string(99, 'y') + "\n") ? 0 : 4;
            }),
            0);
  const std::string text = slurp(where / "LOG");
  EXPECT_EQ(text.size(), 1000U);
  EXPECT_FALSE(text.contains('x'));
  EXPECT_TRUE(text.ends_with("yy\n"));
}

TEST(ReadWait, CountsWhatTheThreadWaitsAndNestsOnce) {
  const uint64_t before = read_wait_ns();
  {
    const ReadWait outer;
    const ReadWait inner;
    std::this_thread::sleep_for(std::chrono::milliseconds(60));
  }
  const uint64_t waited = read_wait_ns() - before;
  EXPECT_GE(waited, 40'000'000U);
  EXPECT_LT(waited, 100'000'000U + 60'000'000U) << "counted twice";
  uint64_t of_other = 1;
  std::thread([&] { of_other = read_wait_ns(); }).join();
  EXPECT_EQ(of_other, 0U);
}

}  // namespace
}  // namespace nacre::os
