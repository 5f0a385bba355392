// The three columns of RocksDB: as it comes, tuned, and the best that was found.
#pragma once

#include <rocksdb/options.h>

#include "bench/engine/store.h"

namespace bench {

rocksdb::Options rocksdb_default_options(const OpenOptions& options);
// What its tuning guides name for a small machine: 128 MiB x 4 of buffers, the rest of the memory for the cache.
rocksdb::Options rocksdb_tuned_options(const OpenOptions& options);
// Tuned, with universal compaction and recycled logs; or with OpenOptions::engine_options instead of these two.
rocksdb::Options rocksdb_best_options(const OpenOptions& options);

}  // namespace bench
