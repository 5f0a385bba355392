#include "os/directory_lock.h"

#include <gtest/gtest.h>
#include <signal.h>

#include <string>

#include "os/testing.h"

namespace nacre::os {
namespace {

bool is_busy(const Result<std::unique_ptr<DirectoryLock>>& result) {
  return !result && result.error().kind == ErrorKind::kBusy && result.error().file_kind == FileKind::kLock;
}

TEST(DirectoryLock, SecondInThisProcessIsBusyUntilTheFirstGoes) {
  TemporaryDirectory temporary;
  auto directory = temporary.open();
  auto first = directory->lock("LOCK", LockKind::kWrite).value();
  const auto second = temporary.open()->lock("LOCK", LockKind::kWrite);  // by another handle of the same directory
  ASSERT_TRUE(is_busy(second));
  EXPECT_NE(std::string(second.error().reason).find("this process"), std::string::npos);
  first.reset();
  first = directory->lock("LOCK", LockKind::kWrite).value();
  EXPECT_TRUE(is_busy(directory->lock("LOCK", LockKind::kWrite)));
}

int try_lock(const TemporaryDirectory& temporary, LockKind kind = LockKind::kWrite) {
  auto lock = temporary.open()->lock("LOCK", kind);
  return lock ? 0 : (is_busy(lock) ? 1 : 2);
}

TEST(DirectoryLock, ReadersShareAndKeepWritersOut) {
  TemporaryDirectory temporary;
  EXPECT_EQ(temporary.open()->lock("LOCK", LockKind::kRead).error().kind, ErrorKind::kNotFound) << "and makes no file";
  auto writer = temporary.open()->lock("LOCK", LockKind::kWrite).value();
  EXPECT_EQ(try_lock(temporary, LockKind::kRead), 1);
  EXPECT_EQ(in_child([&] { return try_lock(temporary, LockKind::kRead); }), 1);
  writer.reset();
  auto first = temporary.open()->lock("LOCK", LockKind::kRead).value();
  auto second = temporary.open()->lock("LOCK", LockKind::kRead).value();
  EXPECT_EQ(in_child([&] { return try_lock(temporary, LockKind::kRead); }), 0);
  first.reset();
  EXPECT_EQ(try_lock(temporary), 1);
  EXPECT_EQ(in_child([&] { return try_lock(temporary); }), 1);
  second.reset();
  EXPECT_EQ(try_lock(temporary), 0);
}

TEST(DirectoryLock, AnotherNameOfTheDirectoryIsTheSameLock) {
  TemporaryDirectory temporary;
  auto directory = posix_file_system()->open_directory(temporary / "db", true).value();
  ASSERT_EQ(::symlink("db", (temporary / "alias").c_str()), 0);
  auto first = directory->lock("LOCK", LockKind::kWrite).value();
  auto alias = posix_file_system()->open_directory(temporary / "alias", false).value();
  EXPECT_TRUE(is_busy(alias->lock("LOCK", LockKind::kWrite)));
}

TEST(DirectoryLock, DirectoriesDoNotDisturbEachOther) {
  TemporaryDirectory one;
  TemporaryDirectory two;
  auto first = one.open()->lock("LOCK", LockKind::kWrite).value();
  auto second = two.open()->lock("LOCK", LockKind::kWrite).value();
}

TEST(DirectoryLock, AnotherProcessIsBusyUntilTheHolderGoes) {
  TemporaryDirectory temporary;
  auto first = temporary.open()->lock("LOCK", LockKind::kWrite).value();
  EXPECT_EQ(in_child([&] { return try_lock(temporary); }), 1);
  first.reset();
  EXPECT_EQ(in_child([&] { return try_lock(temporary); }), 0);
}

// The older kind of lock would be lost here: any close of the file by the process releases it.
TEST(DirectoryLock, OpeningAndClosingTheFileDoesNotReleaseIt) {
  TemporaryDirectory temporary;
  auto first = temporary.open()->lock("LOCK", LockKind::kWrite).value();
  slurp(temporary / "LOCK");
  EXPECT_TRUE(is_busy(temporary.open()->lock("LOCK", LockKind::kWrite)));
  EXPECT_EQ(in_child([&] { return try_lock(temporary); }), 1);
}

TEST(DirectoryLock, KilledHolderReleases) {
  TemporaryDirectory temporary;
  int ready[2];
  ASSERT_EQ(::pipe(ready), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    auto lock = temporary.open()->lock("LOCK", LockKind::kWrite).value();
    (void)!::write(ready[1], "x", 1);
    for (;;) ::pause();
  }
  char byte;
  ASSERT_EQ(::read(ready[0], &byte, 1), 1);
  EXPECT_TRUE(is_busy(temporary.open()->lock("LOCK", LockKind::kWrite)));
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  temporary.open()->lock("LOCK", LockKind::kWrite).value();
  ::close(ready[0]);
  ::close(ready[1]);
}

TEST(DirectoryLock, ForkedChildsDestructorReleasesNothing) {
  TemporaryDirectory temporary;
  auto first = temporary.open()->lock("LOCK", LockKind::kWrite).value();
  EXPECT_EQ(in_child([&] {
              first.reset();
              return 0;
            }),
            0);
  EXPECT_EQ(in_child([&] { return try_lock(temporary); }), 1);
}

TEST(DirectoryLock, LivingForkedChildDoesNotKeepWhatTheHolderReleased) {
  TemporaryDirectory temporary;
  auto first = temporary.open()->lock("LOCK", LockKind::kWrite).value();
  int never[2];
  ASSERT_EQ(::pipe(never), 0);
  const pid_t child = ::fork();
  if (child == 0) {  // lives with a copy of the descriptor until we close our end
    ::close(never[1]);
    char byte;
    (void)!::read(never[0], &byte, 1);
    ::_exit(0);
  }
  first.reset();
  EXPECT_TRUE(temporary.open()->lock("LOCK", LockKind::kWrite).has_value());
  ::close(never[1]);
  ::close(never[0]);
  ::waitpid(child, nullptr, 0);
}

TEST(DirectoryLock, ReplacedLockFileIsNoticed) {
  TemporaryDirectory temporary;
  auto first = temporary.open()->lock("LOCK", LockKind::kWrite).value();
  ASSERT_EQ(::unlink((temporary / "LOCK").c_str()), 0);
  auto second = temporary.open()->lock("LOCK", LockKind::kWrite);  // another file now: nothing can know of the first
  EXPECT_TRUE(second.has_value());
  EXPECT_EQ(::access((temporary / "LOCK").c_str(), F_OK), 0);
}

}  // namespace
}  // namespace nacre::os
