// MapStore: a store that is a sorted map: what the harness is tested with. It can be told to lie.
#pragma once

#include <map>
#include <mutex>
#include <string>

#include "bench/engine/registry.h"

namespace bench {

enum class Lie : uint8_t {
  kNone,
  kForgetsAPut,      // every 500th put is lost
  kKeepsAnOldValue,  // every 50th put of a key that is there is lost
  kForgetsAnErase,   // every 100th erase does nothing
  kWrongValue,       // every 500th get returns another's value
  kFindsNothing,     // gets of the 500th key
  kShortScan,        // short scans end after 6 entries
  kGhost,            // finds what was never put
};

inline Lie the_lie = Lie::kNone;  // of the stores opened next

class MapStore : public Store {
 public:
  explicit MapStore(Lie lie) : lie_(lie) {}
  std::string describe() const override { return "map"; }
  std::unique_ptr<Session> session(Durability) override { return std::make_unique<MapSession>(*this); }
  double settle() override { return 0; }

 private:
  using Map = std::map<std::string, std::string, std::less<>>;

  class MapCursor : public Cursor {
   public:
    MapCursor(MapStore& store, const Bounds& bounds) : store_(store), bounds_(bounds) {}
    void forward(std::string_view key, uint64_t limit, Seen& seen) override {
      const std::lock_guard lock(store_.mutex_);
      for (auto at = store_.map_.lower_bound(key.empty() ? bounds_.from : key); at != store_.map_.end() && limit != 0;
           ++at, --limit) {
        if (!bounds_.to.empty() && at->first >= bounds_.to) return;
        if (store_.lie_ == Lie::kShortScan && seen.entries == 6 && limit < 1000) return;
        seen.look(at->first, at->second);
      }
    }
    void backward(std::string_view key, uint64_t limit, Seen& seen) override {
      const std::lock_guard lock(store_.mutex_);
      auto at = key.empty() ? store_.map_.end() : store_.map_.lower_bound(key);
      for (; at != store_.map_.begin() && limit != 0; --limit) {
        --at;
        seen.look(at->first, at->second);
      }
    }

   private:
    MapStore& store_;
    const Bounds bounds_;
  };

  class MapSession : public Session {
   public:
    explicit MapSession(MapStore& store) : store_(store) {}
    void put(std::string_view key, std::string_view value) override {
      const std::lock_guard lock(store_.mutex_);
      if (store_.lie_ == Lie::kForgetsAPut && ++store_.puts_ % 500 == 0) return;
      const auto at = store_.map_.find(key);
      if (store_.lie_ == Lie::kKeepsAnOldValue && at != store_.map_.end() && ++store_.overwrites_ % 50 == 0) return;
      store_.map_.insert_or_assign(std::string(key), std::string(value));
    }
    void erase(std::string_view key) override {
      const std::lock_guard lock(store_.mutex_);
      if (store_.lie_ == Lie::kForgetsAnErase && ++store_.erases_ % 100 == 0) return;
      store_.map_.erase(std::string(key));
    }
    void write(std::span<const Change> puts) override {
      for (const Change& change : puts) put(change.key, change.value);
    }
    void erase_range(std::string_view from, std::string_view to) override {
      const std::lock_guard lock(store_.mutex_);
      store_.map_.erase(store_.map_.lower_bound(from), store_.map_.lower_bound(to));
    }
    std::optional<std::string_view> get(std::string_view key) override {
      const std::lock_guard lock(store_.mutex_);
      if (store_.lie_ == Lie::kGhost) return store_.map_.begin()->second;
      const auto at = store_.map_.find(key);
      if (at == store_.map_.end()) return std::nullopt;
      const bool now = ++store_.gets_ % 50 == 0;
      if (store_.lie_ == Lie::kFindsNothing && now) return std::nullopt;
      if (store_.lie_ == Lie::kWrongValue && now) {
        value_ = std::next(at) == store_.map_.end() ? std::prev(at)->second : std::next(at)->second;
      } else {
        value_ = at->second;
      }
      return value_;
    }
    std::unique_ptr<Cursor> cursor(const Bounds& bounds) override {
      return std::make_unique<MapCursor>(store_, bounds);
    }

   private:
    MapStore& store_;
    std::string value_;
  };

  const Lie lie_;
  std::mutex mutex_;
  Map map_;
  uint64_t puts_ = 0;
  uint64_t overwrites_ = 0;
  uint64_t erases_ = 0;
  uint64_t gets_ = 0;
};

inline std::unique_ptr<Store> open_map(const OpenOptions&) { return std::make_unique<MapStore>(the_lie); }

inline constexpr Engine kMapEngine{"map", "a sorted map", nullptr, open_map};

}  // namespace bench
