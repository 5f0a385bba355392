// MemoryPlan: how Options::memory_bytes is divided. Pure.
//
//   memtables    up to a quarter: one that takes writes and those that wait for their flush. One holds up to 1/16; that of a
//                small keyspace less, since what was never touched before costs more to touch than to use again
//   log          segments of 1/256 each, at least 1 MiB and at most 64 MiB: the one in use, the next one, and two for use again
//                are mapped, and those before them that were not synced
//   compaction   buffers of the running jobs; what a merge reads ahead is 1/16, shared by its runs and threads
//   cache        everything that the others do not hold now and did not lately, never less than 1/16
//   reserve      not memory: what is kept on the device for the time when that is full. A memtable as a table, a segment
//                of the log and something for manifests: so erases go on, and what they erase can be given back
//   slack        1/16 that nobody plans with, for what grows faster than the cache gives back
//
// Larger memtables mean fewer runs and less compaction, more cache means fewer reads: a quarter is where the curves of
// both are flat.
#pragma once

#include <algorithm>
#include <cstdint>

#include "engine/miniature.h"

namespace nacre::engine {

struct MemoryPlan {
  uint64_t memtable_bytes = 0;            // the largest memtable
  uint64_t first_memtable_bytes = 0;      // that of a keyspace without tables: see memtable_bytes_for()
  uint64_t recovered_memtable_bytes = 0;  // and while an open replays the log, so much: it is flushed beside the replay
  uint64_t all_memtables_bytes = 0;       // writers wait beyond this
  uint64_t log_segment_bytes = 0;         // at most
  uint32_t log_segments_kept = 0;         // files for use again: what the log of two memtables fills
  uint64_t log_bytes_kept = 0;            // a keyspace that keeps more log from being released is flushed
  uint64_t table_bytes = 0;               // tables are cut at this size
  uint64_t batch_bytes = 0;               // the largest batch
  uint64_t merge_bytes = 0;               // what a merge reads ahead, at most
  uint32_t runs_per_level = 0;            // at most: a merge or a cursor holds memory for each
  uint64_t reserve_bytes = 0;             // on the device
  uint64_t slack_bytes = 0;               // the cache leaves so much free

  static MemoryPlan of(uint64_t memory_bytes) {
    MemoryPlan plan;
    plan.all_memtables_bytes = memory_bytes / 4;
    const uint64_t memtable_bytes = std::clamp<uint64_t>(memory_bytes / 16, kSmallestUnit, uint64_t{256} << 20);
    plan.memtable_bytes = memtable_bytes_of(memtable_bytes);
    plan.first_memtable_bytes = std::max(plan.memtable_bytes / 4, std::min(plan.memtable_bytes, kWorthDividing));
    plan.log_segment_bytes = std::clamp<uint64_t>(memory_bytes / 256, kSmallestUnit, uint64_t{64} << 20);
    plan.log_segments_kept = static_cast<uint32_t>(2 * memtable_bytes / plan.log_segment_bytes + 2);
    plan.log_bytes_kept = 2 * plan.all_memtables_bytes;
    plan.recovered_memtable_bytes = std::min(plan.memtable_bytes, uint64_t{64} << 20);
    plan.table_bytes = table_bytes_of(std::clamp<uint64_t>(memtable_bytes / 4, kSmallestUnit, uint64_t{32} << 20));
    plan.batch_bytes = memory_bytes / 4;
    plan.merge_bytes = memory_bytes / 16;
    plan.runs_per_level = runs_per_level_of(static_cast<uint32_t>(std::clamp<uint64_t>(memory_bytes >> 22, 6, 32)));
    plan.reserve_bytes = std::min(plan.memtable_bytes + 2 * plan.log_segment_bytes, uint64_t{64} << 20);
    plan.slack_bytes = memory_bytes / 16;
    return plan;
  }

  // At what size the memtable of a keyspace with so many bytes of tables is frozen: a third of these. So a keyspace of any size has
  // few runs (under thirty when its memtables have become as large as they get), and its first gigabyte is written through a
  // quarter of the memory and of the log: the pages of both are used again where they would else be touched for the first time.
  uint64_t memtable_bytes_for(uint64_t keyspace_bytes) const {
    return std::clamp(keyspace_bytes / 3, first_memtable_bytes, memtable_bytes);
  }
};

}  // namespace nacre::engine
