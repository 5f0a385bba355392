#include "cache/cache.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <map>
#include <set>
#include <string>
#include <unordered_set>
#include <vector>

#include "base/checksum.h"
#include "base/prng.h"

namespace nacre::cache {
namespace {

using Guard = sync::EpochDomain::Guard;
constexpr uint64_t kMiB = uint64_t{1} << 20;

struct World {
  explicit World(uint64_t ceiling_bytes, uint32_t last_generation = kLastGeneration)
      : account(ceiling_bytes), cache(account, domain, last_generation) {}

  base::MemoryAccount account;
  sync::EpochDomain domain;
  Cache cache;
};

std::string contents(uint64_t seed, size_t bytes) {
  std::string out(bytes, '\0');
  base::Prng prng(seed);
  for (size_t at = 0; at < bytes; at += 8) {
    const uint64_t word = prng.next();
    std::memcpy(out.data() + at, &word, std::min<size_t>(8, bytes - at));
  }
  return out;
}

PinnedFrame load(Cache& cache, Slot& slot, Bytes bytes) {
  Cache::Draft draft = cache.allocate(bytes.size());
  EXPECT_EQ(draft.bytes().size(), bytes.size());
  if (!bytes.empty()) std::memcpy(draft.bytes().data(), bytes.data(), bytes.size());
  return cache.publish(std::move(draft), slot);
}

// Memory that pins keep: whole chunks, and data outside.
uint64_t pinned_bytes(const std::vector<const Frame*>& frames) {
  std::set<const FramePool::Chunk*> chunks;
  std::set<const Frame*> outside;
  uint64_t bytes = 0;
  for (const Frame* frame : frames) {
    const FramePool::Chunk* const chunk = &FramePool::chunk_of(frame);
    if (chunks.insert(chunk).second) bytes += chunk->bytes;
    if (frame->is_outside() && outside.insert(frame).second) bytes += frame->outside().mapped_bytes;
  }
  return bytes;
}

TEST(Cache, FindsWhatWasPublished) {
  World world(64 * kMiB);
  Slot slot;
  {
    Guard guard(world.domain);
    EXPECT_EQ(world.cache.find(slot), nullptr);
  }
  EXPECT_FALSE(world.cache.find_pinned(slot));
  const std::string block = contents(1, 8000);
  EXPECT_EQ(load(world.cache, slot, block).bytes(), block);
  {
    Guard guard(world.domain);
    world.cache.prefetch(slot, 3);
    ASSERT_NE(world.cache.find(slot), nullptr);
    EXPECT_EQ(world.cache.find(slot)->bytes(), block);
  }
  EXPECT_EQ(world.cache.find_pinned(slot).bytes(), block);
  const CacheStats stats = world.cache.stats();
  EXPECT_EQ(stats.drafts, 1U);
  EXPECT_EQ(stats.insertions, 1U);
  EXPECT_EQ(stats.frames, 1U);
  EXPECT_EQ(stats.held_bytes, world.account.held(base::MemoryPart::kCache));
  EXPECT_EQ(stats.capacity_bytes, 64 * kMiB);
}

TEST(Cache, TheSecondPublisherGetsTheFirstOnesFrame) {
  World world(64 * kMiB);
  Slot slot;
  Cache::Draft first = world.cache.allocate(3);
  Cache::Draft second = world.cache.allocate(3);
  std::memcpy(first.bytes().data(), "one", 3);
  std::memcpy(second.bytes().data(), "two", 3);
  const PinnedFrame a = world.cache.publish(std::move(first), slot);
  const PinnedFrame b = world.cache.publish(std::move(second), slot);
  EXPECT_EQ(a.get(), b.get());
  EXPECT_EQ(b.bytes(), "one");
  EXPECT_EQ(world.cache.stats().insertions, 1U);
  EXPECT_EQ(world.cache.stats().frames, 1U) << "the loser's draft is free again";
}

TEST(Cache, ADraftThatIsNotPublishedLeavesNothing) {
  World world(64 * kMiB);
  for (size_t bytes : {size_t{0}, size_t{100}, size_t{8192}, size_t{1} << 20}) {
    {
      Cache::Draft draft = world.cache.allocate(bytes);
    }
    EXPECT_EQ(world.cache.stats().frames, 0U) << bytes;
  }
  Cache::Draft a = world.cache.allocate(10);
  Cache::Draft b = world.cache.allocate(20);
  a = std::move(b);
  EXPECT_EQ(a.bytes().size(), 20U);
}

TEST(Cache, DropForgetsButPinsKeepReading) {
  World world(64 * kMiB);
  Slot slot;
  for (size_t bytes : {size_t{900}, size_t{300} << 10}) {
    const std::string block = contents(bytes, bytes);
    PinnedFrame pinned = load(world.cache, slot, block);
    world.cache.drop(slot);
    EXPECT_EQ(slot.word.load(), 0U);
    EXPECT_FALSE(world.cache.find_pinned(slot));
    for (int i = 0; i < 200; i++) {  // others come and go meanwhile
      Slot other;
      load(world.cache, other, contents(static_cast<uint64_t>(i), bytes));
      world.cache.drop(other);
    }
    EXPECT_EQ(pinned.bytes(), block);
    const PinnedFrame second = PinnedFrame::pin(pinned.get());
    pinned.reset();
    EXPECT_EQ(second.bytes(), block);
  }
  world.cache.drop(slot);  // an empty slot
  EXPECT_EQ(world.cache.stats().drops, 402U);
}

TEST(Cache, ReleasedPinsCanBeAdopted) {
  World world(64 * kMiB);
  Slot slot;
  PinnedFrame pinned = load(world.cache, slot, "abc");
  const Frame* const frame = pinned.release();
  EXPECT_FALSE(pinned);
  EXPECT_EQ(frame->bytes(), "abc");
  PinnedFrame adopted = PinnedFrame::adopt(frame);
  PinnedFrame moved = std::move(adopted);
  EXPECT_EQ(moved.release()->bytes(), "abc");
  PinnedFrame::unpin(frame);
  world.cache.drop(slot);
  EXPECT_EQ(Frame::pins_of(frame->state()), 0U);
}

TEST(Cache, HoldsItsCeilingWhateverTheSizes) {
  World world(32 * kMiB);
  base::Prng prng(7);
  std::vector<Slot> slots(20000);
  for (Slot& slot : slots) {
    load(world.cache, slot, std::string(prng.below(prng.one_in(50) ? 200000 : 20000), 'x'));
    const CacheStats stats = world.cache.stats();
    ASSERT_LE(stats.held_bytes, stats.capacity_bytes);
    ASSERT_EQ(stats.over_capacity, 0U);
  }
  EXPECT_GT(world.cache.stats().evictions, 5000U);
  EXPECT_GT(world.cache.stats().held_bytes, 28 * kMiB) << "and uses it";
}

TEST(Cache, ShrinksWhenOthersGrow) {
  World world(64 * kMiB);
  std::vector<Slot> slots(16000);
  for (Slot& slot : slots) load(world.cache, slot, std::string(8192, 'x'));
  EXPECT_GT(world.cache.stats().held_bytes, 60 * kMiB);
  world.account.charge(base::MemoryPart::kMemtable, 40 * kMiB);
  EXPECT_EQ(world.cache.capacity_bytes(), 24 * kMiB);
  world.cache.shrink();
  EXPECT_LE(world.account.held_total(), 64 * kMiB);
  EXPECT_GT(world.cache.stats().held_bytes, 20 * kMiB) << "but no further";
  // Below the floor it keeps a sixteenth.
  world.account.charge(base::MemoryPart::kMemtable, 100 * kMiB);
  EXPECT_EQ(world.cache.capacity_bytes(), 4 * kMiB);
  for (Slot& slot : slots) load(world.cache, slot, std::string(8192, 'x'));
  EXPECT_LE(world.cache.stats().held_bytes, 4 * kMiB);
  EXPECT_GT(world.cache.stats().frames, 200U);
  // Another part that charges kCache is an other as well.
  world.account.release(base::MemoryPart::kMemtable, 140 * kMiB);
  world.account.forget_peak(1);
  world.account.charge(base::MemoryPart::kCache, 30 * kMiB);
  EXPECT_EQ(world.cache.capacity_bytes(), 34 * kMiB);
  world.account.release(base::MemoryPart::kCache, 30 * kMiB);
}

// What a miss would wait for is done by another thread, as long as the cache may grow.
TEST(Cache, GrowsAheadOfMisses) {
  World world(64 * kMiB);
  uint64_t asked = 0;
  world.cache.set_asks_for_growth([&] { asked++; });
  std::deque<Slot> slots;
  const auto miss = [&] { load(world.cache, slots.emplace_back(), contents(slots.size(), 8000)); };
  world.cache.grow_ahead();
  miss();
  const uint64_t chunk = world.cache.stats().held_bytes;
  while (world.cache.stats().held_bytes < 3 * chunk) miss();
  EXPECT_EQ(asked, 1U) << "nobody has answered yet";
  world.cache.grow_ahead();
  EXPECT_EQ(world.cache.stats().held_bytes, 4 * chunk);
  world.cache.grow_ahead();
  EXPECT_EQ(world.cache.stats().held_bytes, 4 * chunk) << "nobody has asked";
  uint64_t asked_before = 0;
  while (world.cache.stats().evictions == 0) {
    asked_before = asked;
    const uint64_t held = world.cache.stats().held_bytes;
    miss();
    if (world.cache.stats().evictions != 0) break;
    EXPECT_EQ(world.cache.stats().held_bytes, held) << "a miss took memory for itself";
    if (asked != asked_before) world.cache.grow_ahead();
    if (world.cache.stats().capacity_bytes - world.cache.stats().held_bytes <= 3 * chunk) break;
  }
  EXPECT_GT(asked, 20U);
  uint64_t most = 0;
  for (int i = 0; i < 20'000; i++) {
    miss();
    world.cache.grow_ahead();
    most = std::max(most, world.cache.stats().held_bytes);
  }
  EXPECT_LE(most, world.cache.stats().capacity_bytes - chunk) << "there was no room to grow into";
  EXPECT_EQ(world.cache.stats().over_capacity, 0U);
  for (Slot& slot : slots) world.cache.drop(slot);
}

TEST(Cache, TablesThatGoGiveTheirMemoryBack) {
  World world(64 * kMiB);
  std::vector<Slot> slots(6000);
  for (Slot& slot : slots) load(world.cache, slot, std::string(8192, 'x'));
  EXPECT_GT(world.cache.stats().held_bytes, 45 * kMiB);
  std::vector<const Frame*> frames;
  for (const Slot& slot : slots) frames.push_back(world.cache.find_pinned(slot).get());
  for (Slot& slot : slots) world.cache.drop(slot);
  const auto zeroed =
      std::count_if(frames.begin(), frames.end(), [](const Frame* frame) { return frame->state() == 0; });
  EXPECT_GT(zeroed, 5500) << "the kernel has the memory; the headers may still be read";
  EXPECT_LT(world.cache.stats().held_bytes, 2 * kMiB);
  EXPECT_EQ(world.account.held(base::MemoryPart::kCache), world.cache.stats().held_bytes);
}

// The heart of the matter: whatever was found under a guard stays as it was until the guard ends.
TEST(Cache, NoFrameIsReusedUnderAnActiveGuard) {
  for (const size_t bytes : {size_t{700}, size_t{8192}, size_t{40000}}) {
    World world(16 * kMiB);
    std::vector<Slot> slots(64);
    std::map<size_t, std::string> blocks;
    for (size_t i = 0; i < slots.size(); i++) {
      blocks[i] = contents(i, bytes);
      load(world.cache, slots[i], blocks[i]);
    }
    {
      Guard guard(world.domain);
      std::map<size_t, const Frame*> found;
      for (size_t i = 0; i < slots.size(); i++) {
        if (const Frame* frame = world.cache.find(slots[i]); frame != nullptr) found[i] = frame;
      }
      ASSERT_EQ(found.size(), slots.size());
      for (size_t i = 0; i < slots.size(); i += 2) world.cache.drop(slots[i]);
      std::vector<Slot> others(40 * kMiB / bytes);
      for (Slot& slot : others) load(world.cache, slot, std::string(bytes, 'o'));
      size_t gone = 0;
      for (size_t i = 0; i < slots.size(); i++) {
        gone += world.cache.find(slots[i]) == nullptr ? 1 : 0;
        ASSERT_EQ(found[i]->bytes(), blocks[i]) << i;
      }
      EXPECT_GE(gone, slots.size() / 2) << "evicted or dropped";
      EXPECT_GT(world.cache.stats().over_capacity, 0U) << "a stalled reader is not waited for";
      // What it found may still be pinned, although dead, and then read without the guard.
      const PinnedFrame pinned = PinnedFrame::pin(found[3]);
      EXPECT_EQ(pinned.bytes(), blocks[3]);
    }
    const PinnedFrame kept = [&] {
      Guard guard(world.domain);
      Slot slot;
      load(world.cache, slot, blocks[5]);
      const Frame* const frame = world.cache.find(slot);
      world.cache.drop(slot);
      return PinnedFrame::pin(frame);
    }();
    std::vector<Slot> others(40 * kMiB / bytes);
    for (Slot& slot : others) load(world.cache, slot, std::string(bytes, 'o'));
    EXPECT_EQ(kept.bytes(), blocks[5]);
    const CacheStats stats = world.cache.stats();
    EXPECT_LE(stats.held_bytes, stats.capacity_bytes + pinned_bytes({kept.get()})) << "back below the ceiling";
  }
}

TEST(Cache, WhatIsTooLargeToKeepIsReadAndForgotten) {
  World world(32 * kMiB);
  std::vector<Slot> slots(1000);
  for (Slot& slot : slots) load(world.cache, slot, std::string(8192, 'x'));
  const std::string huge = contents(9, 20 * kMiB);
  Slot slot;
  {
    Guard guard(world.domain);
    PinnedFrame pinned = load(world.cache, slot, huge);
    const Frame* const frame = pinned.get();
    pinned.reset();
    EXPECT_EQ(frame->bytes(), huge) << "the guard is enough";
  }
  EXPECT_FALSE(world.cache.find_pinned(slot));
  world.cache.shrink();
  {
    Cache::Draft draft = world.cache.allocate(100000);
  }
  EXPECT_LE(world.cache.stats().held_bytes, 12 * kMiB);
  size_t still = 0;
  for (const Slot& each : slots) still += world.cache.find_pinned(each) ? 1 : 0;
  EXPECT_EQ(still, slots.size()) << "nobody had to go for it";
}

TEST(Cache, HotFramesSurviveAScan) {
  World world(32 * kMiB);
  std::vector<Slot> hot(1000);
  for (Slot& slot : hot) load(world.cache, slot, std::string(8192, 'h'));
  base::Prng prng(3);
  uint64_t misses = 0;
  std::vector<Slot> scanned(20000);
  for (Slot& slot : scanned) {
    load(world.cache, slot, std::string(8192, 's'));
    Slot& warm = hot[prng.below(hot.size())];
    if (!world.cache.find_pinned(warm)) {
      misses++;
      load(world.cache, warm, std::string(8192, 'h'));
    }
  }
  EXPECT_LT(misses, 1200U) << "of 20000, under FIFO some 5000";
}

TEST(Cache, ClassesDoNotStarveEachOther) {
  World world(64 * kMiB);
  std::vector<Slot> first(20000);
  std::vector<Slot> second(7000);  // 28 MiB of small blocks would fit
  std::vector<Slot> third(400);    // and 20 MiB of large ones
  for (Slot& slot : first) load(world.cache, slot, std::string(8192, 'a'));
  base::Prng prng(5);
  const auto visit = [&](std::vector<Slot>& slots, size_t bytes) {
    Slot& slot = slots[prng.below(slots.size())];
    if (world.cache.find_pinned(slot)) return 0;
    load(world.cache, slot, std::string(bytes, 'b'));
    return 1;
  };
  for (int i = 0; i < 60000; i++) visit(second, 4096);
  int misses = 0;
  for (int i = 0; i < 10000; i++) misses += visit(second, 4096);
  EXPECT_LT(misses, 500) << "the class that nobody uses any more gave way";
  for (int i = 0; i < 60000; i++) visit(i % 8 == 0 ? third : second, i % 8 == 0 ? 50000 : 4096);
  misses = 0;
  for (int i = 0; i < 10000; i++) misses += visit(third, 50000);
  EXPECT_LT(misses, 1000) << "also for data outside of chunks";
  EXPECT_EQ(world.cache.stats().over_capacity, 0U);
  EXPECT_GT(world.cache.stats().chunks_moved, 50U);
}

// A slot word, once given out, is never given out again, however often frames are used.
TEST(Cache, GenerationsRunOutAndNeverWrap) {
  World world(16 * kMiB, /*last_generation=*/5);
  std::unordered_set<uint64_t> words;
  std::vector<Slot> slots(30);
  base::Prng prng(11);
  for (int i = 0; i < 40000; i++) {
    Slot& slot = slots[prng.below(slots.size())];
    world.cache.drop(slot);
    load(world.cache, slot, std::string(4000 + prng.below(3) * 10000, 'x'));
    ASSERT_TRUE(words.insert(slot.word.load()).second) << i;
    ASSERT_LE(generation_of(slot.word.load()), 5U);
  }
  EXPECT_LT(world.cache.stats().held_bytes, 8 * kMiB) << "frames that are used up do not add up";
}

// Random operations against a map, with the ceiling checked after each.
TEST(Cache, AgreesWithAModel) {
  for (uint64_t seed = 1; seed <= 6; seed++) {
    SCOPED_TRACE(seed);
    base::Prng prng(seed);
    World world(16 * kMiB + prng.below(3) * 12 * kMiB, seed % 2 == 0 ? 40 : kLastGeneration);
    std::vector<Slot> slots(3000);
    std::vector<std::pair<uint64_t, size_t>> model(slots.size());  // seed and size of what was published last
    std::vector<std::pair<PinnedFrame, size_t>> pins;
    std::vector<std::string> pinned_contents;
    uint64_t charged = 0;
    for (int step = 0; step < 15000; step++) {
      const size_t id = prng.one_in(3) ? prng.below(50) : prng.below(slots.size());
      const uint64_t what = prng.below(100);
      if (what < 80) {
        PinnedFrame frame = world.cache.find_pinned(slots[id]);
        if (!frame) {
          static constexpr size_t kMost[] = {600, 5000, 9000, 40000, 300000};
          model[id] = {prng.next(), prng.below(kMost[prng.below(prng.one_in(30) ? 5 : 3)])};
          frame = load(world.cache, slots[id], contents(model[id].first, model[id].second));
        }
        ASSERT_EQ(frame.bytes(), contents(model[id].first, model[id].second)) << step;
        if (what < 4 && pins.size() < 12) {
          pinned_contents.emplace_back(frame.bytes());
          pins.emplace_back(std::move(frame), pinned_contents.size() - 1);
        }
      } else if (what < 88) {
        world.cache.drop(slots[id]);
      } else if (what < 96 && !pins.empty()) {
        const size_t at = prng.below(pins.size());
        ASSERT_EQ(pins[at].first.bytes(), pinned_contents[pins[at].second]);
        pins.erase(pins.begin() + static_cast<ptrdiff_t>(at));
      } else if (what < 98) {
        world.account.release(base::MemoryPart::kMemtable, charged);
        charged = prng.below(14 * kMiB);
        world.account.charge(base::MemoryPart::kMemtable, charged);
        world.cache.shrink();
      }
      std::vector<const Frame*> pinned;
      for (const auto& each : pins) pinned.push_back(each.first.get());
      const CacheStats stats = world.cache.stats();
      ASSERT_LE(stats.held_bytes, stats.capacity_bytes + pinned_bytes(pinned)) << step;
      ASSERT_EQ(stats.held_bytes, world.account.held(base::MemoryPart::kCache));
    }
    for (const auto& each : pins) ASSERT_EQ(each.first.bytes(), pinned_contents[each.second]);
    pins.clear();
  }
}

TEST(CacheDeathTest, DyingWithAPinOutstandingIsABug) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_DEATH(
      {
        Slot slot;
        PinnedFrame pinned;
        World world(16 * kMiB);
        pinned = load(world.cache, slot, "abc");
      },
      "evictable");
  EXPECT_DEATH(
      {
        Slot slot;
        PinnedFrame pinned;
        World world(16 * kMiB);
        pinned = load(world.cache, slot, "abc");
        world.cache.drop(slot);
      },
      "leave_limbo|evictable");
}

TEST(Cache, LeavesNothingCharged) {
  base::MemoryAccount account(64 * kMiB);
  {
    sync::EpochDomain domain;
    Cache cache(account, domain);
    std::vector<Slot> slots(3000);
    for (Slot& slot : slots) load(cache, slot, std::string(50000, 'x'));
  }
  EXPECT_EQ(account.held_total(), 0U);
}

}  // namespace
}  // namespace nacre::cache
