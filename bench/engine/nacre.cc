// Nacre through its public API; nothing is set but memory and codec.

#include "nacre/nacre.h"

#include <array>

#include "bench/engine/registry.h"
#include "bench/failure.h"

namespace bench {

namespace {

template <class T>
T must(nacre::Result<T> result) {
  if (!result.has_value()) fail(kFailed, "nacre: %s", result.error().to_string().c_str());
  if constexpr (!std::is_void_v<T>) return *std::move(result);
}

class NacreCursor : public Cursor {
 public:
  explicit NacreCursor(nacre::Cursor cursor) : cursor_(std::move(cursor)) {}

  void forward(std::string_view key, uint64_t limit, Seen& seen) override {
    key.empty() ? cursor_.seek_first() : cursor_.seek(key);
    for (uint64_t left = limit; cursor_.valid();) {
      seen.look(cursor_.key(), cursor_.value());
      if (--left == 0) break;
      cursor_.next();
    }
    must(cursor_.status());
  }
  void backward(std::string_view key, uint64_t limit, Seen& seen) override {
    key.empty() ? cursor_.seek_last() : cursor_.seek_before(key);
    for (uint64_t left = limit; cursor_.valid();) {
      seen.look(cursor_.key(), cursor_.value());
      if (--left == 0) break;
      cursor_.prev();
    }
    must(cursor_.status());
  }

 private:
  nacre::Cursor cursor_;
};

class NacreSession : public Session {
 public:
  NacreSession(nacre::Db& db, nacre::Durability durability) : db_(db), durability_(durability) {}

  void put(std::string_view key, std::string_view value) override { must(db_.put(key, value, durability_)); }
  void erase(std::string_view key) override { must(db_.erase(key, durability_)); }
  void write(std::span<const Change> puts) override {
    batch_.clear();
    for (const Change& put : puts) batch_.put(put.key, put.value);
    must(db_.write(batch_, durability_));
  }
  void erase_range(std::string_view from, std::string_view to) override {
    must(db_.erase_range(from, to, durability_));
  }
  std::optional<std::string_view> get(std::string_view key) override {
    auto found = must(db_.get(key));
    if (!found) return std::nullopt;
    value_ = *std::move(found);
    return value_.bytes();
  }
  void multi_get(std::span<const std::string_view> keys, Seen& seen) override {
    const auto values = must(db_.multi_get(keys));
    for (size_t i = 0; i < keys.size(); i++) {
      if (values[i]) seen.look(keys[i], values[i]->bytes());
    }
  }
  std::unique_ptr<Cursor> cursor(const Bounds& bounds) override {
    nacre::ScanOptions options;
    if (!bounds.from.empty()) options.from = bounds.from;
    if (!bounds.to.empty()) options.to = bounds.to;
    return std::make_unique<NacreCursor>(db_.cursor(options));
  }

 private:
  nacre::Db& db_;
  const nacre::Durability durability_;
  nacre::Batch batch_;
  nacre::Value value_;
};

class NacreStore : public Store {
 public:
  explicit NacreStore(nacre::Db db) : db_(std::move(db)) {}

  std::string describe() const override { return "nacre 0.1: defaults but memory and codec"; }
  std::unique_ptr<Session> session(Durability durability) override {
    constexpr std::array kSame{nacre::Durability::kMemory, nacre::Durability::kOs, nacre::Durability::kDisk};
    return std::make_unique<NacreSession>(db_, kSame[static_cast<size_t>(durability)]);
  }
  double settle() override {
    must(db_.flush());
    must(db_.settle());
    return 0;
  }
  std::optional<double> stalled_seconds() override {
    double ns = 0;
    for (const nacre::DelayStats& delay : db_.stats().delays) ns += static_cast<double>(delay.delays.sum_ns);
    return ns / 1e9;
  }

 private:
  nacre::Db db_;
};

}  // namespace

std::unique_ptr<Store> open_nacre(const OpenOptions& options) {
  nacre::Options chosen;
  chosen.memory_bytes = options.memory_bytes;
  if (options.codec == Codec::kNone) {
    chosen.keyspace.compression = nacre::Compression::kNone;
    chosen.keyspace.bottom_compression = nacre::Compression::kNone;
  }
  return std::make_unique<NacreStore>(must(nacre::Db::open(options.directory, chosen)));
}

}  // namespace bench
