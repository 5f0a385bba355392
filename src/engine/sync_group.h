// SyncGroup: concurrent writers that want the disk share one sync.
//
// The first writer whose record is not durable yet leads: it syncs everything published so far, its own record and those
// of all who came before it; the others wait for it. Those that arrive meanwhile are covered by the next leader. A sync
// that fails fails all who wait on it, and everybody after: it is never retried (the kernel may have marked the pages
// clean), the caller stops the handle.
//
// Thread safety: through() from any thread.
#pragma once

#include <functional>
#include <utility>

#include "base/result.h"
#include "sync/sync.h"

namespace nacre::engine {

class SyncGroup {
 public:
  // `sync_log(target)` makes the log durable below `target`; `published` tells how far it is complete.
  SyncGroup(std::function<Result<void>(uint64_t)> sync_log, std::function<uint64_t()> published)
      : sync_log_(std::move(sync_log)), published_(std::move(published)) {}

  // Returns when everything below `lsn` is durable. `lsn` must have been published.
  Result<void> through(uint64_t lsn) {
    mutex_.lock();
    while (true) {
      if (failed_) break;
      if (synced_ >= lsn) break;
      if (leading_) {
        changed_.wait(mutex_);
        continue;
      }
      leading_ = true;
      mutex_.unlock();
      const uint64_t target = published_();
      const Result<void> result = sync_log_(target);
      mutex_.lock();
      leading_ = false;
      if (result) {
        synced_ = target;
      } else {
        failed_ = true;
        error_ = in_doubt(result.error());
      }
      changed_.notify_all();
    }
    const bool failed = failed_ && synced_ < lsn;
    const Error error = error_;
    mutex_.unlock();
    if (failed) return error;
    return {};
  }

 private:
  // Whatever the device said, even that it is full: the commits that wait are in memory and in the log, and may or may not
  // survive. kNoSpace would tell their writers that nothing happened.
  static Error in_doubt(Error error) {
    error.kind = ErrorKind::kIo;
    error.reason = "the log could not be synced: the outcome is unknown until the next open";
    return error;
  }

  std::function<Result<void>(uint64_t)> sync_log_;
  std::function<uint64_t()> published_;
  sync::Mutex mutex_;
  sync::CondVar changed_;
  bool leading_ NACRE_GUARDED_BY(mutex_) = false;
  bool failed_ NACRE_GUARDED_BY(mutex_) = false;
  uint64_t synced_ NACRE_GUARDED_BY(mutex_) = 0;
  Error error_ NACRE_GUARDED_BY(mutex_) = {};
};

}  // namespace nacre::engine
