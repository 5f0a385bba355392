#include "format/block.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "base/checksum.h"
#include "format/block_builder.h"
#include "format/block_cursor.h"
#include "format/entry_hash.h"
#include "format/test_bytes.h"
#include "nacre/options.h"

namespace nacre::format {
namespace {

using testing::ExactBytes;
using testing::hex;

struct OwnedEntry {
  std::string key;
  uint64_t trailer;
  std::string value;
};

bool before(const OwnedEntry& a, const OwnedEntry& b) {
  return compare_internal(a.key, a.trailer, b.key, b.trailer) < 0;
}

void sort_and_deduplicate(std::vector<OwnedEntry>& entries) {
  std::sort(entries.begin(), entries.end(), before);
  const auto same = [](const OwnedEntry& a, const OwnedEntry& b) { return !before(a, b) && !before(b, a); };
  entries.erase(std::unique(entries.begin(), entries.end(), same), entries.end());
}

// Takes as many entries as fit, and drops the others from `entries`.
std::string build(std::vector<OwnedEntry>& entries, uint32_t limit = kMaxBlockBytes) {
  BlockBuilder builder(limit);
  size_t taken = 0;
  while (taken < entries.size()) {
    const OwnedEntry& e = entries[taken];
    const uint64_t size_before = builder.image_bytes();
    if (!builder.add(e.key, base::hash_key(e.key), e.trailer, e.value)) {
      EXPECT_EQ(builder.image_bytes(), size_before);
      break;
    }
    taken++;
  }
  entries.resize(taken);
  const uint64_t foretold = builder.image_bytes();
  os::LargeString image;
  if (taken != 0) builder.finish(&image);
  EXPECT_EQ(image.size(), foretold);
  EXPECT_LE(image.size(), limit);
  EXPECT_TRUE(builder.empty());
  return std::string(image);
}

uint32_t model_lower_bound(const std::vector<OwnedEntry>& entries, Bytes key, uint64_t trailer) {
  uint32_t i = 0;
  while (i < entries.size() && compare_internal(entries[i].key, entries[i].trailer, key, trailer) < 0) i++;
  return i;
}

uint32_t model_find(const std::vector<OwnedEntry>& entries, Bytes key, uint64_t newest) {
  for (uint32_t i = 0; i < entries.size(); i++) {
    if (entries[i].key == key && entries[i].trailer <= newest) return i;
  }
  return static_cast<uint32_t>(entries.size());
}

void expect_equal(const BlockView& view, const std::vector<OwnedEntry>& entries) {
  ASSERT_EQ(view.entries(), entries.size());
  BlockCursor cursor;
  cursor.reset(view);
  EXPECT_FALSE(cursor.valid());
  uint64_t hash = 0;
  uint64_t value_bytes = 0;
  std::vector<char> room(view.longest_key_bytes() + BlockView::kKeySlack);
  for (uint32_t i = 0; i < entries.size(); i++) {
    const OwnedEntry& e = entries[i];
    ASSERT_TRUE(i == 0 ? cursor.move_to(0) : cursor.next());
    ASSERT_EQ(cursor.key(), e.key) << i;
    ASSERT_EQ(cursor.head(), base::head_of(e.key)) << i;
    ASSERT_EQ(cursor.trailer(), e.trailer) << i;
    ASSERT_EQ(cursor.value(), e.value) << i;
    ASSERT_EQ(view.key_bytes(i), e.key.size());
    ASSERT_EQ(Bytes(room.data(), view.copy_key(i, room.data())), e.key);
    ASSERT_EQ(view.tag(i), tag_of(base::hash_key(e.key)));
    hash += entry_hash(base::hash_key(e.key), e.trailer, e.value);
    value_bytes += e.value.size();
  }
  EXPECT_FALSE(cursor.next());
  EXPECT_FALSE(cursor.valid());
  EXPECT_EQ(view.entries_hash(), hash);
  EXPECT_EQ(view.value_bytes(), value_bytes);
  cursor.move_to(static_cast<uint32_t>(entries.size()) - 1);
  for (size_t i = entries.size(); i-- > 0; cursor.prev()) ASSERT_EQ(cursor.key(), entries[i].key);
  EXPECT_FALSE(cursor.valid());
}

void expect_lookups(const BlockView& view, const std::vector<OwnedEntry>& entries, Bytes key, Sequence at) {
  const uint64_t trailer = trailer_for_lookup(at);
  ASSERT_EQ(view.lower_bound(key, trailer), model_lower_bound(entries, key, trailer)) << hex(key);
  const auto found = view.find(key, base::hash_key(key), trailer);
  const uint32_t expected = model_find(entries, key, trailer);
  ASSERT_EQ(found.index, expected) << hex(key) << " at " << at;
  const bool goes_on = expected == entries.size() && entries.back().key == key;
  ASSERT_EQ(found.may_continue, goes_on) << hex(key);
}

// Keys and values of many shapes: what decides is how long keys are, how much they have in common, and how many tie.
std::vector<OwnedEntry> random_entries(base::Prng& random) {
  const uint64_t alphabet = std::vector<uint64_t>{2, 3, 256}[random.below(3)];
  const std::string common = testing::random_bytes(random, random.below(20));
  const size_t key_bytes = random.below(24);
  const size_t value_bytes = random.below(60);
  const bool equal_keys = random.one_in(2);
  const bool equal_values = random.one_in(2);
  const uint64_t sequences = std::vector<uint64_t>{1, 4, 1000, uint64_t{1} << 50}[random.below(4)];
  std::vector<OwnedEntry> entries(1 + random.below(200));
  for (OwnedEntry& e : entries) {
    e.key = common + testing::random_bytes(random, equal_keys ? key_bytes : random.below(key_bytes + 1), alphabet);
    e.trailer = make_trailer(random.below(sequences), random.one_in(5) ? EntryKind::kErase : EntryKind::kPut);
    e.value = testing::random_bytes(random, equal_values ? value_bytes : random.below(value_bytes + 1));
  }
  sort_and_deduplicate(entries);
  return entries;
}

std::vector<OwnedEntry> sample() {
  return {{"apple", make_trailer(9, EntryKind::kPut), "red"},
          {"apple", make_trailer(4, EntryKind::kErase), ""},
          {"apple pie with cream", make_trailer(5, EntryKind::kPut), "sweet"},
          {"apricot", make_trailer(6, EntryKind::kPut), "orange"}};
}

TEST(Block, GoldenBytesOfVariableEntries) {
  auto entries = sample();
  EXPECT_EQ(hex(build(entries)),
            "0004000000000000ef1b2301657736ef0400040402000000000000000000000082000000000000006170000090430000"
            "0000000000656c700000000000656c702065697020656c70000000746f63697201050000000000000101000001020000"
            "00000300030008000e000000000000000a000a00030308057769746820637265616d72656473776565746f72616e6765");
}

TEST(Block, GoldenBytesOfFixedEntries) {  // no trailers, no offsets: 8 + 1 + the value for each entry
  std::vector<OwnedEntry> entries;
  for (char c = 'a'; c < 'e'; c++)
    entries.push_back({std::string("user:000") + c, make_trailer(0, EntryKind::kPut), "vv"});
  const std::string image = build(entries);
  EXPECT_EQ(image.size(), base::align_up(kBlockHeaderBytes + 8 + 4, 8) + 4 * (8 + 2));
  EXPECT_EQ(hex(image),
            "0100000000000000031982fa3ae84fe7040003000800000001000000020000005800000000000000757365723a303030"
            "75381d9e0000000000000000000000610000000000000062000000000000006300000000000000647676767676767676");
}

TEST(Block, HoldsWhatWasAddedWhateverItsShape) {
  for (uint64_t seed = 1; seed <= 600; seed++) {
    SCOPED_TRACE(seed);
    base::Prng random(seed);
    auto entries = random_entries(random);
    const ExactBytes image(build(entries, kMinBlockBytes + static_cast<uint32_t>(random.below(4000))));
    if (entries.empty()) continue;
    const auto view = BlockView::parse(image.view());
    ASSERT_TRUE(view.has_value()) << view.error().to_string();
    expect_equal(*view, entries);
    for (int i = 0; i < 60; i++) {
      std::string key = entries[random.below(entries.size())].key;
      if (random.one_in(3)) key = key.substr(0, random.below(key.size() + 1));
      if (random.one_in(3)) key += testing::random_bytes(random, 1 + random.below(3), 3);
      if (random.one_in(9)) key = testing::random_bytes(random, random.below(6));
      expect_lookups(*view, entries, key, random.one_in(2) ? kMaxSequence : random.below(1000));
    }
    if (::testing::Test::HasFatalFailure()) return;
  }
}

TEST(Block, EveryWidthOfTrailersIsUsed) {
  for (const auto& [second, width] : {std::pair{uint64_t{5}, 0}, {uint64_t{6}, 4}, {uint64_t{1} << 40, 8}}) {
    std::vector<OwnedEntry> entries = {{"a", make_trailer(5, EntryKind::kPut), "x"},
                                       {"b", make_trailer(second, EntryKind::kPut), "y"}};
    const std::string image = build(entries);
    EXPECT_EQ(image[19], width);
    expect_equal(BlockView::parse(image).value(), entries);
  }
}

// Trailers are stored as what they lie above the lowest one without its kind: that must fit, not what they differ by.
TEST(Block, ATrailerJustOutOfReachOfFourBytes) {
  std::vector<OwnedEntry> entries = {{"a", make_trailer(5, EntryKind::kPut), "x"},
                                     {"b", make_trailer(5 + (uint64_t{1} << 24), EntryKind::kErase), ""}};
  ASSERT_EQ(entries[1].trailer - entries[0].trailer, UINT32_MAX);
  const std::string image = build(entries);
  EXPECT_EQ(image[19], 8);
  expect_equal(BlockView::parse(image).value(), entries);
}

TEST(Block, ManyVersionsOfOneKey) {
  std::vector<OwnedEntry> entries;
  for (uint64_t s = 300; s > 0; s--)
    entries.push_back({"hot key", make_trailer(2 * s, EntryKind::kPut), std::to_string(s)});
  const std::string image = build(entries);
  const BlockView view = BlockView::parse(image).value();
  for (Sequence at = 0; at <= 601; at++) expect_lookups(view, entries, "hot key", at);
  expect_lookups(view, entries, "hot kez", 5);
  expect_lookups(view, entries, "hot kex", 5);
}

TEST(Block, KeysWithEqualHeadsAreToldApart) {  // zero bytes at the end, and ends within the head
  std::vector<OwnedEntry> entries;
  for (size_t zeros = 0; zeros < 12; zeros++) entries.push_back({"k" + std::string(zeros, '\0'), 256, "v"});
  for (size_t i = 0; i < 40; i++)
    entries.push_back({"kzzzzzzzz" + std::string(i / 10 + 1, 'a') + char('0' + i % 10), 256, "v"});
  std::sort(entries.begin(), entries.end(), before);
  const auto all = entries;
  const std::string image = build(entries);
  ASSERT_EQ(entries.size(), all.size());
  const BlockView view = BlockView::parse(image).value();
  expect_equal(view, entries);
  for (const OwnedEntry& e : entries) {
    expect_lookups(view, entries, e.key, kMaxSequence);
    expect_lookups(view, entries, e.key + '\0', kMaxSequence);
    expect_lookups(view, entries, e.key, 0);
  }
}

TEST(Block, ALoneEntryMayBeOfAnySize) {
  for (const auto& [key_bytes, value_bytes] :
       {std::pair<size_t, size_t>{0, 0}, {1, 100'000}, {kMaxKeyBytes, 0}, {kMaxKeyBytes, 200'000}}) {
    const std::vector<OwnedEntry> entries = {
        {std::string(key_bytes, 'k'), make_trailer(77, EntryKind::kPut), std::string(value_bytes, 'v')}};
    os::LargeString made;
    BlockBuilder::make_lone(entries[0].key, base::hash_key(entries[0].key), entries[0].trailer, entries[0].value,
                            &made);
    const ExactBytes image(made);
    const auto view = BlockView::parse(image.view());
    ASSERT_TRUE(view.has_value()) << view.error().to_string();
    expect_equal(*view, entries);
    expect_lookups(*view, entries, entries[0].key, kMaxSequence);
    expect_lookups(*view, entries, entries[0].key, 76);
    expect_lookups(*view, entries, entries[0].key + "x", kMaxSequence);
    expect_lookups(*view, entries, "", kMaxSequence);
  }
}

// Sixteen tags were read at once, and up to seven bytes beyond the end of an image that ends with its heads.
TEST(Block, SmallBlocksAreNotReadBeyondTheirEnd) {
  for (size_t key_bytes = 1; key_bytes <= 24; key_bytes++) {
    std::vector<OwnedEntry> entries;
    for (char n = 0; n < 9; n++) {
      std::string key(key_bytes, 'k');
      key.back() = static_cast<char>('a' + n);
      entries.push_back({std::move(key), make_trailer(5, EntryKind::kErase), ""});
      std::vector<OwnedEntry> taken = entries;
      const ExactBytes image(build(taken));
      const BlockView view = BlockView::parse(image.view()).value();
      for (const OwnedEntry& e : entries) {
        view.prefetch_match(base::hash_key(e.key));
        expect_lookups(view, entries, e.key, kMaxSequence);
      }
    }
  }
}

TEST(Block, TakesNoEntryThatDoesNotFit) {
  BlockBuilder builder(1024);
  const std::string large(2000, 'v');
  EXPECT_FALSE(builder.add("k", 1, 256, large));
  EXPECT_TRUE(builder.empty());
  EXPECT_TRUE(builder.add("k", 1, 256, Bytes(large).substr(0, 900)));
  EXPECT_FALSE(builder.add("l", 1, 256, Bytes(large).substr(0, 100)));
  EXPECT_EQ(builder.entries(), 1U);
  EXPECT_EQ(builder.last_key(), "k");
}

// Does everything with a block that readers do.
void exercise(const BlockView& view) {
  BlockCursor cursor;
  cursor.reset(view);
  uint64_t sum = 0;
  for (bool more = cursor.move_to(0); more; more = cursor.next()) {
    const std::string key(cursor.key());
    ASSERT_LE(key.size(), kMaxKeyBytes + base::kHeadBytes);
    sum += std::string(cursor.value()).size() + cursor.trailer() + cursor.head();
    sum +=
        view.find(key, base::hash_key(key), ~uint64_t{0}).index + view.find(key, view.tag(cursor.index()), 300).index;
    sum += view.lower_bound(key, cursor.trailer());
    view.prefetch_match(sum);
  }
  for (const char* key : {"", "a", "apple", "apple pie with cream and", "zzz"}) {
    sum += view.lower_bound(key, 5) + view.find(key, base::hash_key(key), 5).index;
  }
  volatile uint64_t used = sum;
  static_cast<void>(used);
}

TEST(Block, HostileBytesDoNoHarm) {
  for (uint64_t seed = 1; seed <= 12; seed++) {
    base::Prng random(seed);
    auto entries = seed == 1 ? sample() : random_entries(random);
    entries.resize(std::min<size_t>(entries.size(), 20));
    const std::string image = build(entries);
    testing::damage_everywhere(image, [](Bytes damaged) {
      if (const auto view = BlockView::parse(damaged)) exercise(*view);
    });
    if (::testing::Test::HasFatalFailure()) return;
  }
}

// A key that ends within its head has no suffix, and a head has eight bytes: else a cursor shows keys that are not those that a get finds.
TEST(Block, KeysOfNoPossibleSizeAreRefused) {
  std::vector<OwnedEntry> entries = {{"a", 256, "v"}, {"abcdefghijk", 256, "v"}};
  const std::string good = build(entries);
  constexpr size_t kSizesAt = 64 + 6;  // behind two heads and three suffix offsets
  ASSERT_EQ(Bytes(good).substr(kSizesAt, 2), Bytes("\0\x8", 2));
  const auto accepts = [&](char first, char second) {
    std::string image = good;
    image[kSizesAt] = first;
    image[kSizesAt + 1] = second;
    return BlockView::parse(ExactBytes(image).view()).has_value();
  };
  EXPECT_TRUE(accepts(0, 8));
  EXPECT_TRUE(accepts(8, 8));
  EXPECT_FALSE(accepts(9, 8));
  EXPECT_FALSE(accepts(0, 9));
  EXPECT_FALSE(accepts(0, 7));
  EXPECT_FALSE(accepts(0, 0));
}

TEST(Block, HostileHeadersDoNoHarm) {
  base::Prng random(7);
  auto entries = sample();
  const std::string image = build(entries);
  uint64_t accepted = 0;
  for (int i = 0; i < 200'000; i++) {
    ExactBytes damaged(image);
    for (uint64_t n = random.below(4); n-- > 0;) {  // lengths and flags, mostly small
      damaged.data()[16 + random.below(24)] = static_cast<char>(random.one_in(2) ? random.below(12) : random.next());
    }
    damaged.data()[random.below(image.size())] = static_cast<char>(random.next());
    if (const auto view = BlockView::parse(damaged.view())) {
      exercise(*view);
      accepted++;
    }
  }
  EXPECT_GT(accepted, 100U) << "nothing gets past the checks: the test tests nothing behind them";
}

// Trailers are sums of the base and four bytes each: no sum may leave its 64 bits.
TEST(Block, ABaseTrailerThatOverflowsIsRefused) {
  std::vector<OwnedEntry> entries = {{"a", make_trailer(5, EntryKind::kPut), "x"},
                                     {"b", make_trailer(700, EntryKind::kPut), "y"}};
  std::string image = build(entries);
  ASSERT_EQ(image[19], 4) << "four bytes for a trailer";
  for (const auto& [base, sound] : {std::pair{uint64_t{256}, true}, {uint64_t{1}, false}, {~uint64_t{255}, false}}) {
    base::store(image.data(), base);
    EXPECT_EQ(BlockView::parse(image).has_value(), sound) << base;
  }
}

TEST(Block, UnknownKindsAreRefused) {
  std::vector<OwnedEntry> entries = {{"a", make_trailer(5, EntryKind::kMerge), "x"}};
  EXPECT_EQ(BlockView::parse(build(entries)).error().kind, ErrorKind::kUnsupported);
  entries.push_back({"b", make_trailer(6, EntryKind::kPut), "x"});
  EXPECT_EQ(BlockView::parse(build(entries)).error().kind, ErrorKind::kUnsupported);
  entries[1].trailer = make_trailer(uint64_t{1} << 40, EntryKind::kPut);
  EXPECT_EQ(BlockView::parse(build(entries)).error().kind, ErrorKind::kUnsupported);
}

TEST(Simd, EqualsThePlainVersion) {
  base::Prng random(11);
  for (int i = 0; i < 20'000; i++) {
    const std::string tags = testing::random_bytes(random, 64, 4);
    const auto tag = static_cast<uint8_t>(random.below(4));
    ASSERT_EQ(match_64_tags(tags.data(), tag), scalar::match_tags(tags.data(), 64, tag));
    ASSERT_EQ(match_16_tags(tags.data(), tag), scalar::match_tags(tags.data(), 16, tag));
    std::vector<uint64_t> heads(kHeadsAtOnce);
    for (uint64_t& head : heads) head = random.one_in(3) ? random.next() : random.below(3) - 1;
    const uint64_t wanted = random.one_in(2) ? heads[random.below(kHeadsAtOnce)] : random.next();
    const auto* bytes = reinterpret_cast<const char*>(heads.data());
    ASSERT_EQ(count_smaller(bytes, wanted), scalar::count_smaller(bytes, wanted));
  }
}

}  // namespace
}  // namespace nacre::format
