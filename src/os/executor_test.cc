#include <gtest/gtest.h>
#include <sched.h>
#include <sys/resource.h>

#include <atomic>
#include <functional>
#include <memory>
#include <vector>

#include "os/testing.h"
#include "sync/sync.h"

namespace nacre::os {
namespace {

// Opens once; jobs wait at it.
class Gate {
 public:
  void open() {
    sync::MutexLock lock(mutex_);
    open_ = true;
    changed_.notify_all();
  }
  void wait() {
    sync::MutexLock lock(mutex_);
    while (!open_) changed_.wait(mutex_);
  }

 private:
  sync::Mutex mutex_;
  sync::CondVar changed_;
  bool open_ NACRE_GUARDED_BY(mutex_) = false;
};

int nice_of_thread() { return ::getpriority(PRIO_PROCESS, static_cast<id_t>(::syscall(SYS_gettid))); }

TEST(Executor, RunsEveryJobOnce) {
  constexpr int kJobs = 3000;
  std::vector<std::atomic<int>> runs(kJobs);
  {
    auto executor = make_executor(3);
    EXPECT_EQ(executor->threads(), 3u);
    for (int i = 0; i < kJobs; ++i) {
      executor->submit(static_cast<Urgency>(i % 3), [&, i] { runs[static_cast<size_t>(i)].fetch_add(1); });
    }
  }
  for (const auto& count : runs) EXPECT_EQ(count.load(), 1);
}

TEST(Executor, NoThreadsMeansOne) {
  Gate done;
  auto executor = make_executor(0);
  EXPECT_EQ(executor->threads(), 1u);
  executor->submit(Urgency::kIdle, [&] { done.open(); });
  done.wait();
}

TEST(Executor, NormalGoesBeforeIdleAndEachInOrder) {
  std::vector<int> order;
  {
    Gate go;
    auto executor = make_executor(1);
    executor->submit(Urgency::kNormal, [&] { go.wait(); });
    for (int i = 0; i < 5; ++i) executor->submit(Urgency::kIdle, [&, i] { order.push_back(100 + i); });
    for (int i = 0; i < 5; ++i) executor->submit(Urgency::kNormal, [&, i] { order.push_back(i); });
    go.open();
  }
  EXPECT_EQ(order, (std::vector<int>{0, 1, 2, 3, 4, 100, 101, 102, 103, 104}));
}

TEST(Executor, UrgentJobsDoNotWaitBehindCalmOnes) {
  Gate release_calm;
  Gate urgent_ran;
  auto executor = make_executor(1);
  executor->submit(Urgency::kNormal, [&] { release_calm.wait(); });
  executor->submit(Urgency::kIdle, [&] { release_calm.wait(); });
  executor->submit(Urgency::kHigh, [&] { urgent_ran.open(); });
  urgent_ran.wait();  // would hang if it shared the one calm thread
  release_calm.open();
}

TEST(Executor, DestructorFinishesWhatRunningJobsSubmit) {
  std::atomic<int> runs{0};
  {
    auto executor = make_executor(2);
    Executor& alive = *executor;
    for (int chain = 0; chain < 20; ++chain) {
      alive.submit(Urgency::kHigh, [&] {
        runs.fetch_add(1);
        alive.submit(Urgency::kIdle, [&] {  // the other crew may have nothing left by now
          runs.fetch_add(1);
          alive.submit(Urgency::kHigh, [&] {
            runs.fetch_add(1);
            alive.submit(Urgency::kNormal, [&] { runs.fetch_add(1); });
          });
        });
      });
    }
  }
  EXPECT_EQ(runs.load(), 80);
}

TEST(Executor, NoThreadLeavesWhileAJobMaySubmitMore) {
  bool ran = false;
  {
    auto executor = make_executor(1);
    Executor& alive = *executor;
    alive.submit(Urgency::kHigh, [&] {
      posix_clock()->sleep_ns(50'000'000);  // the destructor waits by now, and the calm thread has nothing to do
      alive.submit(Urgency::kNormal, [&] { ran = true; });
    });
  }
  EXPECT_TRUE(ran);
}

struct RunsAtEnd {
  std::function<void()> run;
  explicit RunsAtEnd(std::function<void()> body) : run(std::move(body)) {}
  ~RunsAtEnd() { run(); }
};

TEST(Executor, WhatAJobHoldsMaySubmitWhenItGoes) {
  bool ran = false;
  {
    auto executor = make_executor(1);
    Executor& alive = *executor;
    auto held = std::make_shared<RunsAtEnd>([&] { alive.submit(Urgency::kNormal, [&] { ran = true; }); });
    alive.submit(Urgency::kNormal, [held] {});
    held.reset();
  }
  EXPECT_TRUE(ran);
}

struct Seen {
  int nice = 0;
  int policy = 0;
  static Seen now() { return {nice_of_thread(), ::sched_getscheduler(0)}; }
  bool operator==(const Seen&) const = default;
};

// What jobs of each urgency see, and one that changes its mind.
struct Classes {
  Seen idle, normal, high, raised, lowered, after_raised;
};

Classes classes_of(Executor& executor) {
  Classes seen;
  Gate done[5];
  executor.submit(Urgency::kNormal, [&] {
    seen.normal = Seen::now();
    done[0].open();
  });
  done[0].wait();
  executor.submit(Urgency::kHigh, [&] {
    seen.high = Seen::now();
    executor.set_urgency(Urgency::kNormal);
    seen.lowered = Seen::now();
    done[1].open();
  });
  done[1].wait();
  executor.submit(Urgency::kIdle, [&] {
    seen.idle = Seen::now();
    done[2].open();
  });
  done[2].wait();
  executor.submit(Urgency::kNormal, [&] {
    executor.set_urgency(Urgency::kHigh);
    seen.raised = Seen::now();
    done[3].open();
  });
  done[3].wait();
  executor.submit(Urgency::kNormal, [&] {
    seen.after_raised = Seen::now();
    done[4].open();
  });
  done[4].wait();
  return seen;
}

TEST(Executor, CalmWorkYieldsTheCores) {
  const int base = nice_of_thread();
  if (base > 0) GTEST_SKIP() << "this process is lowered already";
  auto executor = make_executor(1);
  const Classes seen = classes_of(*executor);
  const Seen calm{base + 10, SCHED_BATCH};
  const Seen urgent{base, SCHED_OTHER};
  EXPECT_EQ(seen.normal, calm);
  EXPECT_EQ(seen.high, urgent);
  EXPECT_EQ(seen.after_raised, calm) << "set_urgency lasts for the job only";
  EXPECT_GE(seen.idle.nice, base + 10);
  if (is_root()) {
    EXPECT_EQ(seen.idle, (Seen{base + 19, SCHED_BATCH}));
    EXPECT_EQ(seen.raised, urgent);
    EXPECT_EQ(seen.lowered, calm);
  }
}

TEST(Executor, WithoutPrivilegesNoThreadIsLoweredForGood) {
  if (!is_root()) GTEST_SKIP() << "needs root, to become somebody else";
  rlimit limit = {};
  ASSERT_EQ(::getrlimit(RLIMIT_NICE, &limit), 0);
  const int base = nice_of_thread();
  if (limit.rlim_cur != 0 || base > 0) GTEST_SKIP() << "this user may lower nice values";
  as_nobody([&] {
    auto executor = make_executor(1);
    const Classes seen = classes_of(*executor);
    const Seen calm{base + 10, SCHED_BATCH};
    const Seen urgent{base, SCHED_OTHER};
    EXPECT_EQ(seen.normal, calm);
    EXPECT_EQ(seen.idle, calm) << "nice 19 could not be undone";
    EXPECT_EQ(seen.raised, calm) << "not permitted, so not tried";
    EXPECT_EQ(seen.after_raised, calm);
    EXPECT_EQ(seen.high, urgent);
    EXPECT_EQ(seen.lowered, urgent) << "it could not come back";
  });
}

TEST(Executor, ForkedChildLetsItGo) {
  Gate done;
  auto executor = make_executor(2);
  EXPECT_EQ(in_child([&] {
              executor.reset();  // its threads do not exist here
              return 0;
            }),
            0);
  executor->submit(Urgency::kNormal, [&] { done.open(); });
  done.wait();
}

}  // namespace
}  // namespace nacre::os
