#include "bench/engine/rocksdb_options.h"

#include <rocksdb/cache.h>
#include <rocksdb/convenience.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/table.h>

#include <algorithm>

#include "bench/failure.h"

namespace bench {

namespace {

constexpr uint64_t kMiB = 1 << 20;
constexpr uint64_t kBuffers = 4;

// 128 MiB, less where that would take more than half of the memory.
uint64_t buffer_bytes(uint64_t memory_bytes) { return std::min(128 * kMiB, memory_bytes / (2 * kBuffers)); }

}  // namespace

rocksdb::Options rocksdb_default_options(const OpenOptions& options) {
  rocksdb::Options chosen;
  chosen.create_if_missing = true;
  if (options.codec == Codec::kNone) chosen.compression = rocksdb::kNoCompression;
  return chosen;
}

rocksdb::Options rocksdb_tuned_options(const OpenOptions& options) {
  rocksdb::Options chosen = rocksdb_default_options(options);
  chosen.write_buffer_size = buffer_bytes(options.memory_bytes);
  chosen.max_write_buffer_number = kBuffers;
  chosen.target_file_size_base = 64 * kMiB;
  chosen.max_bytes_for_level_base = 1024 * kMiB;
  chosen.max_bytes_for_level_multiplier = 8;
  chosen.level0_file_num_compaction_trigger = 4;
  chosen.level0_slowdown_writes_trigger = 20;
  chosen.level0_stop_writes_trigger = 30;
  chosen.max_background_jobs = 3;
  chosen.max_open_files = -1;
  chosen.level_compaction_dynamic_level_bytes = true;
  chosen.bytes_per_sync = kMiB;
  if (options.codec == Codec::kFast) chosen.compression = rocksdb::kLZ4Compression;
  chosen.memtable_prefix_bloom_size_ratio = 0.1;
  chosen.memtable_whole_key_filtering = true;
  rocksdb::BlockBasedTableOptions table;
  table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(10));
  table.data_block_index_type = rocksdb::BlockBasedTableOptions::kDataBlockBinaryAndHash;
  table.pin_l0_filter_and_index_blocks_in_cache = true;
  const uint64_t cache_bytes = options.memory_bytes - kBuffers * buffer_bytes(options.memory_bytes);
#if ROCKSDB_MAJOR >= 8
  constexpr size_t kEntryCharge = 0;  // it finds out by itself
#else
  const size_t kEntryCharge = table.block_size;
#endif
  table.block_cache = rocksdb::HyperClockCacheOptions(cache_bytes, kEntryCharge).MakeSharedCache();
  chosen.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  return chosen;
}

rocksdb::Options rocksdb_best_options(const OpenOptions& options) {
  const rocksdb::Options base = rocksdb_tuned_options(options);
  const std::string text = options.engine_options.empty()
                               ? "compaction_style=kCompactionStyleUniversal;recycle_log_file_num=4"
                               : options.engine_options;
  rocksdb::Options chosen;
  const rocksdb::Status status = rocksdb::GetOptionsFromString(base, text, &chosen);
  if (!status.ok()) fail(kUsage, "--rocksdb-options: %s", status.ToString().c_str());
  return chosen;
}

}  // namespace bench
