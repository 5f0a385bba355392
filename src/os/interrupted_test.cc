// System calls that are interrupted, or move less than they were asked to. The simulated disk stands above these loops, so
// they are tested here, over calls of our own in place of the C library's.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdarg>
#include <cstdint>
#include <string>

#include "base/prng.h"
#include "os/posix_mapped_file.h"
#include "os/testing.h"

namespace {

// What happens to the calls of this thread. Nothing, unless a test says otherwise: the program has other tests.
struct Trouble {
  int interrupts = 0;               // EINTR so often before each call gets through
  size_t bytes_at_most = SIZE_MAX;  // a read or write moves no more
  int syncs_interrupted = 0;        // so many syncs are
  int fail_after = -1;              // reads and writes that still get through; then EIO
  bool writes_nothing = false;      // a write moves 0 bytes and names no error

  int left = 0;  // interrupts of the call that is being made
  int interrupted = 0;
  int syncs = 0;
};
thread_local Trouble trouble;

template <class Call>
auto interrupt(Call call) -> decltype(call()) {
  if (trouble.left > 0) {
    --trouble.left;
    ++trouble.interrupted;
    errno = EINTR;
    return -1;
  }
  trouble.left = trouble.interrupts;
  return call();
}

bool fails() {
  if (trouble.fail_after < 0) return false;
  if (trouble.fail_after-- > 0) return false;
  trouble.fail_after = 0;
  errno = EIO;
  return true;
}

template <class Call>
int sync(Call call) {
  ++trouble.syncs;
  if (trouble.syncs_interrupted == 0) return call();
  --trouble.syncs_interrupted;
  errno = EINTR;
  return -1;
}

class Troubled {
 public:
  explicit Troubled(const Trouble& wanted) {
    trouble = wanted;
    trouble.left = trouble.interrupts;
  }
  ~Troubled() { trouble = {}; }
  Troubled(const Troubled&) = delete;
  Troubled& operator=(const Troubled&) = delete;
};

}  // namespace

// The program's own definitions come before those of the C library.
extern "C" {
ssize_t pread(int fd, void* to, size_t bytes, off_t offset) {
  return interrupt([&]() -> ssize_t {
    if (fails()) return -1;
    return ::syscall(SYS_pread64, fd, to, std::min(bytes, trouble.bytes_at_most), offset);
  });
}
ssize_t pwrite(int fd, const void* from, size_t bytes, off_t offset) {
  return interrupt([&]() -> ssize_t {
    if (fails()) return -1;
    if (trouble.writes_nothing) return 0;
    return ::syscall(SYS_pwrite64, fd, from, std::min(bytes, trouble.bytes_at_most), offset);
  });
}
int openat(int directory, const char* path, int flags, ...) {
  va_list rest;
  va_start(rest, flags);
  const mode_t mode = (flags & O_CREAT) != 0 ? va_arg(rest, mode_t) : 0;
  va_end(rest);
  return interrupt([&] { return static_cast<int>(::syscall(SYS_openat, directory, path, flags, mode)); });
}
int fallocate(int fd, int mode, off_t offset, off_t bytes) {
  return interrupt([&] { return static_cast<int>(::syscall(SYS_fallocate, fd, mode, offset, bytes)); });
}
int fdatasync(int fd) {
  return sync([&] { return static_cast<int>(::syscall(SYS_fdatasync, fd)); });
}
int fsync(int fd) {
  return sync([&] { return static_cast<int>(::syscall(SYS_fsync, fd)); });
}
int msync(void* at, size_t bytes, int flags) {
  return sync([&] { return static_cast<int>(::syscall(SYS_msync, at, bytes, flags)); });
}
}

namespace nacre::os {
namespace {

std::string some_bytes(size_t bytes) {
  base::Prng prng(7);
  std::string text(bytes, '\0');
  for (char& c : text) c = static_cast<char>(prng.next());
  return text;
}

TEST(Interrupted, ReadsAndWritesGoOnUntilAllIsMoved) {
  const std::string all = some_bytes(300'000);
  TemporaryDirectory temporary;
  auto directory = temporary.open();
  const Troubled troubled({.interrupts = 2, .bytes_at_most = 7'777});
  auto writer = directory->create("a").value();
  for (size_t at = 0; at < all.size(); at += 50'000) writer->append(Bytes(all).substr(at, 50'000)).value();
  writer->sync().value();
  auto reader = directory->open_read("a").value();
  std::string out(all.size() + 100, '\0');
  EXPECT_EQ(reader->read(0, out).value(), all.size());
  out.resize(all.size());
  EXPECT_TRUE(out == all);
  EXPECT_GT(trouble.interrupted, 150);
}

TEST(Interrupted, OpensAreTriedAgain) {
  TemporaryDirectory temporary;
  auto directory = temporary.open();
  const Troubled troubled({.interrupts = 3, .bytes_at_most = 100});
  EXPECT_TRUE(directory->create("a"));
  EXPECT_TRUE(directory->open_read("a"));
  auto mapped = directory->create_mapped("m", 16 * system_page_bytes());
  ASSERT_TRUE(mapped);
  mapped->reset();
  EXPECT_TRUE(directory->open_mapped("m")) << "it has no holes, although its zeros were written in pieces";
  EXPECT_EQ(directory->list().value().size(), 2U);
  EXPECT_TRUE(directory->lock("LOCK", LockKind::kWrite));
  EXPECT_GT(trouble.interrupted, 15);
}

TEST(Interrupted, ASyncIsNotTriedAgain) {
  TemporaryDirectory temporary;
  auto directory = temporary.open();
  auto file = directory->create("a").value();
  auto mapped = directory->create_mapped("m", system_page_bytes()).value();
  file->append("x").value();
  const auto expect_final = [](const char* what, const auto& call) {
    const Troubled troubled({.syncs_interrupted = 1});
    const auto first = call();
    ASSERT_FALSE(first) << what;
    EXPECT_EQ(first.error().kind, ErrorKind::kIo) << what;
    EXPECT_EQ(first.error().system_errno, EINTR) << what;
    EXPECT_EQ(trouble.syncs, 1) << what;
    EXPECT_FALSE(call()) << what << ": the failure is final";
    EXPECT_EQ(trouble.syncs, 1) << what;
  };
  expect_final("file", [&] { return file->sync(); });
  expect_final("mapping", [&] { return mapped->sync(0, 1); });
  expect_final("directory", [&] { return directory->sync(); });
  const Troubled troubled({.syncs_interrupted = 1});
  EXPECT_FALSE(directory->create_mapped("n", system_page_bytes()));
  EXPECT_EQ(directory->list().value().size(), 2U) << "half a file is removed";
}

TEST(Interrupted, AReadErrorBehindAShortReadIsNotTheEndOfTheFile) {
  TemporaryDirectory temporary;
  auto directory = temporary.open();
  directory->create("a").value()->append(some_bytes(1000)).value();
  auto reader = directory->open_read("a").value();
  std::string out(1000, '\0');
  const Troubled troubled({.bytes_at_most = 300, .fail_after = 2});
  const auto got = reader->read(0, out);
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().system_errno, EIO);
  EXPECT_EQ(got.error().offset, 600U);
}

TEST(Interrupted, AWriteThatMovesNothingIsAnError) {
  TemporaryDirectory temporary;
  auto directory = temporary.open();
  auto file = directory->create("a").value();
  file->append("x").value();
  const Troubled troubled({.writes_nothing = true});
  EXPECT_EQ(file->sync().error().system_errno, EIO);
}

}  // namespace
}  // namespace nacre::os
