#include "os/posix_mapped_file.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/magic.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include <algorithm>
#include <cstring>
#include <string>

#include "os/testing.h"

namespace nacre::os {
namespace {

constexpr uint64_t kSize = uint64_t{1} << 20;

bool is_tmpfs(int fd) {
  struct statfs system = {};
  return ::fstatfs(fd, &system) == 0 && system.f_type == TMPFS_MAGIC;
}

TEST(MappedFile, StartsAllocatedAndZero) {
  TemporaryDirectory temporary;
  auto file = temporary.open()->create_mapped("000001.wal", kSize).value();
  ASSERT_EQ(file->size_bytes(), kSize);
  EXPECT_EQ(reinterpret_cast<uintptr_t>(file->data()) % system_page_bytes(), 0u);
  EXPECT_TRUE(std::all_of(file->data(), file->data() + kSize, [](char c) { return c == 0; }));
  EXPECT_FALSE(file->damaged());
  struct stat status = {};
  ASSERT_EQ(::stat((temporary / "000001.wal").c_str(), &status), 0);
  EXPECT_EQ(status.st_size, static_cast<off_t>(kSize));
  EXPECT_GE(status.st_blocks * 512, static_cast<off_t>(kSize)) << "every byte has its place already";
}

TEST(MappedFile, ReservedSpaceIsThereAndBecomesWrittenAsItIsSynced) {
  TemporaryDirectory temporary;
  auto directory = temporary.open();
  {
    auto file = directory->create_mapped("000001.wal", kSize, MappedSpace::kReserved).value();
    struct stat status = {};
    ASSERT_EQ(::stat((temporary / "000001.wal").c_str(), &status), 0);
    EXPECT_GE(static_cast<uint64_t>(status.st_blocks) * 512, kSize);
    EXPECT_EQ(std::string(file->data(), kSize), std::string(kSize, '\0'));
    std::memcpy(file->data() + 5000, "hello", 5);
    file->sync(5000, 5005).value();
    directory->open_mapped("000001.wal").value();  // no holes, though most of it was not written to the device yet
  }
  const Fd fd(::open((temporary / "000001.wal").c_str(), O_RDWR | O_CLOEXEC));
  auto file = directory->open_mapped("000001.wal").value();
  EXPECT_EQ(std::string(file->data() + 5000, 5), "hello");
  file->sync(0, kSize).value();
  ASSERT_EQ(::fdatasync(fd.get()), 0);
  // Without FIEMAP every page counts as not written: slower and as safe. What FIEMAP adds cannot be looked at there.
  if (is_tmpfs(fd.get())) GTEST_SKIP() << "a tmpfs does not tell its extents";
  EXPECT_EQ(written_extents_end(fd.get(), kSize), kSize);
}

TEST(MappedFile, ExtentsThatWereNeverWrittenAreFound) {
  TemporaryDirectory temporary;
  const Fd fd(::open((temporary / "f").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  take_space(fd.get(), {}, 2 * kSize, MappedSpace::kWritten).value();
  if (is_tmpfs(fd.get())) GTEST_SKIP() << "a tmpfs does not tell its extents";  // as above
  EXPECT_EQ(written_extents_end(fd.get(), 2 * kSize), 2 * kSize);
  ASSERT_EQ(::fallocate(fd.get(), FALLOC_FL_ZERO_RANGE, kSize, 8192), 0);
  EXPECT_EQ(written_extents_end(fd.get(), 2 * kSize), kSize);
  ASSERT_EQ(::fallocate(fd.get(), FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 4096, 4096), 0);
  EXPECT_EQ(written_extents_end(fd.get(), 2 * kSize), 4096U);
}

TEST(MappedFile, StoredBytesAreSeenByReadersAndByTheNextMapping) {
  TemporaryDirectory temporary;
  auto directory = temporary.open();
  {
    auto file = directory->create_mapped("000001.wal", kSize).value();
    std::memcpy(file->data() + 5000, "hello", 5);
    file->stored(5000, 5005);
    EXPECT_EQ(slurp(temporary / "000001.wal").substr(5000, 5), "hello") << "the process may die now";
    file->sync(5000, 5005).value();
    file->sync(0, 0).value();
    file->sync(kSize - 1, kSize).value();
    file->sync(0, kSize).value();
  }
  auto again = directory->open_mapped("000001.wal").value();
  ASSERT_EQ(again->size_bytes(), kSize);
  EXPECT_EQ(std::string(again->data() + 5000, 5), "hello");
  std::memcpy(again->data(), "more", 4);
  again->sync(0, 4).value();
  EXPECT_EQ(slurp(temporary / "000001.wal").substr(0, 4), "more");
}

TEST(MappedFile, SurvivesAKilledProcess) {
  TemporaryDirectory temporary;
  temporary.open()->create_mapped("000001.wal", kSize).value();
  EXPECT_EQ(in_child([&] {
              auto file = temporary.open()->open_mapped("000001.wal").value();
              std::memcpy(file->data() + 4090, "last words", 10);
              ::kill(::getpid(), SIGKILL);
              return 0;
            }),
            128 + SIGKILL);
  EXPECT_EQ(slurp(temporary / "000001.wal").substr(4090, 10), "last words");
}

TEST(MappedFile, SizesThatAreNotWholePagesAreRefused) {
  TemporaryDirectory temporary;
  auto directory = temporary.open();
  for (const uint64_t size : {uint64_t{0}, uint64_t{1}, uint64_t{4097}}) {
    const auto result = directory->create_mapped("000001.wal", size);
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().kind, ErrorKind::kInvalidArgument);
  }
  for (const size_t size : {size_t{0}, size_t{1}, size_t{8191}}) {
    spill(temporary / "000002.wal", std::string(size, 'x'));
    const auto result = directory->open_mapped("000002.wal");
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().kind, ErrorKind::kCorruption);
    EXPECT_EQ(result.error().file_number, 2u);
  }
}

TEST(MappedFile, HolesAreRefused) {
  TemporaryDirectory temporary;
  const std::string path = temporary / "000003.wal";
  spill(path, std::string(2 * 65536, 'x'));
  const Fd fd(::open(path.c_str(), O_RDWR | O_CLOEXEC));
  temporary.open()->open_mapped("000003.wal").value();
  ASSERT_EQ(::fallocate(fd.get(), FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 65536, 65536), 0);
  const auto punched = temporary.open()->open_mapped("000003.wal");
  ASSERT_FALSE(punched);
  EXPECT_EQ(punched.error().kind, ErrorKind::kCorruption);
  EXPECT_EQ(punched.error().offset, 65536u);

  // Allocated but never written: what dying inside create_mapped leaves.
  ASSERT_EQ(::ftruncate(fd.get(), 0), 0);
  ASSERT_EQ(::fallocate(fd.get(), 0, 0, 65536), 0);
  const auto unwritten = temporary.open()->open_mapped("000003.wal");
  ASSERT_FALSE(unwritten);
  EXPECT_EQ(unwritten.error().kind, ErrorKind::kCorruption);
}

TEST(MappedFile, NoSpaceLeavesNothingBehind) {
  SmallFileSystem small("size=1m");
  if (!small.mounted()) GTEST_SKIP() << "needs root";
  auto directory = small.where().open();
  const auto result = directory->create_mapped("000009.wal", 2 * kSize);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().kind, ErrorKind::kNoSpace);
  EXPECT_EQ(result.error().file_number, 9u);
  EXPECT_TRUE(directory->list().value().empty());
  auto smaller = directory->create_mapped("000009.wal", kSize / 2).value();
  std::memset(smaller->data(), 'x', kSize / 2);
  smaller->sync(0, kSize / 2).value();
}

TEST(MappedFile, FailedSyncIsNeverTriedAgain) {
  TemporaryDirectory temporary;
  auto file = temporary.open()->create_mapped("000001.wal", 8192).value();
  ASSERT_EQ(::munmap(file->data(), 4096), 0);
  const auto first = file->sync(0, 8192);
  ASSERT_FALSE(first);
  EXPECT_EQ(first.error().kind, ErrorKind::kIo);
  EXPECT_EQ(first.error().operation, Operation::kSync);
  ASSERT_NE(::mmap(file->data(), 4096, PROT_READ | PROT_WRITE, MAP_FIXED | MAP_PRIVATE | MAP_ANONYMOUS, -1, 0),
            MAP_FAILED);
  EXPECT_FALSE(file->sync(4096, 8192));
}

// The pages behind the mapping disappear. Without the guard the process would die at the store.
TEST(MappedFile, LostPageBecomesTheDamagedFlag) {
  TemporaryDirectory temporary;
  auto directory = temporary.open();
  auto file = directory->create_mapped("000001.wal", kSize).value();
  auto other = directory->create_mapped("000002.wal", kSize).value();
  ASSERT_EQ(::truncate((temporary / "000001.wal").c_str(), 8192), 0);

  std::memcpy(file->data() + 100, "kept", 4);
  EXPECT_FALSE(file->damaged());
  std::memcpy(file->data() + 40000, "lost", 4);
  EXPECT_TRUE(file->damaged());
  EXPECT_FALSE(other->damaged()) << "only the mapping that was hit";
  EXPECT_EQ(std::string(file->data() + 40000, 4), "lost") << "the store was repeated, into memory";
  EXPECT_EQ(slurp(temporary / "000001.wal").size(), 8192u);

  const auto synced = file->sync(0, 4096);
  ASSERT_FALSE(synced) << "a damaged file must not claim to be synced";
  EXPECT_EQ(synced.error().kind, ErrorKind::kIo);
  std::memset(file->data(), 'x', kSize);  // every page, over page borders
  file.reset();
  other->sync(0, kSize).value();
}

TEST(MappedFile, DamageIsCaughtOnEveryThread) {
  TemporaryDirectory temporary;
  auto file = temporary.open()->create_mapped("000001.wal", kSize).value();
  ASSERT_EQ(::truncate((temporary / "000001.wal").c_str(), 0), 0);
  std::vector<std::thread> threads;
  for (uint64_t t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (uint64_t offset = t; offset < kSize; offset += 4)
        reinterpret_cast<volatile char*>(file->data())[offset] = 'x';
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_TRUE(file->damaged());
}

TEST(MappedFile, MoreMappingsThanOneChunkOfTheTableAreGuarded) {
  TemporaryDirectory temporary;
  auto directory = temporary.open();
  std::vector<std::unique_ptr<MappedFile>> files;
  const auto name = [](int i) { return std::to_string(i) + ".wal"; };
  for (int i = 0; i < 150; ++i) files.push_back(directory->create_mapped(name(i), 4096).value());
  for (int i = 0; i < 150; i += 7) {
    ASSERT_EQ(::truncate((temporary / name(i)).c_str(), 0), 0);
    files[static_cast<size_t>(i)]->data()[5] = 'x';
  }
  for (int i = 0; i < 150; ++i) EXPECT_EQ(files[static_cast<size_t>(i)]->damaged(), i % 7 == 0) << i;
  files.clear();
  auto fresh = directory->create_mapped("fresh.wal", 4096).value();
  EXPECT_FALSE(fresh->damaged()) << "an entry used again starts undamaged";
}

// A mapping of the application's own, with its page gone.
char* broken_mapping(const TemporaryDirectory& temporary) {
  const std::string path = temporary / "foreign";
  spill(path, std::string(4096, 'x'));
  const Fd fd(::open(path.c_str(), O_RDWR | O_CLOEXEC));
  void* address = ::mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd.get(), 0);
  EXPECT_NE(address, MAP_FAILED);
  EXPECT_EQ(::ftruncate(fd.get(), 0), 0);
  return static_cast<char*>(address);
}

void store_to(char* address) { *reinterpret_cast<volatile char*>(address) = 'x'; }

// What the children below fault on. Their directory is gone before they do, since they end without cleaning up.
struct Targets {
  std::unique_ptr<MappedFile> ours;  // its pages are gone too
  char* foreign;
};

Targets make_targets() {
  const TemporaryDirectory temporary;
  Targets targets{temporary.open()->create_mapped("000001.wal", 8192).value(), broken_mapping(temporary)};
  EXPECT_EQ(::truncate((temporary / "000001.wal").c_str(), 0), 0);
  return targets;
}

// Run by the test below, each in a process where no mapping was made before.
TEST(SigbusChild, DISABLED_ApplicationsHandlerGetsForeignFaults) {
  struct sigaction action = {};
  action.sa_flags = SA_SIGINFO;
  action.sa_sigaction = [](int, siginfo_t*, void*) { ::_exit(42); };
  ASSERT_EQ(::sigaction(SIGBUS, &action, nullptr), 0);
  const Targets targets = make_targets();
  store_to(targets.ours->data());
  if (!targets.ours->damaged()) ::_exit(43);
  store_to(targets.foreign);
  ::_exit(44);
}
TEST(SigbusChild, DISABLED_PlainHandlerGetsForeignFaults) {
  ASSERT_NE(::signal(SIGBUS, [](int) { ::_exit(45); }), SIG_ERR);
  const Targets targets = make_targets();
  store_to(targets.foreign);
  ::_exit(44);
}
TEST(SigbusChild, DISABLED_DefaultActionForForeignFaults) {
  ::signal(SIGBUS, SIG_DFL);
  const Targets targets = make_targets();
  store_to(targets.foreign);
  ::_exit(44);
}
TEST(SigbusChild, DISABLED_DefaultActionForSentSignals) {
  ::signal(SIGBUS, SIG_DFL);
  const Targets targets = make_targets();
  ::raise(SIGBUS);
  ::_exit(44);
}

TEST(Sigbus, IsForwardedToWhoWasThereBefore) {
  EXPECT_EQ(in_fresh_process("SigbusChild.DISABLED_ApplicationsHandlerGetsForeignFaults"), 42);
  EXPECT_EQ(in_fresh_process("SigbusChild.DISABLED_PlainHandlerGetsForeignFaults"), 45);
  EXPECT_EQ(in_fresh_process("SigbusChild.DISABLED_DefaultActionForForeignFaults"), 128 + SIGBUS);
  EXPECT_EQ(in_fresh_process("SigbusChild.DISABLED_DefaultActionForSentSignals"), 128 + SIGBUS);
}

}  // namespace
}  // namespace nacre::os
