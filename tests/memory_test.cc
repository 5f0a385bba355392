// Options::memory_bytes is a ceiling for everything that a database holds: what it counts itself, and what the kernel says
// of the process.

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cstring>
#include <string>
#include <thread>

#include "base/prng.h"
#include "nacre/nacre.h"
#include "os/testing.h"
#include "tests/support/random_bytes.h"

namespace nacre {
namespace {

// Its quarantine keeps freed memory resident.
#if defined(__SANITIZE_ADDRESS__)
constexpr bool kAddressSanitizer = true;
#elif defined(__clang__)
constexpr bool kAddressSanitizer = __has_feature(address_sanitizer);
#else
constexpr bool kAddressSanitizer = false;
#endif

constexpr uint64_t kMebibyte = uint64_t{1} << 20;
constexpr uint64_t kMemory = 64 * kMebibyte;

// A line such as "RssAnon:  1234 kB" of /proc/self/status, in bytes.
uint64_t status_bytes(const char* field) {
  const std::string text = os::slurp("/proc/self/status");
  const size_t at = text.find(std::string(field) + ":");
  return at == std::string::npos ? 0 : std::strtoull(text.c_str() + at + std::strlen(field) + 1, nullptr, 10) * 1024;
}

Options options(MemtableKind memtable) {
  Options options;
  options.memory_bytes = kMemory;
  options.memtable = memtable;
  options.row_cache_percent = memtable == MemtableKind::kSkipList ? 10 : 0;
  options.keyspace.compression = options.keyspace.bottom_compression = Compression::kNone;
  return options;
}

std::string key_of(uint64_t i) { return "user" + std::to_string(i * 2654435761 % 1'000'000'007); }

// Two threads write and overwrite `megabytes`, read back, scan, and hold a snapshot for some time; returns what was seen.
struct Peak {
  uint64_t counted = 0;      // Stats::memory_bytes
  uint64_t resident = 0;     // growth of the process, files mapped for the log included
  std::string when_counted;  // what held memory at those moments
  std::string when_resident;
};

std::string to_string(const MemoryUse& use) {
  std::string text;
  const auto add = [&text](const char* name, uint64_t bytes) {
    text += std::string(" ") + name + " " + std::to_string(bytes >> 10);
  };
  add("memtables", use.memtables);
  add("log", use.log);
  add("cache", use.cache);
  add("tables", use.tables);
  add("cursors", use.cursors);
  add("jobs", use.jobs);
  add("RssAnon", status_bytes("RssAnon"));
  add("RssFile", status_bytes("RssFile"));
  return text + " KiB";
}

Peak exercise(Db& db, uint64_t megabytes, uint64_t baseline) {
  std::atomic<uint64_t> running{2};
  const auto work = [&](uint64_t thread) {
    base::Prng random(thread);
    const std::string text = tests::value_of(random, 200'000);
    const uint64_t bytes = megabytes * kMebibyte / 2;
    Snapshot snapshot;
    uint64_t round = 0;
    for (uint64_t written = 0; written < bytes; round++) {
      const uint64_t size = round % 500 == 499 ? 150'000 : 400 + random.below(1200);
      db.put(key_of(random.below(250'000)), Bytes(text).substr(random.below(text.size() - size), size)).value();
      written += size;
      for (int i = 0; i < 2; i++) (void)db.get(key_of(random.below(250'000))).value();
      if (round % 5000 == 2500) snapshot = db.snapshot();
      if (round % 5000 == 4000) snapshot = {};
      if (round % 3000 == 1000) {
        Scan scan = db.scan({.from = key_of(random.below(250'000)), .limit = 5000});
        for (const auto& [key, value] : scan) EXPECT_GE(value.size(), 400U);
        scan.status().value();
      }
    }
    running--;
  };
  std::thread first(work, 1);
  std::thread second(work, 2);
  Peak peak;
  while (running != 0) {
    const Stats stats = db.stats();
    if (stats.memory_bytes > peak.counted) {
      peak.counted = stats.memory_bytes;
      peak.when_counted = to_string(stats.memory);
    }
    const uint64_t resident = status_bytes("RssAnon") + status_bytes("RssShmem") + status_bytes("RssFile");
    const uint64_t grown = resident - std::min(baseline, resident);
    if (grown > peak.resident) {
      peak.resident = grown;
      peak.when_resident = to_string(stats.memory);
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  first.join();
  second.join();
  return peak;
}

void check_ceiling(MemtableKind memtable, uint64_t megabytes) {
  const os::TemporaryDirectory directory;
  const uint64_t baseline = status_bytes("RssAnon") + status_bytes("RssShmem") + status_bytes("RssFile");
  Db db = Db::open(directory / "db", options(memtable)).value();
  const Peak peak = exercise(db, megabytes, baseline);
  std::printf("ceiling %llu MiB\ncounted at most %.1f MiB:%s\nresident at most %.1f MiB:%s\n",
              static_cast<unsigned long long>(kMemory / kMebibyte), static_cast<double>(peak.counted) / kMebibyte,
              peak.when_counted.c_str(), static_cast<double>(peak.resident) / kMebibyte, peak.when_resident.c_str());
  EXPECT_LE(peak.counted, kMemory + kMemory / 10);
  // What malloc keeps of freed buffers counts here: large ones must come from the kernel and go back to it.
  if (!kAddressSanitizer && !os::kThreadSanitizer) {
    EXPECT_LE(peak.resident, kMemory + kMemory / 10);
  }
  EXPECT_EQ(db.stats().memory_ceiling_bytes, kMemory);
}

// In a fresh process: what other tests left in the allocator must not count.
TEST(MemoryTest, StaysUnderItsCeiling) { EXPECT_EQ(os::in_fresh_process("MemoryTest.DISABLED_BTree"), 0); }
TEST(MemoryTest, StaysUnderItsCeilingWithSkipListAndRowCache) {
  EXPECT_EQ(os::in_fresh_process("MemoryTest.DISABLED_SkipList"), 0);
}

TEST(MemoryTest, DISABLED_BTree) { check_ceiling(MemtableKind::kBTree, 320); }
TEST(MemoryTest, DISABLED_SkipList) { check_ceiling(MemtableKind::kSkipList, 200); }

// A value that fills most of the ceiling is served, and its memory is given back.
TEST(MemoryTest, LargeValuesComeAndGo) {
  const os::TemporaryDirectory directory;
  Db db = Db::open(directory / "db", options(MemtableKind::kBTree)).value();
  base::Prng random(7);
  const std::string large = tests::value_of(random, 12 * kMebibyte);
  for (int i = 0; i < 10; i++) db.put("k" + std::to_string(i), large).value();
  db.flush().value();
  for (int i = 0; i < 10; i++) {
    const auto value = db.get("k" + std::to_string(i)).value();
    ASSERT_TRUE(value && *value == large) << i;
    EXPECT_LE(db.stats().memory_bytes, kMemory + kMemory / 10) << i;
  }
  db.settle().value();
  EXPECT_LE(db.stats().memory_bytes, kMemory + kMemory / 10);
}

}  // namespace
}  // namespace nacre
