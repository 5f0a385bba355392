// Snapshot: one commit point, held. Reads through it see exactly the writes that were finished when it was taken.
//
// Holding a snapshot keeps the versions it can see: space is not given back for them until it goes.
// Lifetime: release it before its Db is closed. Thread safety: immutable; share it freely, drop it anywhere.
#pragma once

#include <cstdint>
#include <memory>

#include "nacre/export.h"

namespace nacre {

namespace engine {
class SnapshotHold;
}

class NACRE_API Snapshot {
 public:
  Snapshot() = default;
  explicit Snapshot(std::shared_ptr<const engine::SnapshotHold> hold) : hold_(std::move(hold)) {}
  // The number of the last write it sees.
  uint64_t sequence() const noexcept;
  bool valid() const noexcept { return hold_ != nullptr; }
  const engine::SnapshotHold* hold() const noexcept { return hold_.get(); }  // for the engine

 private:
  std::shared_ptr<const engine::SnapshotHold> hold_;
};

}  // namespace nacre
