// What nacre/stats.h derives from its numbers.

#include "nacre/stats.h"

#include <algorithm>

namespace nacre {

namespace {

uint64_t bytes_of_levels(const KeyspaceStats& keyspace) {
  uint64_t bytes = 0;
  for (const LevelStats& level : keyspace.levels) bytes += level.bytes;
  return bytes;
}

double ratio(uint64_t part, uint64_t of, double otherwise) {
  return of == 0 ? otherwise : static_cast<double>(part) / static_cast<double>(of);
}

}  // namespace

const char* to_string(DelayReason reason) {
  switch (reason) {
    case DelayReason::kNone: return "none";
    case DelayReason::kMemtablesFull: return "memtables full";
    case DelayReason::kCompactionDebt: return "compaction debt";
    case DelayReason::kLogSegment: return "log segment late";
    case DelayReason::kMemtablesFilling: return "memtables filling";
    case DelayReason::kCount: break;
  }
  return "";
}

double KeyspaceStats::write_amplification() const {
  uint64_t bytes_written = 0;
  for (const LevelStats& level : levels) bytes_written += level.bytes_written;
  return ratio(bytes_written, bytes_put, 0);
}

double KeyspaceStats::space_amplification() const { return ratio(bytes_of_levels(*this), largest_run_bytes, 1); }

double KeyspaceStats::read_amplification() const {
  uint64_t runs = 0;
  for (const LevelStats& level : levels) runs += level.runs;
  return static_cast<double>(runs);
}

double Stats::write_amplification() const {
  return ratio(log_bytes + flush_bytes + compaction_bytes_written, user_bytes, 0);
}

double Stats::space_amplification() const {
  uint64_t all = 0;
  uint64_t copy = 0;
  for (const KeyspaceStats& keyspace : keyspaces) {
    all += bytes_of_levels(keyspace);
    copy += keyspace.largest_run_bytes;
  }
  return ratio(all, copy, 1);
}

double Stats::read_amplification() const {
  double most = 0;
  for (const KeyspaceStats& keyspace : keyspaces) most = std::max(most, keyspace.read_amplification());
  return most;
}

}  // namespace nacre
