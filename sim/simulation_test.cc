// The whole machine on a toy: a right store survives every seed, each planted bug is found, and seeds replay.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <set>
#include <string>
#include <vector>

#include "base/assert.h"
#include "sim/campaign.h"
#include "sim/probes.h"
#include "sim/simulation.h"
#include "sim/toy_store.h"

namespace nacre::sim {
namespace {

using sync::Ending;
using sync::RunResult;

// What was written in commit order, and how much of it must be there after the next open.
struct Oracle {
  std::vector<uint64_t> values;
  uint64_t survives_power = 0;
  uint64_t survives_kill = 0;
  bool power_lost = false;

  std::string check(const ToyStore& store) const {
    const uint64_t k = store.count();
    const uint64_t least = power_lost ? survives_power : survives_kill;
    if (k > values.size()) return "recovered more than was written";
    if (k < least) return "lost " + std::to_string(least - k) + " acknowledged writes of " + std::to_string(least);
    uint64_t hash = 0;
    for (uint64_t i = 0; i < k; ++i) hash = ToyStore::extend_hash(hash, values[i]);
    if (hash != store.hash()) return "recovered something that is not a prefix";
    return "";
  }
  void opened(uint64_t k) {  // an open decides: this much stays for ever
    values.resize(k);
    survives_power = survives_kill = k;
    power_lost = false;
  }
};

void write_from_threads(Simulation& sim, ToyStore& store, Oracle& oracle) {
  const uint64_t boot = sim.disk().boot();
  std::vector<sync::Thread> writers;
  for (uint64_t w = 0; w < 3; ++w) {
    writers.emplace_back("writer", [&, w] {
      for (uint64_t i = 0; i < 20; ++i) {
        const bool durable = sim.prng().one_in(4);
        const auto position = store.append(w << 32 | i, durable);
        if (!position || !sim.disk().alive(boot)) return;  // the dead acknowledge nothing
        oracle.survives_kill = std::max(oracle.survives_kill, *position + 1);
        if (durable) oracle.survives_power = std::max(oracle.survives_power, *position + 1);
      }
    });
  }
  for (sync::Thread& writer : writers) writer.join();
}

void plan_an_end(Simulation& sim) {
  base::Prng& prng = sim.prng();
  sim.disk().faults().clear();
  if (prng.one_in(4)) sim.disk().faults().set_rates({.sync_error = 40});
  static constexpr CrashProfile kProfiles[] = {CrashProfile::kPrefix, CrashProfile::kTorn, CrashProfile::kPosixMin};
  static constexpr FaultEffect kEnds[] = {FaultEffect::kPowerCut, FaultEffect::kPowerCutAfter, FaultEffect::kKill};
  sim.disk().faults().plan(
      {.nth = 1 + prng.below(150), .effect = kEnds[prng.below(3)], .profile = kProfiles[prng.below(3)]});
}

// One life of the process: open, check, write, end.
void one_boot(Simulation& sim, const Bugs& bugs, Oracle& oracle) {
  const uint64_t cuts = sim.disk().cuts();
  {
    auto store = ToyStore::open(sim.runtime(), bugs, [&](uint64_t value) { oracle.values.push_back(value); });
    if (store) {
      const std::string wrong = oracle.check(**store);
      if (!wrong.empty()) sim.fail(wrong);
      oracle.opened((*store)->count());
      write_from_threads(sim, **store, oracle);
    } else if (store.error().kind != ErrorKind::kIo) {
      sim.fail("open failed: " + store.error().to_string());
    }
  }
  NACRE_SOMETIMES("a boot ends in the middle of its work", !sim.disk().is_on());
  NACRE_SOMETIMES("a boot ends with the process killed", !sim.disk().is_on() && sim.disk().cuts() == cuts);
  oracle.power_lost |= sim.disk().cuts() != cuts;
  if (!sim.disk().is_on()) sim.disk().restart();
}

RunResult toy_workload(uint64_t seed, const Bugs& bugs = {}) {
  Simulation sim(seed);
  return sim.run([&] {
    Oracle oracle;
    for (int boots = 0; boots < 6; ++boots) {
      plan_an_end(sim);
      one_boot(sim, bugs, oracle);
    }
  });
}

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
    uint64_t wall = sim.clock().wall_ns();
    int backwards = 0;
    for (int i = 0; i < 100; ++i) {
      sim.clock().sleep_ns(1'000'000);
      EXPECT_GE(sim.clock().now_ns(), now + 1'000'000);
      now = sim.clock().now_ns();
      EXPECT_GE(sim.clock().coarse_now_ns(), coarse);
      coarse = sim.clock().coarse_now_ns();
      EXPECT_LE(coarse, now);
      const uint64_t next = sim.clock().wall_ns();
      backwards += next < wall ? 1 : 0;
      wall = next;
    }
    EXPECT_GT(backwards, 10);
  });
  EXPECT_EQ(result.ending, Ending::kDone);
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

// A workload without parts, made of one function.
class Simple final : public Workload {
 public:
  explicit Simple(std::function<RunResult(uint64_t)> run) : run_(std::move(run)) {}
  const char* name() const override { return "simple"; }
  std::vector<std::string> profiles() const override { return {"mix"}; }
  std::vector<std::string> plan(uint64_t, const std::string&) override { return {}; }
  RunResult run(uint64_t seed, const std::string&, const Keep&) override { return run_(seed); }

 private:
  const std::function<RunResult(uint64_t)> run_;
};

TEST(Campaign, RunsReplaysAndFails) {
  const auto run = [](std::vector<const char*> words, const Bugs& bugs) {
    words.insert(words.begin(), "nacre-sim");
    testing::internal::CaptureStdout();
    Simple toy([&](uint64_t seed) { return toy_workload(seed, bugs); });
    const int status = campaign_main(static_cast<int>(words.size()), words.data(), {&toy});
    return std::to_string(status) + "\n" + testing::internal::GetCapturedStdout();
  };
  EXPECT_NE(run({"--seeds", "1..20", "--gate", "5"}, {}).find("0\n20 seeds, 0 failed"), std::string::npos);
  const Bugs bugs = {.acknowledge_before_sync = true};
  const std::string failing = run({"--seeds", "1..1000"}, bugs);
  EXPECT_EQ(failing[0], '1');
  const size_t at = failing.find("replay: nacre-sim ");
  ASSERT_NE(at, std::string::npos) << failing;
  const std::string seed = failing.substr(at + 18, failing.find('\n', at) - at - 18);
  const std::string replayed = run({seed.c_str()}, bugs);
  EXPECT_EQ(replayed[0], '1');
  EXPECT_NE(replayed.find("acknowledged writes"), std::string::npos);
  EXPECT_NE(replayed.find("  2 ->   1  wait"), std::string::npos) << "no decisions in the trace";
  EXPECT_NE(replayed.find("store of file 1, 24 bytes at 0"), std::string::npos) << "no I/O in the trace";
  EXPECT_NE(replayed.find("FAULT: power cut"), std::string::npos) << "no faults in the trace";
}

TEST(Campaign, RefusesWhatItDoesNotUnderstand) {
  const auto status = [](std::vector<const char*> words) {
    words.insert(words.begin(), "nacre-sim");
    Simple idle([](uint64_t) { return RunResult{}; });
    return campaign_main(static_cast<int>(words.size()), words.data(), {&idle});
  };
  EXPECT_EQ(status({}), 2);
  EXPECT_EQ(status({"x"}), 2);
  EXPECT_EQ(status({"--seeds", "5..1"}), 2);
  EXPECT_EQ(status({"--seeds", "5"}), 2);
  EXPECT_EQ(status({"1", "--seeds", "1..2"}), 2);
}

TEST(Campaign, NoticesWhatDependsOnMoreThanTheSeed) {
  uint64_t calls = 0;
  const char* const words[] = {"nacre-sim", "--seeds", "1..10", "--gate", "5"};
  testing::internal::CaptureStdout();
  Simple counting([&](uint64_t) {
    RunResult result;
    result.trace_hash = ++calls;
    return result;
  });
  const int status = campaign_main(5, words, {&counting});
  EXPECT_EQ(status, 1);
  EXPECT_NE(testing::internal::GetCapturedStdout().find("depends on more than the seed"), std::string::npos);
}

}  // namespace
}  // namespace nacre::sim
