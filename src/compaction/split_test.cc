#include "compaction/split.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "compaction/runs_fixture.h"

namespace nacre::compaction {
namespace {

class Runs {
 public:
  void add(const std::vector<uint64_t>& keys) {
    runs_.add(keys, 100);
    for (const uint64_t key : keys) keys_.push_back(table::numbered(key));
  }
  Result<std::vector<MergePart>> split(uint64_t parts, const std::function<Result<void>()>& poll = nullptr) {
    return split_merge(runs_.runs(), parts, runs_.world.domain, &runs_.world.account, poll);
  }
  // How many keys lie in each part; checks that the parts follow on each other from end to end.
  std::vector<size_t> keys_of(const std::vector<MergePart>& parts) {
    EXPECT_EQ(parts.front().begin, "");
    EXPECT_EQ(parts.back().end, "");
    std::vector<size_t> counts;
    for (size_t i = 0; i < parts.size(); i++) {
      if (i > 0) {
        EXPECT_EQ(parts[i].begin, parts[i - 1].end);
        EXPECT_GT(parts[i].begin, parts[i - 1].begin);
      }
      counts.push_back(static_cast<size_t>(std::count_if(keys_.begin(), keys_.end(), [&](const std::string& key) {
        return key >= parts[i].begin && (parts[i].end.empty() || key < parts[i].end);
      })));
    }
    return counts;
  }
  size_t keys() const { return keys_.size(); }
  void break_reads() { runs_.break_reads(); }

 private:
  RunsFixture runs_;
  std::vector<std::string> keys_;
};

std::vector<uint64_t> numbers(uint64_t from, uint64_t to, uint64_t step) {
  std::vector<uint64_t> result;
  for (uint64_t key = from; key < to; key += step) result.push_back(key);
  return result;
}

TEST(SplitMerge, NothingIsOnePart) {
  Runs runs;
  EXPECT_EQ(runs.split(4).value().size(), 1U);
}

// Regression: flushes into an empty tree are runs of one table that all begin with the smallest key. Parts were cut only where
// tables begin, so one thread merged everything while the others had nothing to do.
TEST(SplitMerge, TablesThatAllCoverEverythingAreCutInside) {
  for (const uint64_t parts : {2, 3, 4, 8}) {
    Runs runs;
    for (uint64_t r = 0; r < 6; r++) runs.add(numbers(r, 6000, 6));
    const auto result = runs.split(parts).value();
    ASSERT_EQ(result.size(), parts);
    for (const size_t keys : runs.keys_of(result)) {
      EXPECT_GT(keys, runs.keys() / parts * 8 / 10);
      EXPECT_LT(keys, runs.keys() / parts * 12 / 10);
    }
  }
}

TEST(SplitMerge, TablesOfDifferentSizesAndPlacesMakePartsOfEqualBytes) {
  Runs runs;
  runs.add(numbers(0, 3000, 1));
  runs.add(numbers(2500, 2600, 1));
  runs.add(numbers(9000, 10'000, 1));
  const auto result = runs.split(4).value();
  ASSERT_EQ(result.size(), 4U);
  for (const size_t keys : runs.keys_of(result)) EXPECT_NEAR(static_cast<double>(keys), 1025, 200);
}

TEST(SplitMerge, OneKeyIsNotCut) {
  Runs runs;
  for (int r = 0; r < 9; r++) runs.add({7});
  EXPECT_EQ(runs.split(4).value().size(), 1U);
}

// Regression: what lay at the last border of all was one key, which got a part and a table of its own.
TEST(SplitMerge, NoPartIsTheLastKeyAlone) {
  Runs runs;
  for (int r = 0; r < 3; r++) runs.add({1, 2, 3});  // one block each, so that all borders are that key
  EXPECT_EQ(runs.split(4).value().size(), 1U);
}

TEST(SplitMerge, WhoIsToGiveUpDoes) {
  Runs runs;
  runs.add(numbers(0, 1000, 1));
  const Error closed{.kind = ErrorKind::kClosed, .operation = Operation::kCompact};
  EXPECT_EQ(runs.split(2, [&]() -> Result<void> { return closed; }).error().kind, ErrorKind::kClosed);
}

TEST(SplitMerge, AnIndexThatCannotBeReadIsTheAnswer) {
  Runs runs;
  runs.add(numbers(0, 1000, 1));
  runs.break_reads();
  EXPECT_EQ(runs.split(2).error().kind, ErrorKind::kIo);
}

}  // namespace
}  // namespace nacre::compaction
