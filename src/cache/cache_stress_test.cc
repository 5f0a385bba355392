// Threads that read, pin, drop, shrink and load the same slots at once. Every block says which slot it belongs to and
// proves its own contents, so that a frame reused too early or found through a stale word shows at once.

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cstring>
#include <deque>
#include <vector>

#include "base/checksum.h"
#include "base/coding.h"
#include "base/prng.h"
#include "cache/cache.h"
#include "cache/row_cache.h"
#ifdef NACRE_SIM
#include "sync/simulated_scheduler.h"
#endif

namespace nacre::cache {
namespace {

using Guard = sync::EpochDomain::Guard;
constexpr uint64_t kMiB = uint64_t{1} << 20;
constexpr uint32_t kThreads = 4;
constexpr size_t kSlots = 1500;

size_t bytes_of_slot(size_t slot) {
  static constexpr size_t kSizes[] = {40, 600, 1000, 4096, 8192, 8192, 8192, 15000, 30000, 400};
  return kSizes[slot % 10] + slot % 7;
}

// | slot 8 | random 8 | filler | checksum over all before, seeded with the slot, 8 |
void fill(std::span<char> block, size_t slot, base::Prng& prng) {
  base::store<uint64_t>(block.data(), slot);
  base::store<uint64_t>(block.data() + 8, prng.next());
  std::memset(block.data() + 16, static_cast<int>(prng.below(256)), block.size() - 24);
  const uint64_t sum = base::checksum64({block.data(), block.size() - 8}, slot);
  base::store<uint64_t>(block.data() + block.size() - 8, sum);
}

bool intact(Bytes block, size_t slot) {
  return block.size() == bytes_of_slot(slot) && base::load<uint64_t>(block.data()) == slot &&
         base::load<uint64_t>(block.data() + block.size() - 8) ==
             base::checksum64(block.substr(0, block.size() - 8), slot);
}

struct Shared {
  base::MemoryAccount account{16 * kMiB};
  sync::EpochDomain domain;
  Cache cache{account, domain, /*last_generation=*/2000};
  std::vector<Slot> slots{kSlots};
  std::atomic<uint64_t> broken{0};
  std::atomic<uint64_t> hits{0};
};

PinnedFrame load(Shared& shared, size_t id, base::Prng& prng) {
  Cache::Draft draft = shared.cache.allocate(bytes_of_slot(id));
  fill(draft.bytes(), id, prng);
  return shared.cache.publish(std::move(draft), shared.slots[id]);
}

// One visit as a point get does it: under a guard, without a pin, reading again after a while.
void visit(Shared& shared, size_t id, base::Prng& prng) {
  Guard guard(shared.domain);
  const Frame* frame = shared.cache.find(shared.slots[id]);
  if (frame == nullptr) {
    frame = load(shared, id, prng).get();  // the pin ends here, the guard goes on
  } else {
    shared.hits.fetch_add(1, std::memory_order_relaxed);
  }
  if (!intact(frame->bytes(), id)) shared.broken++;
  if (prng.one_in(16)) {
    for (int i = 0; i < 8; i++) {
      const size_t other = prng.below(kSlots);
      if (!shared.cache.find(shared.slots[other])) load(shared, other, prng);
    }
    if (!intact(frame->bytes(), id)) shared.broken++;
  }
}

void work(Shared& shared, uint64_t seed, int steps) {
  base::Prng prng(seed);
  std::deque<std::pair<PinnedFrame, size_t>> pins;
  for (int step = 0; step < steps; step++) {
    const size_t id = prng.one_in(4) ? prng.below(16) : prng.below(kSlots);
    const uint64_t what = prng.below(100);
    if (what < 60) {
      visit(shared, id, prng);
    } else if (what < 75) {
      PinnedFrame pinned = shared.cache.find_pinned(shared.slots[id]);
      if (!pinned) pinned = load(shared, id, prng);
      if (!intact(pinned.bytes(), id)) shared.broken++;
      pins.emplace_back(std::move(pinned), id);
    } else if (what < 80) {
      Guard guard(shared.domain);
      if (const Frame* frame = shared.cache.find(shared.slots[id]); frame != nullptr) {
        pins.emplace_back(PinnedFrame::pin(frame), id);
      }
    } else if (what < 92) {
      shared.cache.drop(shared.slots[id]);
    } else if (what < 95) {
      const uint64_t bytes = prng.below(8 * kMiB);
      shared.account.charge(base::MemoryPart::kMemtable, bytes);
      shared.cache.shrink();
      shared.account.release(base::MemoryPart::kMemtable, bytes);
    } else {
      shared.cache.stats();
    }
    while (pins.size() > 20) {
      if (!intact(pins.front().first.bytes(), pins.front().second)) shared.broken++;
      pins.pop_front();
    }
  }
  for (const auto& [pinned, id] : pins) {
    if (!intact(pinned.bytes(), id)) shared.broken++;
  }
}

TEST(CacheStress, ReadersSeeOnlyWholeBlocksOfTheirSlots) {
  Shared shared;
  std::vector<sync::Thread> threads(kThreads);
  for (uint32_t i = 0; i < kThreads; i++) {
    threads[i] = sync::Thread("cache stress", [&shared, i] { work(shared, 1000 + i, 12000); });
  }
  for (sync::Thread& thread : threads) thread.join();
  EXPECT_EQ(shared.broken, 0U);
  EXPECT_GT(shared.hits, 1000U);
  const CacheStats stats = shared.cache.stats();
  EXPECT_GT(stats.evictions, 1000U);
  EXPECT_GT(stats.drops, 1000U);
  shared.cache.shrink();
  EXPECT_LE(shared.cache.stats().held_bytes, shared.cache.capacity_bytes());
  for (Slot& slot : shared.slots) shared.cache.drop(slot);
  for (int i = 0; i < 100; i++) shared.cache.drop(shared.slots[0]);
  EXPECT_LT(shared.cache.stats().frames, 64U) << "no frame is lost";
}

// Two slots, fought over all the time; their blocks are so large that each goes back to the kernel when it is dropped. No guard is held
// around a pin: find_pinned() has its own.
void pin_and_drop(Shared& shared, uint64_t seed) {
  base::Prng prng(seed);
  for (int step = 0; step < 15; step++) {
    const size_t id = prng.one_in(2) ? 7 : 8;
    if (prng.one_in(3)) {
      shared.cache.drop(shared.slots[id]);
      continue;
    }
    PinnedFrame pinned = shared.cache.find_pinned(shared.slots[id]);
    if (!pinned) pinned = load(shared, id, prng);
    sync::yield_point();
    if (!intact(pinned.bytes(), id)) shared.broken++;
  }
}

void live_in_two_slots() {
  Shared shared;
  std::vector<sync::Thread> threads(kThreads);
  for (uint32_t i = 0; i < kThreads; i++) {
    threads[i] = sync::Thread("pins", [&shared, i] { pin_and_drop(shared, i); });
  }
  for (sync::Thread& thread : threads) thread.join();
  EXPECT_EQ(shared.broken, 0U);
}

TEST(CacheStress, PinsHoldWhateverTheSchedule) {
  for (uint64_t round = 1; round <= 200 && !testing::Test::HasFailure(); round++) {
    SCOPED_TRACE("round " + std::to_string(round));
#ifdef NACRE_SIM
    const auto schedule = sync::Schedule::from_seed(round);
    const auto result = sync::Scheduler::instance().run(schedule, [] { live_in_two_slots(); });
    EXPECT_EQ(result.ending, sync::Ending::kDone) << schedule.to_string() << ": " << result.report;
#else
    live_in_two_slots();
#endif
  }
}

TEST(CacheStress, AStalledReaderDelaysNobody) {
  Shared shared;
  std::atomic<bool> done{false};
  base::Prng prng(5);
  {
    Guard guard(shared.domain);
    const size_t id = 4;
    const Frame* const frame = load(shared, id, prng).get();
    sync::Thread other("misses", [&shared, &done] {
      base::Prng mine(6);
      for (size_t i = 0; i < 10000; i++) load(shared, i % kSlots, mine);
      for (size_t i = 0; i < kSlots; i++) shared.cache.drop(shared.slots[i]);
      for (size_t i = 0; i < kSlots; i++) load(shared, i, mine);
      done = true;
    });
    other.join();  // would hang if misses waited for this thread's guard
    EXPECT_TRUE(done);
    EXPECT_TRUE(intact(frame->bytes(), id));
  }
  for (size_t i = 0; i < kSlots; i++) load(shared, i, prng);
  const CacheStats stats = shared.cache.stats();
  EXPECT_LE(stats.held_bytes, stats.capacity_bytes);
}

TEST(RowCacheStress, RowsStayWholeWhileOthersEvictThem) {
  base::MemoryAccount account(16 * kMiB);
  std::atomic<uint64_t> broken{0};
  {
    RowCache rows(200000, account);
    std::vector<sync::Thread> threads(kThreads);
    for (uint32_t i = 0; i < kThreads; i++) {
      threads[i] = sync::Thread("rows", [&rows, &broken, i] {
        base::Prng prng(i);
        for (int step = 0; step < 20000; step++) {
          const uint64_t id = prng.below(3000);
          const std::string key = "key" + std::to_string(id);
          const uint64_t hash = base::hash_key(key);
          if (const auto row = rows.find(7, key, hash, format::kMaxSequence)) {
            const Bytes value = row->value();
            if (row->key() != key || value.size() != 50 + id % 100) broken++;
            if (value.find_first_not_of(static_cast<char>(id)) != Bytes::npos) broken++;
          } else {
            rows.insert(7, key, hash, id << 8, std::string(50 + id % 100, static_cast<char>(id)));
          }
        }
      });
    }
    for (sync::Thread& thread : threads) thread.join();
    EXPECT_EQ(broken, 0U);
    EXPECT_GT(rows.stats().evictions, 100U);
    EXPECT_LE(rows.stats().held_bytes, 200000U);
    EXPECT_EQ(rows.stats().held_bytes, account.held(base::MemoryPart::kCache));
  }
  EXPECT_EQ(account.held_total(), 0U);
}

}  // namespace
}  // namespace nacre::cache
