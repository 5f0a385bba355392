// The keeper: one thread a database for what is neither a write, a read nor a job - log segments made ready ahead, memory for the cache,
// files that nobody needs any more, keyspaces that hold the log back, publishing statistics, and noticing that nobody is
// writing.
//
// It sleeps until somebody wakes it, or statistics are to be published; only while writes come in does it also look round every
// 100 ms.

#include <algorithm>

#include "engine/core.h"
#include "format/file_names.h"

namespace nacre::engine {

namespace {
constexpr uint64_t kLookRoundNs = 100'000'000;
constexpr uint32_t kQuietRoundsToIdle = 10;  // one second without a write
constexpr uint64_t kQuietToTrimNs = 60'000'000'000;
constexpr uint64_t kLogShare = 16;   // of what lies in tables: what the log may keep for use again when it is trimmed
constexpr uint64_t kPeakShare = 64;  // half of a peak of memory is forgotten after 4.4 s
}  // namespace

void Core::wake_keeper() {
  sync::MutexLock lock(keeper_mutex_);
  keeper_wanted_ = true;
  keeper_wakes_.notify_one();
}

void Core::on_obsolete(const tree::ObsoleteTable& table) {
  sync::MutexLock lock(keeper_mutex_);
  obsolete_.push_back(table);
  keeper_wanted_ = true;
  keeper_wakes_.notify_one();
}

// Sleeps until there is something to do, or for `most_ns` (UINT64_MAX: without end) if all is `quiet`; false: the end.
bool Core::keeper_may_work(bool quiet, uint64_t most_ns) {
  sync::MutexLock lock(keeper_mutex_);
  keeper_at_rest_ = true;
  keeper_rests_.notify_all();
  if (!keeper_stops_ && !keeper_wanted_) {
    // What readers held back when it was last looked at may be free by now, and nobody will say so.
    if (!quiet || epochs_.pending() != 0) {
      keeper_wakes_.wait_for(keeper_mutex_, kLookRoundNs);
    } else if (most_ns != UINT64_MAX) {
      keeper_wakes_.wait_for(keeper_mutex_, most_ns);
    } else {
      keeper_wakes_.wait(keeper_mutex_);
    }
  }
  while (keeper_paused_ && !keeper_stops_) keeper_wakes_.wait(keeper_mutex_);
  keeper_at_rest_ = false;
  keeper_wanted_ = false;
  return !keeper_stops_;
}

bool Core::keeper_may_go_on() {
  sync::MutexLock lock(keeper_mutex_);
  return !keeper_stops_ && !keeper_paused_;
}

// Returns when the keeper holds nothing, and will not before it is called again.
void Core::pause_keeper(bool pause) {
  sync::MutexLock lock(keeper_mutex_);
  keeper_paused_ = pause;
  keeper_wakes_.notify_one();
  while (pause && keeper_.joinable() && !keeper_at_rest_) keeper_rests_.wait(keeper_mutex_);
}

void Core::keep_house() {
  uint64_t writes_seen = 0;
  uint64_t peak_forgotten_at_ns = 0;
  uint64_t written_at_ns = runtime_.clock->now_ns();
  uint64_t publish_in_ns = publish_if_due(false);
  bool trimmed = true;
  uint32_t quiet_rounds = kQuietRoundsToIdle;
  while (true) {
    const bool quiet = quiet_rounds >= kQuietRoundsToIdle && !only_erases_.load(std::memory_order_acquire);
    const uint64_t quiet_ns = std::min(runtime_.clock->now_ns() - written_at_ns, kQuietToTrimNs - 1);
    const uint64_t trim_in_ns = trimmed ? UINT64_MAX : kQuietToTrimNs - quiet_ns;
    if (!keeper_may_work(quiet, std::min(trim_in_ns, publish_in_ns))) return;
    if (wal_->wants_preparation()) {
      if (const auto prepared = wal_->prepare_next(); !prepared) note_failure(prepared.error());
    }
    segment_asked_for_.store(false, std::memory_order_relaxed);
    remove_obsolete_tables();
    keep_reserve();
    if (only_erases_.load(std::memory_order_acquire)) flush_erases();
    cache_->shrink();
    cache_->grow_ahead();
    if (const uint64_t now_ns = runtime_.clock->now_ns(); now_ns - peak_forgotten_at_ns >= kLookRoundNs) {
      account_.forget_peak(kPeakShare);
      peak_forgotten_at_ns = now_ns;
    }
    forget_flushed_memtables();
    const uint64_t writes = counters_.sum(DbCounter::kWrites);
    quiet_rounds = writes == writes_seen ? quiet_rounds + 1 : 0;
    writes_seen = writes;
    publish_in_ns = publish_if_due(quiet_rounds == 0);
    if (quiet_rounds == 0) {
      flush_cold_keyspaces();
      written_at_ns = runtime_.clock->now_ns();
      trimmed = false;
    } else if (!trimmed && runtime_.clock->now_ns() - written_at_ns >= kQuietToTrimNs) {
      trim_log();
      trimmed = true;
    }
    if (quiet_rounds >= kQuietRoundsToIdle) {
      memtable_chunks_->clear();
      account_.forget_peak(1);
    }
    sync::MutexLock lock(state_mutex_);
    const bool was_idle = idle_;
    idle_ = quiet_rounds >= kQuietRoundsToIdle;
    const bool toll_is_due = toll_is_due_.exchange(false, std::memory_order_relaxed);
    if ((idle_ && !was_idle) || toll_is_due) schedule_locked();
    if (flush_health_.error() || compaction_health_.error()) {  // something is to be tried again
      quiet_rounds = 0;
      schedule_locked();
    }
  }
}

// A failure outside a job; what was tried is tried again.
void Core::note_failure(const Error& error) {
  if (wal_->damaged()) return stop_writes(error);
  if (error.kind == ErrorKind::kNoSpace) {
    if (!no_space_.exchange(true)) report({.kind = EventKind::kNoSpace, .severity = Severity::kError, .error = error});
    return;
  }
  report({.kind = EventKind::kBackgroundError, .severity = Severity::kError, .error = error});
}

void Core::remove_obsolete_tables() {
  std::vector<tree::ObsoleteTable> tables;
  {
    sync::MutexLock lock(keeper_mutex_);
    tables.swap(obsolete_);
  }
  // Asked after the list was taken: what a refused edit put on it comes after the doubt that the edit left.
  if (versions_->in_doubt()) {  // a crash now could bring them back
    sync::MutexLock lock(keeper_mutex_);
    obsolete_.insert(obsolete_.end(), tables.begin(), tables.end());
    return;
  }
  for (const tree::ObsoleteTable& table : tables) {
    if (const auto removed = directory_->remove(format::table_name(table.number)); !removed) {
      note_failure(removed.error());  // the next open removes it
      continue;
    }
    report({.kind = EventKind::kTableRemoved,
            .severity = Severity::kDebug,
            .file_kind = FileKind::kTable,
            .file_number = table.number,
            .bytes_in = table.file_bytes});
  }
}

// Segments for use again are worth their space while much is written; at rest they should not weigh much beside the tables.
void Core::trim_log() {
  uint64_t table_bytes = 0;
  {
    sync::MutexLock lock(state_mutex_);
    for (const auto& [id, keyspace] : keyspaces_) {
      if (keyspace->version) table_bytes += keyspace->version->totals().file_bytes;
    }
  }
  wal_->trim(table_bytes / kLogShare);
}

// A keyspace that is hardly written to must not keep the whole log, and many small memtables must not fill the memory.
void Core::flush_cold_keyspaces() {
  const auto all = keyspaces();
  uint64_t mutable_bytes = 0;
  std::shared_ptr<KeyspaceState> oldest;
  std::shared_ptr<KeyspaceState> largest;
  uint64_t end_lsn = 0;
  Result<void> frozen;
  {
    sync::MutexLock lock(commit_mutex_);
    end_lsn = wal_->end_lsn();
    for (const auto& keyspace : all) {
      if (keyspace->mutable_first_lsn == 0 || !keyspace->is_live()) continue;
      mutable_bytes += keyspace->mutable_memtable->memory_bytes();
      if (!oldest || keyspace->mutable_first_lsn < oldest->mutable_first_lsn) oldest = keyspace;
      if (!largest || keyspace->mutable_memtable->memory_bytes() > largest->mutable_memtable->memory_bytes())
        largest = keyspace;
    }
    if (oldest && end_lsn - oldest->mutable_first_lsn > plan_.log_bytes_kept) {
      frozen = freeze(*oldest, "a cold keyspace holds the log back");
    } else if (largest && mutable_bytes > plan_.memtable_bytes && all.size() > 1) {
      frozen = freeze(*largest, "many memtables fill the memory of one");
    }
  }
  if (!frozen) note_failure(frozen.error());
}

}  // namespace nacre::engine
