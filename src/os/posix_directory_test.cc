#include "os/posix_directory.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <string>

#include "os/testing.h"

namespace nacre::os {
namespace {

template <class T>
ErrorKind kind_of(const Result<T>& result) {
  EXPECT_FALSE(result) << "must fail";
  return result ? ErrorKind::kUnsupported : result.error().kind;
}

mode_t mode_of(const std::string& path) {
  struct stat status = {};
  EXPECT_EQ(::lstat(path.c_str(), &status), 0) << path;
  return status.st_mode & 07777;
}

TEST(PosixDirectory, CreatesOneLevelPrivately) {
  TemporaryDirectory temporary;
  auto files = posix_file_system();
  EXPECT_EQ(kind_of(files->open_directory(temporary / "db", false)), ErrorKind::kNotFound);
  EXPECT_EQ(kind_of(files->open_directory(temporary / "a/b", true)), ErrorKind::kNotFound);
  auto directory = files->open_directory(temporary / "db", true).value();
  EXPECT_EQ(mode_of(temporary / "db"), 0700u);
  EXPECT_EQ(directory->path(), temporary / "db");
  files->open_directory(temporary / "db/", true).value();
  files->open_directory(temporary / "other//", true).value();
  EXPECT_EQ(kind_of(files->open_directory("", true)), ErrorKind::kInvalidArgument);
  spill(temporary / "file", "");
  EXPECT_EQ(kind_of(files->open_directory(temporary / "file", true)), ErrorKind::kInvalidArgument);
  EXPECT_EQ(kind_of(files->open_directory(temporary / std::string(300, 'x'), true)), ErrorKind::kInvalidArgument);
}

TEST(PosixDirectory, RelativePathsAndTheRootHaveParents) {
  TemporaryDirectory temporary;
  EXPECT_EQ(in_child([&] {
              if (::chdir(temporary.path().c_str()) != 0) return 1;
              auto files = posix_file_system();
              if (!files->open_directory("plain", true)) return 2;
              if (!files->open_directory("plain/inner/", true)) return 3;
              if (!files->open_directory("/", true)) return 4;
              return files->open_directory(".", true) ? 0 : 5;
            }),
            0);
}

TEST(PosixDirectory, NewFilesArePrivateAndMustNotExist) {
  TemporaryDirectory temporary;
  auto directory = temporary.open();
  directory->create("000001.sst").value();
  directory->create_mapped("000002.wal", 8192).value();
  EXPECT_EQ(mode_of(temporary / "000001.sst"), 0600u);
  EXPECT_EQ(mode_of(temporary / "000002.wal"), 0600u);
  EXPECT_EQ(kind_of(directory->create("000001.sst")), ErrorKind::kInvalidArgument);
  EXPECT_EQ(kind_of(directory->create_mapped("000001.sst", 8192)), ErrorKind::kInvalidArgument);
}

TEST(PosixDirectory, MissingFileNamesItself) {
  TemporaryDirectory temporary;
  const auto result = temporary.open()->open_read("000042.sst");
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().kind, ErrorKind::kNotFound);
  EXPECT_EQ(result.error().operation, Operation::kOpen);
  EXPECT_EQ(result.error().file_kind, FileKind::kTable);
  EXPECT_EQ(result.error().file_number, 42u);
}

TEST(PosixDirectory, NamesLeadNowhereElse) {
  TemporaryDirectory temporary;
  auto directory = temporary.open();
  for (const std::string& name : {std::string("../x"), std::string("a/b"), std::string("."), std::string(".."),
                                  std::string(""), std::string("a\0b", 3), std::string("/etc/passwd")}) {
    EXPECT_EQ(kind_of(directory->open_read(name)), ErrorKind::kInvalidArgument) << name;
    EXPECT_EQ(kind_of(directory->create(name)), ErrorKind::kInvalidArgument) << name;
    EXPECT_EQ(kind_of(directory->open_mapped(name)), ErrorKind::kInvalidArgument) << name;
    EXPECT_EQ(kind_of(directory->remove(name)), ErrorKind::kInvalidArgument) << name;
    EXPECT_EQ(kind_of(directory->rename("x", name)), ErrorKind::kInvalidArgument) << name;
    EXPECT_EQ(kind_of(directory->lock(name, LockKind::kWrite)), ErrorKind::kInvalidArgument) << name;
  }
}

TEST(PosixDirectory, SymbolicLinksAreNotFollowed) {
  TemporaryDirectory temporary;
  TemporaryDirectory elsewhere;
  spill(elsewhere / "target", std::string(4096, 'x'));
  ASSERT_EQ(::symlink((elsewhere / "target").c_str(), (temporary / "000001.sst").c_str()), 0);
  ASSERT_EQ(::symlink((elsewhere / "new").c_str(), (temporary / "000002.sst").c_str()), 0);
  auto directory = temporary.open();
  EXPECT_EQ(kind_of(directory->open_read("000001.sst")), ErrorKind::kInvalidArgument);
  EXPECT_EQ(kind_of(directory->open_mapped("000001.sst")), ErrorKind::kInvalidArgument);
  EXPECT_EQ(kind_of(directory->lock("000001.sst", LockKind::kWrite)), ErrorKind::kInvalidArgument);
  EXPECT_EQ(kind_of(directory->create("000002.sst")), ErrorKind::kInvalidArgument);
  EXPECT_EQ(kind_of(directory->lock("000002.sst", LockKind::kWrite)), ErrorKind::kInvalidArgument);
  EXPECT_EQ(::access((elsewhere / "new").c_str(), F_OK), -1) << "nothing was created through the link";
  EXPECT_TRUE(directory->list().value().empty());
}

TEST(PosixDirectory, OnlyRegularFilesAreOpened) {
  TemporaryDirectory temporary;
  ASSERT_EQ(::mkfifo((temporary / "pipe").c_str(), 0600), 0);
  ASSERT_EQ(::mkdir((temporary / "inner").c_str(), 0700), 0);
  auto directory = temporary.open();
  EXPECT_EQ(kind_of(directory->open_read("pipe")), ErrorKind::kInvalidArgument) << "and it must not hang";
  EXPECT_EQ(kind_of(directory->lock("pipe", LockKind::kWrite)), ErrorKind::kInvalidArgument);
  EXPECT_EQ(kind_of(directory->open_read("inner")), ErrorKind::kInvalidArgument);
}

TEST(PosixDirectory, ListsRegularFilesOnly) {
  TemporaryDirectory temporary;
  spill(temporary / "b", "12345");
  spill(temporary / "a", "");
  ASSERT_EQ(::mkdir((temporary / "inner").c_str(), 0700), 0);
  ASSERT_EQ(::mkfifo((temporary / "pipe").c_str(), 0600), 0);
  ASSERT_EQ(::symlink("a", (temporary / "link").c_str()), 0);
  auto directory = temporary.open();
  for (int twice = 0; twice < 2; ++twice) {
    const auto entries = directory->list().value();
    ASSERT_EQ(entries.size(), 2u);
    EXPECT_EQ(entries[0].name, "a");
    EXPECT_EQ(entries[0].size_bytes, 0u);
    EXPECT_EQ(entries[1].name, "b");
    EXPECT_EQ(entries[1].size_bytes, 5u);
  }
}

TEST(PosixDirectory, RenameReplacesAndRemoveRemoves) {
  TemporaryDirectory temporary;
  spill(temporary / "CURRENT", "old");
  spill(temporary / "CURRENT.new", "new");
  auto directory = temporary.open();
  directory->rename("CURRENT.new", "CURRENT").value();
  directory->sync().value();
  EXPECT_EQ(slurp(temporary / "CURRENT"), "new");
  EXPECT_EQ(directory->list().value().size(), 1u);
  directory->remove("CURRENT").value();
  EXPECT_EQ(kind_of(directory->remove("CURRENT")), ErrorKind::kNotFound);
  EXPECT_EQ(kind_of(directory->rename("CURRENT", "x")), ErrorKind::kNotFound);
}

TEST(PosixDirectory, MayBeRenamedWhileOpen) {
  TemporaryDirectory temporary;
  auto directory = posix_file_system()->open_directory(temporary / "before", true).value();
  ASSERT_EQ(::rename((temporary / "before").c_str(), (temporary / "after").c_str()), 0);
  directory->create("f").value();
  EXPECT_EQ(::access((temporary / "after/f").c_str(), F_OK), 0);
}

TEST(PosixDirectory, KnowsFreeSpace) {
  TemporaryDirectory temporary;
  EXPECT_GT(temporary.open()->free_bytes().value(), 0u);
}

// O_NONBLOCK is needed to open safely, and must be gone after: io_uring would not wait for the device.
TEST(PosixDirectory, DescriptorsAreClosedOnExecAndBlock) {
  TemporaryDirectory temporary;
  auto directory = temporary.open();
  auto written = directory->create("a").value();
  written->append("x").value();
  written->sync().value();
  auto mapped = directory->create_mapped("b", 4096).value();
  auto read = directory->open_read("a").value();
  auto lock = directory->lock("LOCK", LockKind::kWrite).value();
  int seen = 0;
  for (int number = 3; number < 256; ++number) {
    const int flags = ::fcntl(number, F_GETFD);
    char path[4096] = {};
    const std::string link = "/proc/self/fd/" + std::to_string(number);
    if (flags < 0 || ::readlink(link.c_str(), path, sizeof path - 1) < 0) continue;
    if (std::string(path).find(temporary.path()) != 0) continue;
    ++seen;
    EXPECT_TRUE(flags & FD_CLOEXEC) << path;
    EXPECT_FALSE(::fcntl(number, F_GETFL) & O_NONBLOCK) << path;
  }
  EXPECT_EQ(seen, 5);
}

TEST(PosixDirectory, PermissionDeniedIsSaidClearly) {
  if (!is_root()) GTEST_SKIP() << "needs root, to become somebody else";
  TemporaryDirectory temporary;
  spill(temporary / "000001.sst", "secret");
  ASSERT_EQ(::chmod((temporary / "000001.sst").c_str(), 0600), 0);
  as_nobody([&] {
    const auto denied = posix_file_system()->open_directory(temporary.path(), false);
    ASSERT_FALSE(denied);
    EXPECT_EQ(denied.error().kind, ErrorKind::kIo);
    EXPECT_EQ(denied.error().system_errno, EACCES);
    EXPECT_NE(std::string(denied.error().reason).find("permission denied"), std::string::npos);
  });
  ASSERT_EQ(::chmod(temporary.path().c_str(), 0755), 0);
  as_nobody([&] {
    auto directory = temporary.open();
    EXPECT_EQ(kind_of(directory->open_read("000001.sst")), ErrorKind::kIo);
    EXPECT_EQ(kind_of(directory->create("000002.sst")), ErrorKind::kIo);
    EXPECT_EQ(kind_of(directory->lock("LOCK", LockKind::kWrite)), ErrorKind::kIo);
    EXPECT_EQ(kind_of(directory->remove("000001.sst")), ErrorKind::kIo);
  });
}

TEST(PosixDirectory, ParentThatCannotBeReadIsNoHindrance) {
  if (!is_root()) GTEST_SKIP() << "needs root, to become somebody else";
  TemporaryDirectory temporary;
  ASSERT_EQ(::chmod(temporary.path().c_str(), 0733), 0);
  as_nobody([&] { posix_file_system()->open_directory(temporary / "mine", true).value(); });
}

TEST(PosixDirectory, ReadOnlyFileSystemIsSaidClearly) {
  SmallFileSystem small("size=1m");
  if (!small.mounted()) GTEST_SKIP() << "needs root";
  spill(small.where() / "000001.sst", "x");
  ASSERT_TRUE(small.make_read_only());
  auto directory = small.where().open();
  directory->open_read("000001.sst").value();
  const auto refused = directory->create("000002.sst");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::kIo);
  EXPECT_EQ(refused.error().system_errno, EROFS);
  EXPECT_NE(std::string(refused.error().reason).find("read-only"), std::string::npos);
}

}  // namespace
}  // namespace nacre::os
