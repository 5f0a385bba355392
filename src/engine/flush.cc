// Flush: frozen memtables become tables of a new run on level 0.
//
// All memtables of a keyspace that are frozen when the job begins are merged at once: versions that no reader can see are
// dropped before they ever reach a table.
//
// A power cut must not keep this keyspace's newer writes and lose another's older ones. So if another keyspace has writes
// that are only in the log, the log is made durable up to where the memtables were frozen before the manifest names the
// new tables. If none has, the tables hold the whole prefix, and a log that nobody asked to sync never reaches the device.

#include <algorithm>
#include <span>

#include "compaction/merge_job.h"
#include "engine/core.h"
#include "merge/source.h"

namespace nacre::engine {

using format::Sequence;

namespace {

uint64_t file_bytes(std::span<const format::TableRecord> tables) {
  uint64_t bytes = 0;
  for (const format::TableRecord& table : tables) bytes += table.file_bytes;
  return bytes;
}

}  // namespace

Result<bool> Core::flush(const std::shared_ptr<KeyspaceState>& keyspace, uint64_t job) {
  Result<void> result;
  uint64_t turn = 0;
  do {
    turn = reserve_->turn();
    result = flush_frozen(keyspace, job);
  } while (!result && reserve_is_for_flush() && use_reserve(turn, result.error()));
  forget_flushed_memtables();
  sync::MutexLock lock(state_mutex_);
  keyspace->flushing = false;
  if (!result) return result.error();
  return true;
}

Result<void> Core::flush_frozen(const std::shared_ptr<KeyspaceState>& keyspace, uint64_t job) {
  const uint64_t begin_ns = runtime_.clock->now_ns();
  std::vector<FrozenMemtable> inputs;
  std::vector<std::string> cut_keys;
  {
    sync::MutexLock lock(state_mutex_);
    inputs.assign(keyspace->frozen.begin(), keyspace->frozen.end());
    if (only_erases_.load(std::memory_order_acquire) && inputs.size() > 1) inputs.resize(1);
    cut_keys = compaction::partition_keys(shape_of(*keyspace), policy_of(*keyspace));
  }
  if (inputs.empty() || !keyspace->is_live()) return {};
  return flush_inputs(*keyspace, inputs, std::move(cut_keys), begin_ns, job);
}

Result<void> Core::flush_inputs(KeyspaceState& keyspace, const std::vector<FrozenMemtable>& inputs,
                                std::vector<std::string> cut_keys, uint64_t begin_ns, uint64_t job) {
  const FrozenMemtable& newest = inputs.back();
  for (uint32_t turn = 0; pipeline_.visible() < newest.through; turn++) sync::spin_turn(turn);
  uint64_t bytes_in = 0;
  for (const FrozenMemtable& input : inputs) bytes_in += input.memtable->data_bytes();
  report({.kind = EventKind::kFlushStarted,
          .severity = Severity::kDebug,
          .keyspace = keyspace.name,
          .cause = newest.cause,
          .job = job,
          .bytes_in = bytes_in,
          .files_in = inputs.size()});

  std::optional<table::Warming> warming = this->warming(is_read(keyspace, inputs));
  NACRE_TRY_ASSIGN(compaction::MergeResult merged,
                   write_memtables(keyspace, inputs, std::move(cut_keys), warming ? &*warming : nullptr));
  const uint64_t floor = log_floor_without(keyspace, newest.through);
  if (floor < newest.end_lsn) {
    if (const Result<void> synced = sync_group_->through(newest.end_lsn); !synced) {
      stop_writes(synced.error());
      return synced;
    }
  }
  format::VersionEdit edit = flush_edit(keyspace, merged, newest.through);
  if (floor < newest.end_lsn) edit.log_synced_through = newest.end_lsn;
  const Result<format::LogFloor> held = wal_->floor_at(floor);
  if (!held) {
    stop_writes(held.error());
    return held.error();
  }
  edit.log_floor = *held;
  NACRE_TRY_ASSIGN(const bool committed, commit_edit(keyspace, edit));
  if (!committed) return {};
  publish_warm(keyspace, std::move(merged.warm));
  if (const Result<void> released = wal_->release_before(versions_->log_floor()); !released) {
    if (wal_->damaged()) stop_writes(released.error());
    return released;
  }
  count_flush(keyspace, merged,
              {.cause = newest.cause,
               .job = job,
               .bytes_in = bytes_in,
               .memtables = inputs.size(),
               .duration_ns = runtime_.clock->now_ns() - begin_ns});
  return {};
}

// Whether the keyspace was read since its last flush, at least once for 16 entries that come now.
bool Core::is_read(KeyspaceState& keyspace, std::span<const FrozenMemtable> inputs) {
  const auto& counters = keyspace.counters;
  const uint64_t reads = counters.sum(KeyspaceCounter::kGets) + counters.sum(KeyspaceCounter::kMultiGetKeys) +
                         counters.sum(KeyspaceCounter::kSeeks);
  uint64_t entries = 0;
  for (const FrozenMemtable& input : inputs) entries += input.memtable->entries();
  return (reads - std::exchange(keyspace.reads_at_flush, reads)) * 16 >= entries;
}

// What a job's tables may put into the cache: a quarter at most, for it takes the place of others.
std::optional<table::Warming> Core::warming(bool wanted) const {
  if (!wanted) return std::nullopt;
  return std::optional<table::Warming>(std::in_place, *cache_, cache_->capacity_bytes() / 4);
}

// The tables are in the tree. One that cannot be opened, or that went again already, is not worth an error here.
void Core::publish_warm(KeyspaceState& keyspace, std::vector<table::WarmBlocks> warm) {
  if (warm.empty()) return;
  base::IntrusivePtr<tree::Version> version;
  {
    sync::MutexLock lock(state_mutex_);
    version = keyspace.version;
  }
  for (table::WarmBlocks& blocks : warm) {
    const tree::TableMeta* meta = version->table(blocks.number());
    if (meta == nullptr) continue;
    if (const auto table = meta->table()) blocks.publish(**table);
  }
}

// And reports it.
void Core::count_flush(KeyspaceState& keyspace, const compaction::MergeResult& merged, const FlushWork& done) {
  const uint64_t bytes = file_bytes(merged.tables);
  flush_bytes_.fetch_add(bytes, std::memory_order_relaxed);
  flush_duration_.record(done.duration_ns);
  {
    sync::MutexLock lock(state_mutex_);
    keyspace.flushes++;
    LevelWork& work = keyspace.work[0];
    work.jobs++;
    work.bytes_written += bytes;
    work.entries_dropped += merged.totals.entries_read - merged.totals.entries_written;
    work.durations.record(done.duration_ns);
  }
  report({.kind = EventKind::kFlushFinished,
          .keyspace = keyspace.name,
          .cause = done.cause,
          .job = done.job,
          .bytes_in = done.bytes_in,
          .bytes_out = bytes,
          .files_in = done.memtables,
          .files_out = merged.tables.size(),
          .entries = merged.totals.entries_written,
          .duration_ns = done.duration_ns});
}

// Brings the tables of a flush in as a new run. The memtables whose entries they hold leave the view in the same step.
format::VersionEdit Core::flush_edit(const KeyspaceState& keyspace, const compaction::MergeResult& merged,
                                     Sequence through) {
  format::VersionEdit edit;
  edit.keyspace = keyspace.id;
  edit.flushed_through = through;
  edit.last_sequence = through;
  const uint64_t run = versions_->next_run_id();
  for (const format::TableRecord& table : merged.tables) edit.added.push_back({.level = 0, .run = run, .table = table});
  return edit;
}

Result<compaction::MergeResult> Core::write_memtables(KeyspaceState& keyspace,
                                                      const std::vector<FrozenMemtable>& inputs,
                                                      std::vector<std::string> cut_keys, table::Warming* warming) {
  std::vector<merge::Source> sources;
  std::vector<format::RangeTombstone> tombstones;
  std::vector<std::shared_ptr<const format::TombstoneSet>> held;
  for (auto input = inputs.rbegin(); input != inputs.rend(); ++input) {
    sources.emplace_back(input->memtable->cursor());
    held.push_back(input->memtable->tombstones());
    if (held.back() != nullptr) held.back()->append_tombstones(&tombstones);
  }
  const format::TombstoneSet set = format::TombstoneSet::build(tombstones);
  merge::VersionFilter filter(snapshots_.horizon([this] { return pipeline_.visible(); }), false, &set);
  compaction::RunWriterOptions writer = writer_options(keyspace, 0);
  writer.cut_keys = std::move(cut_keys);
  writer.warming = warming;
  return compaction::merge_part(merge::MergeCursor(std::move(sources)), std::move(filter), std::move(writer), {},
                                nullptr);
}

compaction::RunWriterOptions Core::writer_options(const KeyspaceState& keyspace, uint32_t level) {
  const bool bottom = level == compaction::kBottomLevel;
  const KeyspaceOptions options = keyspace.options.load();
  return {.directory = directory_.get(),
          .next_table_number = [this] { return versions_->next_table_number(); },
          .uuid = versions_->uuid(),
          .keyspace = keyspace.id,
          .compression = bottom ? options.bottom_compression : options.compression,
          .block_bytes = options.block_bytes,
          .filter_bits_per_key = filter_bits(options.filter_bits_per_key, level),
          .account = &account_,
          .table_bytes = plan_.table_bytes};
}

// A filter bit saves most where runs are many and small: the levels above the bottom get half as many again, which costs
// little since they hold little, and the bottom a bit less (Dayan, Athanassoulis, Idreos: "Monkey", SIGMOD 2017).
float Core::filter_bits(uint32_t average, uint32_t level) {
  const auto bits = static_cast<float>(average);
  return level == compaction::kBottomLevel ? bits * 0.9F : bits * 1.5F;
}

// From where on the log is needed once the keyspace's writes up to `through` are in tables.
uint64_t Core::log_floor_without(const KeyspaceState& keyspace, Sequence through) {
  sync::MutexLock commit_lock(commit_mutex_);
  sync::MutexLock lock(state_mutex_);
  uint64_t floor = wal_->end_lsn();
  for (const auto& [id, each] : keyspaces_) {
    if (each->mutable_first_lsn != 0) floor = std::min(floor, each->mutable_first_lsn);
    for (const FrozenMemtable& frozen : each->frozen) {
      if (id == keyspace.id && frozen.through <= through) continue;
      if (frozen.first_lsn != 0) floor = std::min(floor, frozen.first_lsn);
    }
  }
  return floor;
}

// False: the keyspace was dropped meanwhile, so what the edit does is not wanted any more. A refused edit changed nothing,
// and its new files go; any other failure leaves its outcome unknown.
Result<bool> Core::commit_edit(const KeyspaceState& keyspace, const format::VersionEdit& edit) {
  const Result<void> result = versions_->commit(edit);
  if (result) return true;
  const ErrorKind kind = result.error().kind;
  if (kind == ErrorKind::kIo || kind == ErrorKind::kClosed) {
    stop_writes(result.error());
    return result.error();
  }
  remove_written(edit);
  if (kind == ErrorKind::kNotFound && !keyspace.is_live()) return false;
  return result.error();
}

// The tables that were written for an edit that will never be.
void Core::remove_written(const format::VersionEdit& edit) {
  for (const auto& placed : edit.added) {
    const bool moved = std::find(edit.removed.begin(), edit.removed.end(), placed.table.number) != edit.removed.end();
    if (!moved) on_obsolete({.number = placed.table.number, .file_bytes = placed.table.file_bytes});
  }
}

}  // namespace nacre::engine
