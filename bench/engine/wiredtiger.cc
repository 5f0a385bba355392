// WiredTiger: a B-tree with a log. kNone turns off nothing (the log belongs to the connection); four fifths of the memory are
// its cache. Snappy, if its extension is there.

#include <wiredtiger.h>

#include <vector>

#include "bench/engine/registry.h"
#include "bench/failure.h"

namespace bench {

namespace {

constexpr const char* kTable = "table:bench";

void must(int code) {
  if (code != 0) fail(kFailed, "wiredtiger: %s", wiredtiger_strerror(code));
}
WT_ITEM item(std::string_view bytes) {
  WT_ITEM out{};
  out.data = bytes.data();
  out.size = bytes.size();
  return out;
}
std::string_view view(const WT_ITEM& bytes) { return {static_cast<const char*>(bytes.data), bytes.size}; }

// Stands on the last entry before, or the first at or after `key`; false if there is none.
bool position(WT_CURSOR* cursor, std::string_view key, bool before) {
  if (key.empty()) {
    const int code = before ? cursor->prev(cursor) : cursor->next(cursor);
    if (code != WT_NOTFOUND) must(code);
    return code == 0;
  }
  const WT_ITEM wanted = item(key);
  cursor->set_key(cursor, &wanted);
  int exact = 0;
  int code = cursor->search_near(cursor, &exact);
  if (code == 0 && before && exact >= 0) code = cursor->prev(cursor);
  if (code == 0 && !before && exact < 0) code = cursor->next(cursor);
  if (code != WT_NOTFOUND) must(code);
  return code == 0;
}

class TigerCursor : public Cursor {
 public:
  TigerCursor(WT_SESSION* session, const Bounds& bounds) : bounds_(bounds) {
    must(session->open_cursor(session, kTable, nullptr, nullptr, &cursor_));
  }
  ~TigerCursor() override { cursor_->close(cursor_); }

  void forward(std::string_view key, uint64_t limit, Seen& seen) override {
    cursor_->reset(cursor_);
    bool found = position(cursor_, key.empty() ? bounds_.from : key, false);
    for (uint64_t left = limit; found;) {
      if (!look(seen)) break;
      if (--left == 0) break;
      found = step(cursor_->next(cursor_));
    }
  }
  void backward(std::string_view key, uint64_t limit, Seen& seen) override {
    cursor_->reset(cursor_);
    bool found = position(cursor_, key.empty() ? bounds_.to : key, true);
    for (uint64_t left = limit; found;) {
      if (!look(seen)) break;
      if (--left == 0) break;
      found = step(cursor_->prev(cursor_));
    }
  }

 private:
  static bool step(int code) {
    if (code != WT_NOTFOUND) must(code);
    return code == 0;
  }
  bool look(Seen& seen) {
    WT_ITEM key, value;
    must(cursor_->get_key(cursor_, &key));
    if (view(key) < bounds_.from || (!bounds_.to.empty() && view(key) >= bounds_.to)) return false;
    must(cursor_->get_value(cursor_, &value));
    seen.look(view(key), view(value));
    return true;
  }

  const Bounds bounds_;
  WT_CURSOR* cursor_ = nullptr;
};

class TigerSession : public Session {
 public:
  TigerSession(WT_CONNECTION* connection, bool synced) : synced_(synced) {
    must(connection->open_session(connection, nullptr, "isolation=snapshot", &session_));
    must(session_->open_cursor(session_, kTable, nullptr, "overwrite=true", &cursor_));
  }
  ~TigerSession() override { session_->close(session_, nullptr); }

  void put(std::string_view key, std::string_view value) override {
    if (synced_) return write_one(key, value);
    retry([&] { return insert(key, value); });
    cursor_->reset(cursor_);
  }
  void write(std::span<const Change> puts) override {
    in_transaction([&] {
      for (const Change& put : puts) {
        if (const int code = insert(put.key, put.value); code != 0) return code;
      }
      return 0;
    });
  }
  void erase(std::string_view key) override {
    in_transaction([&] {
      const WT_ITEM bytes = item(key);
      cursor_->set_key(cursor_, &bytes);
      const int code = cursor_->remove(cursor_);
      return code == WT_NOTFOUND ? 0 : code;
    });
  }
  void erase_range(std::string_view from, std::string_view to) override {
    const TigerRange range(session_, from, to);
    if (!range.empty()) must(session_->truncate(session_, nullptr, range.first(), range.last(), nullptr));
  }
  std::optional<std::string_view> get(std::string_view key) override {
    const WT_ITEM bytes = item(key);
    cursor_->set_key(cursor_, &bytes);
    const int code = cursor_->search(cursor_);
    if (code == WT_NOTFOUND) return std::nullopt;
    must(code);
    WT_ITEM value;
    must(cursor_->get_value(cursor_, &value));
    return view(value);
  }
  std::unique_ptr<Cursor> cursor(const Bounds& bounds) override {
    cursor_->reset(cursor_);  // lets go of the snapshot of earlier reads
    return std::make_unique<TigerCursor>(session_, bounds);
  }

 private:
  // The first and the last entry of a range, between which a truncation works.
  class TigerRange {
   public:
    TigerRange(WT_SESSION* session, std::string_view from, std::string_view to) {
      must(session->open_cursor(session, kTable, nullptr, nullptr, &first_));
      must(session->open_cursor(session, kTable, nullptr, nullptr, &last_));
      WT_ITEM first, last;
      empty_ = !position(first_, from, false) || !position(last_, to, true);
      if (empty_) return;
      must(first_->get_key(first_, &first));
      must(last_->get_key(last_, &last));
      empty_ = view(first) > view(last);
    }
    ~TigerRange() {
      first_->close(first_);
      last_->close(last_);
    }
    bool empty() const { return empty_; }
    WT_CURSOR* first() const { return first_; }
    WT_CURSOR* last() const { return last_; }

   private:
    WT_CURSOR* first_ = nullptr;
    WT_CURSOR* last_ = nullptr;
    bool empty_ = true;
  };

  int insert(std::string_view key, std::string_view value) {
    const WT_ITEM key_item = item(key), value_item = item(value);
    cursor_->set_key(cursor_, &key_item);
    cursor_->set_value(cursor_, &value_item);
    return cursor_->insert(cursor_);
  }
  void write_one(std::string_view key, std::string_view value) {
    const Change change{key, value};
    write({&change, 1});
  }
  // Two writers of one key: the later one is told to try again.
  template <class Work>
  void retry(Work work) {
    int code = WT_ROLLBACK;
    while (code == WT_ROLLBACK) code = work();
    must(code);
  }
  template <class Work>
  void in_transaction(Work work) {
    retry([&] {
      must(session_->begin_transaction(session_, synced_ ? "sync=true" : nullptr));
      if (const int code = work(); code != 0) {
        must(session_->rollback_transaction(session_, nullptr));
        return code;
      }
      return session_->commit_transaction(session_, nullptr);
    });
    cursor_->reset(cursor_);
  }

  const bool synced_;
  WT_SESSION* session_ = nullptr;
  WT_CURSOR* cursor_ = nullptr;
};

class TigerStore : public Store {
 public:
  explicit TigerStore(const OpenOptions& options) {
    std::string config =
        "create,session_max=100,log=(enabled=true),transaction_sync=(enabled=false,method=fsync),cache_size=" +
        std::to_string(options.memory_bytes / 5 * 4);
    std::string table = "key_format=u,value_format=u";
#ifdef NACRE_BENCH_WIREDTIGER_SNAPPY
    if (options.codec == Codec::kFast) {
      config += ",extensions=[" NACRE_BENCH_WIREDTIGER_SNAPPY "]";
      table += ",block_compressor=snappy";
      codec_ = "Snappy";
    }
#endif
    must(wiredtiger_open(options.directory.c_str(), nullptr, config.c_str(), &connection_));
    must(connection_->open_session(connection_, nullptr, nullptr, &session_));
    must(session_->create(session_, kTable, table.c_str()));
  }
  ~TigerStore() override { connection_->close(connection_, nullptr); }

  std::string describe() const override {
    int major = 0, minor = 0, patch = 0;
    wiredtiger_version(&major, &minor, &patch);
    return "wiredtiger " + std::to_string(major) + "." + std::to_string(minor) + "." + std::to_string(patch) +
           ": B-tree, log, " + codec_;
  }
  std::unique_ptr<Session> session(Durability durability) override {
    return std::make_unique<TigerSession>(connection_, durability == Durability::kDisk);
  }
  double settle() override {
    must(session_->checkpoint(session_, nullptr));
    return 0;
  }

 private:
  const char* codec_ = "no compression";
  WT_CONNECTION* connection_ = nullptr;
  WT_SESSION* session_ = nullptr;
};

}  // namespace

std::unique_ptr<Store> open_wiredtiger(const OpenOptions& options) { return std::make_unique<TigerStore>(options); }

}  // namespace bench
