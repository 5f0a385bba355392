// Statistics of the C API: as numbers, as JSON, for Prometheus; those of a database that another process has open. Part of nacre/c.h.
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
  uint32_t writes_stopped;                 // 1: a sync has failed: until the database is opened again
  uint32_t device_full;                    // 1: only erases are taken, until space has returned
} nacre_stats;

// Fills `stats`, whose struct_size the caller has set.
NACRE_API nacre_status nacre_db_stats(const nacre_db* db, nacre_stats* stats, nacre_error* error);

// ---- Metrics ---------------------------------------------------------------------------------------------------------
// All statistics of one moment, in every form. It is a copy: it needs its database no more, and does not change.

typedef struct nacre_metrics nacre_metrics;

typedef struct nacre_keyspace_stats {
  size_t struct_size;
  nacre_bytes name;  // kept by the nacre_metrics
  uint64_t memtable_bytes;
  uint64_t memtables;  // the mutable one and those that wait for their flush
  uint64_t puts;       // in batches or alone, as the erases
  uint64_t erases;
  uint64_t range_erases;
  uint64_t bytes_put;   // keys and values of accepted writes
  uint64_t gets;        // gets and containment tests
  uint64_t gets_found;  // of them, live entries found
  uint64_t multi_gets;
  uint64_t multi_get_keys;
  uint64_t multi_get_keys_found;
  uint64_t bytes_got;  // values that gets and multi_gets returned
  uint64_t cursors;    // made, those of scans included
  uint64_t seeks;      // positionings of cursors, and the begin of a scan
  uint64_t flushes;
  uint64_t compactions;
  uint64_t flushes_running;  // now
  uint64_t compactions_running;
  uint64_t tables_moved;          // compaction without rewriting
  uint64_t largest_run_bytes;     // of table files
  uint64_t gets_answered_memory;  // by memtables, of the gets in get_latency
  uint64_t levels;                // for nacre_metrics_level
  double write_amplification;     // without the log
  double space_amplification;
  double read_amplification;
  nacre_latency write_latency;  // of batches that wrote to it
  nacre_latency get_latency;
  nacre_latency seek_latency;
} nacre_keyspace_stats;

typedef struct nacre_level_stats {
  size_t struct_size;
  uint64_t level;
  uint64_t runs;
  uint64_t tables;
  uint64_t bytes;  // of table files
  uint64_t entries;
  uint64_t tombstones;       // point and range
  uint64_t bytes_written;    // to this level by flush and compaction
  uint64_t bytes_read;       // from this level by compaction
  uint64_t jobs;             // flushes and compactions that wrote to this level
  uint64_t tables_moved_in;  // from the levels above, without rewriting
  uint64_t entries_dropped;  // by those jobs: overwritten and erased ones, and tombstones with nothing left to hide
  uint64_t gets_answered;    // of the gets in get_latency: a tombstone is an answer too
  nacre_latency job_durations;
} nacre_level_stats;

// Takes those of this moment.
NACRE_API nacre_status nacre_metrics_take(const nacre_db* db, nacre_metrics** metrics, nacre_error* error);

// When and by whom statistics were published.
typedef struct nacre_publication {
  size_t struct_size;
  uint32_t is_open;             // 1: a process has the database open for writing now
  uint32_t was_closed;          // 1: whoever published has closed it since
  uint64_t process_id;          // of whoever published; 0: nothing is published, and all below is 0
  uint64_t opened_wall_ns;      // since 1970 UTC, as the next
  uint64_t published_wall_ns;   // a second apart at least; what did not change is not published again
  uint64_t uptime_ns;           // from the open to the publication, by a clock that does not jump: for rates
  uint64_t keyspaces_left_out;  // for want of room: those with the fewest operations
} nacre_publication;

// Reads what the process that has it open for writing publishes of the database in directory `path`, every second. Nobody is kept
// from opening it. NACRE_NOT_FOUND: there is no database. `publication`, which may be NULL, is filled.
NACRE_API nacre_status nacre_metrics_read(const char* path, nacre_publication* publication, nacre_metrics** metrics,
                                          nacre_error* error);

// Fill the struct, whose struct_size the caller has set. NACRE_INVALID_ARGUMENT: there is no such keyspace or level; they are counted
// from 0, up to nacre_stats.keyspaces and nacre_keyspace_stats.levels.
NACRE_API nacre_status nacre_metrics_stats(const nacre_metrics* metrics, nacre_stats* stats, nacre_error* error);
NACRE_API nacre_status nacre_metrics_keyspace(const nacre_metrics* metrics, size_t keyspace,
                                              nacre_keyspace_stats* stats, nacre_error* error);
NACRE_API nacre_status nacre_metrics_level(const nacre_metrics* metrics, size_t keyspace, size_t level,
                                           nacre_level_stats* stats, nacre_error* error);

// One JSON object on one line, with every number by its name.
NACRE_API nacre_status nacre_metrics_json(const nacre_metrics* metrics, nacre_string** json, nacre_error* error);

typedef struct nacre_metric_label {
  nacre_bytes name;
  nacre_bytes value;
} nacre_metric_label;

// The text format of Prometheus, version 0.0.4; `labels` stand on every line. NACRE_INVALID_ARGUMENT: the name of one is none, or is
// taken (nacre/metrics.h).
NACRE_API nacre_status nacre_metrics_prometheus(const nacre_metrics* metrics, const nacre_metric_label* labels,
                                                size_t label_count, nacre_string** text, nacre_error* error);

NACRE_API void nacre_metrics_free(nacre_metrics* metrics);

#ifdef __cplusplus
}
#endif
