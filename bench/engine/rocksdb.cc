// RocksDB, Debian's or the newest: values are pinned, keys of a multi-get go in one call, bounds are told to the iterator.

#include <rocksdb/db.h>
#include <rocksdb/version.h>
#include <rocksdb/write_batch.h>

#include <cstdio>
#include <vector>

#include "bench/engine/idle.h"
#include "bench/engine/registry.h"
#include "bench/engine/rocksdb_options.h"
#include "bench/failure.h"

namespace bench {

namespace {

rocksdb::Slice slice(std::string_view bytes) { return {bytes.data(), bytes.size()}; }
std::string_view view(const rocksdb::Slice& bytes) { return {bytes.data(), bytes.size()}; }

void must(const rocksdb::Status& status) {
  if (!status.ok()) fail(kFailed, "rocksdb: %s", status.ToString().c_str());
}

class RocksCursor : public Cursor {
 public:
  RocksCursor(rocksdb::DB& db, const Bounds& bounds) : from_(slice(bounds.from)), to_(slice(bounds.to)) {
    rocksdb::ReadOptions options;
    if (!bounds.from.empty()) options.iterate_lower_bound = &from_;
    if (!bounds.to.empty()) options.iterate_upper_bound = &to_;
    iterator_.reset(db.NewIterator(options));
  }

  void forward(std::string_view key, uint64_t limit, Seen& seen) override {
    key.empty() ? iterator_->SeekToFirst() : iterator_->Seek(slice(key));
    for (uint64_t left = limit; iterator_->Valid();) {
      seen.look(view(iterator_->key()), view(iterator_->value()));
      if (--left == 0) break;
      iterator_->Next();
    }
    must(iterator_->status());
  }
  void backward(std::string_view key, uint64_t limit, Seen& seen) override {
    key.empty() ? iterator_->SeekToLast() : iterator_->SeekForPrev(slice(key));
    if (!key.empty() && iterator_->Valid() && view(iterator_->key()) == key) iterator_->Prev();
    for (uint64_t left = limit; iterator_->Valid();) {
      seen.look(view(iterator_->key()), view(iterator_->value()));
      if (--left == 0) break;
      iterator_->Prev();
    }
    must(iterator_->status());
  }

 private:
  const rocksdb::Slice from_;  // the iterator points to them
  const rocksdb::Slice to_;
  std::unique_ptr<rocksdb::Iterator> iterator_;
};

class RocksSession : public Session {
 public:
  RocksSession(rocksdb::DB& db, Durability durability) : db_(db) {
    write_.sync = durability == Durability::kDisk;
    write_.disableWAL = durability == Durability::kNone;
  }

  void put(std::string_view key, std::string_view value) override { must(db_.Put(write_, slice(key), slice(value))); }
  void erase(std::string_view key) override { must(db_.Delete(write_, slice(key))); }
  void write(std::span<const Change> puts) override {
    batch_.Clear();
    for (const Change& put : puts) must(batch_.Put(slice(put.key), slice(put.value)));
    must(db_.Write(write_, &batch_));
  }
  void erase_range(std::string_view from, std::string_view to) override {
    must(db_.DeleteRange(write_, db_.DefaultColumnFamily(), slice(from), slice(to)));
  }
  std::optional<std::string_view> get(std::string_view key) override {
    value_.Reset();
    const rocksdb::Status status = db_.Get(read_, db_.DefaultColumnFamily(), slice(key), &value_);
    if (status.IsNotFound()) return std::nullopt;
    must(status);
    return view(value_);
  }
  void multi_get(std::span<const std::string_view> keys, Seen& seen) override {
    slices_.clear();
    for (const std::string_view key : keys) slices_.push_back(slice(key));
    values_.resize(keys.size());
    statuses_.resize(keys.size());
    db_.MultiGet(read_, db_.DefaultColumnFamily(), keys.size(), slices_.data(), values_.data(), statuses_.data());
    for (size_t i = 0; i < keys.size(); i++) {
      if (statuses_[i].IsNotFound()) continue;
      must(statuses_[i]);
      seen.look(keys[i], view(values_[i]));
      values_[i].Reset();
    }
  }
  std::unique_ptr<Cursor> cursor(const Bounds& bounds) override { return std::make_unique<RocksCursor>(db_, bounds); }

 private:
  rocksdb::DB& db_;
  rocksdb::WriteOptions write_;
  rocksdb::ReadOptions read_;
  rocksdb::WriteBatch batch_;
  rocksdb::PinnableSlice value_;
  std::vector<rocksdb::Slice> slices_;
  std::vector<rocksdb::PinnableSlice> values_;
  std::vector<rocksdb::Status> statuses_;
};

class RocksStore : public Store {
 public:
  RocksStore(std::unique_ptr<rocksdb::DB> db, const char* column) : db_(std::move(db)), column_(column) {}

  std::string describe() const override {
    return "rocksdb " + std::to_string(ROCKSDB_MAJOR) + "." + std::to_string(ROCKSDB_MINOR) + "." +
           std::to_string(ROCKSDB_PATCH) + ": " + column_;
  }
  std::unique_ptr<Session> session(Durability durability) override {
    return std::make_unique<RocksSession>(*db_, durability);
  }
  double settle() override {
    must(db_->Flush(rocksdb::FlushOptions()));
#if ROCKSDB_MAJOR >= 9
    must(db_->WaitForCompact(rocksdb::WaitForCompactOptions()));
    return 0;
#else
    return wait_until_idle(
        [this] { return count("rocksdb.num-running-compactions") + count("rocksdb.compaction-pending") > 0; });
#endif
  }
  std::optional<double> stalled_seconds() override {
    std::string text;  // "Cumulative stall: 00:00:1.234 H:M:S, ..."
    constexpr std::string_view kLabel = "Cumulative stall: ";
    if (!db_->GetProperty("rocksdb.dbstats", &text)) return std::nullopt;
    const size_t at = text.find(kLabel);
    double hours = 0, minutes = 0, seconds = 0;
    if (at == std::string::npos ||
        std::sscanf(text.c_str() + at + kLabel.size(), "%lf:%lf:%lf", &hours, &minutes, &seconds) != 3) {
      return std::nullopt;
    }
    return hours * 3600 + minutes * 60 + seconds;
  }

 private:
  uint64_t count(const char* property) const {
    uint64_t value = 0;
    db_->GetIntProperty(property, &value);
    return value;
  }

  std::unique_ptr<rocksdb::DB> db_;
  const char* column_;
};

std::unique_ptr<Store> open(const rocksdb::Options& options, const std::string& directory, const char* column) {
  std::unique_ptr<rocksdb::DB> db;
#if ROCKSDB_MAJOR >= 10
  must(rocksdb::DB::Open(options, directory, &db));
#else
  rocksdb::DB* raw = nullptr;
  must(rocksdb::DB::Open(options, directory, &raw));
  db.reset(raw);
#endif
  return std::make_unique<RocksStore>(std::move(db), column);
}

}  // namespace

std::unique_ptr<Store> open_rocksdb(const OpenOptions& options) {
  return open(rocksdb_default_options(options), options.directory, "as it comes");
}
std::unique_ptr<Store> open_rocksdb_tuned(const OpenOptions& options) {
  return open(rocksdb_tuned_options(options), options.directory, "tuned");
}
std::unique_ptr<Store> open_rocksdb_best(const OpenOptions& options) {
  return open(rocksdb_best_options(options), options.directory, "best found");
}

}  // namespace bench
