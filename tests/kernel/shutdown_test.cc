// What a sync has acknowledged survives a file system that stops in that instant (promise 2): of a mapped file, whose space is
// written or only reserved, and of one that is appended to.
//
// Why: ext4 notes in its journal that blocks are written when their data are there. If the journal stops in between, that is left
// out, and a sync that waits for it still succeeds; the next one fails. One sync alone lost acknowledged bytes in one of a few rounds.

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>
#include <cstring>
#include <functional>
#include <memory>
#include <string>
#include <thread>

#include "base/prng.h"
#include "os/posix.h"
#include "tests/kernel/mounts.h"

namespace nacre {
namespace {

using kernel_tests::Mounted;
using kernel_tests::OwnMounts;

[[maybe_unused]] testing::Environment* const own_mounts = testing::AddGlobalTestEnvironment(new OwnMounts);

constexpr uint32_t kShutdown = 0x8004587D;  // EXT4_IOC_SHUTDOWN
constexpr uint32_t kWithoutTheLog = 2;
constexpr int kRounds = 40;
constexpr uint64_t kRecordBytes = 1000;
constexpr uint64_t kRecords = 120;

// Stores one record more and syncs it.
using Step = std::function<Result<void>(uint64_t number)>;

// Far apart in a mapped file, so that each sync meets blocks that were not written yet.
uint64_t distance_of(const std::string& kind) { return kind == "appended" ? kRecordBytes : uint64_t{128} << 10; }

std::string record(uint64_t number) { return std::string(kRecordBytes, static_cast<char>('a' + number % 26)); }

Step steps_in(Directory& directory, const std::string& kind) {
  if (kind == "appended") {
    const std::shared_ptr<WritableFile> file = directory.create("file").value();
    return [file](uint64_t number) -> Result<void> {
      if (auto appended = file->append(record(number)); !appended) return appended;
      return file->sync();
    };
  }
  const MappedSpace space = kind == "reserved" ? MappedSpace::kReserved : MappedSpace::kWritten;
  const std::shared_ptr<MappedFile> file = directory.create_mapped("file", kRecords * distance_of(kind), space).value();
  return [file, distance = distance_of(kind)](uint64_t number) {
    std::memcpy(file->data() + number * distance, record(number).data(), kRecordBytes);
    return file->sync(number * distance, number * distance + kRecordBytes);
  };
}

// How many steps were acknowledged when the file system had stopped, at an instant.
uint64_t acknowledged_until_shutdown(const Mounted& device, Directory& directory, const std::string& kind,
                                     base::Prng& random) {
  const Step step = steps_in(directory, kind);
  directory.sync().value();
  std::atomic<uint64_t> acknowledged{0};
  std::thread writer([&] {
    for (uint64_t number = 0; number < kRecords && step(number); ++number) acknowledged = number + 1;
  });
  while (acknowledged < 1 + random.below(60)) std::this_thread::yield();
  const int fd = ::open(device.where().c_str(), O_RDONLY | O_CLOEXEC);
  const int stopped = ::ioctl(fd, kShutdown, &kWithoutTheLog);
  ::close(fd);
  writer.join();
  EXPECT_EQ(stopped, 0) << std::strerror(errno);
  return acknowledged;
}

class Shutdown : public testing::TestWithParam<const char*> {};

TEST_P(Shutdown, WhatASyncHasAcknowledgedIsThereAfterwards) {
  base::Prng random(17);
  const Mounted device("ext4", 48);
  // It takes root, loop devices and mkfs.ext4, as all tests of devices do.
  if (!device.why_not().empty()) GTEST_SKIP() << "SKIPPED, and so not tested on this machine: " << device.why_not();
  for (int round = 0; round < kRounds; ++round) {
    uint64_t acknowledged = 0;
    {
      const auto directory = os::posix_file_system()->open_directory(device.where() + "/d", true).value();
      acknowledged = acknowledged_until_shutdown(device, *directory, GetParam(), random);
    }
    ASSERT_TRUE(device.remount("data=ordered"));
    const auto directory = os::posix_file_system()->open_directory(device.where() + "/d", false).value();
    const auto file = directory->open_read("file").value();
    for (uint64_t number = 0; number < acknowledged; ++number) {
      std::string bytes(kRecordBytes, '\0');
      ASSERT_EQ(file->read(number * distance_of(GetParam()), bytes).value(), kRecordBytes);
      ASSERT_TRUE(bytes == record(number)) << number << " of " << acknowledged << " acknowledged, round " << round;
    }
    directory->remove("file").value();
    directory->sync().value();
  }
}

INSTANTIATE_TEST_SUITE_P(Files, Shutdown, testing::Values("written", "reserved", "appended"),
                         [](const auto& kind) { return std::string(kind.param); });

}  // namespace
}  // namespace nacre
