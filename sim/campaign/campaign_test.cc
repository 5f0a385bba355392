// Campaigns over the toy store: planted bugs are found, shrunk and replayed by what the program prints.
#include "sim/campaign/campaign.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "base/assert.h"
#include "sim/campaign/arguments.h"
#include "sim/campaign/replay.h"
#include "sim/toy_workload.h"

namespace nacre::sim {
namespace {

struct Ended {
  int status = 0;
  std::string out;

  bool says(const std::string& words) const { return out.find(words) != std::string::npos; }
};

Ended run(const std::vector<Workload*>& workloads, const std::string& line) {
  std::vector<std::string> words = {"nacre-sim"};
  std::istringstream in(line);
  for (std::string word; in >> word;) words.push_back(word);
  std::vector<const char*> argv;
  for (const std::string& word : words) argv.push_back(word.c_str());
  testing::internal::CaptureStdout();
  testing::internal::CaptureStderr();
  Ended ended;
  ended.status = campaign_main(static_cast<int>(argv.size()), argv.data(), workloads);
  ended.out = testing::internal::GetCapturedStdout() + testing::internal::GetCapturedStderr();
  return ended;
}

// The arguments of the last line that replays something.
std::string last_replay(const std::string& out) {
  const std::string mark = "replay: nacre-sim ";
  const size_t at = out.rfind(mark);
  return at == std::string::npos ? "" : out.substr(at + mark.size(), out.find('\n', at) - at - mark.size());
}

size_t parts_left(const std::string& out) {
  const std::string mark = " shrunk to ";
  const size_t at = out.find(mark);
  return at == std::string::npos ? SIZE_MAX : std::stoul(out.substr(at + mark.size()));
}

TEST(Campaign, ARightStorePasses) {
  ToyWorkload toy;
  const Ended ended = run({&toy}, "--seeds 1..200 --gate 5 --jobs 2 --probes");
  EXPECT_EQ(ended.status, 0) << ended.out;
  EXPECT_TRUE(ended.says("200 seeds, 0 failed, 240 runs")) << ended.out;
  EXPECT_TRUE(ended.says("power cuts")) << ended.out;
  EXPECT_TRUE(ended.says("distinct")) << ended.out;
  EXPECT_FALSE(ended.says("never happened")) << ended.out;
}

TEST(Campaign, AProbeThatNeverHeldCanFailIt) {
  class Idle final : public Workload {
    const char* name() const override { return "idle"; }
    std::vector<std::string> profiles() const override { return {"mix"}; }
    std::vector<std::string> plan(uint64_t, const std::string&) override { return {}; }
    sync::RunResult run(uint64_t, const std::string&, const Keep&) override { return {}; }
  };
  Idle idle;
  const Ended silent = run({&idle}, "--seeds 1..3 --probes");
  EXPECT_EQ(silent.status, 1);
  EXPECT_TRUE(silent.says("never happened: a boot ends in the middle of its work")) << silent.out;
  EXPECT_EQ(run({&idle}, "--seeds 1..3").status, 0);
}

TEST(Campaign, FindsShrinksAndReplays) {
  ToyWorkload toy({.acknowledge_before_sync = true});
  const Ended found = run({&toy}, "--seeds 1..1000 --jobs 1");
  ASSERT_EQ(found.status, 1) << found.out;
  EXPECT_TRUE(found.says("acknowledged writes of")) << found.out;
  EXPECT_LE(parts_left(found.out), 6U) << found.out;
  const std::string line = last_replay(found.out);
  EXPECT_NE(line.find("--only "), std::string::npos) << line;
  const Ended replayed = run({&toy}, line);
  EXPECT_EQ(replayed.status, 1) << line;
  EXPECT_TRUE(replayed.says("acknowledged writes of"));
  EXPECT_TRUE(replayed.says("  2 ->   1  ")) << "no decisions in the trace";
  EXPECT_TRUE(replayed.says(": store of file ")) << "no I/O in the trace";
  EXPECT_TRUE(replayed.says("FAULT: power cut")) << "no faults in the trace";
}

TEST(Campaign, ShrinksDeadlocks) {
  ToyWorkload toy({.locks_in_opposite_order = true});
  const Ended found = run({&toy}, "--seeds 1..1000 --jobs 1");
  ASSERT_EQ(found.status, 1) << found.out;
  EXPECT_TRUE(found.says(": deadlock")) << found.out;
  EXPECT_LE(parts_left(found.out), 4U) << found.out;
  EXPECT_EQ(run({&toy}, last_replay(found.out)).status, 1);
}

TEST(Campaign, ShrinksCrashes) {
  ToyWorkload toy({}, [](uint64_t position) { NACRE_CHECK(position < 17); });
  const Ended found = run({&toy}, "--seeds 1..40 --jobs 2 --keep-going");
  ASSERT_EQ(found.status, 1) << found.out;
  EXPECT_TRUE(found.says(": crashed")) << found.out;
  EXPECT_TRUE(found.says("position < 17 does not hold")) << found.out;
  EXPECT_TRUE(found.says("40 seeds, ")) << "a crash ended the campaign: " << found.out;
  EXPECT_LE(parts_left(found.out), 4U) << "five values a part: " << found.out;
}

TEST(Campaign, ShrinksHangs) {
  ToyWorkload toy({}, [](uint64_t position) {
    const volatile bool stuck = position == 21;
    while (stuck) {
    }
  });
  const Ended found = run({&toy}, "--seeds 1..5 --jobs 1 --hang 0.2 --shrink 8");
  ASSERT_EQ(found.status, 1) << found.out;
  EXPECT_TRUE(found.says(": hung")) << found.out;
  EXPECT_TRUE(found.says("no end within its processor time")) << found.out;
  EXPECT_LT(parts_left(found.out), 60U) << found.out;
}

TEST(Campaign, ShrinksWhatDependsOnMoreThanTheSeed) {
  static uint64_t runs = 0;
  ToyWorkload toy({}, [](uint64_t position) {
    if (position == 8) sync::Scheduler::instance().trace(++runs);  // counted over runs: memory of the process
  });
  const Ended found = run({&toy}, "--seeds 2..2 --gate 1 --jobs 1");
  ASSERT_EQ(found.status, 1) << found.out;
  EXPECT_TRUE(found.says("two runs took different ways")) << found.out;
  EXPECT_LE(parts_left(found.out), 2U) << found.out;
}

TEST(Campaign, NamesEachKindOfFailureOnceAtItsEnd) {
  ToyWorkload toy({.no_directory_sync = true});
  const Ended found = run({&toy}, "--seeds 1..60 --jobs 2 --keep-going --shrink 0");
  ASSERT_EQ(found.status, 1);
  EXPECT_TRUE(found.says("60 seeds, ")) << found.out;
  EXPECT_TRUE(found.says("failed: toy: failed: ")) << found.out;
  EXPECT_FALSE(found.says("shrunk")) << found.out;
}

TEST(Campaign, TheSeedSaysWhichWorkloadItIsFor) {
  ToyWorkload right;
  ToyWorkload wrong({.acknowledge_before_sync = true});
  const Ended found = run({&right, &wrong}, "--seeds 1..200 --jobs 2 --keep-going --shrink 0");
  ASSERT_EQ(found.status, 1);
  std::set<uint64_t> remainders;
  for (size_t at = found.out.find("replay: nacre-sim "); at != std::string::npos;
       at = found.out.find("replay: nacre-sim ", at + 1)) {
    remainders.insert(std::stoull(found.out.substr(at + 18)) % 2);
  }
  EXPECT_EQ(remainders, (std::set<uint64_t>{1}));
}

TEST(Campaign, ReplaysSomePartsOfAPlan) {
  ToyWorkload toy;
  const Ended some = run({&toy}, "3 --only 1,3..4");
  EXPECT_EQ(some.status, 0) << some.out;
  EXPECT_TRUE(some.says("     1  life 1: ")) << some.out;
  EXPECT_FALSE(some.says("     2  life 1: ")) << some.out;
  EXPECT_TRUE(some.says("     4  life 1: ")) << some.out;
  EXPECT_EQ(run({&toy}, "3 --only none").status, 0);
  EXPECT_EQ(run({&toy}, "3 --only 500").status, 2);
  EXPECT_EQ(run({&toy}, "3 --only 0").status, 2);
  EXPECT_EQ(run({&toy}, "3 --only 4..3").status, 2);
}

TEST(Campaign, FreshSeedsFollowFromAText) {
  ToyWorkload toy;
  const auto first_seed = [&](const std::string& text) {
    const std::vector<const char*> argv = {"nacre-sim", "--fresh", "20", "--fresh-from", text.c_str()};
    int exit_code = -1;
    const auto arguments = parse_arguments(static_cast<int>(argv.size()), argv.data(), {&toy}, &exit_code);
    EXPECT_TRUE(arguments.has_value());
    EXPECT_EQ(arguments->fleet.seeds.last - arguments->fleet.seeds.first, 19U);
    return arguments->fleet.seeds.first;
  };
  EXPECT_EQ(first_seed("a46f879"), first_seed("a46f879"));
  EXPECT_NE(first_seed("a46f879"), first_seed("a46f87a"));
  EXPECT_GT(first_seed("a46f879"), uint64_t{1} << 40);
  EXPECT_TRUE(run({&toy}, "--fresh 20 --fresh-from a46f879").says("20 seeds, 0 failed"));
}

TEST(Campaign, SaysHowEachSeedEnded) {
  ToyWorkload toy;
  const std::string out = run({&toy}, "--seeds 7..9 --each --jobs 1").out;
  EXPECT_NE(out.find("seed 7: done, "), std::string::npos) << out;
  EXPECT_NE(out.find("seed 9: done, "), std::string::npos) << out;
}

TEST(Campaign, RunsUntilTimeIsUp) {
  ToyWorkload toy;
  const Ended ended = run({&toy}, "--seeds 1.. --minutes 0.005 --jobs 1");
  EXPECT_EQ(ended.status, 0) << ended.out;
  EXPECT_FALSE(ended.says("\n0 seeds")) << ended.out;
}

TEST(Campaign, RefusesWhatItDoesNotUnderstand) {
  ToyWorkload toy;
  for (const char* line :
       {"", "x", "--seeds 5..1", "--seeds 5", "--seeds 5..", "1 --seeds 1..2", "1 --gate 5", "--fresh 5",
        "--fresh-from x --seeds 1..2", "--fresh 5 --fresh-from x --seeds 1..2", "--seeds 1..2 --only 1", "1 --only a",
        "--seeds 1..2 --jobs 0", "--seeds 1..2 --workload other", "--seeds 1..2 --profile other", "1 --minutes 1",
        "--seeds 1..2 --seeds", "-1"}) {
    EXPECT_EQ(run({&toy}, line).status, 2) << line;
  }
  EXPECT_EQ(run({&toy}, "--help").status, 0);
  EXPECT_TRUE(run({&toy}, "--help").says("toy: mix calm"));
  EXPECT_EQ(run({&toy}, "--seeds 1..2 --workload toy --profile calm").status, 0);
}

}  // namespace
}  // namespace nacre::sim
