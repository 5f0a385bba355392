#include "cache/row_cache.h"

#include <gtest/gtest.h>

#include <map>
#include <string>

#include "base/checksum.h"
#include "base/prng.h"

namespace nacre::cache {
namespace {

using format::EntryKind;
using format::kMaxSequence;
using format::make_trailer;

TEST(RowCache, FindsOnlyTheSameKeyOfTheSameTable) {
  base::MemoryAccount account(1 << 24);
  RowCache rows(1 << 20, account);
  const uint64_t hash = base::hash_key("key");
  EXPECT_FALSE(rows.find(1, "key", hash, kMaxSequence));
  rows.insert(1, "key", hash, make_trailer(9, EntryKind::kPut), "value");
  const auto row = rows.find(1, "key", hash, kMaxSequence);
  ASSERT_TRUE(row);
  EXPECT_EQ(row->key(), "key");
  EXPECT_EQ(row->value(), "value");
  EXPECT_EQ(row->table(), 1U);
  EXPECT_EQ(row->trailer(), make_trailer(9, EntryKind::kPut));
  EXPECT_FALSE(rows.find(2, "key", hash, kMaxSequence));
  EXPECT_FALSE(rows.find(1, "kez", hash, kMaxSequence)) << "equal hashes are not equal keys";
  EXPECT_EQ(rows.stats().hits, 1U);
  EXPECT_EQ(rows.stats().misses, 3U);
}

TEST(RowCache, AnOlderSnapshotMustAskTheTable) {
  base::MemoryAccount account(1 << 24);
  RowCache rows(1 << 20, account);
  rows.insert(1, "", 5, make_trailer(9, EntryKind::kErase), "");
  EXPECT_TRUE(rows.find(1, "", 5, 9));
  EXPECT_FALSE(rows.find(1, "", 5, 8));
}

TEST(RowCache, AFirstInsertionStays) {
  base::MemoryAccount account(1 << 24);
  RowCache rows(1 << 20, account);
  rows.insert(1, "a", 5, make_trailer(9, EntryKind::kPut), "one");
  rows.insert(1, "a", 5, make_trailer(9, EntryKind::kPut), "two");
  EXPECT_EQ(rows.find(1, "a", 5, 9)->value(), "one");
  EXPECT_EQ(rows.stats().rows, 1U);
}

TEST(RowCache, RowsOutliveEvictionWhileReferenced) {
  base::MemoryAccount account(1 << 24);
  RowCache rows(64 << 10, account);
  rows.insert(1, "a", base::hash_key("a"), make_trailer(1, EntryKind::kPut), "kept");
  const auto row = rows.find(1, "a", base::hash_key("a"), kMaxSequence);
  for (uint64_t i = 0; i < 5000; i++) {
    const std::string key = std::to_string(i);
    rows.insert(2, key, base::hash_key(key), make_trailer(1, EntryKind::kPut), std::string(100, 'x'));
  }
  EXPECT_FALSE(rows.find(1, "a", base::hash_key("a"), kMaxSequence));
  EXPECT_EQ(row->value(), "kept");
  EXPECT_GT(account.held(base::MemoryPart::kCache), rows.stats().held_bytes) << "and stay charged";
}

TEST(RowCache, LargeRowsAreNotKept) {
  base::MemoryAccount account(1 << 24);
  RowCache rows(1 << 20, account);
  rows.insert(1, "a", 5, 0, std::string(10000, 'x'));
  EXPECT_FALSE(rows.find(1, "a", 5, kMaxSequence));
  RowCache none(0, account);
  none.insert(1, "a", 5, 0, "x");
  EXPECT_FALSE(none.find(1, "a", 5, kMaxSequence));
}

TEST(RowCache, HotRowsSurviveAScan) {
  base::MemoryAccount account(1 << 24);
  RowCache rows(1 << 20, account);
  uint64_t lost = 0;
  for (uint64_t i = 0; i < 30000; i++) {
    const std::string hot = "hot" + std::to_string(i % 300);
    if (!rows.find(1, hot, base::hash_key(hot), kMaxSequence)) {
      lost++;
      rows.insert(1, hot, base::hash_key(hot), 0, "hot");
    }
    const std::string cold = "cold" + std::to_string(i);
    rows.insert(1, cold, base::hash_key(cold), 0, std::string(100, 'x'));
  }
  EXPECT_LT(lost, 400U);
  EXPECT_GT(rows.stats().evictions, 10000U);
}

TEST(RowCache, AgreesWithAModelAndHoldsItsBound) {
  for (uint64_t seed = 1; seed <= 4; seed++) {
    SCOPED_TRACE(seed);
    base::MemoryAccount account(1 << 24);
    base::Prng prng(seed);
    {
      const uint64_t capacity = (32 << 10) << prng.below(4);
      RowCache rows(capacity, account);
      std::map<std::pair<uint64_t, std::string>, std::pair<uint64_t, std::string>> truth;
      uint64_t hits = 0;
      for (int step = 0; step < 20000; step++) {
        const uint64_t table = prng.below(3);
        const std::string key(prng.below(4), static_cast<char>('a' + prng.below(200)));
        const uint64_t hash = base::hash_key(key);
        const auto known =
            truth.try_emplace({table, key}, prng.below(1000) << 8, std::string(prng.below(300), 'v')).first;
        const auto& [trailer, value] = known->second;
        const uint64_t at = prng.below(1200);
        if (const auto row = rows.find(table, key, hash, at)) {
          hits++;
          ASSERT_LE(format::sequence_of(trailer), at);
          ASSERT_EQ(row->trailer(), trailer);
          ASSERT_EQ(row->key(), key);
          ASSERT_EQ(row->value(), value);
        } else {
          rows.insert(table, key, hash, trailer, value);
        }
        ASSERT_LE(rows.stats().held_bytes, capacity);
        ASSERT_EQ(rows.stats().held_bytes, account.held(base::MemoryPart::kCache));
      }
      EXPECT_GT(hits, 500U);
    }
    EXPECT_EQ(account.held_total(), 0U);
  }
}

}  // namespace
}  // namespace nacre::cache
