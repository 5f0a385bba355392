// Statistics of nacre/c.h.

#include "capi/stats.h"

#include "capi/door.h"
#include "capi/handles.h"

namespace nacre::capi {

namespace {

nacre_latency latency_of(const Latency& latency) {
  return {.count = latency.count,
          .sum_ns = latency.sum_ns,
          .p50_ns = latency.p50_ns,
          .p90_ns = latency.p90_ns,
          .p99_ns = latency.p99_ns,
          .p999_ns = latency.p999_ns,
          .max_ns = latency.max_ns};
}

nacre_latency delays_of(const Stats& stats, DelayReason reason) {
  for (const DelayStats& delay : stats.delays) {
    if (delay.reason == reason) return latency_of(delay.delays);
  }
  return {};
}

void set_memory(const Stats& stats, nacre_stats& out) {
  out.memory_bytes = stats.memory_bytes;
  out.memory_memtables = stats.memory.memtables;
  out.memory_log = stats.memory.log;
  out.memory_cache = stats.memory.cache;
  out.memory_tables = stats.memory.tables;
  out.memory_cursors = stats.memory.cursors;
  out.memory_jobs = stats.memory.jobs;
  out.memory_ceiling_bytes = stats.memory_ceiling_bytes;
}

void set_latencies(const Stats& stats, nacre_stats& out) {
  out.write_latency = latency_of(stats.write_latency);
  out.get_latency = latency_of(stats.get_latency);
  out.multi_get_latency = latency_of(stats.multi_get_latency);
  out.seek_latency = latency_of(stats.seek_latency);
  out.sync_latency = latency_of(stats.sync_latency);
  out.flush_duration = latency_of(stats.flush_duration);
  out.compaction_duration = latency_of(stats.compaction_duration);
  out.delays_memtables_full = delays_of(stats, DelayReason::kMemtablesFull);
  out.delays_memtables_filling = delays_of(stats, DelayReason::kMemtablesFilling);
  out.delays_compaction_debt = delays_of(stats, DelayReason::kCompactionDebt);
  out.delays_log_segment = delays_of(stats, DelayReason::kLogSegment);
}

}  // namespace

nacre_stats as_c(const Stats& stats) {
  nacre_stats out = {};
  out.struct_size = sizeof out;
  out.writes = stats.writes;
  out.operations_written = stats.operations_written;
  out.gets = stats.gets;
  out.gets_found = stats.gets_found;
  out.syncs = stats.syncs;
  out.user_bytes = stats.user_bytes;
  out.log_bytes = stats.log_bytes;
  out.flush_bytes = stats.flush_bytes;
  out.compaction_bytes_read = stats.compaction_bytes_read;
  out.compaction_bytes_written = stats.compaction_bytes_written;
  out.table_file_bytes = stats.table_file_bytes;
  out.log_file_bytes = stats.log_file_bytes;
  set_memory(stats, out);
  out.cache_misses = stats.cache_misses;
  out.cache_made_ahead = stats.cache_made_ahead;
  out.cache_evictions = stats.cache_evictions;
  out.keyspaces = stats.keyspaces.size();
  out.snapshots = stats.snapshots;
  out.last_sequence = stats.last_sequence;
  out.write_amplification = stats.write_amplification();
  out.space_amplification = stats.space_amplification();
  out.read_amplification = stats.read_amplification();
  set_latencies(stats, out);
  out.writes_stopped = stats.writes_stopped ? 1 : 0;
  out.device_full = stats.device_full ? 1 : 0;
  return out;
}

nacre_keyspace_stats as_c(const KeyspaceStats& stats) {
  return {.struct_size = sizeof(nacre_keyspace_stats),
          .name = as_c(Bytes(stats.name)),
          .memtable_bytes = stats.memtable_bytes,
          .memtables = stats.memtables,
          .puts = stats.puts,
          .erases = stats.erases,
          .range_erases = stats.range_erases,
          .bytes_put = stats.bytes_put,
          .gets = stats.gets,
          .gets_found = stats.gets_found,
          .multi_gets = stats.multi_gets,
          .multi_get_keys = stats.multi_get_keys,
          .multi_get_keys_found = stats.multi_get_keys_found,
          .bytes_got = stats.bytes_got,
          .cursors = stats.cursors,
          .seeks = stats.seeks,
          .flushes = stats.flushes,
          .compactions = stats.compactions,
          .flushes_running = stats.flushes_running,
          .compactions_running = stats.compactions_running,
          .tables_moved = stats.tables_moved,
          .largest_run_bytes = stats.largest_run_bytes,
          .gets_answered_memory = stats.gets_answered_memory,
          .levels = stats.levels.size(),
          .write_amplification = stats.write_amplification(),
          .space_amplification = stats.space_amplification(),
          .read_amplification = stats.read_amplification(),
          .write_latency = latency_of(stats.write_latency),
          .get_latency = latency_of(stats.get_latency),
          .seek_latency = latency_of(stats.seek_latency)};
}

nacre_level_stats as_c(const LevelStats& stats) {
  return {.struct_size = sizeof(nacre_level_stats),
          .level = stats.level,
          .runs = stats.runs,
          .tables = stats.tables,
          .bytes = stats.bytes,
          .entries = stats.entries,
          .tombstones = stats.tombstones,
          .bytes_written = stats.bytes_written,
          .bytes_read = stats.bytes_read,
          .jobs = stats.jobs,
          .tables_moved_in = stats.tables_moved_in,
          .entries_dropped = stats.entries_dropped,
          .gets_answered = stats.gets_answered,
          .job_durations = latency_of(stats.job_durations)};
}

}  // namespace nacre::capi

using namespace nacre;
using namespace nacre::capi;

nacre_status nacre_db_stats(const nacre_db* db, nacre_stats* stats, nacre_error* error) {
  return answer(error, [&]() -> Result<void> {
    NACRE_TRY(needed(db, "the database is NULL"));
    NACRE_TRY(fillable(stats));
    give(as_c(db->db.stats()), stats);
    return {};
  });
}
