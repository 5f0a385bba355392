// RocksDB, tuned for a small machine: the options that its own tuning guides name for this workload.
//
// write buffers 128 MiB x 4, tables of 64 MiB, level base 1 GiB, multiplier 8, level-0 triggers 4/20/30, 3 background jobs,
// Bloom 10 bits, LZ4, dynamic level sizes, data block hash index, memtable Bloom filter, HyperClockCache with what the
// memory budget leaves after the write buffers.

#include "engine.h"

#ifdef NACRE_BENCH_ROCKSDB

#include <rocksdb/cache.h>
#include <rocksdb/db.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/options.h>
#include <rocksdb/table.h>
#include <rocksdb/version.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <thread>

namespace bench {

namespace {

void must(const rocksdb::Status& status) {
  if (status.ok()) return;
  std::fprintf(stderr, "rocksdb: %s\n", status.ToString().c_str());
  std::exit(3);
}

class RocksReader : public Reader {
 public:
  explicit RocksReader(rocksdb::DB& db) : iterator_(db.NewIterator(rocksdb::ReadOptions())) {}
  uint64_t seek_and_next(std::string_view key, uint64_t next) override {
    uint64_t seen = 0;
    iterator_->Seek({key.data(), key.size()});
    for (; iterator_->Valid() && seen <= next; iterator_->Next()) {
      bytes_ += iterator_->key().size() + iterator_->value().size();
      seen++;
      if (seen > next) break;
    }
    return seen;
  }
  uint64_t walk_all() override {
    uint64_t seen = 0;
    for (iterator_->SeekToFirst(); iterator_->Valid(); iterator_->Next()) {
      bytes_ += iterator_->key().size() + iterator_->value().size();
      seen++;
    }
    return seen;
  }

 private:
  std::unique_ptr<rocksdb::Iterator> iterator_;
  uint64_t bytes_ = 0;
};

class RocksEngine : public Engine {
 public:
  explicit RocksEngine(std::unique_ptr<rocksdb::DB> db) : db_(std::move(db)) {}
  void put(std::string_view key, std::string_view value) override {
    must(db_->Put(rocksdb::WriteOptions(), {key.data(), key.size()}, {value.data(), value.size()}));
  }
  void put_synced(std::string_view key, std::string_view value) override {
    rocksdb::WriteOptions options;
    options.sync = true;
    must(db_->Put(options, {key.data(), key.size()}, {value.data(), value.size()}));
  }
  bool get(std::string_view key, std::string* value) override {
    rocksdb::PinnableSlice found;
    const rocksdb::Status status =
        db_->Get(rocksdb::ReadOptions(), db_->DefaultColumnFamily(), {key.data(), key.size()}, &found);
    if (status.IsNotFound()) return false;
    must(status);
    value->assign(found.data(), found.size());
    return true;
  }
  std::unique_ptr<Reader> reader() override { return std::make_unique<RocksReader>(*db_); }
  void settle() override {
    must(db_->Flush(rocksdb::FlushOptions()));
#if ROCKSDB_MAJOR >= 9
    must(db_->WaitForCompact(rocksdb::WaitForCompactOptions()));
#else
    // It cannot be asked to wait: settled is when no compaction has run for a tenth of a second.
    for (int quiet = 0; quiet < 100; quiet++) {
      uint64_t running = 0;
      if (db_->GetIntProperty("rocksdb.num-running-compactions", &running) && running != 0) quiet = 0;
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
#endif
  }
  std::string describe() override {
    return "rocksdb " + std::to_string(ROCKSDB_MAJOR) + "." + std::to_string(ROCKSDB_MINOR) + "." +
           std::to_string(ROCKSDB_PATCH) + ", tuned";
  }

 private:
  std::unique_ptr<rocksdb::DB> db_;
};

rocksdb::Options tuned(uint64_t memory_bytes) {
  rocksdb::Options options;
  options.create_if_missing = true;
  options.write_buffer_size = 128 << 20;
  options.max_write_buffer_number = 4;
  options.target_file_size_base = 64 << 20;
  options.max_bytes_for_level_base = 1 << 30;
  options.max_bytes_for_level_multiplier = 8;
  options.level0_file_num_compaction_trigger = 4;
  options.level0_slowdown_writes_trigger = 20;
  options.level0_stop_writes_trigger = 30;
  options.max_background_jobs = 3;
  options.max_open_files = -1;
  options.level_compaction_dynamic_level_bytes = true;
  options.bytes_per_sync = 1 << 20;
  options.compression = rocksdb::kLZ4Compression;
  options.memtable_prefix_bloom_size_ratio = 0.1;
  options.memtable_whole_key_filtering = true;
  rocksdb::BlockBasedTableOptions table;
  table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(10));
  table.data_block_index_type = rocksdb::BlockBasedTableOptions::kDataBlockBinaryAndHash;
  table.pin_l0_filter_and_index_blocks_in_cache = true;
  table.block_cache = rocksdb::HyperClockCacheOptions(memory_bytes - (512ULL << 20), 0).MakeSharedCache();
  options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  return options;
}

}  // namespace

std::unique_ptr<Engine> open_rocksdb(const std::string& directory, uint64_t memory_bytes) {
  std::unique_ptr<rocksdb::DB> db;
#if ROCKSDB_MAJOR >= 10
  must(rocksdb::DB::Open(tuned(memory_bytes), directory, &db));
#else
  rocksdb::DB* raw = nullptr;
  must(rocksdb::DB::Open(tuned(memory_bytes), directory, &raw));
  db.reset(raw);
#endif
  return std::make_unique<RocksEngine>(std::move(db));
}

}  // namespace bench

#else

namespace bench {
std::unique_ptr<Engine> open_rocksdb(const std::string&, uint64_t) { return nullptr; }
}  // namespace bench

#endif
