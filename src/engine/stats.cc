// Stats: a picture of counters and of the tree, taken without stopping anybody.

#include "nacre/stats.h"

#include <algorithm>

#include "engine/core.h"

namespace nacre::engine {

namespace {

Latency latency_of(const base::HistogramSummary& s) {
  return {.count = s.count,
          .sum_ns = s.sum,
          .p50_ns = s.p50,
          .p90_ns = s.p90,
          .p99_ns = s.p99,
          .p999_ns = s.p999,
          .max_ns = s.max};
}

std::vector<LevelStats> levels_of(const KeyspaceState& keyspace) {
  std::vector<LevelStats> levels;
  for (uint32_t level = 0; level < kLevels; level++) {
    const LevelWork& work = keyspace.work[level];
    LevelStats stats{.level = level,
                     .bytes_written = work.bytes_written,
                     .bytes_read = work.bytes_read,
                     .jobs = work.jobs,
                     .tables_moved_in = work.tables_moved_in,
                     .entries_dropped = work.entries_dropped,
                     .job_durations = latency_of(work.durations.summary()),
                     .gets_answered = keyspace.gets_answered[level].load(std::memory_order_relaxed)};
    for (const tree::Run& run : keyspace.version->runs()) {
      if (run.level() != level) continue;
      stats.runs++;
      stats.tables += run.totals().tables;
      stats.bytes += run.totals().file_bytes;
      stats.entries += run.totals().entries;
      stats.tombstones += run.totals().erases + run.totals().range_tombstones;
    }
    if (stats.runs + stats.jobs + stats.tables_moved_in + stats.gets_answered != 0) levels.push_back(stats);
  }
  return levels;
}

void set_operations(const KeyspaceCounters::Values& counts, KeyspaceStats& out) {
  const auto of = [&counts](KeyspaceCounter name) { return counts[static_cast<size_t>(name)]; };
  using enum KeyspaceCounter;
  out.puts = of(kPuts);
  out.erases = of(kErases);
  out.range_erases = of(kRangeErases);
  out.bytes_put = of(kBytesPut);
  out.gets = of(kGets);
  out.gets_found = of(kGetsFound);
  out.multi_gets = of(kMultiGets);
  out.multi_get_keys = of(kMultiGetKeys);
  out.multi_get_keys_found = of(kMultiGetKeysFound);
  out.bytes_got = of(kBytesGot);
  out.cursors = of(kCursors);
  out.seeks = of(kSeeks);
}

// Under Core::state_mutex_. Adds what was counted to `counts`.
KeyspaceStats stats_of(const KeyspaceState& keyspace, KeyspaceCounters::Values& counts) {
  KeyspaceStats out;
  out.name = keyspace.name;
  const tree::ReadView* view = keyspace.current_view();
  out.memtables = view->memtables.size();
  for (const auto& memtable : view->memtables) out.memtable_bytes += memtable->memory_bytes();
  KeyspaceCounters::Values own{};
  keyspace.counters.add_to(own);
  set_operations(own, out);
  for (size_t name = 0; name < own.size(); name++) counts[name] += own[name];
  out.flushes = keyspace.flushes;
  out.compactions = keyspace.compaction_count;
  out.flushes_running = keyspace.flushing ? 1 : 0;
  out.compactions_running = keyspace.compactions.size();
  for (const tree::Run& run : keyspace.version->runs())
    out.largest_run_bytes = std::max(out.largest_run_bytes, run.totals().file_bytes);
  out.gets_answered_memory = keyspace.gets_answered_in_memory.load(std::memory_order_relaxed);
  out.write_latency = latency_of(keyspace.latencies.writes.summary());
  out.get_latency = latency_of(keyspace.latencies.gets.summary());
  out.seek_latency = latency_of(keyspace.latencies.seeks.summary());
  out.levels = levels_of(keyspace);
  for (const LevelStats& level : out.levels) out.tables_moved += level.tables_moved_in;
  return out;
}

void total_up(const KeyspaceCounters::Values& counts, Stats& stats) {
  const auto of = [&counts](KeyspaceCounter name) { return counts[static_cast<size_t>(name)]; };
  using enum KeyspaceCounter;
  stats.operations_written = of(kPuts) + of(kErases) + of(kRangeErases);
  stats.user_bytes = of(kBytesPut);
  stats.gets = of(kGets) + of(kMultiGetKeys);
  stats.gets_found = of(kGetsFound) + of(kMultiGetKeysFound);
}

}  // namespace

void Core::record_seek(KeyspaceState& keyspace, uint64_t duration_ns, uint64_t runs) {
  seek_latency_.record(duration_ns);
  keyspace.latencies.seeks.record(duration_ns);
  if (runs > 1) pay_toll(keyspace, runs - 1, ReadToll::kBytesOfSeek);
}

Stats Core::stats() const {
  Stats stats;
  if (inherited()) return stats;
  std::vector<std::shared_ptr<KeyspaceState>> keyspaces;
  KeyspaceCounters::Values counts;
  {
    sync::MutexLock lock(state_mutex_);
    counts = dropped_counts_;
    for (const auto& [id, keyspace] : keyspaces_) keyspaces.push_back(keyspace);
  }
  for (const auto& keyspace : keyspaces) {  // one at a time: a freeze, and so a writer, may wait for the lock
    sync::MutexLock lock(state_mutex_);
    if (keyspace->is_dropped()) {
      keyspace->counters.add_to(counts);
      continue;
    }
    stats.keyspaces.push_back(stats_of(*keyspace, counts));
    stats.table_file_bytes += keyspace->version->totals().file_bytes;
  }
  total_up(counts, stats);
  stats.writes = counters_.sum(DbCounter::kWrites);
  stats.syncs = syncs_.load(std::memory_order_relaxed);
  stats.write_latency = latency_of(write_latency_.summary());
  stats.get_latency = latency_of(get_latency_.summary());
  stats.multi_get_latency = latency_of(multi_get_latency_.summary());
  stats.seek_latency = latency_of(seek_latency_.summary());
  stats.sync_latency = latency_of(sync_latency_.summary());
  stats.flush_duration = latency_of(flush_duration_.summary());
  stats.compaction_duration = latency_of(compaction_duration_.summary());
  for (size_t reason = 1; reason < delays_.size(); reason++) {
    stats.delays.push_back(
        {.reason = static_cast<DelayReason>(reason), .delays = latency_of(delays_[reason].summary())});
  }
  stats.log_bytes = log_bytes_.load(std::memory_order_relaxed);
  stats.flush_bytes = flush_bytes_.load(std::memory_order_relaxed);
  stats.compaction_bytes_read = compaction_bytes_read_.load(std::memory_order_relaxed);
  stats.compaction_bytes_written = compaction_bytes_written_.load(std::memory_order_relaxed);
  if (wal_ != nullptr) stats.log_file_bytes = wal_->stats().live_bytes;
  stats.memory_bytes = account_.held_total();
  stats.memory_ceiling_bytes = account_.ceiling_bytes();
  const cache::CacheStats cache = cache_->stats();
  stats.memory = {.memtables = account_.held(base::MemoryPart::kMemtable),
                  .log = account_.held(base::MemoryPart::kLog),
                  .cache = account_.held(base::MemoryPart::kCache),
                  .tables = account_.held(base::MemoryPart::kTableMeta),
                  .cursors = account_.held(base::MemoryPart::kIterator),
                  .jobs = account_.held(base::MemoryPart::kCompaction)};
  stats.cache_misses = cache.drafts - std::min(cache.drafts, cache.made_ahead);
  stats.cache_made_ahead = cache.made_ahead;
  stats.cache_evictions = cache.evictions;
  stats.snapshots = snapshots_.count();
  stats.last_sequence = pipeline_.visible();
  stats.writes_stopped = writes_stopped_.load(std::memory_order_relaxed);
  stats.device_full = only_erases_.load(std::memory_order_relaxed);
  return stats;
}

}  // namespace nacre::engine
