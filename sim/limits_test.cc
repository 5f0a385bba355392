// What a machine runs out of, and what goes wrong by itself: space, quota, the right to write, descriptors, time, bits.
#include <gtest/gtest.h>

#include <algorithm>
#include <cerrno>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "sim/test_disk.h"
#include "sync/simulated_scheduler.h"

namespace nacre::sim {
namespace {

TEST(Limits, AQuotaIsToldApartFromAFullDisk) {
  TestDisk t;
  t.disk->set_capacity(6000, EDQUOT);
  auto file = t.directory->create("a").value();
  const auto written = file->append(std::string(7000, 'a'));
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().system_errno, EDQUOT);
  EXPECT_EQ(written.error().kind, ErrorKind::kNoSpace);
  EXPECT_EQ(t.content("a").size(), 6000U);
  EXPECT_EQ(t.directory->create_mapped("m", 4096).error().system_errno, EDQUOT);
  t.disk->set_capacity(6000, ENOSPC);
  EXPECT_EQ(t.directory->create_mapped("m", 4096).error().system_errno, ENOSPC);
}

TEST(Limits, AFileSystemThatTurnsReadOnlyKeepsWhatItHasAndTakesNoMore) {
  TestDisk t;
  t.write("old", "old", true);
  auto file = t.write("a", "pending");
  auto mapped = t.directory->create_mapped("m", 4096).value();
  mapped->sync(0, 4096).value();
  t.directory->sync().value();
  TestDisk::store(*mapped, 0, "stored");
  t.faults().plan({.nth = 2, .kinds = kReads, .effect = FaultEffect::kReadOnly});
  auto reader = t.directory->open_read("old").value();
  char out[3];
  EXPECT_EQ(reader->read(0, out).value(), 3U);
  EXPECT_TRUE(t.directory->create("before"));
  EXPECT_EQ(reader->read(0, out).value(), 3U) << "reads go on";
  EXPECT_EQ(t.directory->create("after").error().system_errno, EROFS);
  EXPECT_EQ(t.directory->open_mapped("m").error().system_errno, EROFS);
  EXPECT_EQ(t.directory->lock("LOCK", LockKind::kWrite).error().system_errno, EROFS);
  EXPECT_EQ(file->append("more").error().system_errno, EROFS);
  EXPECT_EQ(t.content("a"), "pending");
  EXPECT_EQ(mapped->sync(0, 4096).error().system_errno, EROFS);
  EXPECT_EQ(t.directory->sync().error().system_errno, EROFS) << "the name of \"before\" is pending";
  EXPECT_EQ(read_all(*t.directory, "old"), "old");
  t.cut(CrashProfile::kNothing);
  EXPECT_EQ(t.content("old"), "old");
  EXPECT_EQ(t.directory->create("b").error().system_errno, EROFS) << "until it is mounted for writing again";
  t.disk->set_read_only(false);
  EXPECT_TRUE(t.directory->create("b"));
}

TEST(Limits, SyncsOfWhatIsOnTheDiskAlreadySucceedReadOnly) {
  TestDisk t;
  auto file = t.write("a", "1", true);
  auto mapped = t.directory->create_mapped("m", 4096).value();
  mapped->sync(0, 4096).value();
  t.directory->sync().value();
  t.disk->set_read_only(true);
  EXPECT_TRUE(file->sync());
  EXPECT_TRUE(mapped->sync(0, 4096));
  EXPECT_TRUE(t.directory->sync());
}

TEST(Limits, DescriptorsRunOutAndComeBack) {
  TestDisk t;
  t.write("a", "1", true);
  const uint64_t open = t.disk->open_descriptors();
  EXPECT_EQ(open, 1U) << "the directory";
  t.disk->set_descriptor_limit(open + 3);
  auto lock = t.directory->lock("LOCK", LockKind::kWrite).value();
  auto reader = t.directory->open_read("a").value();
  auto mapped = t.directory->create_mapped("m", 4096).value();
  EXPECT_EQ(t.directory->open_read("a").error().system_errno, EMFILE);
  EXPECT_EQ(t.directory->create("b").error().system_errno, EMFILE);
  EXPECT_FALSE(t.exists("b"));
  EXPECT_EQ(t.directory->list().error().system_errno, EMFILE) << "a listing opens the directory once more";
  EXPECT_EQ(t.disk->file_system()->open_directory("db", false).error().system_errno, EMFILE);
  char out[1];
  EXPECT_TRUE(reader->read(0, out)) << "what is open goes on";
  mapped.reset();
  EXPECT_TRUE(t.directory->list());
  auto writer = t.directory->create("b").value();
  EXPECT_EQ(t.directory->open_mapped("m").error().system_errno, EMFILE);
  writer.reset();
  lock.reset();
  EXPECT_EQ(t.disk->open_descriptors(), open + 1);
  t.kill();  // a new process has none but its own; those of the dead do not count, however late they are closed
  EXPECT_EQ(t.disk->open_descriptors(), 1U);
  reader.reset();
  EXPECT_EQ(t.disk->open_descriptors(), 1U);
}

TEST(Limits, AStallTakesItsTimeAndNothingElse) {
  DiskOptions options = plain_options();
  options.stall_ns = 5'000'000'000;
  TestDisk t(options);
  t.write("a", "1", true);
  t.faults().plan({.nth = 2, .kinds = kSyncs, .effect = FaultEffect::kStall});
  auto& scheduler = sync::Scheduler::instance();
  std::vector<uint64_t> took;
  for (int i = 0; i < 3; ++i) {
    const uint64_t before = scheduler.now_ns();
    t.directory->sync().value();
    took.push_back(scheduler.now_ns() - before);
  }
  EXPECT_LT(took[0], 1'000'000U);
  EXPECT_GE(took[1], options.stall_ns);
  EXPECT_LT(took[2], 1'000'000U);
}

TEST(Limits, StallsComeByRateFromTheDiskAndFromItsFaults) {
  for (const bool of_the_disk : {true, false}) {
    DiskOptions options = plain_options();
    options.stall_ns = 1'000'000'000;
    options.stall_one_in = of_the_disk ? 50 : 0;
    TestDisk t(options);
    if (!of_the_disk) t.faults().set_rates({.stall = 50});
    const uint64_t before = sync::Scheduler::instance().now_ns();
    for (int i = 0; i < 5000; ++i) t.directory->sync().value();
    const uint64_t stalls = (sync::Scheduler::instance().now_ns() - before) / options.stall_ns;
    EXPECT_GT(stalls, 60U);
    EXPECT_LT(stalls, 140U);
  }
}

TEST(Limits, RotTurnsOneBitOfAFileAtRestForGood) {
  std::set<std::string> rotten;
  for (uint64_t seed = 1; seed <= 40; ++seed) {
    TestDisk t(plain_options(seed));
    const std::map<std::string, std::string> right = {{"a", std::string(3000, 'a')}, {"b", std::string(100, 'b')}};
    for (const auto& [name, content] : right) t.write(name, content, true);
    auto busy = t.write("busy", "not at rest");
    auto mapped = t.directory->create_mapped("m", 4096).value();
    mapped->sync(0, 4096).value();
    t.directory->sync().value();
    auto reader = t.directory->open_read("a").value();
    t.faults().plan({.kinds = kReads, .effect = FaultEffect::kRot});
    char out[1];
    ASSERT_TRUE(reader->read(0, out));
    EXPECT_EQ(t.content("busy"), "not at rest");
    EXPECT_EQ(t.content("m"), std::string(4096, '\0'));
    t.cut(CrashProfile::kEverything);
    int bits = 0;
    for (const auto& [name, content] : right) {
      for (size_t i = 0; i < content.size(); ++i) {
        const int turned = __builtin_popcount(static_cast<unsigned char>(content[i] ^ t.content(name)[i]));
        if (turned != 0) rotten.insert(name);
        bits += turned;
      }
    }
    EXPECT_EQ(bits, 1);
  }
  EXPECT_EQ(rotten, (std::set<std::string>{"a", "b"}));
}

TEST(Limits, RotComesByRate) {
  TestDisk t;
  t.write("a", std::string(4096, 'a'), true);
  auto reader = t.directory->open_read("a").value();
  t.faults().set_rates({.rot = 20});
  std::string out(1, '\0');
  for (int i = 0; i < 2000; ++i) reader->read(0, out).value();
  EXPECT_GT(t.faults().injected(FaultEffect::kRot), 60U);
  EXPECT_LT(t.faults().injected(FaultEffect::kRot), 140U);
  const std::string content = t.content("a");
  EXPECT_GT(content.size() - static_cast<size_t>(std::count(content.begin(), content.end(), 'a')), 50U);
}

// Every error that errors_of names is met, and no other: by a plan, by rates, for each kind of I/O.
TEST(Limits, AnyErrorIsOneThatTheOperationCanAnswer) {
  TestDisk t;
  t.write("a", "1", true);
  const auto met = [&](IoKind kind, const auto& operation) {
    std::set<int32_t> numbers;
    for (int i = 0; i < 200; ++i) {
      if (i % 2 == 0) {
        t.faults().clear();
        t.faults().plan({.kinds = only(kind), .error_number = kAnyError});
      } else {
        t.faults().set_rates(
            {.read_error = 1, .write_error = 1, .sync_error = 1, .name_error = 1, .error_number = kAnyError});
      }
      const auto result = operation();
      EXPECT_FALSE(result) << to_string(kind);
      if (!result) numbers.insert(result.error().system_errno);
      t.faults().clear();
    }
    const auto possible = errors_of(kind);
    EXPECT_EQ(numbers, std::set<int32_t>(possible.begin(), possible.end())) << to_string(kind);
    return numbers;
  };
  Directory& d = *t.directory;
  met(IoKind::kOpenDirectory, [&] { return t.disk->file_system()->open_directory("db", false); });
  EXPECT_TRUE(met(IoKind::kOpenRead, [&] { return d.open_read("a"); }).contains(EMFILE));
  EXPECT_TRUE(met(IoKind::kCreate, [&] { return d.create("b"); }).contains(EDQUOT));
  met(IoKind::kCreateMapped, [&] { return d.create_mapped("m", 4096); });
  met(IoKind::kOpenMapped, [&] { return d.open_mapped("a"); });
  met(IoKind::kRename, [&] { return d.rename("a", "b"); });
  met(IoKind::kRemove, [&] { return d.remove("a"); });
  met(IoKind::kList, [&] { return d.list(); });
  met(IoKind::kLock, [&] { return d.lock("LOCK", LockKind::kWrite); });
  auto reader = d.open_read("a").value();
  char out[1];
  EXPECT_EQ(met(IoKind::kRead, [&] { return reader->read(0, out); }), (std::set<int32_t>{EIO}));
  int files = 0;
  const auto append = [&] { return d.create("w" + std::to_string(++files)).value()->append("x"); };
  std::set<int32_t> numbers;  // a name error would hit the create, so only by plan
  for (int i = 0; i < 100; ++i) {
    t.faults().plan({.kinds = kWrites, .error_number = kAnyError});
    numbers.insert(append().error().system_errno);
    t.faults().clear();
  }
  EXPECT_EQ(numbers, (std::set<int32_t>{EIO, ENOSPC, EDQUOT, EROFS}));
  numbers.clear();
  for (int i = 0; i < 200; ++i) {
    auto file = t.write("s" + std::to_string(i), "x");
    t.faults().plan({.kinds = kSyncs, .error_number = kAnyError});
    numbers.insert(file->sync().error().system_errno);
    t.faults().clear();
  }
  EXPECT_EQ(numbers, (std::set<int32_t>{EIO, ENOSPC, EDQUOT, EROFS, EINTR}));
}

}  // namespace
}  // namespace nacre::sim
