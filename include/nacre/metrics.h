// Metrics: statistics as text for programs, and the statistics of a database that another process has open.
//
// A process that has a database open for writing publishes its statistics in the database's directory: first after a second,
// then every second while something changes (after a rest: within eight), and at the close if there was a first. Anybody who may read the file STATS can look, without
// opening the database.
//
// Thread safety: all of it.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "nacre/error.h"
#include "nacre/export.h"
#include "nacre/stats.h"

namespace nacre {

// One JSON object (RFC 8259) on one line: every field of Stats by its name, in the order of stats.h; the amplifications
// besides, under the names of their functions. Whole numbers are written in full, up to 2^64 - 1. A reason of a delay is in
// words. The name of a keyspace that is not UTF-8 stands as hex digits under `name_hex` instead of `name`.
NACRE_API std::string to_json(const Stats& stats) noexcept;

struct MetricLabel {
  std::string name;
  std::string value;  // any bytes
};

// The text format of Prometheus, version 0.0.4: every field of Stats as metrics whose names begin with `nacre_`, times in
// seconds, latencies as summaries. `labels` stand on every line. kInvalidArgument: the name of a label is none (letters, digits
// and underscores; no digit first, nor two underscores), is there twice, or is one of those that are set here: keyspace,
// level, part, quantile, reason.
//
// In the value of a label, bytes that are not UTF-8 and control characters stand as `\xHH`, and a backslash as two, before
// Prometheus' own escapes: different keyspaces stay different.
NACRE_API Result<std::string> to_prometheus(const Stats& stats, std::span<const MetricLabel> labels = {}) noexcept;

struct PublishedStats {
  bool is_open = false;             // a process has the database open for writing now
  bool was_closed = false;          // whoever published has closed it since
  uint64_t process_id = 0;          // of whoever published; 0: nothing is published, and all below is empty
  uint64_t opened_wall_ns = 0;      // since 1970 UTC, as the next
  uint64_t published_wall_ns = 0;   // a second apart at least; what did not change is not published again
  uint64_t uptime_ns = 0;           // from the open to the publication, by a clock that does not jump: for rates
  uint64_t keyspaces_left_out = 0;  // of stats.keyspaces, for want of room: those with the fewest operations
  Stats stats;
};

// What is published of the database in directory `path`. It changes nothing and keeps nobody from opening the database.
// kNotFound: there is no database. A file STATS that is not one of ours counts as nothing published.
NACRE_API Result<PublishedStats> read_published_stats(const std::string& path) noexcept;

}  // namespace nacre
