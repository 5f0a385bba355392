// LevelDB: buffers of 64 MiB and a filter of 10 bits, the rest of the memory for its block cache. It has one level of
// durability below kDisk: its log is written with each put.

#include <leveldb/cache.h>
#include <leveldb/db.h>
#include <leveldb/filter_policy.h>
#include <leveldb/write_batch.h>

#include <algorithm>

#include "bench/engine/idle.h"
#include "bench/engine/registry.h"
#include "bench/failure.h"

namespace bench {

namespace {

leveldb::Slice slice(std::string_view bytes) { return {bytes.data(), bytes.size()}; }
std::string_view view(const leveldb::Slice& bytes) { return {bytes.data(), bytes.size()}; }

void must(const leveldb::Status& status) {
  if (!status.ok()) fail(kFailed, "leveldb: %s", status.ToString().c_str());
}

class LevelCursor : public Cursor {
 public:
  LevelCursor(leveldb::DB& db, const Bounds& bounds)
      : bounds_(bounds), iterator_(db.NewIterator(leveldb::ReadOptions())) {}

  void forward(std::string_view key, uint64_t limit, Seen& seen) override {
    if (key.empty()) key = bounds_.from;
    key.empty() ? iterator_->SeekToFirst() : iterator_->Seek(slice(key));
    for (uint64_t left = limit; iterator_->Valid();) {
      if (!bounds_.to.empty() && view(iterator_->key()) >= bounds_.to) break;
      seen.look(view(iterator_->key()), view(iterator_->value()));
      if (--left == 0) break;
      iterator_->Next();
    }
    must(iterator_->status());
  }
  void backward(std::string_view key, uint64_t limit, Seen& seen) override {
    if (key.empty()) key = bounds_.to;
    if (!key.empty()) iterator_->Seek(slice(key));
    key.empty() || !iterator_->Valid() ? iterator_->SeekToLast() : iterator_->Prev();
    for (uint64_t left = limit; iterator_->Valid();) {
      if (view(iterator_->key()) < bounds_.from) break;
      seen.look(view(iterator_->key()), view(iterator_->value()));
      if (--left == 0) break;
      iterator_->Prev();
    }
    must(iterator_->status());
  }

 private:
  const Bounds bounds_;
  std::unique_ptr<leveldb::Iterator> iterator_;
};

class LevelSession : public Session {
 public:
  LevelSession(leveldb::DB& db, Durability durability) : db_(db) { write_.sync = durability == Durability::kDisk; }

  void put(std::string_view key, std::string_view value) override { must(db_.Put(write_, slice(key), slice(value))); }
  void erase(std::string_view key) override { must(db_.Delete(write_, slice(key))); }
  void write(std::span<const Change> puts) override {
    batch_.Clear();
    for (const Change& put : puts) batch_.Put(slice(put.key), slice(put.value));
    must(db_.Write(write_, &batch_));
  }
  void erase_range(std::string_view from, std::string_view to) override {
    constexpr int kInBatch = 1000;
    const std::unique_ptr<leveldb::Iterator> iterator(db_.NewIterator(leveldb::ReadOptions()));
    iterator->Seek(slice(from));
    while (iterator->Valid() && view(iterator->key()) < to) {
      batch_.Clear();
      for (int i = 0; i < kInBatch && iterator->Valid() && view(iterator->key()) < to; i++, iterator->Next()) {
        batch_.Delete(iterator->key());
      }
      must(db_.Write(write_, &batch_));
    }
    must(iterator->status());
  }
  std::optional<std::string_view> get(std::string_view key) override {
    const leveldb::Status status = db_.Get(leveldb::ReadOptions(), slice(key), &value_);
    if (status.IsNotFound()) return std::nullopt;
    must(status);
    return value_;
  }
  std::unique_ptr<Cursor> cursor(const Bounds& bounds) override { return std::make_unique<LevelCursor>(db_, bounds); }

 private:
  leveldb::DB& db_;
  leveldb::WriteOptions write_;
  leveldb::WriteBatch batch_;
  std::string value_;
};

class LevelStore : public Store {
 public:
  explicit LevelStore(const OpenOptions& options) : filter_(leveldb::NewBloomFilterPolicy(10)) {
    leveldb::Options chosen;
    chosen.create_if_missing = true;
    chosen.write_buffer_size = std::min<uint64_t>(64 << 20, options.memory_bytes / 8);
    cache_.reset(leveldb::NewLRUCache(options.memory_bytes - 2 * chosen.write_buffer_size));
    chosen.block_cache = cache_.get();
    chosen.filter_policy = filter_.get();
    chosen.max_open_files = 10'000;
    chosen.compression = options.codec == Codec::kNone ? leveldb::kNoCompression : leveldb::kSnappyCompression;
    leveldb::DB* raw = nullptr;
    must(leveldb::DB::Open(chosen, options.directory, &raw));
    db_.reset(raw);
  }

  std::string describe() const override {
    return "leveldb " + std::to_string(leveldb::kMajorVersion) + "." + std::to_string(leveldb::kMinorVersion) +
           ": buffers of 64 MiB, filter of 10 bits, Snappy";
  }
  std::unique_ptr<Session> session(Durability durability) override {
    return std::make_unique<LevelSession>(*db_, durability);
  }
  // It can neither be told to flush nor be asked whether it works: settled is when it uses no processor time.
  double settle() override {
    return wait_until_idle([] { return false; });
  }

 private:
  std::unique_ptr<leveldb::Cache> cache_;
  std::unique_ptr<const leveldb::FilterPolicy> filter_;
  std::unique_ptr<leveldb::DB> db_;
};

}  // namespace

std::unique_ptr<Store> open_leveldb(const OpenOptions& options) { return std::make_unique<LevelStore>(options); }

}  // namespace bench
