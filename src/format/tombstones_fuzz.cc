// Range tombstones: a set that decodes answers as a walk over its fragments does and is encoded again to the same; a set that is built
// of any tombstones covers what they cover; its bytes are also changed, and bytes are drawn that are refused exactly if they are impossible.

#include <algorithm>

#include "base/fuzzing.h"
#include "format/test_bytes.h"
#include "format/tombstones.h"

namespace nacre::format {
namespace {

struct Owned {
  std::string begin;
  std::string end;
  Sequence sequence = 0;
};

Sequence covering(const std::vector<Owned>& tombstones, Bytes key, Sequence at) {
  Sequence highest = 0;
  for (const Owned& t : tombstones) {
    if (t.begin <= key && key < t.end && t.sequence <= at) highest = std::max(highest, t.sequence);
  }
  return highest;
}

std::vector<Owned> tombstones_of(const TombstoneSet& set) {
  std::vector<RangeTombstone> views;
  set.append_tombstones(&views);
  std::vector<Owned> all;
  for (const RangeTombstone& t : views) all.push_back({std::string(t.begin), std::string(t.end), t.sequence});
  return all;
}

void expect_covers(const TombstoneSet& set, const std::vector<Owned>& tombstones, Bytes key, Sequence at) {
  NACRE_CHECK(set.covering(key, at) == covering(tombstones, key, at));
  const size_t first = set.first_ending_after(key);
  NACRE_CHECK(first <= set.size());
  if (first < set.size()) NACRE_CHECK(set.fragment(first).end > key);
  if (first > 0) NACRE_CHECK(set.fragment(first - 1).end <= key);
}

void check(const TombstoneSet& set, const std::vector<Owned>& tombstones, fuzz::Input& input) {
  for (size_t i = 0; i < std::min<size_t>(set.size(), 30); i++) {
    const auto& fragment = set.fragment(i);
    NACRE_CHECK(fragment.begin < fragment.end && !fragment.sequences.empty());
    for (const Bytes key : {fragment.begin, fragment.end}) {
      expect_covers(set, tombstones, key, kMaxSequence);
      expect_covers(set, tombstones, key, fragment.sequences.back());
      expect_covers(set, tombstones, key, fragment.sequences.front() - (fragment.sequences.front() != 0));
    }
  }
  while (!input.empty()) {
    const std::string key = input.key();
    expect_covers(set, tombstones, key, input.number() & kMaxSequence);
  }
}

// Sets whose fragments share long lists of sequences would be walked over for ever.
uint64_t work(const TombstoneSet& set) {
  uint64_t sequences = 0;
  for (size_t i = 0; i < set.size(); i++) sequences += set.fragment(i).sequences.size();
  return sequences;
}

void check_encoded(const TombstoneSet& set, const std::vector<Owned>& tombstones) {
  std::string bytes;
  set.encode(bytes);
  const TombstoneSet same = TombstoneSet::decode(bytes).value();
  fuzz::Input nothing{Bytes()};
  check(same, tombstones, nothing);
  std::string again;
  same.encode(again);
  NACRE_CHECK(again == bytes);
}

void check_decoded(Bytes bytes, fuzz::Input& questions) {
  const testing::ExactBytes exact(bytes);
  const auto set = TombstoneSet::decode(exact.view());
  if (!set) return NACRE_CHECK(set.error().kind == ErrorKind::kCorruption);
  NACRE_CHECK(set->memory_bytes() <= sizeof(TombstoneSet) + 64 * bytes.size());
  if (work(*set) > 2000) return;
  const std::vector<Owned> tombstones = tombstones_of(*set);
  check(*set, tombstones, questions);
  check_encoded(*set, tombstones);
}

// Any sequences and fragments, written as the format says: refused exactly if a fragment is impossible.
void check_drawn(fuzz::Input& input) {
  std::vector<Sequence> pool;
  for (uint64_t wanted = 1 + input.below(6); wanted > 0; wanted--) pool.push_back(input.mostly(10 * wanted));
  const uint64_t fragments = input.below(5);
  std::string bytes;
  const uint64_t pool_said = input.mostly(pool.size());
  const uint64_t fragments_said = input.mostly(fragments);
  base::append_varint(bytes, pool_said);
  for (const Sequence sequence : pool) base::append_varint(bytes, sequence);
  base::append_varint(bytes, fragments_said);
  bool possible = std::all_of(pool.begin(), pool.end(), [](Sequence sequence) { return sequence <= kMaxSequence; });
  std::string before;
  std::pair<uint64_t, uint64_t> list_before;
  for (uint64_t i = 0; i < fragments; i++) {
    const bool touches = input.flag();
    const std::pair<uint64_t, uint64_t> list = {input.below(pool.size() + 1), input.below(pool.size() + 2)};
    const std::string begin = touches ? before : input.key();
    const std::string end = input.key();
    base::append_varint(bytes, list.first << 1 | (touches ? 1 : 0));
    base::append_varint(bytes, list.second);
    if (!touches) base::append_sized(bytes, begin);
    base::append_sized(bytes, end);
    possible &= list.second > 0 && list.first + list.second <= pool.size() && begin < end;
    possible &= touches ? i > 0 && list != list_before : i == 0 || before < begin;
    for (uint64_t s = list.first + 1; possible && s < list.first + list.second; s++) possible = pool[s - 1] > pool[s];
    before = end;
    list_before = list;
  }
  const bool decodes = TombstoneSet::decode(testing::ExactBytes(bytes).view()).has_value();
  if (pool_said == pool.size() && fragments_said == fragments) NACRE_CHECK(decodes == possible);
  check_decoded(bytes, input);
}

void run(Bytes bytes) {
  fuzz::Input input(bytes);
  const uint64_t how = input.below(4);
  if (how == 3) return check_drawn(input);
  if (how == 0) {
    fuzz::Input questions(input.bytes(64));
    return check_decoded(input.rest(), questions);
  }
  std::vector<Owned> tombstones;
  const uint64_t wanted = input.below(60);
  while (!input.empty() && tombstones.size() < wanted) {
    tombstones.push_back(
        {input.key(), input.key(), 1 + (input.flag() ? input.below(20) : input.number() & (kMaxSequence >> 1))});
  }
  std::vector<RangeTombstone> views;
  for (const Owned& t : tombstones) views.push_back({.begin = t.begin, .end = t.end, .sequence = t.sequence});
  const TombstoneSet set = TombstoneSet::build(views);
  if (how == 2) {
    std::string image;
    set.encode(image);
    for (uint64_t changes = 1 + input.below(3); changes > 0; changes--) fuzz::change_bytes(image, input);
    return check_decoded(image, input);
  }
  check(set, tombstones, input);
  check_encoded(set, tombstones);
}

std::vector<std::string> seeds() {
  std::vector<std::string> all = fuzz::random_seeds(6, 300);
  for (size_t i = 0; i < all.size(); i++)
    all[i].replace(0, 2, std::string{static_cast<char>(1 + i % 3), static_cast<char>(4 * i)});
  const TombstoneSet set = TombstoneSet::build(std::vector<RangeTombstone>{
      {"a", "f", 10}, {"c", "k", 20}, {"k", "m", 20}, {"b", "z", 5}, {"d", "e", 30}, {"x", "y", 7}});
  std::string bytes;
  set.encode(bytes);
  all.push_back(std::string(1, '\0') + "\x04\x01\x05\x06\x07" + bytes);
  return all;
}

const fuzz::Registration kHere({.name = "tombstones", .run = run, .seeds = seeds});

}  // namespace
}  // namespace nacre::format
