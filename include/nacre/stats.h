// Stats: what a database did and what it holds, as plain numbers.
//
// Counters run from the opening of the handle; they are exact once the calls that they count have returned. Of operations that
// a drop of their keyspace met on their way, a few may be missing. What opening did to recover the log counts: flushes of
// what it held, and their bytes.
//
// Times are in nanoseconds. Latencies of users' operations are sampled: about one in 16 of each thread, the first included,
// and only those that succeeded. Of delays of writers, syncs, flushes and compactions each one is recorded. Quantiles are within
// 1%; but a keyspace's own latencies beyond 4.6 minutes count as that long in quantiles, not in sum_ns and max_ns.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "nacre/export.h"

namespace nacre {

struct Latency {
  uint64_t count = 0;  // recorded: of what is sampled about a sixteenth
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
  uint64_t tombstones = 0;       // point and range
  uint64_t bytes_written = 0;    // to this level by flush and compaction
  uint64_t bytes_read = 0;       // from this level by compaction
  uint64_t jobs = 0;             // flushes and compactions that wrote to this level
  uint64_t tables_moved_in = 0;  // from the levels above, without rewriting
  uint64_t entries_dropped = 0;  // by those jobs: overwritten and erased ones, and tombstones with nothing left to hide
  Latency job_durations;         // of those jobs
  uint64_t gets_answered = 0;    // of the gets in KeyspaceStats::get_latency: a tombstone is an answer too
};

struct NACRE_API KeyspaceStats {
  std::string name;
  uint64_t memtable_bytes = 0;
  uint64_t memtables = 0;  // the mutable one and those that wait for their flush
  uint64_t puts = 0;       // in batches or alone, as the erases
  uint64_t erases = 0;
  uint64_t range_erases = 0;
  uint64_t bytes_put = 0;   // keys and values of accepted writes
  uint64_t gets = 0;        // gets and containment tests
  uint64_t gets_found = 0;  // of them, live entries found
  uint64_t multi_gets = 0;
  uint64_t multi_get_keys = 0;
  uint64_t multi_get_keys_found = 0;
  uint64_t bytes_got = 0;  // values that gets and multi_gets returned
  uint64_t cursors = 0;    // made, those of scans included
  uint64_t seeks = 0;  // positionings of cursors: seek_first and its like, and the begin of a scan; not next and prev
  uint64_t flushes = 0;
  uint64_t compactions = 0;
  uint64_t flushes_running = 0;  // now
  uint64_t compactions_running = 0;
  uint64_t tables_moved = 0;          // compaction without rewriting
  uint64_t largest_run_bytes = 0;     // of table files
  uint64_t gets_answered_memory = 0;  // as LevelStats::gets_answered, by memtables; the rest found nothing
  Latency write_latency;              // of batches that wrote to it, a single put counting as one
  Latency get_latency;                // gets and containment tests
  Latency seek_latency;               // of positionings; a cursor's first one together with the making of the cursor
  std::vector<LevelStats> levels;     // those with tables, and those that had some

  // As in Stats, of this keyspace alone. The first is without the log, which keyspaces share.
  double write_amplification() const;
  double space_amplification() const;
  double read_amplification() const;
};

enum class DelayReason : uint8_t {
  kNone,
  kMemtablesFull,     // waited for a flush: memtables hold all the memory they may
  kCompactionDebt,    // slowed down: more waits for compaction than should
  kLogSegment,        // waited for the log's next segment
  kMemtablesFilling,  // slowed down: more than half of the memory for memtables waits for its flush
  kCount
};
NACRE_API const char* to_string(DelayReason reason);

struct DelayStats {
  DelayReason reason = DelayReason::kNone;
  Latency delays;  // each one
};

// What holds memory now, in bytes.
struct MemoryUse {
  uint64_t memtables = 0;
  uint64_t log = 0;     // mapped segments
  uint64_t cache = 0;   // blocks, indexes, filters, rows
  uint64_t tables = 0;  // metadata of tables, counters of keyspaces
  uint64_t cursors = 0;
  uint64_t jobs = 0;  // buffers of flushes and compactions
};

struct NACRE_API Stats {
  std::vector<KeyspaceStats> keyspaces;
  uint64_t writes = 0;              // batches, a single put counting as one
  uint64_t operations_written = 0;  // changes in them
  uint64_t gets = 0;                // keys asked for: gets, containment tests, keys of multi_gets
  uint64_t gets_found = 0;          // of them, live entries found
  uint64_t syncs = 0;
  Latency write_latency;           // waiting included, and the sync if one is asked for
  Latency get_latency;             // gets and containment tests
  Latency multi_get_latency;       // of whole calls
  Latency seek_latency;            // as in KeyspaceStats
  Latency sync_latency;            // of the log: each, as the next two
  Latency flush_duration;          // from the job's start until its tables are in force
  Latency compaction_duration;     // likewise; not of tables that are moved
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
  uint64_t cache_made_ahead = 0;  // blocks that flushes and compactions put into the cache as they wrote them
  uint64_t cache_evictions = 0;
  uint64_t snapshots = 0;
  uint64_t last_sequence = 0;
  bool writes_stopped = false;  // a sync has failed: until the database is opened again
  bool device_full = false;     // only erases are taken, until space has returned

  // Bytes written to the log and to tables for each byte that users wrote; 0 before the first write.
  double write_amplification() const;
  // Bytes of live tables for each byte of one copy of the data. What a copy takes is not known: it is taken to be each
  // keyspace's largest run, since a run has a key once (more often only for snapshots). So this is an upper bound, reached where
  // that run has all keys; of a fresh database, with no large run yet, it may be far above the truth. 1 without tables.
  double space_amplification() const;
  // The most runs that a point read may look into, of the keyspace that has most. Memtables are not counted, nor what is saved by
  // key ranges and filters.
  double read_amplification() const;
};

}  // namespace nacre
