#include "capi/stats.h"

#include <gtest/gtest.h>

namespace nacre::capi {
namespace {

Latency latency_from(uint64_t first) {
  return {.count = first,
          .sum_ns = first + 1,
          .p50_ns = first + 2,
          .p90_ns = first + 3,
          .p99_ns = first + 4,
          .p999_ns = first + 5,
          .max_ns = first + 6};
}

void is_from(uint64_t first, const nacre_latency& latency) {
  EXPECT_EQ(latency.count, first);
  EXPECT_EQ(latency.sum_ns, first + 1);
  EXPECT_EQ(latency.p50_ns, first + 2);
  EXPECT_EQ(latency.p90_ns, first + 3);
  EXPECT_EQ(latency.p99_ns, first + 4);
  EXPECT_EQ(latency.p999_ns, first + 5);
  EXPECT_EQ(latency.max_ns, first + 6);
}

// A number of its own in each field: none may arrive in another's place.
TEST(StatsTest, EachCountArrives) {
  Stats stats;
  stats.writes = 1;
  stats.operations_written = 2;
  stats.gets = 3;
  stats.gets_found = 4;
  stats.syncs = 5;
  stats.user_bytes = 6;
  stats.log_bytes = 7;
  stats.flush_bytes = 8;
  stats.compaction_bytes_read = 9;
  stats.compaction_bytes_written = 10;
  stats.table_file_bytes = 11;
  stats.log_file_bytes = 12;
  stats.memory_bytes = 13;
  stats.memory_ceiling_bytes = 14;
  stats.cache_misses = 15;
  stats.cache_made_ahead = 16;
  stats.cache_evictions = 17;
  stats.snapshots = 18;
  stats.last_sequence = 19;
  stats.memory.memtables = 20;
  stats.memory.log = 21;
  stats.memory.cache = 22;
  stats.memory.tables = 23;
  stats.memory.cursors = 24;
  stats.memory.jobs = 25;
  stats.keyspaces.resize(3);
  stats.writes_stopped = true;

  const nacre_stats out = as_c(stats);
  EXPECT_EQ(out.struct_size, sizeof out);
  EXPECT_EQ(out.keyspaces, 3u);
  EXPECT_EQ(out.write_amplification, stats.write_amplification());
  EXPECT_EQ(out.space_amplification, stats.space_amplification());
  EXPECT_EQ(out.read_amplification, stats.read_amplification());
  EXPECT_EQ(out.writes, 1u);
  EXPECT_EQ(out.operations_written, 2u);
  EXPECT_EQ(out.gets, 3u);
  EXPECT_EQ(out.gets_found, 4u);
  EXPECT_EQ(out.syncs, 5u);
  EXPECT_EQ(out.user_bytes, 6u);
  EXPECT_EQ(out.log_bytes, 7u);
  EXPECT_EQ(out.flush_bytes, 8u);
  EXPECT_EQ(out.compaction_bytes_read, 9u);
  EXPECT_EQ(out.compaction_bytes_written, 10u);
  EXPECT_EQ(out.table_file_bytes, 11u);
  EXPECT_EQ(out.log_file_bytes, 12u);
  EXPECT_EQ(out.memory_bytes, 13u);
  EXPECT_EQ(out.memory_ceiling_bytes, 14u);
  EXPECT_EQ(out.cache_misses, 15u);
  EXPECT_EQ(out.cache_made_ahead, 16u);
  EXPECT_EQ(out.cache_evictions, 17u);
  EXPECT_EQ(out.snapshots, 18u);
  EXPECT_EQ(out.last_sequence, 19u);
  EXPECT_EQ(out.memory_memtables, 20u);
  EXPECT_EQ(out.memory_log, 21u);
  EXPECT_EQ(out.memory_cache, 22u);
  EXPECT_EQ(out.memory_tables, 23u);
  EXPECT_EQ(out.memory_cursors, 24u);
  EXPECT_EQ(out.memory_jobs, 25u);
  EXPECT_EQ(out.writes_stopped, 1u);
  EXPECT_EQ(out.device_full, 0u);
  EXPECT_EQ(as_c(Stats{.device_full = true}).device_full, 1u);
}

TEST(StatsTest, EachLatencyArrives) {
  Stats stats;
  stats.write_latency = latency_from(100);
  stats.get_latency = latency_from(200);
  stats.multi_get_latency = latency_from(300);
  stats.seek_latency = latency_from(400);
  stats.sync_latency = latency_from(500);
  stats.flush_duration = latency_from(600);
  stats.compaction_duration = latency_from(700);
  stats.delays.push_back({.reason = DelayReason::kMemtablesFull, .delays = latency_from(800)});
  stats.delays.push_back({.reason = DelayReason::kMemtablesFilling, .delays = latency_from(900)});
  stats.delays.push_back({.reason = DelayReason::kCompactionDebt, .delays = latency_from(1000)});
  stats.delays.push_back({.reason = DelayReason::kLogSegment, .delays = latency_from(1100)});

  const nacre_stats out = as_c(stats);
  is_from(100, out.write_latency);
  is_from(200, out.get_latency);
  is_from(300, out.multi_get_latency);
  is_from(400, out.seek_latency);
  is_from(500, out.sync_latency);
  is_from(600, out.flush_duration);
  is_from(700, out.compaction_duration);
  is_from(800, out.delays_memtables_full);
  is_from(900, out.delays_memtables_filling);
  is_from(1000, out.delays_compaction_debt);
  is_from(1100, out.delays_log_segment);
}

TEST(StatsTest, EachNumberOfAKeyspaceArrives) {
  KeyspaceStats stats;
  stats.name = "users";
  stats.memtable_bytes = 1;
  stats.memtables = 2;
  stats.puts = 3;
  stats.erases = 4;
  stats.range_erases = 5;
  stats.bytes_put = 6;
  stats.gets = 7;
  stats.gets_found = 8;
  stats.multi_gets = 9;
  stats.multi_get_keys = 10;
  stats.multi_get_keys_found = 11;
  stats.bytes_got = 12;
  stats.cursors = 13;
  stats.seeks = 14;
  stats.flushes = 15;
  stats.compactions = 16;
  stats.flushes_running = 17;
  stats.compactions_running = 18;
  stats.tables_moved = 19;
  stats.largest_run_bytes = 20;
  stats.gets_answered_memory = 21;
  stats.levels = {{.level = 1, .runs = 2, .bytes = 50}, {.level = 2, .runs = 1, .bytes = 80}};
  stats.write_latency = latency_from(100);
  stats.get_latency = latency_from(200);
  stats.seek_latency = latency_from(300);

  const nacre_keyspace_stats out = as_c(stats);
  EXPECT_EQ(out.struct_size, sizeof out);
  EXPECT_EQ(std::string(out.name.data, out.name.size), "users");
  EXPECT_EQ(out.memtable_bytes, 1u);
  EXPECT_EQ(out.memtables, 2u);
  EXPECT_EQ(out.puts, 3u);
  EXPECT_EQ(out.erases, 4u);
  EXPECT_EQ(out.range_erases, 5u);
  EXPECT_EQ(out.bytes_put, 6u);
  EXPECT_EQ(out.gets, 7u);
  EXPECT_EQ(out.gets_found, 8u);
  EXPECT_EQ(out.multi_gets, 9u);
  EXPECT_EQ(out.multi_get_keys, 10u);
  EXPECT_EQ(out.multi_get_keys_found, 11u);
  EXPECT_EQ(out.bytes_got, 12u);
  EXPECT_EQ(out.cursors, 13u);
  EXPECT_EQ(out.seeks, 14u);
  EXPECT_EQ(out.flushes, 15u);
  EXPECT_EQ(out.compactions, 16u);
  EXPECT_EQ(out.flushes_running, 17u);
  EXPECT_EQ(out.compactions_running, 18u);
  EXPECT_EQ(out.tables_moved, 19u);
  EXPECT_EQ(out.largest_run_bytes, 20u);
  EXPECT_EQ(out.gets_answered_memory, 21u);
  EXPECT_EQ(out.levels, 2u);
  EXPECT_EQ(out.write_amplification, stats.write_amplification());
  EXPECT_EQ(out.space_amplification, stats.space_amplification());
  EXPECT_EQ(out.read_amplification, stats.read_amplification());
  EXPECT_NE(out.space_amplification, out.read_amplification);
  is_from(100, out.write_latency);
  is_from(200, out.get_latency);
  is_from(300, out.seek_latency);
}

TEST(StatsTest, EachNumberOfALevelArrives) {
  LevelStats stats;
  stats.level = 1;
  stats.runs = 2;
  stats.tables = 3;
  stats.bytes = 4;
  stats.entries = 5;
  stats.tombstones = 6;
  stats.bytes_written = 7;
  stats.bytes_read = 8;
  stats.jobs = 9;
  stats.tables_moved_in = 10;
  stats.entries_dropped = 11;
  stats.gets_answered = 12;
  stats.job_durations = latency_from(100);

  const nacre_level_stats out = as_c(stats);
  EXPECT_EQ(out.struct_size, sizeof out);
  EXPECT_EQ(out.level, 1u);
  EXPECT_EQ(out.runs, 2u);
  EXPECT_EQ(out.tables, 3u);
  EXPECT_EQ(out.bytes, 4u);
  EXPECT_EQ(out.entries, 5u);
  EXPECT_EQ(out.tombstones, 6u);
  EXPECT_EQ(out.bytes_written, 7u);
  EXPECT_EQ(out.bytes_read, 8u);
  EXPECT_EQ(out.jobs, 9u);
  EXPECT_EQ(out.tables_moved_in, 10u);
  EXPECT_EQ(out.entries_dropped, 11u);
  EXPECT_EQ(out.gets_answered, 12u);
  is_from(100, out.job_durations);
}

}  // namespace
}  // namespace nacre::capi
