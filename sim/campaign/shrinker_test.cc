// The shrinker alone: what it is asked and what it answers.
#include "sim/campaign/shrinker.h"

#include <gtest/gtest.h>

#include <string>

namespace nacre::sim {
namespace {

std::string text(const Workload::Keep& keep) {
  std::string flags;
  for (const bool kept : keep) flags += kept ? '1' : '0';
  return flags;
}

TEST(Shrinker, FindsTheTwoPartsThatMatter) {
  const auto fails = [](const Workload::Keep& keep) { return keep[3] && keep[17]; };
  const Shrunk shrunk = shrink(40, {}, fails);
  EXPECT_EQ(text(shrunk.keep), "0001000000000000010000000000000000000000");
  EXPECT_TRUE(shrunk.smallest);
  EXPECT_LT(shrunk.runs, 60U);
}

TEST(Shrinker, LeavesOutEverythingIfNothingMatters) {
  const Shrunk shrunk = shrink(9, {}, [](const Workload::Keep&) { return true; });
  EXPECT_EQ(text(shrunk.keep), "000000000");
  EXPECT_TRUE(shrunk.smallest);
}

TEST(Shrinker, KeepsEverythingIfAllMatters) {
  const auto fails = [](const Workload::Keep& keep) { return text(keep) == "1111111"; };
  const Shrunk shrunk = shrink(7, {}, fails);
  EXPECT_EQ(text(shrunk.keep), "1111111");
  EXPECT_TRUE(shrunk.smallest);
}

// No single part can go although a pair could: the answer may be larger than need be, but it fails, and no part of it
// alone can go.
TEST(Shrinker, AnswersWhatStillFails) {
  const auto fails = [](const Workload::Keep& keep) { return keep[0] && keep[4] == keep[5] && (keep[1] || keep[2]); };
  const Shrunk shrunk = shrink(8, {}, fails);
  EXPECT_TRUE(fails(shrunk.keep));
  EXPECT_TRUE(shrunk.smallest);
}

TEST(Shrinker, StopsAtItsLimits) {
  uint64_t asked = 0;
  const auto fails = [&](const Workload::Keep& keep) {
    ++asked;
    return keep[900];
  };
  const Shrunk few = shrink(1000, {.runs = 5}, fails);
  EXPECT_EQ(few.runs, 5U);
  EXPECT_EQ(asked, 5U);
  EXPECT_FALSE(few.smallest);
  EXPECT_TRUE(few.keep[900]);
  EXPECT_EQ(shrink(1000, {.time = std::chrono::seconds(0)}, fails).runs, 0U);
}

TEST(Shrinker, APlanWithoutPartsIsSmallest) {
  const Shrunk shrunk = shrink(0, {}, [](const Workload::Keep&) { return false; });
  EXPECT_TRUE(shrunk.keep.empty());
  EXPECT_TRUE(shrunk.smallest);
}

}  // namespace
}  // namespace nacre::sim
