// The simulated file system without crashes and faults: what a process sees while all is well, and after kill -9.
#include <gtest/gtest.h>

#include <cerrno>
#include <set>
#include <string>
#include <vector>

#include "sim/test_disk.h"
#include "sync/simulated_scheduler.h"
#include "sync/sync.h"

namespace nacre::sim {
namespace {

template <class T>
ErrorKind kind_of(const Result<T>& result) {
  EXPECT_FALSE(result.has_value());
  return result ? ErrorKind::kIo : result.error().kind;
}

TEST(Disk, WritesAndReadsBack) {
  TestDisk t;
  auto file = t.write("000001.sst", "hello ");
  file->append("world").value();
  EXPECT_EQ(file->size_bytes(), 11U);
  auto reader = t.directory->open_read("000001.sst").value();
  char out[32];
  EXPECT_EQ(reader->size_bytes(), 11U);
  EXPECT_EQ(reader->read(6, out).value(), 5U);
  EXPECT_EQ(std::string(out, 5), "world");
  EXPECT_EQ(reader->read(11, out).value(), 0U);
  EXPECT_EQ(reader->read(1000, out).value(), 0U);
}

TEST(Disk, NamesFollowTheRulesOfFiles) {
  TestDisk t;
  t.write("a", "1");
  EXPECT_EQ(kind_of(t.directory->create("a")), ErrorKind::kInvalidArgument);
  EXPECT_EQ(kind_of(t.directory->open_read("b")), ErrorKind::kNotFound);
  EXPECT_EQ(kind_of(t.directory->remove("b")), ErrorKind::kNotFound);
  EXPECT_EQ(kind_of(t.directory->rename("b", "c")), ErrorKind::kNotFound);
  EXPECT_EQ(kind_of(t.directory->create("x/y")), ErrorKind::kInvalidArgument);
  EXPECT_EQ(kind_of(t.directory->create("..")), ErrorKind::kInvalidArgument);
  t.write("b", "22");
  t.directory->rename("b", "a").value();
  EXPECT_EQ(read_all(*t.directory, "a"), "22");
  EXPECT_FALSE(t.exists("b"));
  t.directory->rename("a", "a").value();
  EXPECT_EQ(read_all(*t.directory, "a"), "22");
  t.directory->remove("a").value();
  EXPECT_TRUE(t.directory->list().value().empty());
  EXPECT_EQ(t.disk->used_bytes(), 0U);
}

TEST(Disk, ListIsCompleteAndUnordered) {
  TestDisk t;
  std::set<std::string> names;
  for (int i = 0; i < 8; ++i) {
    names.insert("f" + std::to_string(i));
    t.write("f" + std::to_string(i), std::string(static_cast<size_t>(i), 'x'));
  }
  std::set<std::string> orders;
  for (int i = 0; i < 20; ++i) {
    std::set<std::string> seen;
    std::string order;
    for (const DirectoryEntry& entry : t.directory->list().value()) {
      EXPECT_EQ("f" + std::to_string(entry.size_bytes), entry.name);
      seen.insert(entry.name);
      order += entry.name;
    }
    EXPECT_EQ(seen, names);
    orders.insert(order);
  }
  EXPECT_GT(orders.size(), 15U);
}

TEST(Disk, DirectoriesAreMadeOneLevelAtATime) {
  TestDisk t;
  auto fs = t.disk->file_system();
  EXPECT_EQ(kind_of(fs->open_directory("other", false)), ErrorKind::kNotFound);
  EXPECT_EQ(kind_of(fs->open_directory("other/inner", true)), ErrorKind::kNotFound);
  EXPECT_EQ(fs->open_directory("db/inner", true).value()->path(), "db/inner");
  t.cut(CrashProfile::kNothing);  // making one syncs its parent
  EXPECT_TRUE(t.disk->file_system()->open_directory("db/inner", false));
}

TEST(Disk, OneHolderOfALock) {
  TestDisk t;
  auto lock = t.directory->lock("LOCK", LockKind::kWrite).value();
  EXPECT_EQ(kind_of(t.directory->lock("LOCK", LockKind::kWrite)), ErrorKind::kBusy);
  lock.reset();
  lock = t.directory->lock("LOCK", LockKind::kWrite).value();
  t.kill();
  auto of_next_boot = t.directory->lock("LOCK", LockKind::kWrite).value();  // the dead hold nothing
  lock.reset();                                                             // and give nothing back
  EXPECT_EQ(kind_of(t.directory->lock("LOCK", LockKind::kWrite)), ErrorKind::kBusy);
}

TEST(Disk, ReadersShareALock) {
  TestDisk t;
  EXPECT_EQ(kind_of(t.directory->lock("LOCK", LockKind::kRead)), ErrorKind::kNotFound);
  auto lock = t.directory->lock("LOCK", LockKind::kWrite).value();
  EXPECT_EQ(kind_of(t.directory->lock("LOCK", LockKind::kRead)), ErrorKind::kBusy);
  lock.reset();
  lock = t.directory->lock("LOCK", LockKind::kRead).value();
  auto second = t.directory->lock("LOCK", LockKind::kRead).value();
  lock.reset();
  EXPECT_EQ(kind_of(t.directory->lock("LOCK", LockKind::kWrite)), ErrorKind::kBusy);
  second.reset();
  EXPECT_TRUE(t.directory->lock("LOCK", LockKind::kWrite));
}

TEST(Disk, ARemovedFileLivesAndTakesSpaceWhileOpen) {
  TestDisk t;
  t.write("a", std::string(1000, 'a'));
  auto reader = t.directory->open_read("a").value();
  t.directory->remove("a").value();
  EXPECT_EQ(t.disk->used_bytes(), 1000U);
  std::string out(1000, '\0');
  EXPECT_EQ(reader->read(0, out).value(), 1000U);
  EXPECT_EQ(out, std::string(1000, 'a'));
  reader.reset();
  EXPECT_EQ(t.disk->used_bytes(), 0U);
}

TEST(Disk, SpaceRunsOutAndComesBack) {
  TestDisk t;
  t.disk->set_capacity(10'000);
  t.write("a", std::string(5000, 'a'));
  EXPECT_EQ(t.directory->free_bytes().value(), 5000U);
  auto file = t.directory->create("b").value();
  const auto failed = file->append(std::string(6000, 'b'));
  EXPECT_EQ(kind_of(failed), ErrorKind::kNoSpace);
  EXPECT_EQ(failed.error().system_errno, ENOSPC);
  EXPECT_EQ(kind_of(file->append("x")), ErrorKind::kNoSpace);  // final for this file
  EXPECT_EQ(t.content("b"), std::string(5000, 'b'));           // what fitted is there
  EXPECT_EQ(kind_of(t.directory->create_mapped("m", 4096)), ErrorKind::kNoSpace);
  EXPECT_FALSE(t.exists("m"));
  file.reset();
  t.directory->remove("b").value();
  EXPECT_TRUE(t.directory->create_mapped("m", 4096));
  EXPECT_EQ(kind_of(t.directory->create_mapped("n", 1000)), ErrorKind::kInvalidArgument);
}

TEST(Disk, ReadOnlyRefusesChangesAndServesReads) {
  TestDisk t;
  t.write("a", "1");
  t.disk->set_read_only(true);
  EXPECT_EQ(t.directory->create("b").error().system_errno, EROFS);
  EXPECT_EQ(t.directory->remove("a").error().system_errno, EROFS);
  EXPECT_EQ(t.directory->rename("a", "b").error().system_errno, EROFS);
  EXPECT_EQ(t.directory->create_mapped("m", 4096).error().system_errno, EROFS);
  EXPECT_EQ(read_all(*t.directory, "a"), "1");
}

TEST(Disk, MappedFilesAreShared) {
  TestDisk t;
  auto one = t.directory->create_mapped("000001.wal", 8192).value();
  EXPECT_EQ(reinterpret_cast<uintptr_t>(one->data()) % kPageBytes, 0U);
  EXPECT_EQ(one->size_bytes(), 8192U);
  EXPECT_EQ(t.content("000001.wal"), std::string(8192, '\0'));
  TestDisk::store(*one, 100, "stored");
  auto two = t.directory->open_mapped("000001.wal").value();
  EXPECT_EQ(std::string(two->data() + 100, 6), "stored");
  EXPECT_EQ(read_all(*t.directory, "000001.wal").substr(100, 6), "stored");
  t.write("short", "123");
  EXPECT_EQ(kind_of(t.directory->open_mapped("short")), ErrorKind::kCorruption);
}

TEST(Disk, KillKeepsWhatWasStoredAndLosesWhatWasBuffered) {
  DiskOptions options = plain_options();
  options.write_buffer_bytes = 65536;
  TestDisk t(options);
  auto buffered = t.write("buffered", "in the process");
  auto given = t.write("given", "in the kernel");
  given->start_writeback();
  auto mapped = t.directory->create_mapped("mapped", 4096).value();
  std::memcpy(mapped->data(), "unreported", 10);
  TestDisk::store(*mapped, 1000, "reported");
  t.kill();
  EXPECT_EQ(t.content("buffered"), "");
  EXPECT_EQ(t.content("given"), "in the kernel");
  EXPECT_EQ(t.content("mapped").substr(0, 10), "unreported");
  EXPECT_EQ(t.content("mapped").substr(1000, 8), "reported");
  // The dead process changes nothing any more.
  TestDisk::store(*mapped, 0, "ZOMBIE");
  EXPECT_FALSE(mapped->sync(0, 4096));
  EXPECT_FALSE(given->append("ZOMBIE"));
  EXPECT_FALSE(given->sync());
  buffered.reset();
  EXPECT_EQ(t.content("mapped").substr(0, 10), "unreported");
  EXPECT_EQ(t.content("given"), "in the kernel");
  EXPECT_EQ(t.content("buffered"), "");
  // All of it is still pending: a power cut may yet take it.
  t.cut(CrashProfile::kNothing);
  EXPECT_TRUE(t.disk->files().empty());
}

TEST(Disk, NothingOpensWhileThePowerIsOff) {
  TestDisk t;
  t.write("a", "1", true);
  auto reader = t.directory->open_read("a").value();
  t.disk->power_cut(CrashProfile::kEverything);
  char out[1];
  EXPECT_EQ(kind_of(reader->read(0, out)), ErrorKind::kIo);
  EXPECT_EQ(kind_of(t.directory->list()), ErrorKind::kIo);
  EXPECT_EQ(kind_of(t.disk->file_system()->open_directory("db", false)), ErrorKind::kIo);
  t.disk->restart();
  EXPECT_EQ(kind_of(t.directory->list()), ErrorKind::kIo);  // of the boot before
  t.reopen();
  EXPECT_EQ(read_all(*t.directory, "a"), "1");
}

TEST(Disk, IoTakesVirtualTime) {
  DiskOptions options = plain_options();
  options.latency_ns_min = 1'000'000;
  options.latency_ns_max = 2'000'000;
  TestDisk t(options);
  const uint64_t start = sync::Scheduler::instance().now_ns();
  for (int i = 0; i < 100; ++i) t.directory->sync().value();
  const uint64_t passed = sync::Scheduler::instance().now_ns() - start;
  EXPECT_GT(passed, 100'000'000U);
  EXPECT_LT(passed, 201'000'000U);
}

TEST(Disk, OthersRunDuringAnIo) {
  DiskOptions options = plain_options();
  options.latency_ns_min = options.latency_ns_max = 1'000'000;
  TestDisk t(options);
  int ran = 0;
  bool done = false;
  sync::Thread other("other", [&] {
    while (!done) {
      ++ran;
      sync::Scheduler::instance().sleep_ns(10'000);
    }
  });
  t.directory->sync().value();
  EXPECT_GE(ran, 99);
  done = true;
  other.join();
}

TEST(Disk, ImagesComeBack) {
  TestDisk t;
  t.write("a", "first");
  t.write("b", "second", true);
  const DiskImage image = t.disk->image();
  t.directory->remove("a").value();
  t.disk->flip_bit("db/b", 0, 0);
  EXPECT_EQ(t.content("b"), "recond");
  t.disk->restore(image);
  t.reopen();
  EXPECT_EQ(t.content("a"), "first");
  t.cut(CrashProfile::kNothing);  // nothing in it is pending
  EXPECT_EQ(t.content("a"), "first");
  EXPECT_EQ(t.content("b"), "second");
}

TEST(Disk, DamageAtRest) {
  TestDisk t;
  t.write("a", "aaaa", true);
  t.write("b", "bbbbbb", true);
  t.disk->swap("db/a", "db/b");
  t.disk->truncate("db/a", 3);
  t.disk->set_content("db/new", "n");
  t.cut(CrashProfile::kNothing);
  EXPECT_EQ(t.content("a"), "bbb");
  EXPECT_EQ(t.content("b"), "aaaa");
  EXPECT_EQ(t.content("new"), "n");
  t.disk->erase("db/a");
  EXPECT_FALSE(t.exists("a"));
  EXPECT_EQ(t.disk->used_bytes(), 5U);
}

TEST(Disk, BatchesReadAll) {
  TestDisk t;
  t.write("a", "0123456789");
  auto file = t.directory->open_read("a").value();
  char out[10];
  std::vector<ReadRequest> requests(10);
  for (size_t i = 0; i < 10; ++i) requests[i] = {.file = file.get(), .offset = i, .out = {out + i, 1}};
  t.disk->file_system()->read_batch(requests);
  for (const ReadRequest& request : requests) EXPECT_EQ(request.result.value(), 1U);
  EXPECT_EQ(std::string(out, 10), "0123456789");
}

}  // namespace
}  // namespace nacre::sim
