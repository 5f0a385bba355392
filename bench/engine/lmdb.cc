// LMDB, twice: as it comes, where every commit is synced, and with NOSYNC and WRITEMAP, where a commit survives the process
// and no more. A put alone is a transaction alone. Keys in order are appended (MDB_APPEND). It does not compress, and its cache is
// the page cache: it takes no notice of the memory budget.

#include <lmdb.h>

#include <vector>

#include "bench/engine/registry.h"
#include "bench/failure.h"

namespace bench {

namespace {

constexpr size_t kMapBytes = size_t{256} << 30;  // address space, not disk

void must(int code) {
  if (code != MDB_SUCCESS) fail(kFailed, "lmdb: %s", mdb_strerror(code));
}
MDB_val value_of(std::string_view bytes) { return {bytes.size(), const_cast<char*>(bytes.data())}; }
std::string_view view(const MDB_val& value) { return {static_cast<const char*>(value.mv_data), value.mv_size}; }

struct Handle {
  MDB_env* env = nullptr;
  MDB_dbi dbi = 0;
  bool append = false;
};

class LmdbCursor : public Cursor {
 public:
  LmdbCursor(const Handle& handle, const Bounds& bounds) : bounds_(bounds) {
    must(mdb_txn_begin(handle.env, nullptr, MDB_RDONLY, &txn_));
    must(mdb_cursor_open(txn_, handle.dbi, &cursor_));
  }
  ~LmdbCursor() override {
    mdb_cursor_close(cursor_);
    mdb_txn_abort(txn_);
  }

  void forward(std::string_view from, uint64_t limit, Seen& seen) override {
    MDB_val key = value_of(from.empty() ? bounds_.from : from), value;
    bool found = step(key, value, key.mv_size == 0 ? MDB_FIRST : MDB_SET_RANGE);
    for (uint64_t left = limit; found && (bounds_.to.empty() || view(key) < bounds_.to);) {
      seen.look(view(key), view(value));
      if (--left == 0) break;
      found = step(key, value, MDB_NEXT);
    }
  }
  void backward(std::string_view before, uint64_t limit, Seen& seen) override {
    MDB_val key = value_of(before.empty() ? bounds_.to : before), value;
    bool found = key.mv_size != 0 && step(key, value, MDB_SET_RANGE);
    found = step(key, value, found ? MDB_PREV : MDB_LAST);
    for (uint64_t left = limit; found && view(key) >= bounds_.from;) {
      seen.look(view(key), view(value));
      if (--left == 0) break;
      found = step(key, value, MDB_PREV);
    }
  }

 private:
  bool step(MDB_val& key, MDB_val& value, MDB_cursor_op how) {
    const int code = mdb_cursor_get(cursor_, &key, &value, how);
    if (code == MDB_NOTFOUND) return false;
    must(code);
    return true;
  }

  const Bounds bounds_;
  MDB_txn* txn_ = nullptr;
  MDB_cursor* cursor_ = nullptr;
};

class LmdbSession : public Session {
 public:
  explicit LmdbSession(const Handle& handle) : handle_(handle), append_(handle.append) {
    must(mdb_txn_begin(handle.env, nullptr, MDB_RDONLY, &read_));
    mdb_txn_reset(read_);
  }
  ~LmdbSession() override { mdb_txn_abort(read_); }

  void put(std::string_view key, std::string_view value) override {
    const Change change{key, value};
    write({&change, 1});
  }
  void write(std::span<const Change> puts) override {
    in_transaction([&](MDB_txn* txn) {
      for (const Change& put : puts) {
        MDB_val key = value_of(put.key), value = value_of(put.value);
        int code = mdb_put(txn, handle_.dbi, &key, &value, append_ ? MDB_APPEND : 0);
        if (code == MDB_KEYEXIST) {  // not in order, after all
          append_ = false;
          code = mdb_put(txn, handle_.dbi, &key, &value, 0);
        }
        must(code);
      }
    });
  }
  void erase(std::string_view bytes) override {
    in_transaction([&](MDB_txn* txn) {
      MDB_val key = value_of(bytes);
      if (const int code = mdb_del(txn, handle_.dbi, &key, nullptr); code != MDB_NOTFOUND) must(code);
    });
  }
  void erase_range(std::string_view from, std::string_view to) override {
    in_transaction([&](MDB_txn* txn) {
      MDB_cursor* cursor = nullptr;
      must(mdb_cursor_open(txn, handle_.dbi, &cursor));
      MDB_val key = value_of(from), value;
      int code = mdb_cursor_get(cursor, &key, &value, MDB_SET_RANGE);
      for (; code == MDB_SUCCESS && view(key) < to; code = mdb_cursor_get(cursor, &key, &value, MDB_NEXT)) {
        must(mdb_cursor_del(cursor, 0));  // MDB_NEXT then gives what has moved to this place
      }
      mdb_cursor_close(cursor);
    });
  }
  std::optional<std::string_view> get(std::string_view key) override {
    renew();
    return find(key);
  }
  void multi_get(std::span<const std::string_view> keys, Seen& seen) override {
    renew();
    for (const std::string_view key : keys) {
      if (const auto value = find(key)) seen.look(key, *value);
    }
  }
  std::unique_ptr<Cursor> cursor(const Bounds& bounds) override {
    return std::make_unique<LmdbCursor>(handle_, bounds);
  }

 private:
  template <class Work>
  void in_transaction(Work work) {
    if (reading_) mdb_txn_reset(read_);  // an old view would keep pages from being used again
    reading_ = false;
    MDB_txn* txn = nullptr;
    must(mdb_txn_begin(handle_.env, nullptr, 0, &txn));
    work(txn);
    must(mdb_txn_commit(txn));
  }
  // The newest state, for each get: what the other engines give.
  void renew() {
    if (reading_) mdb_txn_reset(read_);
    must(mdb_txn_renew(read_));
    reading_ = true;
  }
  std::optional<std::string_view> find(std::string_view bytes) {
    MDB_val key = value_of(bytes), value;
    const int code = mdb_get(read_, handle_.dbi, &key, &value);
    if (code == MDB_NOTFOUND) return std::nullopt;
    must(code);
    return view(value);
  }

  const Handle handle_;
  bool append_;
  MDB_txn* read_ = nullptr;
  bool reading_ = false;
};

class LmdbStore : public Store {
 public:
  LmdbStore(const OpenOptions& options, bool synced) : synced_(synced) {
    handle_.append = options.ascending;
    must(mdb_env_create(&handle_.env));
    must(mdb_env_set_mapsize(handle_.env, kMapBytes));
    const unsigned flags = MDB_NOTLS | (synced ? 0 : MDB_NOSYNC | MDB_WRITEMAP);
    must(mdb_env_open(handle_.env, options.directory.c_str(), flags, 0600));
    MDB_txn* txn = nullptr;
    must(mdb_txn_begin(handle_.env, nullptr, 0, &txn));
    must(mdb_dbi_open(txn, nullptr, 0, &handle_.dbi));
    must(mdb_txn_commit(txn));
  }
  ~LmdbStore() override { mdb_env_close(handle_.env); }

  std::string describe() const override {
    return "lmdb " + std::to_string(MDB_VERSION_MAJOR) + "." + std::to_string(MDB_VERSION_MINOR) + "." +
           std::to_string(MDB_VERSION_PATCH) + (synced_ ? ": every commit synced" : ": NOSYNC, WRITEMAP");
  }
  bool can(Durability durability) const override { return synced_ || durability != Durability::kDisk; }
  std::unique_ptr<Session> session(Durability) override { return std::make_unique<LmdbSession>(handle_); }
  double settle() override { return 0; }  // nothing runs in the background

 private:
  const bool synced_;
  Handle handle_;
};

}  // namespace

std::unique_ptr<Store> open_lmdb(const OpenOptions& options) { return std::make_unique<LmdbStore>(options, true); }
std::unique_ptr<Store> open_lmdb_nosync(const OpenOptions& options) {
  return std::make_unique<LmdbStore>(options, false);
}

}  // namespace bench
