// Miniature: how small the engine runs in the simulator.
//
// In the simulator kilobytes bring the engine what otherwise takes gigabytes - a rotation of the log, the second table of a
// run, partitions, a merge in parts, deep levels, a full cache. Only sizes and counts differ. A workload sets them before it opens
// a database, and so may try several; production has one size, and what stands here is not read.
#pragma once

#include <algorithm>
#include <cstdint>

#include "sync/sync.h"

namespace nacre::engine {

inline constexpr uint64_t kSmallestUnit = sync::kSimulated ? uint64_t{128} << 10 : uint64_t{1} << 20;
// A memtable is not made smaller than this for the sake of fresh pages.
inline constexpr uint64_t kWorthDividing = sync::kSimulated ? uint64_t{32} << 10 : uint64_t{4} << 20;
constexpr uint64_t budget_of(uint64_t memory_bytes) { return sync::kSimulated ? memory_bytes / 4 : memory_bytes; }

struct Miniature {
  uint64_t memtable_bytes = uint64_t{256} << 10;  // at most
  uint64_t table_bytes = kSmallestUnit;           // at most
  uint32_t runs_per_level = 6;
  uint64_t toll_factor = 16;  // what is merged shrinks with the sizes, the number of reads does not grow
};
inline Miniature miniature;

inline uint64_t memtable_bytes_of(uint64_t planned) {
  return sync::kSimulated ? std::min(planned, miniature.memtable_bytes) : planned;
}
inline uint64_t table_bytes_of(uint64_t planned) {
  return sync::kSimulated ? std::min(planned, miniature.table_bytes) : planned;
}
inline uint32_t runs_per_level_of(uint32_t planned) { return sync::kSimulated ? miniature.runs_per_level : planned; }

inline uint64_t toll_of(uint64_t bytes) { return sync::kSimulated ? bytes * miniature.toll_factor : bytes; }

}  // namespace nacre::engine
