// Stats: a picture of counters and of the tree, taken without stopping anybody.

#include "nacre/stats.h"

#include "engine/core.h"

namespace nacre::engine {

namespace {

Latency latency_of(const base::Histogram& histogram) {
  const base::HistogramSummary s = histogram.summary();
  return {.count = s.count,
          .sum_ns = s.sum,
          .p50_ns = s.p50,
          .p90_ns = s.p90,
          .p99_ns = s.p99,
          .p999_ns = s.p999,
          .max_ns = s.max};
}

std::vector<LevelStats> levels_of(const KeyspaceState& keyspace, const tree::Version& version) {
  std::vector<LevelStats> levels;
  for (uint32_t level = 0; level <= compaction::kBottomLevel; level++) {
    LevelStats stats{.level = level,
                     .bytes_written = keyspace.levels[level].bytes_written.load(std::memory_order_relaxed),
                     .bytes_read = keyspace.levels[level].bytes_read.load(std::memory_order_relaxed)};
    for (const tree::Run& run : version.runs()) {
      if (run.level() != level) continue;
      stats.runs++;
      stats.tables += run.totals().tables;
      stats.bytes += run.totals().file_bytes;
      stats.entries += run.totals().entries;
      stats.tombstones += run.totals().erases + run.totals().range_tombstones;
    }
    if (stats.runs != 0 || stats.bytes_written != 0) levels.push_back(stats);
  }
  return levels;
}

}  // namespace

Stats Core::stats() const {
  Stats stats;
  {
    sync::MutexLock lock(state_mutex_);
    for (const auto& [id, keyspace] : keyspaces_) {
      KeyspaceStats& out = stats.keyspaces.emplace_back();
      out.name = keyspace->name;
      const tree::ReadView* view = keyspace->view.load(std::memory_order_acquire);
      out.memtables = view->memtables.size();
      for (const auto& memtable : view->memtables) out.memtable_bytes += memtable->memory_bytes();
      out.bytes_put = keyspace->bytes_put.load(std::memory_order_relaxed);
      out.flushes = keyspace->flushes.load(std::memory_order_relaxed);
      out.compactions = keyspace->compaction_count.load(std::memory_order_relaxed);
      out.tables_moved = keyspace->tables_moved.load(std::memory_order_relaxed);
      out.levels = levels_of(*keyspace, *keyspace->version);
      stats.table_file_bytes += keyspace->version->totals().file_bytes;
    }
  }
  stats.writes = counters_.sum(HotCounters::kWrites);
  stats.operations_written = counters_.sum(HotCounters::kOperations);
  stats.gets = counters_.sum(HotCounters::kGets);
  stats.gets_found = counters_.sum(HotCounters::kGetsFound);
  stats.user_bytes = counters_.sum(HotCounters::kUserBytes);
  stats.syncs = syncs_.load(std::memory_order_relaxed);
  stats.write_latency = latency_of(write_latency_);
  stats.get_latency = latency_of(get_latency_);
  stats.sync_latency = latency_of(sync_latency_);
  for (size_t reason = 1; reason < delays_.size(); reason++) {
    stats.delays.push_back({.reason = static_cast<DelayReason>(reason), .delays = latency_of(delays_[reason])});
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
  stats.cache_misses = cache.drafts;
  stats.cache_evictions = cache.evictions;
  stats.snapshots = snapshots_.count();
  stats.last_sequence = pipeline_.visible();
  return stats;
}

}  // namespace nacre::engine

namespace nacre {

const char* to_string(DelayReason reason) {
  switch (reason) {
    case DelayReason::kNone: return "none";
    case DelayReason::kMemtablesFull: return "memtables full";
    case DelayReason::kCompactionDebt: return "compaction debt";
    case DelayReason::kLogSegment: return "log segment late";
    case DelayReason::kCount: break;
  }
  return "";
}

double Stats::write_amplification() const {
  if (user_bytes == 0) return 0;
  return static_cast<double>(log_bytes + flush_bytes + compaction_bytes_written) / static_cast<double>(user_bytes);
}

double Stats::space_amplification() const {
  uint64_t bottom = 0;
  uint64_t all = 0;
  for (const KeyspaceStats& keyspace : keyspaces) {
    for (const LevelStats& level : keyspace.levels) all += level.bytes;
    if (!keyspace.levels.empty()) bottom += keyspace.levels.back().bytes;
  }
  return bottom == 0 ? 1 : static_cast<double>(all) / static_cast<double>(bottom);
}

double Stats::read_amplification() const {
  uint64_t runs = 0;
  for (const KeyspaceStats& keyspace : keyspaces) {
    if (keyspace.name != "default") continue;
    for (const LevelStats& level : keyspace.levels) runs += level.runs;
  }
  return static_cast<double>(runs);
}

}  // namespace nacre
