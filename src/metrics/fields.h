// visit_fields(s, visit): calls visit(name, field) for every field of a struct of nacre/stats.h, in its order.
//
// The one list of fields: what is written and read of statistics follows it. A field that is added to a struct and not here
// does not compile, since a structured binding must name them all.
//
// Thread safety: pure functions.
#pragma once

#include <concepts>
#include <type_traits>

#include "nacre/stats.h"

namespace nacre::metrics {

template <class T, class Plain>
concept MaybeConst = std::same_as<std::remove_const_t<T>, Plain>;

template <MaybeConst<Latency> T, class Visit>
void visit_fields(T& latency, Visit&& visit) {
  auto& [count, sum_ns, p50_ns, p90_ns, p99_ns, p999_ns, max_ns] = latency;
  visit("count", count);
  visit("sum_ns", sum_ns);
  visit("p50_ns", p50_ns);
  visit("p90_ns", p90_ns);
  visit("p99_ns", p99_ns);
  visit("p999_ns", p999_ns);
  visit("max_ns", max_ns);
}

template <MaybeConst<LevelStats> T, class Visit>
void visit_fields(T& stats, Visit&& visit) {
  auto& [level, runs, tables, bytes, entries, tombstones, bytes_written, bytes_read, jobs, tables_moved_in,
         entries_dropped, job_durations, gets_answered] = stats;
  visit("level", level);
  visit("runs", runs);
  visit("tables", tables);
  visit("bytes", bytes);
  visit("entries", entries);
  visit("tombstones", tombstones);
  visit("bytes_written", bytes_written);
  visit("bytes_read", bytes_read);
  visit("jobs", jobs);
  visit("tables_moved_in", tables_moved_in);
  visit("entries_dropped", entries_dropped);
  visit("job_durations", job_durations);
  visit("gets_answered", gets_answered);
}

template <MaybeConst<KeyspaceStats> T, class Visit>
void visit_fields(T& stats, Visit&& visit) {
  auto& [name, memtable_bytes, memtables, puts, erases, range_erases, bytes_put, gets, gets_found, multi_gets,
         multi_get_keys, multi_get_keys_found, bytes_got, cursors, seeks, flushes, compactions, flushes_running,
         compactions_running, tables_moved, largest_run_bytes, gets_answered_memory, write_latency, get_latency,
         seek_latency, levels] = stats;
  visit("name", name);
  visit("memtable_bytes", memtable_bytes);
  visit("memtables", memtables);
  visit("puts", puts);
  visit("erases", erases);
  visit("range_erases", range_erases);
  visit("bytes_put", bytes_put);
  visit("gets", gets);
  visit("gets_found", gets_found);
  visit("multi_gets", multi_gets);
  visit("multi_get_keys", multi_get_keys);
  visit("multi_get_keys_found", multi_get_keys_found);
  visit("bytes_got", bytes_got);
  visit("cursors", cursors);
  visit("seeks", seeks);
  visit("flushes", flushes);
  visit("compactions", compactions);
  visit("flushes_running", flushes_running);
  visit("compactions_running", compactions_running);
  visit("tables_moved", tables_moved);
  visit("largest_run_bytes", largest_run_bytes);
  visit("gets_answered_memory", gets_answered_memory);
  visit("write_latency", write_latency);
  visit("get_latency", get_latency);
  visit("seek_latency", seek_latency);
  visit("levels", levels);
}

template <MaybeConst<DelayStats> T, class Visit>
void visit_fields(T& stats, Visit&& visit) {
  auto& [reason, delays] = stats;
  visit("reason", reason);
  visit("delays", delays);
}

template <MaybeConst<MemoryUse> T, class Visit>
void visit_fields(T& use, Visit&& visit) {
  auto& [memtables, log, cache, tables, cursors, jobs] = use;
  visit("memtables", memtables);
  visit("log", log);
  visit("cache", cache);
  visit("tables", tables);
  visit("cursors", cursors);
  visit("jobs", jobs);
}

template <MaybeConst<Stats> T, class Visit>
void visit_fields(T& stats, Visit&& visit) {
  auto& [keyspaces, writes, operations_written, gets, gets_found, syncs, write_latency, get_latency, multi_get_latency,
         seek_latency, sync_latency, flush_duration, compaction_duration, delays, user_bytes, log_bytes, flush_bytes,
         compaction_bytes_read, compaction_bytes_written, table_file_bytes, log_file_bytes, memory_bytes,
         memory_ceiling_bytes, memory, cache_misses, cache_made_ahead, cache_evictions, snapshots, last_sequence,
         writes_stopped, device_full] = stats;
  visit("keyspaces", keyspaces);
  visit("writes", writes);
  visit("operations_written", operations_written);
  visit("gets", gets);
  visit("gets_found", gets_found);
  visit("syncs", syncs);
  visit("write_latency", write_latency);
  visit("get_latency", get_latency);
  visit("multi_get_latency", multi_get_latency);
  visit("seek_latency", seek_latency);
  visit("sync_latency", sync_latency);
  visit("flush_duration", flush_duration);
  visit("compaction_duration", compaction_duration);
  visit("delays", delays);
  visit("user_bytes", user_bytes);
  visit("log_bytes", log_bytes);
  visit("flush_bytes", flush_bytes);
  visit("compaction_bytes_read", compaction_bytes_read);
  visit("compaction_bytes_written", compaction_bytes_written);
  visit("table_file_bytes", table_file_bytes);
  visit("log_file_bytes", log_file_bytes);
  visit("memory_bytes", memory_bytes);
  visit("memory_ceiling_bytes", memory_ceiling_bytes);
  visit("memory", memory);
  visit("cache_misses", cache_misses);
  visit("cache_made_ahead", cache_made_ahead);
  visit("cache_evictions", cache_evictions);
  visit("snapshots", snapshots);
  visit("last_sequence", last_sequence);
  visit("writes_stopped", writes_stopped);
  visit("device_full", device_full);
}

}  // namespace nacre::metrics
