// SyncGroup: concurrent writers that want the disk share one sync.
//
// The first writer whose record is not durable yet leads: it syncs everything published so far, its own record and those
// of all who came before it; the others wait for it. Those that arrive meanwhile are covered by the next leader.
//
// Writers in a loop would part into two groups that sync in turn, each half as large as it could be: those who were just
// served come too late for the next sync by the few microseconds of a wake-up. So a leader waits until as many writers have
// come as the last sync served, but no longer than that sync took. If most of them did not come, it does not wait the next few
// times. A writer alone never waits: the one that the last sync served is itself.
//
// A sync that fails fails all who wait on it, and everybody after: it is never retried (the kernel may have marked the pages
// clean), the caller stops the handle.
//
// Thread safety: through() from any thread.
#pragma once

#include <algorithm>
#include <functional>
#include <utility>

#include "base/result.h"
#include "nacre/runtime.h"
#include "sync/sync.h"

namespace nacre::engine {

class SyncGroup {
 public:
  // `sync_log(target)` makes the log durable below `target`; `published` tells how far it is complete.
  SyncGroup(std::function<Result<void>(uint64_t)> sync_log, std::function<uint64_t()> published, Clock& clock)
      : sync_log_(std::move(sync_log)), published_(std::move(published)), clock_(clock) {}

  // Returns when everything below `lsn` is durable. `lsn` must have been published.
  Result<void> through(uint64_t lsn) {
    mutex_.lock();
    uncovered_++;
    if (++came_ >= served_ && gathering_) gathered_.notify_one();
    while (leading_ && !failed_ && synced_ < lsn) changed_.wait(mutex_);
    if (synced_ >= lsn || failed_) {
      const Result<void> result = synced_ >= lsn ? Result<void>() : error_;
      mutex_.unlock();
      return result;
    }
    leading_ = true;
    gather();
    const uint32_t covered = std::exchange(uncovered_, 0);  // published, before they came
    mutex_.unlock();
    const Result<void> result = lead(covered);
    changed_.notify_all();  // without the mutex, for which they would only wait again
    return result;
  }

 private:
  static constexpr uint64_t kLongestGatheringNs = 200'000;
  static constexpr uint32_t kTurnsWithoutGathering = 16;  // after one in vain

  // The leader waits for those whom the last sync served.
  void gather() NACRE_REQUIRES(mutex_) {
    if (turns_without_gathering_ != 0) {
      turns_without_gathering_--;
      return;
    }
    const uint64_t longest_ns = std::min(sync_ns_, kLongestGatheringNs);
    if (came_ >= served_ || longest_ns == 0) return;
    const uint64_t end_ns = clock_.now_ns() + longest_ns;
    gathering_ = true;
    for (uint64_t now_ns = end_ns - longest_ns; came_ < served_ && now_ns < end_ns && !failed_; now_ns = clock_.now_ns())
      gathered_.wait_for(mutex_, end_ns - now_ns);
    gathering_ = false;
    if (came_ < served_ / 2) turns_without_gathering_ = kTurnsWithoutGathering;
  }

  // One sync of everything published, for `covered` callers.
  Result<void> lead(uint32_t covered) {
    const uint64_t target = published_();
    const uint64_t begin_ns = clock_.now_ns();
    Result<void> result = sync_log_(target);
    sync_ns_ = clock_.now_ns() - begin_ns;
    sync::MutexLock lock(mutex_);
    leading_ = false;
    served_ = covered;
    came_ = 0;
    if (result) {
      synced_ = target;
    } else {
      failed_ = true;
      error_ = in_doubt(result.error());
      result = error_;
    }
    return result;
  }

  // Whatever the device said, even that it is full: the commits that wait are in memory and in the log, and may or may not
  // survive. kNoSpace would tell their writers that nothing happened.
  static Error in_doubt(Error error) {
    error.kind = ErrorKind::kIo;
    error.reason = "the log could not be synced: the outcome is unknown until the next open";
    return error;
  }

  std::function<Result<void>(uint64_t)> sync_log_;
  std::function<uint64_t()> published_;
  Clock& clock_;
  uint64_t sync_ns_ = 0;  // the leader's: how long the last one took
  sync::Mutex mutex_;
  sync::CondVar gathered_;  // the leader waits on it
  bool gathering_ NACRE_GUARDED_BY(mutex_) = false;
  uint32_t uncovered_ NACRE_GUARDED_BY(mutex_) = 0;  // callers who came since the last sync began
  uint32_t served_ NACRE_GUARDED_BY(mutex_) = 0;     // those whom it served
  uint32_t came_ NACRE_GUARDED_BY(mutex_) = 0;       // callers since it ended
  uint32_t turns_without_gathering_ NACRE_GUARDED_BY(mutex_) = 0;
  sync::CondVar changed_;
  bool leading_ NACRE_GUARDED_BY(mutex_) = false;
  bool failed_ NACRE_GUARDED_BY(mutex_) = false;
  uint64_t synced_ NACRE_GUARDED_BY(mutex_) = 0;
  Error error_ NACRE_GUARDED_BY(mutex_) = {};
};

}  // namespace nacre::engine
