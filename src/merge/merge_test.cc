// Merges against a sorted list: random versions of keys spread over memtables and a table, read both ways at every sequence; and the
// version filter against what every reader may see.

#include <gtest/gtest.h>

#include <algorithm>
#include <optional>
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
using testing::Version;

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

// A source keeps the block of a value that is shown backward for one more; here newer versions fill fifty. They are more than the cache
// may hold, so that what is not kept is overwritten.
TEST(VisibleCursor, AValueBeforeVersionsThatAreNotSeenStays) {
  History history;
  const auto value = [](Sequence sequence) {
    return std::string(200'000, static_cast<char>('0' + sequence % 10)) + std::to_string(sequence);
  };
  for (Sequence sequence = 1; sequence <= 120; sequence++)
    history.versions.push_back({"key", format::make_trailer(sequence, EntryKind::kPut), value(sequence)});
  history.last = 120;
  Layers layers(history, 0);
  for (const Sequence at : {Sequence{1}, Sequence{20}, Sequence{119}, Sequence{120}}) {
    VisibleCursor cursor(layers.cursor(), at, nullptr, {}, nullptr);
    cursor.seek_last();
    ASSERT_TRUE(cursor.valid());
    EXPECT_TRUE(cursor.value() == value(at)) << at;
    cursor.prev();
    EXPECT_FALSE(cursor.valid());
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

// Steps until the cursor ends, beside what it must show from here on: all of it, or what comes before an error.
template <class Cursor, class Iterator, class Step, class Same>
void expect_until_an_error(const Cursor& cursor, Iterator at, Iterator end, const Step& step, const Same& same) {
  for (; cursor.valid(); step(), ++at) {
    ASSERT_TRUE(at != end);
    ASSERT_TRUE(same(*at)) << "instead of " << cursor.key();
  }
  ASSERT_TRUE(at == end || !cursor.status().has_value());
}

struct Damaged {
  explicit Damaged(uint64_t seed) : prng(seed), history(random_history(prng, 400)) {
    for (Version& version : history.versions)
      if (!version.value.empty()) version.value.append(100, '.');  // many blocks
    if (seed % 4 != 0) history.erased.clear();                     // they hide so much that an old version shows seldom
    layers.emplace(history, 1 + prng.below(3), testing::Newer::kTables);
    layers->damage_a_block(prng);
  }
  base::Prng prng;
  History history;
  std::optional<Layers> layers;
};

// What a source held that failed may be newer than what the others have: nothing may be shown without it.
TEST(MergeCursor, ShowsNothingThatAnErrorMayHide) {
  for (uint64_t seed = 1; seed <= 100; seed++) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Damaged damaged(seed);
    std::vector<Version> all = damaged.history.versions;
    std::sort(all.begin(), all.end(), testing::before);
    MergeCursor cursor = damaged.layers->cursor();
    const auto same = [&](const Version& v) { return cursor.key() == v.key && cursor.trailer() == v.trailer; };
    const auto forward = [&] { cursor.next(); };
    const auto backward = [&] { cursor.prev(); };
    for (int i = 0; i < 40; i++) {
      const Version wanted{random_key(damaged.prng), format::make_trailer(damaged.prng.below(400), EntryKind::kPut),
                           ""};
      const auto at = std::lower_bound(all.begin(), all.end(), wanted, testing::before);
      cursor.seek(wanted.key, wanted.trailer);
      ASSERT_NO_FATAL_FAILURE(expect_until_an_error(cursor, at, all.end(), forward, same));
      cursor.seek_before(wanted.key, wanted.trailer);
      ASSERT_NO_FATAL_FAILURE(
          expect_until_an_error(cursor, std::make_reverse_iterator(at), all.rend(), backward, same));
    }
    cursor.seek_first();
    ASSERT_NO_FATAL_FAILURE(expect_until_an_error(cursor, all.begin(), all.end(), forward, same));
    EXPECT_FALSE(cursor.status().has_value());
    cursor.seek_last();
    ASSERT_NO_FATAL_FAILURE(expect_until_an_error(cursor, all.rbegin(), all.rend(), backward, same));
    EXPECT_FALSE(cursor.status().has_value());
  }
}

TEST(VisibleCursor, ShowsNothingThatAnErrorMayHide) {
  for (uint64_t seed = 1; seed <= 100; seed++) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Damaged damaged(seed);
    const format::TombstoneSet tombstones = damaged.history.tombstones();
    const Sequence at = damaged.prng.one_in(2) ? damaged.history.last : 1 + damaged.prng.below(400);
    const auto expected = damaged.history.at(at);
    VisibleCursor cursor(damaged.layers->cursor(), at, tombstones.empty() ? nullptr : &tombstones, {}, nullptr);
    const auto same = [&](const auto& e) { return cursor.key() == e.first && cursor.value() == e.second; };
    const auto forward = [&] { cursor.next(); };
    const auto backward = [&] { cursor.prev(); };
    for (int i = 0; i < 40; i++) {
      const std::string key = random_key(damaged.prng);
      cursor.seek(key);
      ASSERT_NO_FATAL_FAILURE(expect_until_an_error(cursor, expected.lower_bound(key), expected.end(), forward, same));
      cursor.seek_before(key);
      ASSERT_NO_FATAL_FAILURE(expect_until_an_error(cursor, std::make_reverse_iterator(expected.lower_bound(key)),
                                                    expected.rend(), backward, same));
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
