#include "format/filter.h"

#include <gtest/gtest.h>

#include "base/checksum.h"
#include "format/filter_builder.h"
#include "format/test_bytes.h"

namespace nacre::format {
namespace {

uint64_t hash_of(uint64_t id) { return base::hash_key("key" + std::to_string(id)); }

std::string filter_of(uint64_t keys, float bits) {
  FilterBuilder builder(bits);
  for (uint64_t id = 0; id < keys; id++) builder.add(hash_of(id));
  EXPECT_EQ(builder.image_bytes(), builder.finish().size());
  return std::string(builder.finish());
}

double false_positives(Bytes image) {
  const FilterView view = FilterView::parse(image).value();
  uint64_t wrong = 0;
  constexpr uint64_t kTries = 100'000;
  for (uint64_t id = 0; id < kTries; id++) wrong += view.may_contain(hash_of((uint64_t{1} << 40) + id)) ? 1 : 0;
  return static_cast<double>(wrong) / kTries;
}

TEST(Filter, GoldenBytes) {
  EXPECT_EQ(testing::hex(filter_of(3, 10)),
            "010000000600000000000000000000000000000000000000000000000000000000400000000000000000000000024000"
            "00200080400000000000000000040001080000088000000020000000000014a500000000000000000000000000000000");
}

TEST(Filter, KnowsEveryKey) {
  for (const float bits : {0.5F, 1.0F, 5.0F, 10.0F, 24.0F, 32.0F}) {
    const std::string image = filter_of(20'000, bits);
    const FilterView view = FilterView::parse(image).value();
    for (uint64_t id = 0; id < 20'000; id++) ASSERT_TRUE(view.may_contain(hash_of(id))) << id << " bits " << bits;
  }
}

TEST(Filter, RefusesOthersAsOftenAsItsBitsAllow) {
  EXPECT_LT(false_positives(filter_of(50'000, 5)), 0.11);
  EXPECT_LT(false_positives(filter_of(50'000, 8)), 0.03);
  EXPECT_LT(false_positives(filter_of(50'000, 10)), 0.013);
  EXPECT_LT(false_positives(filter_of(50'000, 16)), 0.0015);
  EXPECT_GT(false_positives(filter_of(50'000, 5)), 0.05) << "too good to be true";
}

TEST(Filter, OfNoKeysOrNoBitsIsNone) {
  EXPECT_TRUE(filter_of(0, 10).empty());
  EXPECT_TRUE(filter_of(100, 0).empty());
}

// Neither makes a read beyond the end that a sanitizer would see: so many lines lie far behind it, so many probes only take long.
TEST(Filter, OfAnotherSizeOrOfTooManyProbesIsRefused) {
  const std::string good = filter_of(20, 10);
  ASSERT_TRUE(FilterView::parse(good).has_value());
  const auto changed = [&](size_t at, uint32_t number) {
    std::string image = good;
    base::store(image.data() + at, number);
    return FilterView::parse(image).has_value();
  };
  const auto lines = base::load<uint32_t>(good.data());
  for (const uint32_t other : {lines - 1, lines + 1, lines + (1U << 26), 0U, ~0U})
    EXPECT_FALSE(changed(0, other)) << other << " lines";
  for (const uint32_t probes : {0U, kMaxProbes + 1, ~0U}) EXPECT_FALSE(changed(4, probes)) << probes << " probes";
  EXPECT_TRUE(changed(4, kMaxProbes));
}

TEST(Filter, HostileBytesDoNoHarm) {
  testing::damage_everywhere(filter_of(20, 10), [](Bytes damaged) {
    const auto view = FilterView::parse(damaged);
    if (!view) return;
    for (uint64_t id = 0; id < 50; id++) static_cast<void>(view->may_contain(hash_of(id)));
    static_cast<void>(view->may_contain(~uint64_t{0}));
  });
}

}  // namespace
}  // namespace nacre::format
