// UnsealedClaims: the claims of a log that are not sealed yet. The simulator keeps them to hold callers to what they owe (wal.h): nothing
// may be synced over or released that a thread is still writing. Elsewhere it is empty, and costs nothing.
//
// Thread safety: none needed, no point of the scheduler lies within a call.
#pragma once

#include <cstdint>
#include <set>

#include "sync/sync.h"

namespace nacre::wal {

class UnsealedClaims {
 public:
  void add(uint64_t lsn) {
    if constexpr (sync::kSimulated) lsns_.insert(lsn);
  }
  void remove(uint64_t lsn) {
    if constexpr (sync::kSimulated) lsns_.erase(lsn);
  }
  bool none_below(uint64_t lsn) const { return lsns_.empty() || *lsns_.begin() >= lsn; }

 private:
  std::set<uint64_t> lsns_;
};

}  // namespace nacre::wal
