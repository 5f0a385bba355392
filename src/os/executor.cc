// The executor: two crews of threads, one calm and one urgent.
//
// Why two. Background threads must not take the cores from the application: two threads of pure computing on this
// 2-core machine bring the 99th percentile of a synced 140-byte append from 0.2 to 2.0 ms, the maximum from 0.5 to
// 3.6. With the two at SCHED_BATCH and nice 10 the figures are 0.15 and 0.4 ms, as on an idle machine; against two
// foreground threads that never sleep they still get 5% of the cores (nice 0: a third; nice 19: 0.7%; SCHED_IDLE:
// 0.2%, which is how to starve a compaction for good).
//
// What the kernel allows (measured on 6.18, and so since 2.6.39): without privileges a thread may switch between
// SCHED_OTHER and SCHED_BATCH at will, and may lower itself (nice up, SCHED_IDLE), but never come back: nice down and
// leaving SCHED_IDLE take CAP_SYS_NICE or an RLIMIT_NICE that covers the old value, and its default covers none. So a
// thread cannot be calm for one job and urgent for the next. Hence:
//   - the calm crew is at SCHED_BATCH, nice 10, from its start, and runs kNormal jobs first and then kIdle ones;
//   - the urgent crew stays as it was created and runs kHigh jobs only: one never waits behind calm work;
//   - set_urgency(), and nice 19 for kIdle jobs, work only where the first calm thread found that the way back is open.
//     Elsewhere a running job keeps the class of its crew, and work that became urgent is best submitted anew.
//
// Shutdown: the destructor lets everything finish, also what running jobs submit meanwhile: a thread leaves only when
// no queue holds a job and no job runs. It must not be called from a job.
//
// Thread safety: all of it. Jobs of one urgency start in the order they were submitted.

#include <sched.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <deque>
#include <functional>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "os/posix.h"
#include "os/process.h"
#include "sync/sync.h"

namespace nacre::os {

namespace {

constexpr size_t kUrgencies = 3;
constexpr size_t index_of(Urgency urgency) { return static_cast<size_t>(urgency); }

enum class Crew { kCalm, kUrgent };

// The scheduling class of one thread; called by that thread only.
class ThreadClass {
 public:
  // A calm thread lowers itself, and tells whether it could rise again: it tries.
  bool start(Crew crew) {
    if constexpr (sync::kSimulated) return false;  // one real thread plays all of them: it stays as it is
    base_nice_ = ::getpriority(PRIO_PROCESS, self());
    if (crew == Crew::kUrgent) return false;
    apply(Urgency::kNormal);
    if (::setpriority(PRIO_PROCESS, self(), base_nice_) != 0) return false;
    current_ = Urgency::kHigh;
    apply(Urgency::kNormal);
    return true;
  }

  void apply(Urgency urgency) {
    if (urgency == current_) return;
    const sched_param none = {};
    ::sched_setscheduler(0, urgency == Urgency::kHigh ? SCHED_OTHER : SCHED_BATCH, &none);
    ::setpriority(PRIO_PROCESS, self(), std::min(kLowestNice, base_nice_ + kNiceAdded[index_of(urgency)]));
    current_ = urgency;
  }

 private:
  static constexpr int kLowestNice = 19;
  static constexpr std::array<int, kUrgencies> kNiceAdded = {19, 10, 0};

  static id_t self() { return static_cast<id_t>(::syscall(SYS_gettid)); }

  int base_nice_ = 0;
  Urgency current_ = Urgency::kHigh;
};

thread_local ThreadClass class_of_thread;

class CrewExecutor final : public Executor {
 public:
  explicit CrewExecutor(uint32_t threads) : threads_(std::max(1U, threads)) {
    for (uint32_t i = 0; i < threads_; ++i) {
      crew_.push_back(std::make_unique<sync::Thread>("nacre-calm", [this] { serve(Crew::kCalm); }));
      crew_.push_back(std::make_unique<sync::Thread>("nacre-urgent", [this] { serve(Crew::kUrgent); }));
    }
  }

  ~CrewExecutor() override {
    {
      sync::MutexLock lock(mutex_);
      stopping_ = true;
    }
    calm_work_.notify_all();
    urgent_work_.notify_all();
    for (auto& thread : crew_) thread->join();
  }

  void submit(Urgency urgency, std::function<void()> job) override {
    {
      sync::MutexLock lock(mutex_);
      queues_[index_of(urgency)].push_back(std::move(job));
    }
    (urgency == Urgency::kHigh ? urgent_work_ : calm_work_).notify_one();
  }

  uint32_t threads() const override { return threads_; }

  void set_urgency(Urgency urgency) override {
    if (reversible_.load(std::memory_order_relaxed)) class_of_thread.apply(urgency);
  }

 private:
  struct Job {
    Urgency urgency;
    std::function<void()> run;
  };

  void serve(Crew crew);
  bool take(Crew crew, Job* job) NACRE_REQUIRES(mutex_);
  bool all_done() const NACRE_REQUIRES(mutex_) {
    return running_ == 0 &&
           std::all_of(queues_.begin(), queues_.end(), [](const auto& queue) { return queue.empty(); });
  }

  const uint32_t threads_;
  std::atomic<bool> reversible_{false};  // threads may be raised again
  std::vector<std::unique_ptr<sync::Thread>> crew_;

  sync::Mutex mutex_;
  sync::CondVar calm_work_;    // kNormal or kIdle was queued, or everything is done
  sync::CondVar urgent_work_;  // kHigh was queued, or everything is done
  std::array<std::deque<std::function<void()>>, kUrgencies> queues_ NACRE_GUARDED_BY(mutex_);
  uint32_t running_ NACRE_GUARDED_BY(mutex_) = 0;
  bool stopping_ NACRE_GUARDED_BY(mutex_) = false;
};

bool CrewExecutor::take(Crew crew, Job* job) {
  static constexpr std::array kCalmOrder = {Urgency::kNormal, Urgency::kIdle};
  static constexpr std::array kUrgentOrder = {Urgency::kHigh};
  const std::span<const Urgency> order =
      crew == Crew::kCalm ? std::span<const Urgency>(kCalmOrder) : std::span<const Urgency>(kUrgentOrder);
  for (const Urgency urgency : order) {
    auto& queue = queues_[index_of(urgency)];
    if (queue.empty()) continue;
    *job = {urgency, std::move(queue.front())};
    queue.pop_front();
    return true;
  }
  return false;
}

void CrewExecutor::serve(Crew crew) {
  if (class_of_thread.start(crew)) reversible_.store(true, std::memory_order_relaxed);
  sync::CondVar& work = crew == Crew::kCalm ? calm_work_ : urgent_work_;
  mutex_.lock();
  for (;;) {
    Job job;
    while (!take(crew, &job)) {
      if (stopping_ && all_done()) {
        mutex_.unlock();
        return;
      }
      work.wait(mutex_);
    }
    ++running_;
    mutex_.unlock();

    set_urgency(job.urgency);
    job.run();
    job.run = nullptr;  // what it holds goes before the job counts as done, and without our mutex

    mutex_.lock();
    if (--running_ == 0 && stopping_ && all_done()) {
      calm_work_.notify_all();
      urgent_work_.notify_all();
    }
  }
}

}  // namespace

std::shared_ptr<Executor> make_executor(uint32_t threads) {
  // A forked child has the object and none of its threads: joining them would wait for ever, so there it is let go.
  return {new CrewExecutor(threads), [generation = process_generation()](CrewExecutor* executor) {
            if (generation == process_generation()) delete executor;
          }};
}

}  // namespace nacre::os
