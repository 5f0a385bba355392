// TidesDB, from an installed build: every call is in a transaction, since it has no other; reads of the newest state, values
// copied by it. Buffers of 128 MiB, a filter, LZ4, the rest of the memory for its block cache. A synced write is a commit and a
// sync of its log.

extern "C" {
#include <tidesdb/db.h>  // C, and does not say so
}

#include <algorithm>
#include <vector>

#include "bench/engine/idle.h"
#include "bench/engine/registry.h"
#include "bench/failure.h"

namespace bench {

namespace {

void must(int code) {
  if (code != 0) fail(kFailed, "tidesdb: error %d", code);
}
const uint8_t* bytes_of(std::string_view text) { return reinterpret_cast<const uint8_t*>(text.data()); }
std::string_view view(const uint8_t* data, size_t size) { return {reinterpret_cast<const char*>(data), size}; }

struct Handle {
  tidesdb_t* db = nullptr;
  tidesdb_column_family_t* family = nullptr;
};

class Transaction {
 public:
  explicit Transaction(const Handle& handle) {
    must(tidesdb_txn_begin_with_isolation(handle.db, TDB_ISOLATION_READ_COMMITTED, &txn_));
  }
  ~Transaction() { tidesdb_txn_free(txn_); }
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;
  tidesdb_txn_t* get() const { return txn_; }

 private:
  tidesdb_txn_t* txn_ = nullptr;
};

// Where seeks go on in one direction, they share an iterator; for any other seek a new one is made, since TidesDB 9.3.14 would
// answer it wrongly. It looks first into the block at which each table's part of the iterator stands; and if the key lies
// before that block, it takes the block's first entry for the answer, though blocks between may hold the key (backward
// likewise: tidesdb_iter_seek_sstable_source_forward and _backward). After a seek to key 15,000 of 20,000, one to 5,000 stands on
// 13,920. Random seeks with one iterator thus drift to the last block, are fast there, and wrong. A new iterator
// costs little beside a seek (0.6 us beside 22). Its view is of that later moment: no workload writes beside a cursor that it
// seeks with again.
//
// What no new iterator avoids: seek_for_prev to a key between the last key of a block and the first of the next finds nothing in
// that table (compact_block_index_find_predecessor names the later block), so a walk back from there misses what only that table
// holds. A walk back that goes on therefore steps and does not seek; seekreverse, whose every scan seeks, ends with a wrong answer
// where tables overlap.
class TidesCursor : public Cursor {
 public:
  TidesCursor(const Handle& handle, const Bounds& bounds) : handle_(handle), bounds_(bounds), transaction_(handle) {
    must(tidesdb_iter_new(transaction_.get(), handle_.family, &iterator_));
  }
  ~TidesCursor() override { tidesdb_iter_free(iterator_); }

  void forward(std::string_view key, uint64_t limit, Seen& seen) override {
    seek(key.empty() ? bounds_.from : key, false);
    for (uint64_t left = limit; valid() && look(seen) && --left != 0;) moved(tidesdb_iter_next(iterator_));
  }
  void backward(std::string_view key, uint64_t limit, Seen& seen) override {
    if (key.empty()) key = bounds_.to;
    if (!back_ || !at(key)) seek(key, true);
    if (at(key)) moved(tidesdb_iter_prev(iterator_));
    for (uint64_t left = limit; valid() && look(seen) && --left != 0;) moved(tidesdb_iter_prev(iterator_));
  }
  // For an erase of a range.
  std::vector<std::string> keys(uint64_t limit) {
    std::vector<std::string> out;
    seek(bounds_.from, false);
    while (out.size() < limit && valid() && key() < bounds_.to) {
      out.emplace_back(key());
      moved(tidesdb_iter_next(iterator_));
    }
    return out;
  }

 private:
  static void moved(int code) {
    if (code != TDB_ERR_NOT_FOUND) must(code);
  }
  // Stands on the first entry at or after `key` or, back, on the last one at or before it; empty: on the first or last of all.
  void seek(std::string_view key, bool back) {
    const bool onward = valid() && back == back_ && !key.empty() && (back ? key < this->key() : key > this->key());
    if (sought_ && !onward) renew();
    sought_ = true;
    back_ = back;
    if (key.empty()) return moved(back ? tidesdb_iter_seek_to_last(iterator_) : tidesdb_iter_seek_to_first(iterator_));
    moved(back ? tidesdb_iter_seek_for_prev(iterator_, bytes_of(key), key.size())
               : tidesdb_iter_seek(iterator_, bytes_of(key), key.size()));
  }
  void renew() {
    tidesdb_iter_free(iterator_);
    must(tidesdb_iter_new(transaction_.get(), handle_.family, &iterator_));
  }
  bool valid() const { return tidesdb_iter_valid(iterator_) != 0; }
  bool at(std::string_view key) const { return valid() && this->key() == key; }
  std::string_view key() const {
    uint8_t* data = nullptr;
    size_t size = 0;
    must(tidesdb_iter_key(iterator_, &data, &size));
    return view(data, size);
  }
  bool look(Seen& seen) {
    uint8_t *key = nullptr, *value = nullptr;
    size_t key_size = 0, value_size = 0;
    must(tidesdb_iter_key_value(iterator_, &key, &key_size, &value, &value_size));
    const std::string_view seen_key = view(key, key_size);
    if (seen_key < bounds_.from || (!bounds_.to.empty() && seen_key >= bounds_.to)) return false;
    seen.look(seen_key, view(value, value_size));
    return true;
  }

  const Handle handle_;
  const Bounds bounds_;
  const Transaction transaction_;
  tidesdb_iter_t* iterator_ = nullptr;
  bool sought_ = false;
  bool back_ = false;  // the direction of the last seek
};

class TidesSession : public Session {
 public:
  TidesSession(const Handle& handle, bool synced) : handle_(handle), synced_(synced) {}
  ~TidesSession() override { tidesdb_free(value_); }

  void put(std::string_view key, std::string_view value) override {
    const Change change{key, value};
    write({&change, 1});
  }
  void write(std::span<const Change> puts) override {
    commit([&](tidesdb_txn_t* txn) {
      for (const Change& put : puts) {
        must(tidesdb_txn_put(txn, handle_.family, bytes_of(put.key), put.key.size(), bytes_of(put.value),
                             put.value.size(), 0));
      }
    });
  }
  void erase(std::string_view key) override {
    commit([&](tidesdb_txn_t* txn) { must(tidesdb_txn_delete(txn, handle_.family, bytes_of(key), key.size())); });
  }
  void erase_range(std::string_view from, std::string_view to) override {
    constexpr size_t kAtOnce = 1000;
    std::vector<std::string> keys;
    do {
      keys = TidesCursor(handle_, {from, to}).keys(kAtOnce);
      commit([&](tidesdb_txn_t* txn) {
        for (const std::string& key : keys) must(tidesdb_txn_delete(txn, handle_.family, bytes_of(key), key.size()));
      });
    } while (keys.size() == kAtOnce);
  }
  std::optional<std::string_view> get(std::string_view key) override {
    tidesdb_free(value_);
    value_ = nullptr;
    const Transaction transaction(handle_);
    size_t size = 0;
    const int code = tidesdb_txn_get(transaction.get(), handle_.family, bytes_of(key), key.size(), &value_, &size);
    if (code == TDB_ERR_NOT_FOUND) return std::nullopt;
    must(code);
    return view(value_, size);
  }
  std::unique_ptr<Cursor> cursor(const Bounds& bounds) override {
    return std::make_unique<TidesCursor>(handle_, bounds);
  }

 private:
  template <class Work>
  void commit(Work work) {
    int code = TDB_ERR_BUSY;
    while (code == TDB_ERR_BUSY || code == TDB_ERR_CONFLICT) {
      const Transaction transaction(handle_);
      work(transaction.get());
      code = tidesdb_txn_commit(transaction.get());
    }
    must(code);
    if (synced_) must(tidesdb_sync_wal(handle_.family));
  }

  const Handle handle_;
  const bool synced_;
  uint8_t* value_ = nullptr;
};

class TidesStore : public Store {
 public:
  explicit TidesStore(const OpenOptions& options) : directory_(options.directory) {
    const uint64_t buffer = std::min<uint64_t>(128 << 20, options.memory_bytes / 8);
    tidesdb_config_t config = tidesdb_default_config();
    config.db_path = directory_.data();
    config.log_level = TDB_LOG_NONE;
    config.block_cache_size = options.memory_bytes - 4 * buffer;
    must(tidesdb_open(&config, &handle_.db));
    tidesdb_column_family_config_t family = tidesdb_default_column_family_config();
    family.write_buffer_size = buffer;
    family.compression_algorithm = options.codec == Codec::kNone ? TDB_COMPRESS_NONE : TDB_COMPRESS_LZ4;
    family.sync_mode = TDB_SYNC_NONE;
    must(tidesdb_create_column_family(handle_.db, "bench", &family));
    handle_.family = tidesdb_get_column_family(handle_.db, "bench");
  }
  ~TidesStore() override { tidesdb_close(handle_.db); }

  std::string describe() const override { return "tidesdb: buffers of 128 MiB, filter, LZ4"; }
  std::unique_ptr<Session> session(Durability durability) override {
    return std::make_unique<TidesSession>(handle_, durability == Durability::kDisk);
  }
  double settle() override {
    must(tidesdb_flush_memtable(handle_.family));
    return wait_until_idle(
        [this] { return tidesdb_is_flushing(handle_.family) != 0 || tidesdb_is_compacting(handle_.family) != 0; });
  }

 private:
  std::string directory_;
  Handle handle_;
};

}  // namespace

std::unique_ptr<Store> open_tidesdb(const OpenOptions& options) { return std::make_unique<TidesStore>(options); }

}  // namespace bench
