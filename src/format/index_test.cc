#include "format/index.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "format/index_builder.h"
#include "format/test_bytes.h"
#include "nacre/options.h"

namespace nacre::format {
namespace {

using testing::ExactBytes;
using testing::hex;

std::string build(const std::vector<std::string>& fences) {
  IndexBuilder builder(0);
  uint64_t at = 0;
  for (size_t i = 0; i < fences.size(); i++) builder.add(fences[i], at += 100 + i % 7);
  EXPECT_TRUE(builder.fits());
  const std::string image = builder.finish();
  EXPECT_LE(image.size(), builder.estimated_bytes());
  return image;
}

void expect_search(const IndexView& view, const std::vector<std::string>& fences, const std::string& key) {
  const auto expected = std::lower_bound(fences.begin(), fences.end(), key) - fences.begin();
  ASSERT_EQ(view.lower_bound(key), expected) << hex(key);
  ASSERT_EQ(view.lower_bound_in(view.leaf_for(key, fences.data()), key), expected) << hex(key);
}

TEST(Index, GoldenBytes) {
  EXPECT_EQ(hex(build({"apple", "apricot", "apricot", "banana"})),
            "0400000000000000190000000100000000000000000000000100000000000000000000656c70706100746f6369727061"
            "00746f63697270610000616e616e6162ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"
            "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"
            "ffffffffffffffffffffffffffffffff000000000000640000000000c900000000002f01000000009601000000000000"
            "0000050000000c000000130000001900000000006170706c6561707269636f7461707269636f7462616e616e61");
}

TEST(Index, FindsTheFirstFenceNotLess) {
  for (uint64_t seed = 1; seed <= 150; seed++) {
    SCOPED_TRACE(seed);
    base::Prng random(seed);
    const uint64_t alphabet = std::vector<uint64_t>{2, 4, 256}[random.below(3)];
    const std::string common = testing::random_bytes(random, random.below(3) * 9);
    const size_t longest = 1 + random.below(30);
    std::vector<std::string> fences(1 + random.below(seed % 10 == 0 ? 6000 : 400));
    for (std::string& fence : fences) {
      fence = common + testing::random_bytes(random, random.below(longest), alphabet);
      if (random.one_in(4)) fence = common + std::string(20, 'p') + fence;  // some share much, others little
    }
    std::sort(fences.begin(), fences.end());  // with repetitions: the versions of one key fill many blocks
    const ExactBytes image(build(fences));
    const auto view = IndexView::parse(image.view());
    ASSERT_TRUE(view.has_value()) << view.error().to_string();
    ASSERT_EQ(view->blocks(), fences.size());
    for (int i = 0; i < 300; i++) {
      std::string key = fences[random.below(fences.size())];
      if (random.one_in(3)) key = key.substr(0, random.below(key.size() + 1));
      if (random.one_in(3)) key += testing::random_bytes(random, 1, 3);
      if (random.one_in(3) && !key.empty()) key[random.below(key.size())] = static_cast<char>(random.next());
      expect_search(*view, fences, key);
    }
    expect_search(*view, fences, "");
    expect_search(*view, fences, std::string(50, '\xff'));
    if (::testing::Test::HasFatalFailure()) return;
  }
}

TEST(Index, EveryNumberOfBlocksAroundFullNodes) {
  for (const uint32_t blocks : {1U, 15U, 16U, 17U, 255U, 256U, 257U, 4095U, 4096U, 4097U}) {
    std::vector<std::string> fences;
    for (uint32_t i = 0; i < blocks; i++) fences.push_back(std::to_string(1'000'000 + 3 * i));
    const std::string image = build(fences);
    const IndexView view = IndexView::parse(image).value();
    for (uint32_t i = 0; i < 3 * blocks + 3; i++) expect_search(view, fences, std::to_string(999'999 + i));
  }
}

TEST(Index, OfNoBlocksFindsNone) {
  const std::string image = build({});
  const IndexView view = IndexView::parse(image).value();
  EXPECT_EQ(view.lower_bound("x"), 0U);
  EXPECT_EQ(view.lower_bound(""), 0U);
  EXPECT_EQ(view.blocks(), 0U);
  EXPECT_EQ(view.begin(), view.end());
}

TEST(Index, KnowsWhereBlocksLie) {
  IndexBuilder builder(5);
  builder.add("a", 105);
  builder.add("b", uint64_t{1} << 47);
  builder.add("c", (uint64_t{1} << 47) + 7);
  const std::string image = builder.finish();
  const IndexView view = IndexView::parse(image).value();
  EXPECT_EQ(view.extent(0).offset, 5U);
  EXPECT_EQ(view.extent(0).bytes, 100U);
  EXPECT_EQ(view.extent(1).offset, 105U);
  EXPECT_EQ(view.extent(2).offset, uint64_t{1} << 47);
  EXPECT_EQ(view.extent(2).bytes, 7U);
  EXPECT_EQ(view.end(), (uint64_t{1} << 47) + 7);
}

TEST(Index, LongestKeys) {
  std::vector<std::string> fences;
  for (char c = 'a'; c < 'z'; c++) fences.push_back(std::string(kMaxKeyBytes - 1, 'k') + c);
  const std::string image = build(fences);
  const IndexView view = IndexView::parse(image).value();
  for (const std::string& fence : fences) expect_search(view, fences, fence);
  expect_search(view, fences, std::string(kMaxKeyBytes, 'k'));
}

TEST(Index, AFenceLongerThanAnyKeyIsRefused) {
  const std::string longest(kMaxKeyBytes, 'k');
  EXPECT_TRUE(IndexView::parse(build({"a", longest})).has_value());
  EXPECT_FALSE(IndexView::parse(build({"a", longest + 'k'})).has_value());
}

TEST(Index, HasLimits) {
  EXPECT_TRUE(index_fits(kMaxBlocks, kMaxFenceBytes, kMaxTableBytes));
  EXPECT_FALSE(index_fits(kMaxBlocks + uint64_t{1}, kMaxFenceBytes, kMaxTableBytes));
  EXPECT_FALSE(index_fits(kMaxBlocks, kMaxFenceBytes + 1, kMaxTableBytes));
  EXPECT_FALSE(index_fits(kMaxBlocks, kMaxFenceBytes, kMaxTableBytes + 1));
}

TEST(Index, HostileBytesDoNoHarm) {
  base::Prng random(5);
  for (const size_t blocks : {1, 5, 40}) {
    std::vector<std::string> fences(blocks);
    for (std::string& fence : fences) fence = "key " + testing::random_bytes(random, random.below(14), 3);
    std::sort(fences.begin(), fences.end());
    const std::string image = build(fences);
    testing::damage_everywhere(image, [&](Bytes damaged) {
      const auto view = IndexView::parse(damaged);
      if (!view) return;
      uint64_t end = view->begin();
      for (uint32_t i = 0; i < view->blocks(); i++) {
        ASSERT_EQ(view->extent(i).offset, end) << "blocks lie one behind the other";
        end += view->extent(i).bytes;
      }
      for (const std::string& fence : fences) ASSERT_LE(view->lower_bound(fence), view->blocks());
      static_cast<void>(view->lower_bound("key"));
      ASSERT_LE(view->lower_bound_in(view->leaf_for("key", nullptr), "key"), view->blocks());
    });
    if (::testing::Test::HasFatalFailure()) return;
  }
}

TEST(Fence, LiesBetweenTheBlocksAndIsShort) {
  EXPECT_EQ(shortest_fence("abc", "abx"), "abd");
  EXPECT_EQ(shortest_fence("apple pie", "banana"), "b");  // less than "banana", being its beginning
  EXPECT_EQ(shortest_fence("a", "b"), "a");
  EXPECT_EQ(shortest_fence("a", "ab"), "a");
  EXPECT_EQ(shortest_fence("same", "same"), "same");
  for (uint64_t seed = 1; seed <= 20'000; seed++) {
    base::Prng random(seed);
    const uint64_t alphabet = random.one_in(2) ? 3 : 256;
    std::string last = testing::random_bytes(random, random.below(7), alphabet);
    std::string next = testing::random_bytes(random, random.below(7), alphabet);
    if (random.one_in(2)) next = last + next;
    if (random.one_in(4)) std::replace(last.begin(), last.end(), '\2', '\xff');
    if (last == next) continue;
    if (last > next) std::swap(last, next);
    const std::string fence = shortest_fence(last, next);
    ASSERT_LE(last, fence) << hex(last) << " " << hex(next);
    ASSERT_LT(fence, next) << hex(last) << " " << hex(next);
    ASSERT_LE(fence.size(), last.size() + 1);
  }
}

}  // namespace
}  // namespace nacre::format
