// The deterministic scheduler: same seed same run, and it finds what is planted.
#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <exception>
#include <functional>
#include <new>
#include <set>
#include <string>
#include <vector>

#include "sync/simulated_scheduler.h"
#include "sync/sync.h"

namespace nacre::sync {
namespace {

RunResult run(const Schedule& schedule, const std::function<void()>& body) {
  return Scheduler::instance().run(schedule, body);
}

// Locking in ways that the compiler's analysis rightly refuses.
void take(Mutex& mutex) NACRE_NO_THREAD_ANALYSIS { mutex.lock(); }
void give(Mutex& mutex) NACRE_NO_THREAD_ANALYSIS { mutex.unlock(); }
void wait(CondVar& condition, Mutex& mutex) NACRE_NO_THREAD_ANALYSIS { condition.wait(mutex); }

Schedule random_schedule(uint64_t seed) {
  Schedule schedule;
  schedule.seed = seed;
  return schedule;
}

Schedule pct_schedule(uint64_t seed, uint32_t depth, uint64_t steps) {
  Schedule schedule = random_schedule(seed);
  schedule.strategy = Strategy::kPct;
  schedule.pct_depth = depth;
  schedule.pct_steps = steps;
  schedule.spurious_wake_one_in = 0;
  return schedule;
}

// Three threads that take turns under a lock and write down who came when.
std::string race(const Schedule& schedule, RunResult* result) {
  std::string order;
  *result = run(schedule, [&] {
    Mutex mutex;
    std::vector<Thread> threads;
    for (char name : {'a', 'b', 'c'}) {
      threads.emplace_back(std::string(1, name), [&, name] {
        for (int i = 0; i < 5; ++i) {
          MutexLock lock(mutex);
          order += name;
        }
      });
    }
    for (Thread& thread : threads) thread.join();
  });
  return order;
}

TEST(Scheduler, SameSeedSameRun) {
  for (uint64_t seed = 1; seed <= 50; ++seed) {
    RunResult first;
    RunResult second;
    const std::string order = race(Schedule::from_seed(seed), &first);
    EXPECT_EQ(order, race(Schedule::from_seed(seed), &second)) << "seed " << seed;
    EXPECT_EQ(first.ending, Ending::kDone) << first.report;
    EXPECT_EQ(first.trace_hash, second.trace_hash) << "seed " << seed;
    EXPECT_EQ(first.steps, second.steps);
    EXPECT_EQ(first.virtual_ns, second.virtual_ns);
  }
}

TEST(Scheduler, SeedsExploreManyInterleavings) {
  std::set<std::string> orders;
  std::set<uint64_t> traces;
  for (uint64_t seed = 1; seed <= 200; ++seed) {
    RunResult result;
    orders.insert(race(random_schedule(seed), &result));
    traces.insert(result.trace_hash);
  }
  EXPECT_GT(orders.size(), 190U);
  EXPECT_GT(traces.size(), 195U);
}

TEST(Scheduler, StrategiesDrawnFromSeedsAreAllUsed) {
  std::set<Strategy> seen;
  for (uint64_t seed = 1; seed <= 100; ++seed) seen.insert(Schedule::from_seed(seed).strategy);
  EXPECT_EQ(seen.size(), 3U);
}

// A counter incremented without a lock, with a point between the load and the store.
int increments_that_survive(const Schedule& schedule, bool locked) {
  int counter = 0;
  const RunResult result = run(schedule, [&] {
    Mutex mutex;
    const auto body = [&] {
      for (int i = 0; i < 3; ++i) {
        if (locked) take(mutex);
        const int seen = counter;
        yield_point();
        counter = seen + 1;
        if (locked) give(mutex);
      }
    };
    Thread a("a", body);
    Thread b("b", body);
    a.join();
    b.join();
  });
  EXPECT_EQ(result.ending, Ending::kDone) << result.report;
  return counter;
}

TEST(Scheduler, FindsLostUpdateAndNoneUnderALock) {
  int found = 0;
  for (uint64_t seed = 1; seed <= 100; ++seed) {
    found += increments_that_survive(random_schedule(seed), false) < 6 ? 1 : 0;
    EXPECT_EQ(increments_that_survive(Schedule::from_seed(seed), true), 6) << "seed " << seed;
  }
  EXPECT_GT(found, 30);
}

RunResult opposite_order(const Schedule& schedule) {
  return run(schedule, [] {
    Mutex left;
    Mutex right;
    const auto take_both = [](Mutex& first, Mutex& second) {
      MutexLock a(first);
      MutexLock b(second);
    };
    Thread one("one", [&] { take_both(left, right); });
    Thread two("two", [&] { take_both(right, left); });
    one.join();
    two.join();
  });
}

TEST(Scheduler, FindsDeadlockAndReportsWhoWaitsForWhom) {
  int found = 0;
  for (uint64_t seed = 1; seed <= 100; ++seed) {
    const RunResult result = opposite_order(random_schedule(seed));
    if (result.ending == Ending::kDone) continue;
    ++found;
    EXPECT_EQ(result.ending, Ending::kDeadlock);
    EXPECT_NE(result.report.find("\"one\" waits at lock, for thread 3 \"two\""), std::string::npos) << result.report;
    EXPECT_NE(result.report.find("\"two\" waits at lock, for thread 2 \"one\""), std::string::npos) << result.report;
    EXPECT_NE(result.report.find("last decisions"), std::string::npos);
  }
  EXPECT_GT(found, 10);
  EXPECT_LT(found, 100);
}

TEST(Scheduler, LostWakeupIsADeadlock) {
  int found = 0;
  for (uint64_t seed = 1; seed <= 100; ++seed) {
    Schedule schedule = random_schedule(seed);
    schedule.spurious_wake_one_in = 0;
    const RunResult result = run(schedule, [] {
      Mutex mutex;
      CondVar changed;
      std::atomic<bool> ready = false;
      Thread waiter("waiter", [&] {
        if (ready.load()) return;  // looks without the lock: the wake-up may come before the wait
        MutexLock lock(mutex);
        changed.wait(mutex);
      });
      ready = true;
      changed.notify_one();
      waiter.join();
    });
    found += result.ending == Ending::kDeadlock ? 1 : 0;
  }
  EXPECT_GT(found, 5);
  EXPECT_LT(found, 95);
}

// The planted bug needs one ordering constraint: `late` must run to its end before `early`, which started first, goes
// on after its 40th step. A random walk over 41 coin tosses never does that; PCT with depth 2 does it often.
bool ordering_bug(const Schedule& schedule) {
  bool bug = false;
  const RunResult result = run(schedule, [&] {
    int stage = 0;
    Thread early("early", [&] {
      for (int i = 0; i < 40; ++i) {
        stage = i;
        yield_point();
      }
      stage = 40;
    });
    Thread late("late", [&] {
      for (int i = 0; i < 40; ++i) yield_point();
      bug = stage == 17;
    });
    early.join();
    late.join();
  });
  EXPECT_EQ(result.ending, Ending::kDone);
  return bug;
}

TEST(Scheduler, PctFindsAnOrderingBugThatRandomWalksMiss) {
  int by_pct = 0;
  int by_chance = 0;
  for (uint64_t seed = 1; seed <= 1000; ++seed) {
    by_pct += ordering_bug(pct_schedule(seed, 2, 90)) ? 1 : 0;
    by_chance += ordering_bug(random_schedule(seed)) ? 1 : 0;
  }
  EXPECT_GE(by_pct, 3);
  EXPECT_LE(by_chance, 1);
}

TEST(Scheduler, PctDepthOneNeverPreempts) {
  for (uint64_t seed = 1; seed <= 50; ++seed) {
    RunResult result;
    const std::string order = race(pct_schedule(seed, 1, 100), &result);
    for (char name : {'a', 'b', 'c'}) EXPECT_NE(order.find(std::string(5, name)), std::string::npos) << order;
  }
}

TEST(Scheduler, StarvedThreadRunsLastButRuns) {
  int starved = 0;
  for (uint64_t seed = 1; seed <= 60; ++seed) {
    Schedule schedule = random_schedule(seed);
    schedule.strategy = Strategy::kStarveOne;
    RunResult result;
    const std::string order = race(schedule, &result);
    EXPECT_EQ(result.ending, Ending::kDone);
    EXPECT_EQ(order.size(), 15U);
    if (order.substr(10) == std::string(5, order[14])) ++starved;
  }
  EXPECT_GT(starved, 20);  // in a random walk about 1 in 1,000 ends with all five of one
}

// How many of a hundred steps of another thread fall between two steps of one.
uint64_t steps_between(const Schedule& schedule) {
  uint64_t between = 0;
  const RunResult result = run(schedule, [&] {
    uint64_t steps = 0;
    Thread busy("busy", [&] {
      for (; steps < 100; ++steps) yield_point();
    });
    yield_point();
    const uint64_t before = steps;
    yield_point();
    between = steps - before;
    busy.join();
  });
  EXPECT_EQ(result.ending, Ending::kDone);
  return between;
}

TEST(Scheduler, AStalledThreadMissesMuch) {
  int walks = 0;
  int stalls = 0;
  for (uint64_t seed = 1; seed <= 2000; ++seed) {
    Schedule schedule = random_schedule(seed);
    walks += steps_between(schedule) >= 50 ? 1 : 0;
    schedule.stall_one_in = 50;
    schedule.stall_ns = 100'000;
    stalls += steps_between(schedule) >= 50 ? 1 : 0;
  }
  EXPECT_EQ(walks, 0);
  EXPECT_GT(stalls, 5);
}

TEST(Scheduler, EveryStrategyGetsOutOfASpinLoop) {
  for (uint64_t seed = 1; seed <= 200; ++seed) {
    Schedule schedule = Schedule::from_seed(seed);
    schedule.step_limit = 200'000;
    const RunResult result = run(schedule, [] {
      std::atomic<bool> go = false;
      const auto spin = [&] {
        for (uint32_t turn = 0; !go.load(); ++turn) spin_turn(turn);
      };
      Thread a("a", spin);
      Thread b("b", spin);
      Thread opener("opener", [&] {
        for (int i = 0; i < 100; ++i) yield_point();
        go = true;
      });
      a.join();
      b.join();
      opener.join();
    });
    EXPECT_EQ(result.ending, Ending::kDone) << "seed " << seed << " " << schedule.to_string() << "\n" << result.report;
  }
}

TEST(Scheduler, LimitsAndFailuresEndTheRun) {
  Schedule schedule = random_schedule(1);
  schedule.step_limit = 1000;
  EXPECT_EQ(run(schedule,
                [] {
                  for (;;) yield_point();
                })
                .ending,
            Ending::kStepLimit);
  schedule.step_limit = kForeverNs;
  schedule.time_limit_ns = 60'000'000'000;
  EXPECT_EQ(run(schedule,
                [] {
                  for (;;) Scheduler::instance().sleep_ns(100'000'000);
                })
                .ending,
            Ending::kTimeLimit);
  const RunResult failed = run(schedule, [] {
    Thread judge("judge", [] { Scheduler::instance().stop("the oracle disagrees"); });
    judge.join();
  });
  EXPECT_EQ(failed.ending, Ending::kFailed);
  EXPECT_EQ(failed.report.find("the oracle disagrees"), 0U);
  const RunResult left = run(schedule, [] {
    auto* leaked = new Thread("left behind", [] {
      for (;;) yield_point();
    });
    static_cast<void>(leaked);
  });
  EXPECT_EQ(left.ending, Ending::kThreadsLeft);
  EXPECT_NE(left.report.find("left behind"), std::string::npos);
  EXPECT_EQ(run(schedule, [] { yield_point(); }).ending, Ending::kDone);  // and the next run is not disturbed
}

TEST(Scheduler, ThreadIndexesAreDenseAndUsedAgain) {
  const RunResult result = run(random_schedule(5), [] {
    std::set<uint32_t> seen;
    for (int round = 0; round < 10; ++round) {
      std::vector<Thread> threads;
      std::set<uint32_t> alive = {thread_index()};
      for (int i = 0; i < 4; ++i) {
        threads.emplace_back("t", [&] {
          EXPECT_TRUE(alive.insert(thread_index()).second);
          Scheduler::instance().sleep_ns(1'000'000);
        });
      }
      for (Thread& thread : threads) thread.join();
      seen.insert(alive.begin(), alive.end());
    }
    EXPECT_EQ(seen.size(), 5U);
    EXPECT_LE(*seen.rbegin(), 5U);
  });
  EXPECT_EQ(result.ending, Ending::kDone);
}

TEST(Scheduler, WorksOnTheMainStackWithoutARun) {
  Mutex mutex;
  CondVar changed;
  int produced = 0;
  Thread producer("producer", [&] {
    for (int i = 0; i < 10; ++i) {
      MutexLock lock(mutex);
      ++produced;
      changed.notify_one();
    }
  });
  {
    MutexLock lock(mutex);
    while (produced < 10) changed.wait(mutex);
  }
  producer.join();
  EXPECT_FALSE(Scheduler::instance().in_run());
  {  // alone, it waits in virtual time
    MutexLock lock(mutex);
    const uint64_t until = Scheduler::instance().now_ns() + 1'000'000;
    while (changed.wait_for(mutex, 1'000'000)) continue;
    EXPECT_GE(Scheduler::instance().now_ns(), until);
  }
}

TEST(Scheduler, MoveOnlyThreads) {
  int ran = 0;
  Thread first("t", [&] { ++ran; });
  Thread second = std::move(first);
  EXPECT_FALSE(first.joinable());  // NOLINT: that is the point
  EXPECT_TRUE(second.joinable());
  second.join();
  EXPECT_FALSE(second.joinable());
  EXPECT_EQ(ran, 1);
}

using SchedulerDeathTest = testing::Test;

TEST(SchedulerDeathTest, MisuseCrashes) {
  EXPECT_DEATH(
      {
        Mutex m;
        take(m);
        take(m);
      },
      "owner_");
  EXPECT_DEATH(
      {
        Mutex m;
        give(m);
      },
      "owner_");
  EXPECT_DEATH(
      {
        Mutex m;
        take(m);
      },
      "owner_ == nullptr");
  EXPECT_DEATH({ Thread t("t", [] {}); }, "fiber_ == nullptr");
  EXPECT_DEATH(
      {
        Mutex m;
        CondVar c;
        take(m);
        wait(c, m);
      },
      "deadlock outside a simulation");
}

TEST(SchedulerDeathTest, AThreadUnwoundBeforeItsJoinTerminates) {
  EXPECT_EXIT(
      {
        std::set_terminate([] { std::_Exit(7); });
        try {
          const Thread t("t", [] {});
          throw std::bad_alloc();
        } catch (const std::bad_alloc&) {
        }
      },
      testing::ExitedWithCode(7), "");
}

}  // namespace
}  // namespace nacre::sync
