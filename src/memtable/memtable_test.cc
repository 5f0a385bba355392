// Both kinds of memtable against a sorted map, and against each other.
#include "memtable/memtable.h"

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <tuple>
#include <vector>

#include "base/checksum.h"
#include "base/prng.h"

namespace nacre::memtable {
namespace {

using format::EntryKind;
using format::make_trailer;

// Internal order: key ascending, trailer descending.
struct Before {
  bool operator()(const std::pair<std::string, uint64_t>& a, const std::pair<std::string, uint64_t>& b) const {
    return format::compare_internal(a.first, a.second, b.first, b.second) < 0;
  }
};
using Model = std::map<std::pair<std::string, uint64_t>, std::string, Before>;

void put(Memtable& memtable, Bytes key, uint64_t trailer, Bytes value) {
  memtable.insert(key, base::hash_key(key), trailer, value);
}

enum class Shape { kRandom, kPrefixes, kAscending, kDescending, kFewKeys, kHeadTies };
constexpr Shape kShapes[] = {Shape::kRandom,     Shape::kPrefixes, Shape::kAscending,
                             Shape::kDescending, Shape::kFewKeys,  Shape::kHeadTies};

std::string number_key(uint64_t number) {
  char text[24];
  std::snprintf(text, sizeof text, "user%016llu", static_cast<unsigned long long>(number));
  return text;
}

std::string make_key(Shape shape, base::Prng& prng, uint64_t step) {
  static const std::string kLong(300, 'p');
  switch (shape) {
    case Shape::kRandom: {
      std::string key(prng.below(24), '\0');
      for (char& c : key) c = static_cast<char>(prng.next());
      return key;
    }
    case Shape::kPrefixes: {
      static const std::string kPrefixes[] = {"",
                                              "http://www.example.org/a/rather/long/path/",
                                              kLong,
                                              kLong + "/q",
                                              std::string(9, '\0'),
                                              "http://www.example.com/"};
      std::string key = kPrefixes[prng.below(6)];
      for (uint64_t n = prng.below(6); n > 0; n--) key += static_cast<char>(prng.below(5) * 63);
      return key;
    }
    case Shape::kAscending: return number_key(step + prng.below(3));
    case Shape::kDescending: return number_key(1'000'000 - step + prng.below(2));
    case Shape::kFewKeys: return number_key(prng.below(7));
    case Shape::kHeadTies: return std::string(prng.below(40), '\0') + (prng.one_in(2) ? "" : "\x01");
  }
  return {};
}

struct Sample {
  base::IntrusivePtr<Memtable> memtable;
  Model model;
};

Sample make_sample(MemtableKind kind, Shape shape, uint64_t seed, uint64_t count) {
  base::Prng prng(seed);
  Sample sample{Memtable::create({kind, 64 << 10, nullptr}), {}};
  for (uint64_t step = 1; step <= count; step++) {
    const std::string key = make_key(shape, prng, step);
    // Sequences arrive almost, not quite, in order, as they do from concurrent writers.
    const uint64_t sequence = prng.one_in(4) ? (step ^ 1) + 1 : step + 1;
    const EntryKind entry_kind = prng.one_in(5) ? EntryKind::kErase : EntryKind::kPut;
    const uint64_t trailer = make_trailer(sequence, entry_kind);
    const std::string value(entry_kind == EntryKind::kErase ? 0 : prng.below(30), static_cast<char>(step));
    if (!sample.model.emplace(std::pair(key, trailer), value).second) continue;
    put(*sample.memtable, key, trailer, value);
  }
  return sample;
}

void expect_at(const MemtableCursor& cursor, const Model& model, Model::const_iterator expected, const char* what) {
  ASSERT_EQ(cursor.valid(), expected != model.end()) << what;
  if (!cursor.valid()) return;
  ASSERT_EQ(cursor.key(), expected->first.first) << what;
  ASSERT_EQ(cursor.trailer(), expected->first.second) << what;
  ASSERT_EQ(cursor.value(), expected->second) << what;
  ASSERT_EQ(cursor.head(), base::head_of(expected->first.first)) << what;
}

class MemtableTest : public testing::TestWithParam<MemtableKind> {};

INSTANTIATE_TEST_SUITE_P(Kinds, MemtableTest, testing::Values(MemtableKind::kBTree, MemtableKind::kSkipList),
                         [](const auto& tested) {
                           return tested.param == MemtableKind::kBTree ? "BTree" : "SkipList";
                         });

TEST_P(MemtableTest, AnEmptyOneHasNothing) {
  auto memtable = Memtable::create({GetParam(), 1 << 20, nullptr});
  EXPECT_TRUE(memtable->empty());
  EXPECT_FALSE(memtable->get("a", base::hash_key("a"), format::kMaxSequence).found);
  EXPECT_EQ(memtable->covering_tombstone("a", format::kMaxSequence), 0U);
  EXPECT_TRUE(memtable->tombstones()->empty());
  MemtableCursor cursor = memtable->cursor();
  EXPECT_FALSE(cursor.valid());
  cursor.seek_first();
  EXPECT_FALSE(cursor.valid());
  cursor.seek_last();
  EXPECT_FALSE(cursor.valid());
  cursor.seek("", ~uint64_t{0});
  EXPECT_FALSE(cursor.valid());
  cursor.seek_before("z", 0);
  EXPECT_FALSE(cursor.valid());
}

TEST_P(MemtableTest, GetFindsTheNewestVersionAtASequence) {
  auto memtable = Memtable::create({GetParam(), 1 << 20, nullptr});
  const uint64_t hash = base::hash_key("k");
  put(*memtable, "k", make_trailer(10, EntryKind::kPut), "ten");
  put(*memtable, "k", make_trailer(30, EntryKind::kErase), "");
  put(*memtable, "k", make_trailer(20, EntryKind::kPut), "twenty");
  EXPECT_FALSE(memtable->get("k", hash, 9).found);
  EXPECT_EQ(memtable->get("k", hash, 10).value, "ten");
  EXPECT_EQ(memtable->get("k", hash, 19).value, "ten");
  EXPECT_EQ(memtable->get("k", hash, 29).value, "twenty");
  const Memtable::Found erased = memtable->get("k", hash, format::kMaxSequence);
  EXPECT_TRUE(erased.found);
  EXPECT_EQ(erased.trailer, make_trailer(30, EntryKind::kErase));
}

TEST_P(MemtableTest, CountsWhatIsInIt) {
  base::MemoryAccount account(1 << 30);
  auto memtable = Memtable::create({GetParam(), 64 << 10, &account});
  const uint64_t at_start = memtable->memory_bytes();
  EXPECT_LE(at_start, 8U << 10);
  put(*memtable, "key", make_trailer(1, EntryKind::kPut), "value");
  put(*memtable, "key", make_trailer(2, EntryKind::kErase), "");
  memtable->insert_range_tombstone("a", "bc", 3);
  EXPECT_EQ(memtable->entries(), 2U);
  EXPECT_EQ(memtable->data_bytes(), 8U + 3U + 3U);
  EXPECT_EQ(memtable->tombstone_entries(), 2U);
  EXPECT_FALSE(memtable->empty());
  EXPECT_GT(memtable->memory_bytes(), at_start);
  EXPECT_GE(account.held(base::MemoryPart::kMemtable), memtable->memory_bytes());
  EXPECT_LE(account.held(base::MemoryPart::kMemtable), 64U << 10);
  memtable = nullptr;
  EXPECT_EQ(account.held_total(), 0U);
}

TEST_P(MemtableTest, MemoryFollowsTheData) {
  for (const uint64_t capacity : {uint64_t{64} << 10, uint64_t{4} << 20}) {
    base::MemoryAccount account(1 << 30);
    auto memtable = Memtable::create({GetParam(), capacity, &account});
    uint64_t sequence = 1;
    base::Prng prng(capacity);
    while (memtable->memory_bytes() < capacity) {
      put(*memtable, number_key(prng.next()), make_trailer(sequence++, EntryKind::kPut), std::string(100, 'v'));
    }
    EXPECT_GT(memtable->data_bytes(), capacity / 2);
    EXPECT_LT(account.held_total(), capacity + capacity / 2);
  }
}

TEST_P(MemtableTest, LargeKeysAndValues) {
  auto memtable = Memtable::create({GetParam(), 64 << 10, nullptr});
  Model model;
  base::Prng prng(3);
  for (uint64_t i = 1; i < 60; i++) {
    const std::string key(prng.one_in(2) ? kMaxKeyBytes - prng.below(3) : prng.below(100),
                          static_cast<char>(prng.below(2)));
    const std::string value(prng.one_in(10) ? 3 << 20 : prng.below(20'000), static_cast<char>(i));
    const uint64_t trailer = make_trailer(i, EntryKind::kPut);
    model[{key, trailer}] = value;
    put(*memtable, key, trailer, value);
  }
  MemtableCursor cursor = memtable->cursor();
  cursor.seek_first();
  for (auto it = model.begin(); it != model.end(); ++it, cursor.next()) {
    ASSERT_NO_FATAL_FAILURE(expect_at(cursor, model, it, "next"));
  }
  EXPECT_FALSE(cursor.valid());
}

TEST_P(MemtableTest, AgreesWithASortedMap) {
  for (const Shape shape : kShapes) {
    for (uint64_t seed = 1; seed <= 4; seed++) {
      SCOPED_TRACE("shape " + std::to_string(static_cast<int>(shape)) + " seed " + std::to_string(seed));
      const Sample sample = make_sample(GetParam(), shape, seed, seed == 4 ? 6000 : 150 * seed);
      const auto& [memtable, model] = sample;
      EXPECT_EQ(memtable->entries(), model.size());

      MemtableCursor cursor = memtable->cursor();
      cursor.seek_first();
      for (auto it = model.begin(); it != model.end(); ++it, cursor.next()) {
        ASSERT_NO_FATAL_FAILURE(expect_at(cursor, model, it, "next"));
      }
      ASSERT_FALSE(cursor.valid());
      cursor.seek_last();
      for (auto it = model.end(); it != model.begin(); cursor.prev()) {
        ASSERT_NO_FATAL_FAILURE(expect_at(cursor, model, --it, "prev"));
      }
      ASSERT_FALSE(cursor.valid());

      base::Prng prng(seed + 100);
      for (int i = 0; i < 500; i++) {
        const std::string key = make_key(shape, prng, prng.below(6000));
        const uint64_t at = prng.below(6000);
        auto it = model.lower_bound({key, format::trailer_for_lookup(at)});
        const bool found = it != model.end() && it->first.first == key;
        const Memtable::Found got = memtable->get(key, base::hash_key(key), at);
        ASSERT_EQ(got.found, found) << testing::PrintToString(key) << " at " << at;
        if (found) {
          ASSERT_EQ(got.trailer, it->first.second);
          ASSERT_EQ(got.value, it->second);
        }
      }
    }
  }
}

TEST_P(MemtableTest, CursorsMoveAsIteratorsDo) {
  for (const Shape shape : kShapes) {
    for (uint64_t seed = 11; seed <= 13; seed++) {
      SCOPED_TRACE("shape " + std::to_string(static_cast<int>(shape)) + " seed " + std::to_string(seed));
      const Sample sample = make_sample(GetParam(), shape, seed, 1500);
      const auto& [memtable, model] = sample;
      base::Prng prng(seed);
      MemtableCursor cursor = memtable->cursor();
      auto at = model.end();
      for (int i = 0; i < 4000; i++) {
        const char* what = "";
        const uint64_t move = prng.below(30);
        if (move == 0) {
          what = "seek_first";
          cursor.seek_first();
          at = model.begin();
        } else if (move == 1) {
          what = "seek_last";
          cursor.seek_last();
          at = std::prev(model.end());
        } else if (move < 6 || at == model.end()) {
          std::pair<std::string, uint64_t> target{make_key(shape, prng, prng.below(1600)), prng.below(1600) << 8};
          if (prng.one_in(3)) target = std::next(model.begin(), static_cast<long>(prng.below(model.size())))->first;
          at = model.lower_bound(target);
          if (move % 2 == 0) {
            what = "seek";
            cursor.seek(target.first, target.second);
          } else {
            what = "seek_before";
            cursor.seek_before(target.first, target.second);
            at = at == model.begin() ? model.end() : std::prev(at);
          }
        } else if (move < 18) {
          what = "next";
          cursor.next();
          ++at;
        } else {
          what = "prev";
          cursor.prev();
          at = at == model.begin() ? model.end() : std::prev(at);
        }
        ASSERT_NO_FATAL_FAILURE(expect_at(cursor, model, at, what)) << "move " << i;
      }
    }
  }
}

// A cursor passes everything that was there when it was positioned, in order, whatever comes between its steps.
TEST_P(MemtableTest, CursorsSurviveInserts) {
  for (const Shape shape : kShapes) {
    for (uint64_t seed = 21; seed <= 24; seed++) {
      SCOPED_TRACE("shape " + std::to_string(static_cast<int>(shape)) + " seed " + std::to_string(seed));
      Sample sample = make_sample(GetParam(), shape, seed, 800);
      base::Prng prng(seed);
      uint64_t sequence = 10'000;
      const bool forward = seed % 2 == 0;
      const Model there = sample.model;
      std::vector<std::pair<std::string, uint64_t>> seen;
      MemtableCursor cursor = sample.memtable->cursor();
      for (forward ? cursor.seek_first() : cursor.seek_last(); cursor.valid();
           forward ? cursor.next() : cursor.prev()) {
        seen.emplace_back(cursor.key(), cursor.trailer());
        for (uint64_t n = prng.below(4); n > 0; n--) {
          const std::string key = make_key(shape, prng, prng.below(1000));
          put(*sample.memtable, key, make_trailer(sequence++, EntryKind::kPut), "later");
        }
        ASSERT_LT(seen.size(), 100'000U);
      }
      if (!forward) std::reverse(seen.begin(), seen.end());
      ASSERT_TRUE(std::is_sorted(seen.begin(), seen.end(), Before()));
      ASSERT_EQ(std::adjacent_find(seen.begin(), seen.end()), seen.end());
      std::vector<std::pair<std::string, uint64_t>> old;
      for (const auto& one : seen) {
        if (format::sequence_of(one.second) < 10'000) old.push_back(one);
      }
      ASSERT_EQ(old.size(), there.size());
      ASSERT_TRUE(
          std::equal(old.begin(), old.end(), there.begin(), [](const auto& a, const auto& b) { return a == b.first; }));
    }
  }
}

TEST(Memtables, TheTwoKindsAgree) {
  for (const Shape shape : kShapes) {
    const uint64_t seed = 31;
    SCOPED_TRACE("shape " + std::to_string(static_cast<int>(shape)));
    const Sample a = make_sample(MemtableKind::kBTree, shape, seed, 20'000);
    const Sample b = make_sample(MemtableKind::kSkipList, shape, seed, 20'000);
    MemtableCursor x = a.memtable->cursor();
    MemtableCursor y = b.memtable->cursor();
    uint64_t count = 0;
    for (x.seek_first(), y.seek_first(); x.valid() && y.valid(); x.next(), y.next(), count++) {
      ASSERT_EQ(x.key(), y.key());
      ASSERT_EQ(x.trailer(), y.trailer());
      ASSERT_EQ(x.value(), y.value());
    }
    EXPECT_EQ(x.valid(), y.valid());
    EXPECT_EQ(count, a.memtable->entries());
    base::Prng prng(seed);
    for (int i = 0; i < 1000; i++) {
      const std::string key = make_key(shape, prng, prng.below(20'000));
      const uint64_t trailer = prng.below(20'000) << 8;
      prng.one_in(2) ? (x.seek(key, trailer), y.seek(key, trailer))
                     : (x.seek_before(key, trailer), y.seek_before(key, trailer));
      ASSERT_EQ(x.valid(), y.valid());
      ASSERT_TRUE(!x.valid() || (x.key() == y.key() && x.trailer() == y.trailer()));
    }
  }
}

}  // namespace
}  // namespace nacre::memtable
