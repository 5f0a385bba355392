// Merges against a sorted list: random versions of keys spread over memtables and a table, read both ways at every sequence; and the
// version filter against what every reader may see.

#include <gtest/gtest.h>

#include <set>

#include "base/prng.h"
#include "merge/history_fixture.h"
#include "merge/version_filter.h"
#include "merge/visible_cursor.h"

namespace nacre::merge {
namespace {

using format::EntryKind;
using format::RangeTombstone;
using format::Sequence;
using testing::History;
using testing::Layers;

std::string random_key(base::Prng& prng) {
  std::string key = prng.one_in(2) ? "common-prefix-" : "";
  for (uint64_t i = prng.below(4); i > 0; i--) key += static_cast<char>('a' + prng.below(3));
  return key;
}

History random_history(base::Prng& prng, uint64_t writes) {
  History history;
  for (Sequence sequence = 1; sequence <= writes; sequence++) {
    if (prng.one_in(12)) {
      std::string a = random_key(prng);
      std::string b = random_key(prng);
      if (b < a) std::swap(a, b);
      if (a != b) history.erased.push_back({a, b, sequence});
      continue;
    }
    const EntryKind kind = prng.one_in(4) ? EntryKind::kErase : EntryKind::kPut;
    history.versions.push_back({random_key(prng), format::make_trailer(sequence, kind),
                                kind == EntryKind::kPut ? "value " + std::to_string(sequence) : ""});
  }
  history.last = writes;
  return history;
}

TEST(VisibleCursor, SeesWhatAReaderAtEachSequenceSees) {
  for (uint64_t seed = 1; seed <= 60; seed++) {
    base::Prng prng(seed);
    const uint64_t writes = 20 + prng.below(120);
    const History history = random_history(prng, writes);
    Layers layers(history, prng.below(5));
    const format::TombstoneSet tombstones = history.tombstones();
    for (const Sequence at : {Sequence{0}, prng.below(writes), writes}) {
      SCOPED_TRACE("seed " + std::to_string(seed) + " at " + std::to_string(at));
      const auto expected = history.at(at);
      VisibleCursor cursor(layers.cursor(), at, tombstones.empty() ? nullptr : &tombstones, {}, nullptr);
      auto it = expected.begin();
      for (cursor.seek_first(); cursor.valid(); cursor.next(), ++it) {
        ASSERT_NE(it, expected.end());
        ASSERT_EQ(cursor.key(), it->first);
        ASSERT_EQ(cursor.value(), it->second);
      }
      ASSERT_EQ(it, expected.end());
      auto back = expected.rbegin();
      for (cursor.seek_last(); cursor.valid(); cursor.prev(), ++back) {
        ASSERT_NE(back, expected.rend());
        ASSERT_EQ(cursor.key(), back->first);
        ASSERT_EQ(cursor.value(), back->second);
      }
      ASSERT_EQ(back, expected.rend());
    }
  }
}

TEST(VisibleCursor, TurnsAnywhere) {
  for (uint64_t seed = 100; seed < 140; seed++) {
    base::Prng prng(seed);
    const History history = random_history(prng, 150);
    Layers layers(history, 3);
    const format::TombstoneSet tombstones = history.tombstones();
    const Sequence at = 1 + prng.below(150);
    const auto expected = history.at(at);
    VisibleCursor cursor(layers.cursor(), at, &tombstones, {}, nullptr);
    auto it = expected.end();
    for (int step = 0; step < 300; step++) {
      SCOPED_TRACE("seed " + std::to_string(seed) + " step " + std::to_string(step));
      const std::string key = random_key(prng);
      const uint64_t move = it == expected.end() ? prng.below(2) : prng.below(6);
      if (move == 0) {
        cursor.seek(key);
        it = expected.lower_bound(key);
      } else if (move == 1) {
        cursor.seek_before(key);
        it = expected.lower_bound(key);
        it = it == expected.begin() ? expected.end() : std::prev(it);
      } else if (move < 4) {
        cursor.next();
        ++it;
      } else {
        cursor.prev();
        it = it == expected.begin() ? expected.end() : std::prev(it);
      }
      ASSERT_EQ(cursor.valid(), it != expected.end());
      if (it == expected.end()) continue;
      ASSERT_EQ(cursor.key(), it->first);
      ASSERT_EQ(cursor.value(), it->second);
    }
  }
}

// After filtering, every reader at a snapshot, and at the newest sequence, must see what it saw before.
TEST(VersionFilter, NoReaderSeesADifference) {
  for (uint64_t seed = 1; seed <= 200; seed++) {
    base::Prng prng(seed);
    const uint64_t writes = 10 + prng.below(80);
    const History history = random_history(prng, writes);
    const format::TombstoneSet tombstones = history.tombstones();
    std::set<Sequence> snapshots{writes};
    for (uint64_t i = prng.below(4); i > 0; i--) snapshots.insert(prng.below(writes + 1));
    const bool bottom = prng.one_in(2);
    VersionFilter filter({snapshots.begin(), snapshots.end()}, bottom, &tombstones);

    History filtered;
    Layers layers(history, 2);
    MergeCursor cursor = layers.cursor();
    for (cursor.seek_first(); cursor.valid(); cursor.next()) {
      if (const auto kept = filter.keep(cursor.key(), cursor.trailer())) {
        filtered.versions.push_back({std::string(cursor.key()), *kept, std::string(cursor.value())});
      }
    }
    for (const RangeTombstone& t : filter.keep_tombstones({}, {})) {
      filtered.erased.push_back({std::string(t.begin), std::string(t.end), t.sequence});
    }
    for (const Sequence at : snapshots) {
      SCOPED_TRACE("seed " + std::to_string(seed) + " at " + std::to_string(at) + (bottom ? " bottom" : ""));
      ASSERT_EQ(filtered.at(at), history.at(at));
    }
    if (bottom && snapshots.size() == 1) {  // nobody but the newest reader: nothing hidden may stay
      ASSERT_EQ(filtered.versions.size(), history.at(writes).size()) << "seed " << seed;
      ASSERT_TRUE(filtered.erased.empty());
    }
  }
}

TEST(VersionFilter, TombstonesAreClippedToTheTable) {
  const std::vector<RangeTombstone> all{{.begin = "b", .end = "y", .sequence = 5}};
  const format::TombstoneSet set = format::TombstoneSet::build(all);
  const VersionFilter filter({9}, false, &set);
  const auto middle = filter.keep_tombstones("d", "k");
  ASSERT_EQ(middle.size(), 1U);
  EXPECT_EQ(middle[0].begin, "d");
  EXPECT_EQ(middle[0].end, "k");
  EXPECT_TRUE(filter.keep_tombstones("y", "").empty());
  EXPECT_TRUE(filter.keep_tombstones("", "b").empty());
}

}  // namespace
}  // namespace nacre::merge
