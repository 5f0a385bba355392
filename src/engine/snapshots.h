// SnapshotList: the sequences that somebody may still read at, so that no compaction drops what they see.
//
// Invariant: a sequence is taken and registered in one step under the mutex, and a job takes its horizon (all registered
// sequences and the newest visible one) in one step under the same mutex. So a job that does not know of a snapshot began
// with a horizon at or below it, and keeps what it sees.
//
// Thread safety: all calls.
#pragma once

#include <algorithm>
#include <functional>
#include <memory>
#include <set>
#include <vector>

#include "format/entry.h"
#include "sync/sync.h"

namespace nacre::engine {

class SnapshotList {
 public:
  format::Sequence take(const std::function<format::Sequence()>& visible) {
    sync::MutexLock lock(mutex_);
    return *held_.insert(visible());
  }
  void release(format::Sequence sequence) {
    sync::MutexLock lock(mutex_);
    held_.erase(held_.find(sequence));
  }
  // Ascending, without repeats, the newest visible sequence last.
  std::vector<format::Sequence> horizon(const std::function<format::Sequence()>& visible) const {
    sync::MutexLock lock(mutex_);
    std::vector<format::Sequence> all(held_.begin(), held_.end());
    all.push_back(visible());
    all.erase(std::unique(all.begin(), all.end()), all.end());
    return all;
  }
  size_t count() const {
    sync::MutexLock lock(mutex_);
    return held_.size();
  }

 private:
  mutable sync::Mutex mutex_;
  std::multiset<format::Sequence> held_ NACRE_GUARDED_BY(mutex_);
};

class Core;

// What a Snapshot of the public API holds.
class SnapshotHold {
 public:
  SnapshotHold(std::shared_ptr<Core> core, format::Sequence sequence) : core_(std::move(core)), sequence_(sequence) {}
  ~SnapshotHold();
  SnapshotHold(const SnapshotHold&) = delete;
  SnapshotHold& operator=(const SnapshotHold&) = delete;

  const Core* core() const { return core_.get(); }
  format::Sequence sequence() const { return sequence_; }

 private:
  std::shared_ptr<Core> core_;
  format::Sequence sequence_;
};

}  // namespace nacre::engine
