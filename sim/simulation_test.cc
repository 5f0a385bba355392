// The whole machine on a toy: a right store survives every seed, each planted bug is found, and seeds replay.
#include <gtest/gtest.h>

#include <cstdio>
#include <set>
#include <string>
#include <vector>

#include "base/assert.h"
#include "sim/probes.h"
#include "sim/simulation.h"
#include "sim/toy_workload.h"

namespace nacre::sim {
namespace {

using sync::Ending;
using sync::RunResult;

RunResult toy_workload(uint64_t seed, const Bugs& bugs = {}) { return ToyWorkload(bugs).run(seed, "mix", {}); }

TEST(Simulation, ARightStoreSurvivesEverySeed) {
  for (uint64_t seed = 1; seed <= 1500; ++seed) {
    const RunResult result = toy_workload(seed);
    ASSERT_EQ(result.ending, Ending::kDone) << "seed " << seed << ": " << result.report;
  }
  EXPECT_EQ(probes_never_hit(), std::vector<std::string>{});
}

TEST(Simulation, SeedsReplay) {
  std::set<uint64_t> traces;
  for (uint64_t seed = 1; seed <= 100; ++seed) {
    const RunResult first = toy_workload(seed);
    const RunResult second = toy_workload(seed);
    EXPECT_EQ(first.trace_hash, second.trace_hash) << "seed " << seed;
    EXPECT_EQ(first.steps, second.steps);
    traces.insert(first.trace_hash);
  }
  EXPECT_EQ(traces.size(), 100U);
}

// The first seed that finds the bug; it must find it again with the same words.
uint64_t first_seed_that_finds(const Bugs& bugs, Ending ending) {
  for (uint64_t seed = 1; seed <= 1500; ++seed) {
    const RunResult result = toy_workload(seed, bugs);
    if (result.ending == Ending::kDone) continue;
    EXPECT_EQ(result.ending, ending) << result.report;
    EXPECT_EQ(toy_workload(seed, bugs).report, result.report);
    return seed;
  }
  ADD_FAILURE() << "not found";
  return 0;
}

TEST(Simulation, FindsAnAcknowledgementBeforeTheSync) {
  first_seed_that_finds({.acknowledge_before_sync = true}, Ending::kFailed);
}
TEST(Simulation, FindsARenameBeforeTheSync) { first_seed_that_finds({.no_sync_before_rename = true}, Ending::kFailed); }
TEST(Simulation, FindsAMissingDirectorySync) { first_seed_that_finds({.no_directory_sync = true}, Ending::kFailed); }
TEST(Simulation, FindsMissingChecksums) { first_seed_that_finds({.no_checksum = true}, Ending::kFailed); }
TEST(Simulation, FindsAClaimWithoutTheLock) { first_seed_that_finds({.claim_without_lock = true}, Ending::kFailed); }
TEST(Simulation, FindsARetriedSync) { first_seed_that_finds({.retry_failed_sync = true}, Ending::kFailed); }
TEST(Simulation, FindsLocksInOppositeOrder) {
  first_seed_that_finds({.locks_in_opposite_order = true}, Ending::kDeadlock);
}

TEST(Simulation, FailureNamesItsReason) {
  Simulation sim(1);
  const RunResult result = sim.run([&] { sim.fail("because"); });
  EXPECT_EQ(result.ending, Ending::kFailed);
  EXPECT_EQ(result.report.find("because\n"), 0U);
}

TEST(Simulation, CrashPrintsTheSeed) {
  EXPECT_DEATH(
      {
        Simulation sim(4711);
        sim.run([] { NACRE_CHECK(false); });
      },
      "crashed in seed 4711");
}

// Not inlined and not a tail call: it really uses the stack.
[[gnu::noinline]] uint64_t deep(uint64_t n) {
  volatile char frame[1024] = {static_cast<char>(n)};
  return n == 0 ? 0 : deep(n - 1) + static_cast<uint64_t>(frame[n % 1024]);
}

TEST(Simulation, AnOverflowingStackIsCaught) {
  EXPECT_DEATH(
      {
        Simulation sim(42);
        sim.run([] { std::printf("%d", static_cast<int>(deep(1'000'000))); });
      },
      "crashed in seed 42");
}

TEST(Simulation, ClocksJumpButNeverGoBackWhereTheyMustNot) {
  Simulation sim(3, {.wall_jump_one_in = 2});
  const RunResult result = sim.run([&] {
    uint64_t now = sim.clock().now_ns();
    uint64_t coarse = sim.clock().coarse_now_ns();
    for (int i = 0; i < 100; ++i) {
      sim.clock().sleep_ns(1'000'000);
      EXPECT_GE(sim.clock().now_ns(), now + 1'000'000);
      now = sim.clock().now_ns();
      EXPECT_GE(sim.clock().coarse_now_ns(), coarse);
      coarse = sim.clock().coarse_now_ns();
      EXPECT_LE(coarse, now);
    }
  });
  EXPECT_EQ(result.ending, Ending::kDone);
}

// A wait by the wall clock ends too early, or never: some seeds have a clock that only goes back.
TEST(Simulation, TheWallClockOfASeedJumpsForwardOrBackOrBoth) {
  int seeds_of[2][2] = {};
  for (uint64_t seed = 1; seed <= 30; ++seed) {
    Simulation sim(seed, {.wall_jump_one_in = 2});
    sim.run([&] {
      bool forward = false;
      bool back = false;
      uint64_t wall = sim.clock().wall_ns();
      for (int i = 0; i < 100; ++i) {
        sim.clock().sleep_ns(1'000'000);
        const uint64_t next = sim.clock().wall_ns();
        back |= next < wall;
        forward |= next > wall + 60'000'000'000;
        wall = next;
      }
      ++seeds_of[forward ? 1 : 0][back ? 1 : 0];
    });
  }
  EXPECT_EQ(seeds_of[0][0], 0);
  EXPECT_GT(seeds_of[1][0], 3);
  EXPECT_GT(seeds_of[0][1], 3);
  EXPECT_GT(seeds_of[1][1], 3);
}

TEST(Simulation, TheExecutorRunsEveryJobEvenThoseOfJobs) {
  int overtakings = 0;
  for (uint64_t seed = 1; seed <= 50; ++seed) {
    int ran = 0;
    Simulation sim(seed);
    const RunResult result = sim.run([&] {
      int last = 0;
      auto executor = std::make_unique<SimExecutor>(seed, 2);
      for (int i = 0; i < 20; ++i) {
        executor->submit(static_cast<Urgency>(i % 3), [&, i] {
          ++ran;
          overtakings += i < last ? 1 : 0;
          last = i;
          if (i % 5 == 0) executor->submit(Urgency::kIdle, [&] { ++ran; });
          sync::yield_point();
        });
      }
      while (ran < 20) sim.clock().sleep_ns(1000);
    });
    EXPECT_EQ(result.ending, Ending::kDone) << result.report;
    EXPECT_EQ(ran, 24);
  }
  EXPECT_GT(overtakings, 50);
}

TEST(Simulation, UrgentJobsMostlyGoFirst) {
  int urgent_first = 0;
  for (uint64_t seed = 1; seed <= 200; ++seed) {
    std::string order;
    Simulation sim(seed);
    sim.run([&] {
      SimExecutor executor(seed, 1);
      executor.submit(Urgency::kNormal, [&] {  // while the only thread is busy, three more arrive
        executor.submit(Urgency::kIdle, [&] { order += 'i'; });
        executor.submit(Urgency::kNormal, [&] { order += 'n'; });
        executor.submit(Urgency::kHigh, [&] { order += 'h'; });
      });
    });
    EXPECT_EQ(order.size(), 3U);
    urgent_first += order == "hni" ? 1 : 0;
  }
  EXPECT_GT(urgent_first, 140);
  EXPECT_LT(urgent_first, 200);
}

}  // namespace
}  // namespace nacre::sim
