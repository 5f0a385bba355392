// The sample beside the truth: runs of which it is known what is dead.

#include "compaction/dead_share.h"

#include <gtest/gtest.h>

#include <map>
#include <set>

#include "compaction/runs_fixture.h"

namespace nacre::compaction {
namespace {

class Runs {
 public:
  void add(const std::set<uint64_t>& keys, float filter_bits = 10) { runs_.add(keys, 300, filter_bits); }
  Result<double> share(const std::function<Result<void>()>& poll = nullptr) {
    return sampled_dead_share(runs_.runs(), runs_.world.domain, poll);
  }
  void break_reads() { runs_.break_reads(); }

 private:
  RunsFixture runs_;
};

TEST(DeadShare, NothingAndOneRunHoldNothingDead) {
  Runs runs;
  EXPECT_EQ(runs.share().value(), 0);
  runs.add({1, 2, 3});
  EXPECT_EQ(runs.share().value(), 0);
}

TEST(DeadShare, RunsThatShareNoKeyHoldNothingDeadWhateverTheFiltersSay) {
  for (const float filter_bits : {10.0F, 1.0F, 0.0F}) {
    Runs runs;
    for (uint64_t r = 0; r < 8; r++) {
      std::set<uint64_t> keys;
      for (uint64_t i = 0; i < 500; i++) keys.insert(8 * i + r);
      runs.add(keys, filter_bits);
    }
    EXPECT_EQ(runs.share().value(), 0) << filter_bits;
  }
}

TEST(DeadShare, OneKeyInEveryRunIsDeadInAllButOne) {
  Runs runs;
  for (int r = 0; r < 5; r++) runs.add({7});
  EXPECT_DOUBLE_EQ(runs.share().value(), 0.8);
}

// As a sample of 128 can: three standard deviations are 0.13.
TEST(DeadShare, IsNearTheTruth) {
  base::Prng random(11);
  for (int round = 0; round < 30; round++) {
    Runs runs;
    std::map<uint64_t, uint64_t> versions;
    uint64_t entries = 0;
    const uint64_t count = 2 + random.below(6);
    const uint64_t space = 500 + random.below(5000);
    for (uint64_t r = 0; r < count; r++) {
      std::set<uint64_t> keys;
      const uint64_t size = 1 + random.below(1500);
      for (uint64_t i = 0; i < size; i++) keys.insert(random.below(space));
      for (const uint64_t key : keys) versions[key]++;
      entries += keys.size();
      runs.add(keys);
    }
    const double truth = static_cast<double>(entries - versions.size()) / static_cast<double>(entries);
    EXPECT_NEAR(runs.share().value(), truth, 0.13) << "round " << round;
  }
}

TEST(DeadShare, TellsErrorsOfReadsAndOfThePoll) {
  std::set<uint64_t> many;  // more blocks than an open reads
  for (uint64_t i = 0; i < 500; i++) many.insert(i);
  Runs runs;
  for (int r = 0; r < 2; r++) runs.add(many);
  int polls = 0;
  const auto poll = [&polls]() -> Result<void> {
    if (++polls < 2) return {};
    return Error{.kind = ErrorKind::kClosed, .operation = Operation::kCompact};
  };
  EXPECT_EQ(runs.share(poll).error().kind, ErrorKind::kClosed);
  EXPECT_EQ(polls, 2);
  Runs broken;
  for (int r = 0; r < 2; r++) broken.add(many);
  broken.break_reads();
  EXPECT_EQ(broken.share().error().kind, ErrorKind::kIo);
}

}  // namespace
}  // namespace nacre::compaction
