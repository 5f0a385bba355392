#include "format/tombstones.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/prng.h"

namespace nacre::format {
namespace {

// A set as text: "[a,c) 5 3; [c,d) 3".
std::string text_of(const TombstoneSet& set) {
  std::string text;
  for (size_t i = 0; i < set.size(); i++) {
    const auto& f = set.fragment(i);
    text += (i > 0 ? "; [" : "[") + std::string(f.begin) + "," + std::string(f.end) + ")";
    for (const Sequence sequence : f.sequences) text += " " + std::to_string(sequence);
  }
  return text;
}

std::string build_text(std::vector<RangeTombstone> tombstones) { return text_of(TombstoneSet::build(tombstones)); }

TEST(Tombstones, OverlapsAreCutIntoFragments) {
  EXPECT_EQ(build_text({}), "");
  EXPECT_EQ(build_text({{"a", "c", 5}}), "[a,c) 5");
  EXPECT_EQ(build_text({{"a", "c", 5}, {"b", "d", 7}}), "[a,b) 5; [b,c) 7 5; [c,d) 7");
  EXPECT_EQ(build_text({{"a", "z", 1}, {"m", "n", 9}}), "[a,m) 1; [m,n) 9 1; [n,z) 1");
  EXPECT_EQ(build_text({{"x", "z", 1}, {"a", "b", 9}}), "[a,b) 9; [x,z) 1");
}

TEST(Tombstones, EmptyAndBackwardRangesEraseNothing) {
  EXPECT_EQ(build_text({{"b", "b", 5}, {"c", "a", 6}}), "");
  EXPECT_EQ(build_text({{"", "b", 5}, {"c", "a", 6}}), "[,b) 5");
}

TEST(Tombstones, OneSequenceThatTouchesOrOverlapsItselfBecomesOneFragment) {
  EXPECT_EQ(build_text({{"a", "b", 5}, {"b", "c", 5}}), "[a,c) 5");
  EXPECT_EQ(build_text({{"a", "c", 5}, {"b", "d", 5}, {"a", "d", 5}}), "[a,d) 5");
  EXPECT_EQ(build_text({{"a", "b", 5}, {"b", "c", 6}}), "[a,b) 5; [b,c) 6");
}

TEST(Tombstones, ARisingEraseOfEverythingBeforeItTakesLinearSpace) {
  std::vector<std::string> ends;
  for (int i = 0; i < 4000; i++) ends.push_back(std::to_string(10000 + i));
  std::vector<RangeTombstone> tombstones;
  for (size_t i = 0; i < ends.size(); i++) tombstones.push_back({"", ends[i], 1 + i});
  const TombstoneSet set = TombstoneSet::build(tombstones);
  EXPECT_EQ(set.size(), ends.size());
  EXPECT_EQ(set.fragment(0).sequences.size(), ends.size());
  EXPECT_LT(set.memory_bytes(), ends.size() * 100);
  EXPECT_EQ(set.covering("1", 17), 17U);
  EXPECT_EQ(set.covering(ends[100], 4000), 4000U);
  EXPECT_EQ(set.covering(ends[100], 101), 0U);
}

TEST(Tombstones, GoldenBytes) {
  // 9 and 1 cover [m,n) but 5, between them, does not: that list is spelled out at the pool's end.
  const std::vector<RangeTombstone> tombstones = {{"a", "z", 1}, {"b", "c", 5}, {"m", "n", 9}};
  std::string bytes;
  TombstoneSet::build(tombstones).encode(bytes);
  const Bytes golden(
      "\x05\x09\x05\x01\x09\x01"  // pool
      "\x05"
      "\x04\x01\x01"
      "a"
      "\x01"
      "b"
      "\x03\x02\x01"
      "c"
      "\x05\x01\x01"
      "m"
      "\x07\x02\x01"
      "n"
      "\x05\x01\x01"
      "z",
      29);
  EXPECT_EQ(bytes, golden);
  EXPECT_EQ(text_of(TombstoneSet::decode(golden).value()), "[a,b) 1; [b,c) 5 1; [c,m) 1; [m,n) 9 1; [n,z) 1");

  bytes.clear();
  TombstoneSet().encode(bytes);
  EXPECT_EQ(bytes, Bytes("\0\0", 2));
  EXPECT_TRUE(TombstoneSet::decode(bytes).value().empty());
}

std::string random_key(base::Prng& prng) {
  static const std::string kPrefixes[] = {"", "p", "a long shared prefix/"};
  std::string key = kPrefixes[prng.below(3)];
  for (uint64_t n = prng.below(4); n > 0; n--) key += static_cast<char>(prng.below(3) * 127);
  return key;
}

struct Model {
  std::vector<std::string> keys;
  std::vector<RangeTombstone> tombstones;

  Sequence covering(Bytes key, Sequence at) const {
    Sequence best = 0;
    for (const auto& t : tombstones) {
      if (t.begin <= key && key < t.end && t.sequence <= at) best = std::max(best, t.sequence);
    }
    return best;
  }
};

Model random_model(base::Prng& prng) {
  Model model;
  const uint64_t count = prng.below(25);
  for (uint64_t i = 0; i < 2 * count; i++) model.keys.push_back(random_key(prng));
  for (uint64_t i = 0; i < count; i++) {
    model.tombstones.push_back({model.keys[2 * i], model.keys[2 * i + 1], 1 + prng.below(30)});
  }
  return model;
}

void expect_same(const TombstoneSet& set, const Model& model, base::Prng& prng) {
  std::vector<std::string> probes = model.keys;
  for (int i = 0; i < 20; i++) probes.push_back(random_key(prng));
  for (const std::string& key : probes) {
    for (const Sequence at : {Sequence{0}, prng.below(32), kMaxSequence}) {
      ASSERT_EQ(set.covering(key, at), model.covering(key, at)) << testing::PrintToString(key) << " at " << at;
    }
    size_t first = 0;
    while (first < set.size() && set.fragment(first).end <= Bytes(key)) first++;
    ASSERT_EQ(set.first_ending_after(key), first);
  }
  for (size_t i = 0; i < set.size(); i++) {
    const auto& f = set.fragment(i);
    ASSERT_LT(f.begin, f.end);
    ASSERT_FALSE(f.sequences.empty());
    for (size_t k = 1; k < f.sequences.size(); k++) ASSERT_GT(f.sequences[k - 1], f.sequences[k]);
    if (i == 0) continue;
    const auto& before = set.fragment(i - 1);
    ASSERT_LE(before.end, f.begin);
    ASSERT_FALSE(before.end == f.begin && std::ranges::equal(before.sequences, f.sequences));
  }
}

TEST(Tombstones, AgreeWithAListOfThem) {
  for (uint64_t seed = 1; seed <= 600; seed++) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    base::Prng prng(seed);
    const Model model = random_model(prng);
    TombstoneSet set = TombstoneSet::build(model.tombstones);
    expect_same(set, model, prng);
    const std::string text = text_of(set);

    std::string bytes;
    set.encode(bytes);
    const TombstoneSet decoded = TombstoneSet::decode(bytes).value();
    EXPECT_EQ(text_of(decoded), text);
    expect_same(decoded, model, prng);

    std::vector<RangeTombstone> again;
    set.append_tombstones(&again);
    EXPECT_LE(again.size(), model.tombstones.size());
    EXPECT_EQ(build_text(again), text);

    const TombstoneSet moved = std::move(set);  // views must survive
    EXPECT_EQ(text_of(moved), text);
    if (testing::Test::HasFailure()) return;
  }
}

// Whatever bytes come in, the answer is an error or a set that keeps its invariants.
void expect_harmless(Bytes bytes) {
  const std::string copy(bytes);  // of its own, so that the address sanitizer sees the end
  const Result<TombstoneSet> set = TombstoneSet::decode(copy);
  if (!set) {
    ASSERT_EQ(set.error().kind, ErrorKind::kCorruption);
    return;
  }
  for (size_t i = 0; i < set->size(); i++) {
    const auto& f = set->fragment(i);
    ASSERT_LT(f.begin, f.end);
    ASSERT_FALSE(f.sequences.empty());
    for (size_t k = 1; k < f.sequences.size(); k++) ASSERT_GT(f.sequences[k - 1], f.sequences[k]);
    ASSERT_TRUE(i == 0 || set->fragment(i - 1).end <= f.begin);
    set->covering(f.begin, 5);
  }
  ASSERT_LE(set->memory_bytes(), 1024 + 64 * bytes.size());
}

TEST(Tombstones, HostileBytesDoNoHarm) {
  base::Prng prng(99);
  for (int round = 0; round < 30; round++) {
    std::string bytes;
    TombstoneSet::build(random_model(prng).tombstones).encode(bytes);
    for (size_t size = 0; size < bytes.size(); size++) {
      expect_harmless(Bytes(bytes).substr(0, size));
      ASSERT_FALSE(TombstoneSet::decode(Bytes(bytes).substr(0, size))) << "cut at " << size;
    }
    for (size_t i = 0; i < bytes.size(); i++) {
      for (const int flip : {1, 2, 4, 0x40, 0x80, 0xff}) {
        std::string damaged = bytes;
        damaged[i] = static_cast<char>(damaged[i] ^ flip);
        expect_harmless(damaged);
      }
    }
    ASSERT_FALSE(TombstoneSet::decode(bytes + '\0'));
    if (HasFatalFailure()) return;
  }
}

TEST(Tombstones, HugeCountsAreRefusedBeforeTheyAllocate) {
  std::string bytes = "\xff\xff\xff\xff\xff\xff\xff\xff\x7f";
  EXPECT_FALSE(TombstoneSet::decode(bytes));
  EXPECT_FALSE(TombstoneSet::decode(std::string(1, '\0') + bytes));
}

TEST(Tombstones, WrongOrderIsRefused) {
  const auto refused = [](Bytes bytes) { return !TombstoneSet::decode(bytes).has_value(); };
  EXPECT_FALSE(
      refused(Bytes("\x02\x05\x03"
                    "\x01"
                    "\x00\x02"
                    "\x01"
                    "a"
                    "\x01"
                    "b",
                    10)));
  EXPECT_TRUE(
      refused(Bytes("\x02\x03\x05"
                    "\x01"
                    "\x00\x02"
                    "\x01"
                    "a"
                    "\x01"
                    "b",
                    10)));  // sequences ascend
  EXPECT_TRUE(
      refused(Bytes("\x02\x05\x05"
                    "\x01"
                    "\x00\x02"
                    "\x01"
                    "a"
                    "\x01"
                    "b",
                    10)));  // or repeat
  EXPECT_TRUE(
      refused(Bytes("\x02\x05\x03"
                    "\x01"
                    "\x00\x03"
                    "\x01"
                    "a"
                    "\x01"
                    "b",
                    10)));  // more than there are
  EXPECT_TRUE(
      refused(Bytes("\x02\x05\x03"
                    "\x01"
                    "\x00\x00"
                    "\x01"
                    "a"
                    "\x01"
                    "b",
                    10)));  // none
  EXPECT_TRUE(
      refused(Bytes("\x02\x05\x03"
                    "\x01"
                    "\x00\x02"
                    "\x01"
                    "b"
                    "\x01"
                    "b",
                    10)));  // an empty range
  EXPECT_TRUE(
      refused(Bytes("\x02\x05\x03"
                    "\x01"
                    "\x01\x02"
                    "\x01"
                    "b",
                    8)));  // the first touches
}

}  // namespace
}  // namespace nacre::format
