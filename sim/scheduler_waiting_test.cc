// Virtual time, and waiting with a limit and without one.
#include <gtest/gtest.h>

#include <functional>
#include <vector>

#include "sync/simulated_scheduler.h"
#include "sync/sync.h"

namespace nacre::sync {
namespace {

RunResult run(const Schedule& schedule, const std::function<void()>& body) {
  return Scheduler::instance().run(schedule, body);
}

Schedule random_schedule(uint64_t seed) {
  Schedule schedule;
  schedule.seed = seed;
  return schedule;
}

TEST(Scheduler, TimeIsVirtual) {
  uint64_t woke_a = 0;
  uint64_t woke_b = 0;
  const RunResult result = run(random_schedule(7), [&] {
    Scheduler& scheduler = Scheduler::instance();
    const uint64_t start = scheduler.now_ns();
    Thread a("a", [&] {
      scheduler.sleep_ns(3'600'000'000'000);
      woke_a = scheduler.now_ns() - start;
    });
    Thread b("b", [&] {
      scheduler.sleep_ns(1'000);
      woke_b = scheduler.now_ns() - start;
    });
    a.join();
    b.join();
  });
  EXPECT_EQ(result.ending, Ending::kDone);
  EXPECT_GE(woke_a, 3'600'000'000'000U);
  EXPECT_LT(woke_a, 3'600'100'000'000U);
  EXPECT_GE(woke_b, 1'000U);
  EXPECT_LT(woke_b, 100'000U);
}

TEST(Scheduler, WaitForTimesOutUnlessNotified) {
  int in_time = 0;
  int too_late = 0;
  for (uint64_t seed = 1; seed <= 100; ++seed) {
    Schedule schedule = random_schedule(seed);
    schedule.spurious_wake_one_in = 0;
    run(schedule, [&] {
      Mutex mutex;
      CondVar changed;
      Thread notifier("notifier", [&] {
        Scheduler::instance().sleep_ns(999'000 + Scheduler::instance().steps() % 2 * 4'000);
        changed.notify_one();
      });
      {
        MutexLock lock(mutex);
        const uint64_t start = Scheduler::instance().now_ns();
        if (changed.wait_for(mutex, 1'000'000)) {
          ++in_time;
        } else {
          ++too_late;
          EXPECT_GE(Scheduler::instance().now_ns() - start, 1'000'000U);
        }
      }
      notifier.join();
    });
  }
  EXPECT_GT(in_time, 10);
  EXPECT_GT(too_late, 10);
}

TEST(Scheduler, SpuriousWakeupsHappen) {
  int returned = 0;
  Schedule schedule = random_schedule(3);
  schedule.spurious_wake_one_in = 4;
  const RunResult result = run(schedule, [&] {
    Mutex mutex;
    CondVar never;
    MutexLock lock(mutex);
    for (int i = 0; i < 100; ++i) returned += never.wait_for(mutex, 1000) ? 1 : 0;
  });
  EXPECT_EQ(result.ending, Ending::kDone);
  EXPECT_GT(returned, 5);
  EXPECT_LT(returned, 60);
}

TEST(Scheduler, NotifyOneWakesOneNotifyAllWakesAll) {
  int woken = 0;
  int after_one = 0;
  Schedule schedule = random_schedule(11);
  schedule.spurious_wake_one_in = 0;
  const RunResult result = run(schedule, [&] {
    Mutex mutex;
    CondVar changed;
    std::vector<Thread> threads;
    for (int i = 0; i < 4; ++i) {
      threads.emplace_back("waiter", [&] {
        MutexLock lock(mutex);
        changed.wait(mutex);
        ++woken;
      });
    }
    Scheduler::instance().sleep_ns(1'000'000);
    changed.notify_one();
    Scheduler::instance().sleep_ns(1'000'000);
    after_one = woken;
    changed.notify_all();
    for (Thread& thread : threads) thread.join();
  });
  EXPECT_EQ(result.ending, Ending::kDone) << result.report;
  EXPECT_EQ(after_one, 1);
  EXPECT_EQ(woken, 4);
}

}  // namespace
}  // namespace nacre::sync
