// Missing and foreign files, links and modes: a database names what it misses, refuses what is another's, and touches nothing that is not
// provably its own.
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <string>
#include <vector>

#include "tests/support/database_files.h"

namespace nacre {
namespace {

using namespace tests;

class ForeignFiles : public testing::Test {
 protected:
  Contents expected_contents() {
    Db db = open(OpenMode::kReadOnly).value();
    return read_all(db).value();
  }
  Result<Db> open(OpenMode mode = OpenMode::kCreateIfMissing) { return Db::open(path_, small(mode)); }

  os::TemporaryDirectory directory_;
  std::string path_ = directory_ / "db";
};

TEST_F(ForeignFiles, EveryMissingFileIsNamed) {
  make_closed(path_, 3);
  const Contents expected = expected_contents();
  for (const auto& [name, contents] : files_of(path_)) {
    if (name == "LOCK" || name == "STATS" || is_log(name)) continue;
    ASSERT_EQ(::unlink((path_ + "/" + name).c_str()), 0);
    for (const OpenMode mode : {OpenMode::kReadOnly, OpenMode::kMustExist, OpenMode::kCreateIfMissing}) {
      const auto opened = open(mode);
      ASSERT_FALSE(opened.has_value()) << name << " is missing";
      EXPECT_EQ(opened.error().kind, ErrorKind::kCorruption) << name << ": " << opened.error().to_string();
      if (name != "CURRENT") {
        EXPECT_NE(opened.error().to_string().find(name), std::string::npos) << opened.error().to_string();
      }
    }
    os::spill(path_ + "/" + name, contents);
  }
  EXPECT_EQ(expected_contents(), expected) << "refused opens must leave everything";
}

TEST_F(ForeignFiles, ADirectoryOfOthersIsRefusedAndUntouched) {
  write_files(path_, {{"letter.txt", "dear"}, {"photo.jpg", "\xff\xd8"}});
  const Files before = files_of(path_);
  for (const OpenMode mode : {OpenMode::kCreateIfMissing, OpenMode::kCreateNew}) {
    const auto opened = open(mode);
    ASSERT_FALSE(opened.has_value());
    EXPECT_EQ(opened.error().kind, ErrorKind::kInvalidArgument) << opened.error().to_string();
  }
  for (const OpenMode mode : {OpenMode::kMustExist, OpenMode::kReadOnly}) {
    const auto opened = open(mode);
    ASSERT_FALSE(opened.has_value());
    EXPECT_TRUE(opened.error().kind == ErrorKind::kInvalidArgument || opened.error().kind == ErrorKind::kNotFound)
        << opened.error().to_string();
  }
  EXPECT_EQ(files_of(path_), before) << "not even LOCK may appear";

  const os::TemporaryDirectory empty;
  EXPECT_EQ(Db::open(empty / ".", small(OpenMode::kMustExist)).error().kind, ErrorKind::kNotFound);
  EXPECT_TRUE(files_of(empty / ".").empty());
}

TEST_F(ForeignFiles, AFileInPlaceOfTheDirectory) {
  os::spill(path_, "text");
  for (const OpenMode mode : {OpenMode::kCreateIfMissing, OpenMode::kReadOnly}) {
    const auto opened = open(mode);
    ASSERT_FALSE(opened.has_value());
    EXPECT_EQ(opened.error().kind, ErrorKind::kInvalidArgument) << opened.error().to_string();
  }
  EXPECT_EQ(os::slurp(path_), "text");
}

TEST_F(ForeignFiles, FilesThatAreNotOursStay) {
  make_closed(path_, 4);
  const std::string other = directory_ / "other";
  make_closed(other, 5);
  const Files theirs = files_of(other);
  const Contents expected = expected_contents();
  const Files foreign = {{"notes.txt", "mine"},
                         {"000000.sst.bak", "x"},
                         {"900001.sst", theirs.at(one_name(theirs, is_table))},
                         {"MANIFEST-900002", theirs.at(one_name(theirs, is_manifest))}};
  write_files(path_, foreign);
  for (int i = 0; i < 2; i++) {
    Db db = open().value();
    EXPECT_TRUE(read_all(db).value() == expected);
    ASSERT_TRUE(db.put("k", "v").has_value() && db.erase("k").has_value() && db.compact().has_value());
  }
  const Files after = files_of(path_);
  for (const auto& [name, contents] : foreign) EXPECT_TRUE(after.contains(name) && after.at(name) == contents) << name;
}

TEST_F(ForeignFiles, AnotherDatabasesFilesAreRefused) {
  make_closed(path_, 6);
  const std::string other = directory_ / "other";
  make_closed(other, 6);  // the same operations: names and sizes agree, only the identity differs
  const Files ours = files_of(path_);
  const Files theirs = files_of(other);
  const Contents expected = expected_contents();
  uint64_t tried = 0;
  for (const auto& [name, contents] : ours) {
    if (!theirs.contains(name) || (!is_table(name) && !is_manifest(name))) continue;
    tried++;
    os::spill(path_ + "/" + name, theirs.at(name));
    for (const OpenMode mode : {OpenMode::kReadOnly, OpenMode::kCreateIfMissing}) {
      const auto opened = open(mode);
      ASSERT_FALSE(opened.has_value()) << name << " of another database was accepted";
      EXPECT_EQ(opened.error().kind, ErrorKind::kCorruption) << name << ": " << opened.error().to_string();
    }
    os::spill(path_ + "/" + name, contents);
  }
  EXPECT_GE(tried, 2U);
  EXPECT_EQ(expected_contents(), expected);
}

TEST_F(ForeignFiles, OurOwnTableUnderAnotherNumberIsRefused) {
  make_closed(path_, 7);
  const Files ours = files_of(path_);
  std::vector<std::string> tables;
  for (const auto& [name, contents] : ours) {
    if (is_table(name)) tables.push_back(name);
  }
  ASSERT_GE(tables.size(), 2U);
  os::spill(path_ + "/" + tables[0], ours.at(tables[1]));
  const auto opened = open(OpenMode::kReadOnly);
  ASSERT_FALSE(opened.has_value());
  EXPECT_EQ(opened.error().kind, ErrorKind::kCorruption) << opened.error().to_string();
}

TEST_F(ForeignFiles, ALinkIsNotFollowed) {
  make_closed(path_, 8);
  const std::string name = one_name(files_of(path_), is_table);
  ASSERT_EQ(::rename((path_ + "/" + name).c_str(), (directory_ / "elsewhere").c_str()), 0);
  ASSERT_EQ(::symlink((directory_ / "elsewhere").c_str(), (path_ + "/" + name).c_str()), 0);
  const auto opened = open(OpenMode::kReadOnly);
  EXPECT_FALSE(opened.has_value());
}

TEST_F(ForeignFiles, FilesAreForTheirOwnerOnly) {
  make_closed(path_, 9);
  struct stat status = {};
  ASSERT_EQ(::stat(path_.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0700U);
  for (const auto& [name, contents] : files_of(path_)) {
    ASSERT_EQ(::stat((path_ + "/" + name).c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777, 0600U) << name;
  }
}

}  // namespace
}  // namespace nacre
