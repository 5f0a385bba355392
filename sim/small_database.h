// What the workloads of trees and histories draw alike: options and sizes that bring many small tables on several levels.
//
// Thread safety: pure functions.
#pragma once

#include "base/prng.h"
#include "engine/miniature.h"
#include "nacre/options.h"

namespace nacre::sim {

inline engine::Miniature draw_miniature(base::Prng& prng, uint64_t least_table_bytes, uint64_t spread_bytes) {
  engine::Miniature miniature;
  miniature.memtable_bytes >>= prng.below(5);
  miniature.table_bytes = least_table_bytes + prng.below(spread_bytes);
  miniature.runs_per_level = 2 + static_cast<uint32_t>(prng.below(3));
  return miniature;
}

// Blocks of the least size, so that a few keys fill some.
inline Options draw_small_options(base::Prng& prng) {
  Options options;
  options.memory_bytes = kMinMemoryBytes;
  options.memtable = prng.one_in(2) ? MemtableKind::kBTree : MemtableKind::kSkipList;
  options.row_cache_percent = prng.one_in(2) ? 10 : 0;
  options.keyspace.compression = Compression::kNone;
  options.keyspace.bottom_compression = Compression::kNone;
  options.keyspace.shape = static_cast<CompactionShape>(prng.below(3));
  options.keyspace.filter_bits_per_key = prng.one_in(3) ? 0 : 10;
  options.keyspace.block_bytes = 1024;
  return options;
}

}  // namespace nacre::sim
