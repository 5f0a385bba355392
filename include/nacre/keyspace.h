// Keyspace: a named ordered map inside a database. All keyspaces share one log, so a batch across them is atomic.
//
// A Keyspace is a small handle; copy it freely. After the keyspace was dropped, its calls answer kNotFound.
// Lifetime: not longer than its Db; calls after Db::close answer kClosed. Thread safety: all calls, from any thread.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "nacre/bytes.h"
#include "nacre/cursor.h"
#include "nacre/error.h"
#include "nacre/export.h"
#include "nacre/options.h"
#include "nacre/snapshot.h"
#include "nacre/value.h"

namespace nacre {

namespace engine {
class Core;
class KeyspaceState;
}  // namespace engine

class NACRE_API Keyspace {
 public:
  Result<void> put(Bytes key, Bytes value, WriteOptions options = {}) const noexcept;
  Result<void> erase(Bytes key, WriteOptions options = {}) const noexcept;
  Result<void> erase_range(Bytes begin, Bytes end, WriteOptions options = {}) const noexcept;
  template <DurabilityAlone D>
  Result<void> put(Bytes key, Bytes value, D durability) const noexcept {
    return put(key, value, WriteOptions{.durability = durability});
  }
  template <DurabilityAlone D>
  Result<void> erase(Bytes key, D durability) const noexcept {
    return erase(key, WriteOptions{.durability = durability});
  }
  template <DurabilityAlone D>
  Result<void> erase_range(Bytes begin, Bytes end, D durability) const noexcept {
    return erase_range(begin, end, WriteOptions{.durability = durability});
  }

  Result<std::optional<Value>> get(Bytes key, const Snapshot& snapshot = {}) const noexcept;
  Result<bool> contains(Bytes key, const Snapshot& snapshot = {}) const noexcept;
  // Answers in the order of `keys`. Faster than single gets: reads of many keys overlap.
  Result<std::vector<std::optional<Value>>> multi_get(std::span<const Bytes> keys,
                                                      const Snapshot& snapshot = {}) const noexcept;
  Scan scan(const ScanOptions& options = {}) const noexcept;
  Cursor cursor(const ScanOptions& options = {}) const noexcept;

  // As recorded: those that it was created with, or what set_options() made of them.
  KeyspaceOptions options() const noexcept;
  // In force, and found again by every open, once it returns. Tables that are written from then on follow them; what lies in tables
  // stays as it is until a compaction takes it. Another shape is worth merges, which may delay writes. kInvalidArgument: a value is
  // out of its range, or the handle is read-only. kNotFound: dropped. kNoSpace: nothing was changed.
  Result<void> set_options(const KeyspaceOptions& options) const noexcept;

  std::string name() const noexcept;
  uint32_t id() const noexcept;

  Keyspace(const Keyspace&) = default;
  Keyspace(Keyspace&&) noexcept = default;
  Keyspace& operator=(Keyspace other) noexcept {  // the state of the old one must go before its core
    std::swap(state_, other.state_);
    std::swap(core_, other.core_);
    return *this;
  }
  ~Keyspace() = default;

  // For the engine.
  Keyspace(std::shared_ptr<engine::Core> core, std::shared_ptr<engine::KeyspaceState> state);
  engine::KeyspaceState* state() const noexcept { return state_.get(); }
  const engine::Core* core() const noexcept { return core_.get(); }

 private:
  std::shared_ptr<engine::Core> core_;
  std::shared_ptr<engine::KeyspaceState> state_;
};

}  // namespace nacre
