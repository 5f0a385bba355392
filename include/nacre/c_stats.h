// Statistics of the C API. Part of nacre/c.h.
#pragma once

#include "nacre/c_base.h"

#ifdef __cplusplus
extern "C" {
#endif

// Nanoseconds. Of operations of users about one in 16 is recorded, of all else each.
typedef struct nacre_latency {
  uint64_t count;
  uint64_t sum_ns;
  uint64_t p50_ns;
  uint64_t p90_ns;
  uint64_t p99_ns;
  uint64_t p999_ns;
  uint64_t max_ns;
} nacre_latency;

// What a database did since it was opened, and what it holds; nacre/stats.h says more of each number.
typedef struct nacre_stats {
  size_t struct_size;
  uint64_t writes;              // batches, a single put counting as one
  uint64_t operations_written;  // changes in them
  uint64_t gets;                // keys asked for
  uint64_t gets_found;          // of them, live entries found
  uint64_t syncs;
  uint64_t user_bytes;   // keys and values written
  uint64_t log_bytes;    // appended to the log
  uint64_t flush_bytes;  // table bytes written by flushes
  uint64_t compaction_bytes_read;
  uint64_t compaction_bytes_written;
  uint64_t table_file_bytes;  // live tables
  uint64_t log_file_bytes;    // live log segments
  uint64_t memory_bytes;      // held now: the next six together
  uint64_t memory_memtables;
  uint64_t memory_log;
  uint64_t memory_cache;
  uint64_t memory_tables;
  uint64_t memory_cursors;
  uint64_t memory_jobs;
  uint64_t memory_ceiling_bytes;
  uint64_t cache_misses;
  uint64_t cache_made_ahead;  // blocks that flushes and compactions cached as they wrote them
  uint64_t cache_evictions;
  uint64_t keyspaces;
  uint64_t snapshots;
  uint64_t last_sequence;
  double write_amplification;  // bytes written for each byte of users
  double space_amplification;  // bytes of tables for each byte of data, at most
  double read_amplification;   // the most runs that a get may look into
  nacre_latency write_latency;
  nacre_latency get_latency;
  nacre_latency multi_get_latency;  // of whole calls
  nacre_latency seek_latency;
  nacre_latency sync_latency;
  nacre_latency flush_duration;
  nacre_latency compaction_duration;
  nacre_latency delays_memtables_full;     // writers waited for a flush
  nacre_latency delays_memtables_filling;  // writers slowed down: more than half of that memory waits
  nacre_latency delays_compaction_debt;    // writers slowed down: too much waits for compaction
  nacre_latency delays_log_segment;        // writers waited for the log's next segment
} nacre_stats;

// Fills `stats`, whose struct_size the caller has set.
NACRE_API nacre_status nacre_db_stats(const nacre_db* db, nacre_stats* stats, nacre_error* error);

#ifdef __cplusplus
}
#endif
