// The end of a core: everything written is made durable, threads end, the directory's lock goes.

#include <algorithm>
#include <iterator>

#include "engine/core.h"

namespace nacre::engine {

Result<void> Core::not_usable() const {
  if (inherited()) {
    return Error{.kind = ErrorKind::kClosed,
                 .operation = Operation::kNone,
                 .reason = "the database belongs to the parent process: open it again in this one"};
  }
  return Error{.kind = ErrorKind::kClosed, .operation = Operation::kNone, .reason = "the database was closed"};
}

// Whether users hold values. Jobs and the keeper hold frames and memtables as values do: they are brought to rest first, and
// resumed if the answer is yes.
bool Core::values_in_use() {
  {
    sync::MutexLock lock(state_mutex_);
    jobs_paused_.store(true, std::memory_order_release);
    while (running_jobs_ != 0) state_changed_.wait_for(state_mutex_, 50'000'000);
  }
  pause_keeper(true);
  for (uint32_t turn = 0; turn < 200; turn++) {  // what calls of other threads hold for a moment
    if (values_pinned() == 0) return false;
    sync::spin_turn(turn);
  }
  pause_keeper(false);
  jobs_paused_.store(false, std::memory_order_release);
  schedule();
  return true;
}

// Values pin frames or rows of the caches, or memtables, flushed ones included: their references are counted.
uint64_t Core::values_pinned() {
  forget_flushed_memtables();
  uint64_t pinned = cache_ != nullptr ? cache_->pinned_frames() : 0;
  if (row_cache_ != nullptr) pinned += row_cache_->pinned_rows();
  sync::MutexLock lock(state_mutex_);
  pinned += flushed_memtables_.size();
  for (const auto& [id, keyspace] : keyspaces_) {
    const tree::ReadView* view = keyspace->current_view();
    for (const auto& memtable : view->memtables) {
      if (memtable->reference_count() > 2) pinned++;  // the view's and the keyspace's own
    }
  }
  return pinned;
}

// Frees those that nobody holds any more.
void Core::forget_flushed_memtables() {
  epochs_.collect();
  std::vector<base::IntrusivePtr<memtable::Memtable>> dead;  // goes after the lock: freeing takes long
  sync::MutexLock lock(state_mutex_);
  const auto held = [](const auto& memtable) { return memtable->reference_count() != 1; };
  const auto from = std::partition(flushed_memtables_.begin(), flushed_memtables_.end(), held);
  dead.assign(std::make_move_iterator(from), std::make_move_iterator(flushed_memtables_.end()));
  flushed_memtables_.erase(from, flushed_memtables_.end());
}

void Core::outlive_values(std::shared_ptr<Core> core) {
  if (core->inherited() || core->values_pinned() == 0) return;  // a forked child does not take its core apart anyway
  static sync::Mutex mutex;
  static auto* const kept = new std::vector<std::shared_ptr<Core>>();  // for good: the alternative is use after free
  sync::MutexLock lock(mutex);
  kept->push_back(std::move(core));
}

Result<void> Core::shut_down(bool refuse_if_in_use) {
  if (inherited()) return not_usable();  // files and threads are the parent's
  if (closed_.load(std::memory_order_acquire)) return not_usable();
  const Error busy{.kind = ErrorKind::kBusy,
                   .operation = Operation::kClose,
                   .reason = "values, cursors, snapshots or transactions are alive: drop them first"};
  if (refuse_if_in_use && (objects_in_use_.load(std::memory_order_acquire) != 0 || snapshots_.count() != 0))
    return busy;
  // A close that follows a failed sync is not clean: it may not say that what was written is safe.
  const Error stopped{.kind = ErrorKind::kIo,
                      .operation = Operation::kClose,
                      .reason = "a sync had failed: what was not durable before it may be lost"};
  Result<void> result;
  if (!read_only_) result = writes_stopped_.load(std::memory_order_acquire) ? Result<void>(stopped) : flush_all();
  if (refuse_if_in_use && values_in_use()) return busy;
  closed_.store(true, std::memory_order_release);
  sync::MutexLock create_lock(create_mutex_);  // who changes the list of keyspaces has done so, or finds the database closed
  stop_background();
  if (wal_ != nullptr && result && !writes_stopped_.load(std::memory_order_acquire)) {
    sync::MutexLock lock(commit_mutex_);
    // Of writers that were in the middle when closed_ was set: a hole that is marked as synced would be damage at the next open.
    result = log_unlogged();
    pipeline_.drain();
    if (result) result = wal_->close();
  }
  if (writes_stopped_.load(std::memory_order_acquire)) result = stopped;
  publish_close();
  report({.kind = EventKind::kClosed});
  close_event_log();
  lock_.reset();
  return result;
}

// Ends jobs and the keeper, for good. A running compaction gives up at its next poll; a flush is short and runs to its end.
void Core::stop_background() {
  {
    sync::MutexLock lock(state_mutex_);
    stopping_ = true;
    state_changed_.notify_all();
    while (running_jobs_ != 0) state_changed_.wait_for(state_mutex_, 50'000'000);
  }
  if (keeper_.joinable()) {
    {
      sync::MutexLock lock(keeper_mutex_);
      keeper_stops_ = true;
      keeper_wakes_.notify_one();
    }
    keeper_.join();
    forget_flushed_memtables();  // and views that were left: they keep tables that are obsolete
    if (versions_ != nullptr) remove_obsolete_tables();
  }
}

// After a failed open: nothing was promised, nothing is kept.
void Core::abandon() {
  closed_.store(true, std::memory_order_release);
  stop_background();
  close_event_log();
  lock_.reset();
}

Core::~Core() {
  // Views point into memtables and versions, which point into the cache and the account.
  keyspaces_.clear();
  default_keyspace_.reset();
  epochs_.collect();
}

}  // namespace nacre::engine
