// Stats: what a database did and what it holds, as plain numbers.
//
// Counters run from the opening of the handle. Latencies of single operations are sampled (one in 16), delays of writers are
// all recorded; quantiles are within 1%.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace nacre {

struct Latency {
  uint64_t count = 0;  // recorded, so sampled operations
  uint64_t sum_ns = 0;
  uint64_t p50_ns = 0;
  uint64_t p90_ns = 0;
  uint64_t p99_ns = 0;
  uint64_t p999_ns = 0;
  uint64_t max_ns = 0;
};

struct LevelStats {
  uint32_t level = 0;
  uint64_t runs = 0;
  uint64_t tables = 0;
  uint64_t bytes = 0;  // of table files
  uint64_t entries = 0;
  uint64_t tombstones = 0;     // point and range
  uint64_t bytes_written = 0;  // to this level by flush and compaction
  uint64_t bytes_read = 0;     // from this level by compaction
};

struct KeyspaceStats {
  std::string name;
  uint64_t memtable_bytes = 0;
  uint64_t memtables = 0;  // the mutable one and those that wait for their flush
  uint64_t bytes_put = 0;  // keys and values of accepted writes
  uint64_t flushes = 0;
  uint64_t compactions = 0;
  uint64_t tables_moved = 0;  // compaction without rewriting
  std::vector<LevelStats> levels;
};

enum class DelayReason : uint8_t { kNone, kMemtablesFull, kCompactionDebt, kLogSegment, kCount };
const char* to_string(DelayReason reason);

struct DelayStats {
  DelayReason reason = DelayReason::kNone;
  Latency delays;
};

// What holds memory now, in bytes.
struct MemoryUse {
  uint64_t memtables = 0;
  uint64_t log = 0;     // mapped segments
  uint64_t cache = 0;   // blocks, indexes, filters, rows
  uint64_t tables = 0;  // metadata of tables
  uint64_t cursors = 0;
  uint64_t jobs = 0;  // buffers of flushes and compactions
};

struct Stats {
  std::vector<KeyspaceStats> keyspaces;
  uint64_t writes = 0;              // batches, a single put counting as one
  uint64_t operations_written = 0;  // changes in them
  uint64_t gets = 0;
  uint64_t gets_found = 0;
  uint64_t syncs = 0;
  Latency write_latency;
  Latency get_latency;
  Latency sync_latency;
  std::vector<DelayStats> delays;  // of writers, a row a reason
  uint64_t user_bytes = 0;         // keys and values written
  uint64_t log_bytes = 0;          // appended to the log
  uint64_t flush_bytes = 0;        // table bytes written by flushes
  uint64_t compaction_bytes_read = 0;
  uint64_t compaction_bytes_written = 0;
  uint64_t table_file_bytes = 0;  // live tables
  uint64_t log_file_bytes = 0;    // live log segments
  uint64_t memory_bytes = 0;      // held now: the sum of `memory`, but not of the same instant
  uint64_t memory_ceiling_bytes = 0;
  MemoryUse memory;
  uint64_t cache_misses = 0;
  uint64_t cache_evictions = 0;
  uint64_t snapshots = 0;
  uint64_t last_sequence = 0;

  double write_amplification() const;  // (log + flush + compaction) / user bytes
  double space_amplification()
      const;                          // table bytes / bytes of one full copy, by the bottom runs' share; 1 when unknown
  double read_amplification() const;  // runs a point read of the default keyspace may have to look into
};

}  // namespace nacre
