// A full device: the reserve is given back and puts wait, so that erases, flushes and what they give back go on.
//
//   1. The log, a flush or a drop of a keyspace finds no space. (A flush says so only when no compaction holds some: these give
//      up first. A compaction alone takes nothing: what it needs has no bound.)
//   2. The reserve is removed, files that the log keeps for later are too, and what found no space is tried again. From here on
//      puts are refused.
//   3. Erases are taken while the log and the memtables have room. Memtables are flushed soon, one at a time, each giving
//      back its part of the log before the next. Compactions do what they would do at rest.
//   4. The keeper makes the reserve anew when there is room for two. Then puts are taken again.

#include "engine/core.h"

namespace nacre::engine {

namespace {

constexpr uint64_t kFirstPauseNs = 1'000'000'000;  // between two attempts to make the reserve
constexpr uint64_t kLongestPauseNs = 16 * kFirstPauseNs;

}  // namespace

Result<void> Core::may_write(bool erases) const {
  if (erases || !only_erases_.load(std::memory_order_relaxed)) [[likely]]
    return {};
  return Error{.kind = ErrorKind::kNoSpace,
               .operation = Operation::kWrite,
               .reason = "the device is full: only erases are taken until space has returned"};
}

// After `error`, an attempt that began at `turn` of the reserve: whether there is more space now.
bool Core::use_reserve(uint64_t turn, const Error& error) {
  if (error.kind != ErrorKind::kNoSpace || !reserve_->give_back(turn)) return false;
  if (!reserve_->is_in_use() || only_erases_.exchange(true)) return true;
  wal_->save_space(true);
  report({.kind = EventKind::kReserveUsed, .severity = Severity::kWarning, .bytes_out = plan_.reserve_bytes});
  if (!no_space_.exchange(true)) report({.kind = EventKind::kNoSpace, .severity = Severity::kError, .error = error});
  {
    sync::MutexLock lock(state_mutex_);
    flush_health_.forget();
    compaction_health_.forget();
    schedule_locked();
  }
  wake_keeper();
  return true;
}

bool Core::reserve_is_for_flush() {
  sync::MutexLock lock(state_mutex_);
  return std::all_of(keyspaces_.begin(), keyspaces_.end(),
                     [](const auto& each) { return each.second->compactions.empty(); });
}

// By the keeper: what was erased gives back nothing before it is in a table, nor does the log.
void Core::flush_erases() {
  (void)wal_->prepare_next().has_value();  // before compactions take all there is
  const uint64_t writes = counters_.sum(DbCounter::kWrites);
  const uint64_t now_ns = runtime_.clock->now_ns();
  if (writes == erases_flushed_ || now_ns < erases_flushed_at_ns_ + kFirstPauseNs) return;
  erases_flushed_ = writes;
  erases_flushed_at_ns_ = now_ns;
  for (const auto& keyspace : keyspaces()) {
    if (const auto frozen = freeze_if_used(*keyspace, "the device is full: erases give back space"); !frozen) note_failure(frozen.error());
  }
}

// By the keeper. A database that holds little needs little to be erased, and shall not be mostly reserve.
void Core::keep_reserve() {
  if (reserve_->held() || runtime_.clock->now_ns() < reserve_retry_at_ns_) return;
  if (!only_erases_.load(std::memory_order_relaxed)) {
    uint64_t bytes = wal_->stats().live_bytes;
    for (const tree::KeyspaceState& keyspace : versions_->keyspaces()) {
      for (const tree::Run& run : keyspace.version->runs()) bytes += run.totals().file_bytes;
    }
    if (bytes < plan_.reserve_bytes / 2) return;
  }
  const Result<bool> made = reserve_->make([this] {
    if (wal_->wants_preparation()) (void)wal_->prepare_next().has_value();
    return keeper_may_go_on();
  });
  if (!made || !*made) {
    if (!made && made.error().kind != ErrorKind::kNoSpace) note_failure(made.error());
    reserve_pause_ns_ = std::min(2 * std::max(reserve_pause_ns_, kFirstPauseNs / 2), kLongestPauseNs);
    reserve_retry_at_ns_ = runtime_.clock->now_ns() + reserve_pause_ns_;
    return;
  }
  reserve_pause_ns_ = 0;
  report({.kind = EventKind::kReserveMade, .bytes_in = plan_.reserve_bytes});
  if (!only_erases_.load(std::memory_order_acquire)) return;
  wal_->save_space(false);
  only_erases_.store(false);
  if (reserve_->is_in_use()) {  // again, by somebody who still found puts refused
    only_erases_.store(true);
    wal_->save_space(true);
    return;
  }
  if (no_space_.exchange(false)) report({.kind = EventKind::kSpaceReturned, .severity = Severity::kInfo});
}

}  // namespace nacre::engine
