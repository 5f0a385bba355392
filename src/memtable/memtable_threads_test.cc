// Writers, readers and cursors at once: on real threads (also under the thread sanitizer), and under the simulator's
// schedules, which stop threads in the middle of a split as often as not.
#include <gtest/gtest.h>

#include <atomic>
#include <string>
#include <vector>

#include "base/checksum.h"
#include "base/prng.h"
#include "memtable/memtable.h"
#include "sync/sync.h"
#ifdef NACRE_SIM
#include "sync/simulated_scheduler.h"
#endif

namespace nacre::memtable {
namespace {

using format::EntryKind;
using format::make_trailer;

constexpr uint32_t kWriters = 3;

// Keys of three kinds: spread, with a long shared beginning, and rising; the value says what the key was.
std::string key_of(uint32_t writer, uint64_t number) {
  const uint64_t spread = base::mix64(number, writer);
  char text[64];
  switch (number % 3) {
    case 0: std::snprintf(text, sizeof text, "%016llx-%u", static_cast<unsigned long long>(spread), writer); break;
    case 1:
      std::snprintf(text, sizeof text, "a beginning that they share/%05llu/%u",
                    static_cast<unsigned long long>(spread % 5000), writer);
      break;
    default: std::snprintf(text, sizeof text, "z%016llu/%u", static_cast<unsigned long long>(number), writer); break;
  }
  return text;
}

std::string value_of(Bytes key, uint64_t trailer) {
  return std::string(key) + "=" + std::to_string(trailer) + std::string(trailer % 97, '.');
}

struct World {
  base::IntrusivePtr<Memtable> memtable;
  uint64_t inserts_each = 0;
  int gets_a_round = 0;
  std::atomic<uint64_t> done[kWriters] = {};  // writer w has inserted its numbers below this
  std::atomic<bool> failed{false};

  void fail(const char* what) {
    if (!failed.exchange(true)) ADD_FAILURE() << what;
  }
  void check_entry(Bytes key, uint64_t trailer, Bytes value) {
    if (value != value_of(key, trailer)) fail("a torn or foreign value");
  }
  static uint64_t trailer_of(uint32_t writer, uint64_t number) {
    return make_trailer(1 + number * kWriters + writer, EntryKind::kPut);
  }
};

void write_all(World& world, uint32_t writer) {
  for (uint64_t number = 0; number < world.inserts_each && !world.failed; number++) {
    const std::string key = key_of(writer, number);
    const uint64_t trailer = World::trailer_of(writer, number);
    world.memtable->insert(key, base::hash_key(key), trailer, value_of(key, trailer));
    world.done[writer].store(number + 1, std::memory_order_release);
  }
}

bool all_done(const World& world) {
  uint64_t sum = 0;
  for (const auto& done : world.done) sum += done.load(std::memory_order_acquire);
  return sum == kWriters * world.inserts_each;
}

// What a writer had finished before must be found, with its own value.
void get_what_is_there(World& world) {
  base::Prng prng(77);
  uint32_t turn = 0;
  for (bool last = false; !last && !world.failed; sync::spin_turn(turn++)) {
    last = all_done(world);
    for (int i = 0; i < world.gets_a_round; i++) {
      const auto writer = static_cast<uint32_t>(prng.below(kWriters));
      const uint64_t done = world.done[writer].load(std::memory_order_acquire);
      if (done == 0) continue;
      const uint64_t number = prng.one_in(2) ? done - 1 : prng.below(done);
      const std::string key = key_of(writer, number);
      const uint64_t trailer = World::trailer_of(writer, number);
      const auto found = world.memtable->get(key, base::hash_key(key), format::sequence_of(trailer));
      if (!found.found || found.trailer != trailer) world.fail("an entry that was there is not found");
      if (found.found) world.check_entry(key, found.trailer, found.value);
    }
  }
}

// A whole pass: in order, each entry once, and at least everything that was there when it began.
void scan(World& world, bool forward) {
  uint32_t turn = 0;
  for (bool last = false; !last && !world.failed; sync::spin_turn(turn++)) {
    last = all_done(world);
    uint64_t before[kWriters];
    uint64_t missing = 0;
    for (uint32_t w = 0; w < kWriters; w++) missing += before[w] = world.done[w].load(std::memory_order_acquire);
    MemtableCursor cursor = world.memtable->cursor();
    forward ? cursor.seek_first() : cursor.seek_last();
    std::string key_before;
    uint64_t trailer_before = 0;
    for (bool first = true; cursor.valid(); forward ? cursor.next() : cursor.prev(), first = false) {
      const int order = format::compare_internal(key_before, trailer_before, cursor.key(), cursor.trailer());
      if (!first && (forward ? order >= 0 : order <= 0)) world.fail("out of order");
      key_before = cursor.key();
      trailer_before = cursor.trailer();
      world.check_entry(cursor.key(), trailer_before, cursor.value());
      const uint64_t number = (format::sequence_of(trailer_before) - 1) / kWriters;
      const uint64_t writer = (format::sequence_of(trailer_before) - 1) % kWriters;
      if (number < before[writer]) missing--;
    }
    if (missing != 0) world.fail("a scan missed entries that were there when it began");
  }
}

class MemtableThreads : public testing::TestWithParam<MemtableKind> {};

INSTANTIATE_TEST_SUITE_P(Kinds, MemtableThreads, testing::Values(MemtableKind::kBTree, MemtableKind::kSkipList),
                         [](const auto& tested) {
                           return tested.param == MemtableKind::kBTree ? "BTree" : "SkipList";
                         });

void live(MemtableKind kind, uint64_t inserts_each, int gets_a_round) {
  World world;
  world.memtable = Memtable::create({kind, 4 << 20, nullptr});
  world.inserts_each = inserts_each;
  world.gets_a_round = gets_a_round;
  std::vector<sync::Thread> threads;
  for (uint32_t w = 0; w < kWriters; w++) threads.emplace_back("writer", [&world, w] { write_all(world, w); });
  threads.emplace_back("getter", [&world] { get_what_is_there(world); });
  threads.emplace_back("scanner", [&world] { scan(world, true); });
  threads.emplace_back("reverse scanner", [&world] { scan(world, false); });
  for (sync::Thread& thread : threads) thread.join();
  EXPECT_EQ(world.memtable->entries(), kWriters * inserts_each);
}

TEST_P(MemtableThreads, ReadersSeeWhatWasThereAndNothingTorn) {
  for (int round = 0; round < 2 && !HasFailure(); round++) live(GetParam(), sync::kSimulated ? 300 : 5000, 200);
}

// A few leaves, fought over all the time.
TEST_P(MemtableThreads, Crowded) {
  for (uint64_t round = 1; round <= 150 && !HasFailure(); round++) {
    SCOPED_TRACE("round " + std::to_string(round));
#ifdef NACRE_SIM
    const auto schedule = sync::Schedule::from_seed(round);
    const auto result = sync::Scheduler::instance().run(schedule, [] { live(GetParam(), 90, 5); });
    EXPECT_EQ(result.ending, sync::Ending::kDone) << schedule.to_string() << ": " << result.report;
#else
    live(GetParam(), 90, 5);
#endif
  }
}

// More threads than lanes: the last ones share one.
TEST_P(MemtableThreads, ManyWriters) {
  constexpr uint32_t kThreads = 44;
  constexpr uint64_t kEach = sync::kSimulated ? 30 : 300;
  auto memtable = Memtable::create({GetParam(), 1 << 20, nullptr});
  std::atomic<uint32_t> arrived{0};
  std::vector<sync::Thread> threads;
  for (uint32_t t = 0; t < kThreads; t++) {
    threads.emplace_back("writer", [&, t] {
      arrived.fetch_add(1);
      for (uint32_t turn = 0; arrived.load() < kThreads; turn++) sync::spin_turn(turn);
      for (uint64_t i = 0; i < kEach; i++) {
        const std::string key = key_of(t, i);
        const uint64_t trailer = make_trailer(1 + i * kThreads + t, EntryKind::kPut);
        memtable->insert(key, base::hash_key(key), trailer, value_of(key, trailer));
      }
    });
  }
  for (sync::Thread& thread : threads) thread.join();
  EXPECT_EQ(memtable->entries(), kThreads * kEach);
  uint64_t count = 0;
  MemtableCursor cursor = memtable->cursor();
  for (cursor.seek_first(); cursor.valid(); cursor.next(), count++) {
    ASSERT_EQ(cursor.value(), value_of(cursor.key(), cursor.trailer()));
  }
  EXPECT_EQ(count, kThreads * kEach);
}

// Many versions of one key from several threads: all in one place of the tree.
TEST_P(MemtableThreads, OneHotKey) {
  auto memtable = Memtable::create({GetParam(), 1 << 20, nullptr});
  const uint64_t hash = base::hash_key("hot");
  constexpr uint64_t kEach = 4000;
  std::atomic<uint64_t> newest{0};
  std::vector<sync::Thread> threads;
  for (uint32_t w = 0; w < 2; w++) {
    threads.emplace_back("writer", [&, w] {
      for (uint64_t i = 0; i < kEach; i++) {
        const uint64_t sequence = 1 + 2 * i + w;
        memtable->insert("hot", hash, make_trailer(sequence, EntryKind::kPut), std::to_string(sequence));
        if (w == 0) newest.store(sequence, std::memory_order_release);
      }
    });
  }
  threads.emplace_back("reader", [&] {
    uint32_t turn = 0;
    for (uint64_t seen = 0; seen < 2 * kEach - 1;) {
      seen = newest.load(std::memory_order_acquire);
      sync::spin_turn(turn++ % 64);
      if (seen == 0) continue;
      const auto found = memtable->get("hot", hash, seen);
      ASSERT_TRUE(found.found);
      ASSERT_EQ(format::sequence_of(found.trailer), seen);
      ASSERT_EQ(found.value, std::to_string(seen));
    }
  });
  for (sync::Thread& thread : threads) thread.join();
}

TEST_P(MemtableThreads, RangeTombstones) {
  auto memtable = Memtable::create({GetParam(), 1 << 20, nullptr});
  constexpr uint64_t kCount = 2000;
  std::atomic<uint64_t> newest{0};
  sync::Thread writer("writer", [&] {
    for (uint64_t i = 1; i <= kCount; i++) {
      const std::string begin = key_of(0, i);
      memtable->insert_range_tombstone(begin, begin + "~", i);
      newest.store(i, std::memory_order_release);
    }
  });
  base::Prng prng(9);
  uint32_t turn = 0;
  for (uint64_t seen = 0; seen < kCount;) {
    seen = newest.load(std::memory_order_acquire);
    sync::spin_turn(turn++ % 64);
    if (seen == 0) continue;
    const uint64_t one = 1 + prng.below(seen);
    const std::string key = key_of(0, one) + "x";
    ASSERT_EQ(memtable->covering_tombstone(key, one), one);
    ASSERT_TRUE(!prng.one_in(100) || memtable->tombstones()->covering(key, format::kMaxSequence) >= one);
  }
  writer.join();
  EXPECT_EQ(memtable->tombstone_entries(), kCount);
}

}  // namespace
}  // namespace nacre::memtable
