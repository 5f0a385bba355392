// Generators: what they draw follows the law that they name, from the seed alone.

#include <gtest/gtest.h>
#include <lz4.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <set>
#include <tuple>

#include "bench/data/keys.h"
#include "bench/data/mixgraph.h"
#include "bench/data/permutation.h"
#include "bench/data/values.h"
#include "bench/data/zipf.h"
#include "bench/workload/workload.h"

namespace bench {
namespace {

TEST(KeysTest, KeysHaveTheOrderOfTheirNumbersAndMissingOnesLieBetween) {
  const KeyShape shape{.size_bytes = 30, .prefix_bytes = 20};
  const Records records{.count = 1000, .key = shape};
  KeyBuffer keys(shape, 3);
  for (const uint64_t number : {0ULL, 1ULL, 255ULL, 256ULL, 1ULL << 40}) {
    const auto a = keys.write(records.code_of(number), 0);
    const auto missing = keys.write(records.code_of(number) + 1, 1);
    const auto b = keys.write(records.code_of(number + 1), 2);
    EXPECT_EQ(a.size(), 30u);
    EXPECT_EQ(a.substr(0, 20), std::string(20, 'k'));
    EXPECT_LT(a, missing);
    EXPECT_LT(missing, b);
  }
}

TEST(ValuesTest, AValueNamesItsNumberAndHasTwoVersions) {
  const Values values(1, 5000);
  std::string buffer, other;
  const auto value = values.make(77, 0, 5000, buffer);
  EXPECT_EQ(Values::number_in(value), 77u);
  EXPECT_EQ(value.size(), 5000u);
  EXPECT_NE(value, values.make(77, 1, 5000, other));
  EXPECT_EQ(value, Values(1, 5000).make(77, 0, 5000, other));
}

// The size of many values together, compressed as the engine does, against their size.
double compressed_share(uint32_t value_bytes) {
  const Values values(1, value_bytes);
  std::string block, buffer;
  for (uint64_t number = 0; block.size() < 64'000; number++)
    block += values.make(number * 12345, 0, value_bytes, buffer);
  std::string packed(block.size() * 2, '\0');
  const int size = LZ4_compress_default(block.data(), packed.data(), static_cast<int>(block.size()),
                                        static_cast<int>(packed.size()));
  return size / static_cast<double>(block.size());
}

TEST(ValuesTest, ValuesCompressToAboutHalf) {
  for (const uint32_t bytes : {100u, 1000u, 4096u}) {
    const double share = compressed_share(bytes);
    EXPECT_GT(share, 0.48) << bytes;
    EXPECT_LT(share, 0.65) << bytes;
  }
}

TEST(ValuesTest, SizesHaveTheMeanThatIsAskedFor) {
  for (const Spread spread : {Spread::kFixed, Spread::kUniform, Spread::kPareto}) {
    const ValueShape shape{.mean_bytes = 400, .spread = spread};
    double sum = 0;
    uint32_t largest = 0;
    for (uint64_t number = 0; number < 100'000; number++) {
      const uint32_t size = shape.size_of(number);
      ASSERT_GE(size, ValueShape::kMinBytes);
      ASSERT_LE(size, shape.max_bytes());
      sum += size;
      largest = std::max(largest, size);
    }
    EXPECT_NEAR(sum / 100'000, 400, 60);
    if (spread == Spread::kPareto) {
      EXPECT_GT(largest, 400u * 30);
    }
  }
}

TEST(PermutationTest, EachNumberOnceInAnOrderOfItsOwn) {
  for (const uint64_t n : {1ULL, 2ULL, 3ULL, 17ULL, 1000ULL, 65'537ULL}) {
    const Permutation order(n, 5);
    std::vector<bool> seen(n);
    uint64_t in_place = 0;
    for (uint64_t i = 0; i < n; i++) {
      ASSERT_LT(order(i), n);
      ASSERT_FALSE(seen[order(i)]);
      seen[order(i)] = true;
      in_place += order(i) == i ? 1 : 0;
    }
    if (n >= 1000) {
      EXPECT_LT(in_place, 20u);
    }
  }
  EXPECT_NE(Permutation(1000, 5)(0), Permutation(1000, 6)(0));
}

TEST(ZipfTest, RanksHaveTheProbabilitiesOfTheLaw) {
  constexpr uint64_t kRanks = 1000;
  constexpr int kDraws = 400'000;
  const Zipf zipf(kRanks, 0.99);
  nacre::base::Prng random(3);
  std::vector<int> seen(kRanks);
  for (int i = 0; i < kDraws; i++) seen[zipf.draw(random)]++;
  double all = 0;
  for (uint64_t rank = 0; rank < kRanks; rank++) all += std::pow(rank + 1.0, -0.99);
  for (const uint64_t rank : {0ULL, 1ULL, 2ULL, 9ULL, 99ULL}) {
    const double wanted = kDraws * std::pow(rank + 1.0, -0.99) / all;
    EXPECT_NEAR(seen[rank], wanted, 5 * std::sqrt(wanted)) << rank;
  }
  const int tail = std::accumulate(seen.begin() + 500, seen.end(), 0);
  double wanted = 0;
  for (uint64_t rank = 500; rank < kRanks; rank++) wanted += kDraws * std::pow(rank + 1.0, -0.99) / all;
  EXPECT_NEAR(tail, wanted, 5 * std::sqrt(wanted));
}

TEST(ZipfTest, GrowsWhileItIsDrawnFrom) {
  Zipf zipf(1, 0.99);
  nacre::base::Prng random(3);
  EXPECT_EQ(zipf.draw(random), 0u);
  zipf.grow_to(10);
  std::set<uint64_t> seen;
  for (int i = 0; i < 10'000; i++) seen.insert(zipf.draw(random));
  EXPECT_EQ(seen.size(), 10u);
  EXPECT_EQ(*seen.rbegin(), 9u);
}

TEST(MixgraphTest, RangesAreAccessedAsThePaperSays) {
  constexpr uint64_t kRecords = 300'000;
  constexpr int kDraws = 200'000;
  const MixKeys keys(kRecords);
  std::vector<double> shares;
  double all = 0;
  for (uint64_t range = 0; range < MixKeys::kRanges; range++) all += shares.emplace_back(keys.share(range));
  EXPECT_NEAR(all, 1, 1e-9);
  // 14.18 e^(-2.917) + 0.0164 e^(-0.08082) = 0.782 of 0.989 in all: the hottest range takes four fifths.
  EXPECT_NEAR(*std::ranges::max_element(shares), 0.78, 0.03);
  nacre::base::Prng random(9);
  std::vector<int> seen(MixKeys::kRanges);
  for (int i = 0; i < kDraws; i++) {
    const uint64_t number = keys.draw(random);
    ASSERT_LT(number, kRecords);
    seen[number / (kRecords / MixKeys::kRanges)]++;
  }
  for (uint64_t range = 0; range < MixKeys::kRanges; range++) {
    EXPECT_NEAR(seen[range], shares[range] * kDraws, 5 * std::sqrt(shares[range] * kDraws) + 1) << range;
  }
}

TEST(MixgraphTest, SizesAndScansFollowTheirParetoLaw) {
  // The median of a generalized Pareto law is sigma (2^k - 1) / k.
  EXPECT_EQ(mix_value_bytes(0.5), 20u);
  EXPECT_EQ(mix_scan_length(0.5), 27u);
  EXPECT_EQ(mix_value_bytes(0), 10u);
  EXPECT_GE(mix_scan_length(0), 1u);
  double sum = 0;
  nacre::base::Prng random(4);
  for (int i = 0; i < 200'000; i++) sum += static_cast<double>(mix_value_bytes(unit_interval(random)));
  EXPECT_NEAR(sum / 200'000, 25.45 / (1 - 0.2615), 3);  // its mean
}

TEST(SourcesTest, OperationsFollowFromTheSeedAlone) {
  Settings settings;
  settings.n = 3000;
  for (const Workload& workload : catalogue()) {
    SCOPED_TRACE(workload.name);
    const Records records = records_of(workload.data, settings);
    for (const Crew& crew : workload.crews) {
      const Scope scope{.settings = settings, .records = records, .operations = 50, .seed = 11};
      const auto a = crew.source(scope), b = crew.source(scope);
      Operation x, y;
      for (int i = 0; i < 50; i++) {
        a->next(x);
        b->next(y);
        ASSERT_EQ(std::tie(x.action, x.number, x.count, x.version, x.value_bytes, x.numbers),
                  std::tie(y.action, y.number, y.count, y.version, y.value_bytes, y.numbers));
      }
    }
  }
}

TEST(RecordsTest, LargerRecordsAreFewerSoThatTheBytesAreAboutTheSame) {
  Settings settings;
  settings.n = 1'000'000;
  for (const Data data : {Data::kPlain, Data::kYcsb, Data::kSeries, Data::kLarge4k, Data::kLarge64k}) {
    const Records records = records_of(data, settings);
    EXPECT_NEAR(static_cast<double>(records.count * records.entry_bytes(0)), 116e6, 1e6);
  }
}

}  // namespace
}  // namespace bench
