// Merges against a sorted list: random versions of keys spread over memtables, read both ways at every sequence; and the
// version filter against what every reader may see.

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>

#include "base/checksum.h"
#include "base/prng.h"
#include "merge/merge_cursor.h"
#include "merge/version_filter.h"
#include "merge/visible_cursor.h"

namespace nacre::merge {
namespace {

using format::EntryKind;
using format::RangeTombstone;
using format::Sequence;

struct Version {
  std::string key;
  Sequence sequence = 0;
  EntryKind kind = EntryKind::kPut;
  std::string value;
};

// A history of one keyspace: each sequence is one write.
struct History {
  std::vector<Version> versions;
  struct Erased {
    std::string begin;
    std::string end;
    Sequence sequence;
  };
  std::vector<Erased> erased;

  std::vector<RangeTombstone> tombstones() const {
    std::vector<RangeTombstone> all;
    for (const Erased& e : erased) all.push_back({.begin = e.begin, .end = e.end, .sequence = e.sequence});
    return all;
  }
  // What a reader at `at` sees.
  std::map<std::string, std::string> at(Sequence at) const {
    std::map<std::string, std::pair<Sequence, const Version*>> newest;
    for (const Version& v : versions) {
      if (v.sequence > at) continue;
      auto& slot = newest[v.key];
      if (slot.second == nullptr || v.sequence > slot.first) slot = {v.sequence, &v};
    }
    std::map<std::string, std::string> seen;
    for (const auto& [key, slot] : newest) {
      const bool covered = std::any_of(erased.begin(), erased.end(), [&](const Erased& e) {
        return e.sequence <= at && e.sequence > slot.first && e.begin <= key && key < e.end;
      });
      if (slot.second->kind == EntryKind::kPut && !covered) seen[key] = slot.second->value;
    }
    return seen;
  }
};

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
    history.versions.push_back({random_key(prng), sequence, prng.one_in(4) ? EntryKind::kErase : EntryKind::kPut,
                                "value " + std::to_string(sequence)});
  }
  return history;
}

// The history cut by age into memtables, newest first.
class Memtables {
 public:
  Memtables(const History& history, size_t count, uint64_t writes) {
    for (size_t i = 0; i < count; i++) memtables_.push_back(memtable::Memtable::create({.capacity_bytes = 64 << 10}));
    for (const Version& v : history.versions) {
      const size_t age = (v.sequence - 1) * count / writes;
      memtables_[count - 1 - age]->insert(v.key, base::hash_key(v.key), format::make_trailer(v.sequence, v.kind),
                                          v.value);
    }
  }
  MergeCursor cursor() const {
    std::vector<Source> sources;
    for (const auto& memtable : memtables_) sources.emplace_back(memtable->cursor());
    return MergeCursor(std::move(sources));
  }

 private:
  std::vector<base::IntrusivePtr<memtable::Memtable>> memtables_;
};

TEST(VisibleCursor, SeesWhatAReaderAtEachSequenceSees) {
  for (uint64_t seed = 1; seed <= 60; seed++) {
    base::Prng prng(seed);
    const uint64_t writes = 20 + prng.below(120);
    const History history = random_history(prng, writes);
    const Memtables memtables(history, 1 + prng.below(5), writes);
    const format::TombstoneSet tombstones = format::TombstoneSet::build(history.tombstones());
    for (const Sequence at : {Sequence{0}, prng.below(writes), writes}) {
      SCOPED_TRACE("seed " + std::to_string(seed) + " at " + std::to_string(at));
      const auto expected = history.at(at);
      VisibleCursor cursor(memtables.cursor(), at, tombstones.empty() ? nullptr : &tombstones, {}, nullptr);
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
    const Memtables memtables(history, 4, 150);
    const format::TombstoneSet tombstones = format::TombstoneSet::build(history.tombstones());
    const Sequence at = 1 + prng.below(150);
    const auto expected = history.at(at);
    VisibleCursor cursor(memtables.cursor(), at, &tombstones, {}, nullptr);
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
    const format::TombstoneSet tombstones = format::TombstoneSet::build(history.tombstones());
    std::set<Sequence> snapshots{writes};
    for (uint64_t i = prng.below(4); i > 0; i--) snapshots.insert(prng.below(writes + 1));
    const bool bottom = prng.one_in(2);
    VersionFilter filter({snapshots.begin(), snapshots.end()}, bottom, &tombstones);

    History filtered;
    const Memtables memtables(history, 3, writes);
    MergeCursor cursor = memtables.cursor();
    for (cursor.seek_first(); cursor.valid(); cursor.next()) {
      if (const auto kept = filter.keep(cursor.key(), cursor.trailer())) {
        filtered.versions.push_back({std::string(cursor.key()), format::sequence_of(*kept), format::kind_of(*kept),
                                     std::string(cursor.value())});
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
