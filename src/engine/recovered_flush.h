// RecoveredFlush: a memtable that recovery has filled becomes tables while the log is replayed further.
//
// The work is offered to the executor, which may come late or never: whoever waits for it does it himself if nobody has begun.
//
// Thread safety: one owner; the executor's thread is the other side. Lifetime: what the work borrows must live until finish()
// or the destructor has returned, and no longer. Who does not want the result any more need not wait for work that nobody has begun.
#pragma once

#include <functional>
#include <memory>
#include <optional>

#include "compaction/merge_job.h"
#include "nacre/runtime.h"
#include "sync/sync.h"

namespace nacre::engine {

class RecoveredFlush {
 public:
  using Work = std::function<Result<compaction::MergeResult>()>;

  RecoveredFlush(Executor& executor, Work work) : shared_(std::make_shared<Shared>(std::move(work))) {
    executor.submit(Urgency::kHigh, [shared = shared_] { shared->run(); });
  }
  RecoveredFlush(RecoveredFlush&&) = default;
  RecoveredFlush& operator=(RecoveredFlush&&) = delete;
  ~RecoveredFlush() {
    if (shared_ != nullptr) shared_->abandon();
  }

  // Waits for the end, or brings it about. To be called once.
  Result<compaction::MergeResult> finish() { return std::exchange(shared_, nullptr)->take(); }

 private:
  class Shared {
   public:
    explicit Shared(Work work) : work_(std::move(work)) {}

    void run() {
      Work work;
      {
        sync::MutexLock lock(mutex_);
        work.swap(work_);
      }
      if (work == nullptr) return;  // begun already
      Result<compaction::MergeResult> result = work();
      work = nullptr;  // what it holds on to may not outlive the owner, as a job that comes late does
      sync::MutexLock lock(mutex_);
      result_ = std::move(result);
      done_.notify_all();
    }
    // Never begins, or waits for the end.
    void abandon() {
      Work work;
      sync::MutexLock lock(mutex_);
      work.swap(work_);
      while (work == nullptr && !result_) done_.wait(mutex_);
    }
    Result<compaction::MergeResult> take() {
      run();
      sync::MutexLock lock(mutex_);
      while (!result_) done_.wait(mutex_);
      return *std::move(result_);
    }

   private:
    sync::Mutex mutex_;
    sync::CondVar done_;
    Work work_ NACRE_GUARDED_BY(mutex_);  // null: begun
    std::optional<Result<compaction::MergeResult>> result_ NACRE_GUARDED_BY(mutex_);
  };

  std::shared_ptr<Shared> shared_;
};

}  // namespace nacre::engine
