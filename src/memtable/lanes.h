// Lanes: per-thread state of a memtable's writers, so that the common insert shares no cache line with another one.
//
// A thread with a small sync::thread_index() has a lane to itself: indexes are unique among live threads, and the index
// of a thread that ended is handed on through a lock. Threads beyond those share one lane under a mutex.
//
// Invariant: a lane is used by one thread at a time, so its members need no read-modify-write. The counters are atomic
// only because other threads read them.
// Thread safety: with_lane() and sum() from any thread.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>

#include "sync/sync.h"

namespace nacre::memtable {

// One number that a single thread writes at a time and anybody reads.
class Tally {
 public:
  void add(uint64_t amount) {
    value_.store(value_.load(std::memory_order_relaxed) + amount, std::memory_order_relaxed);
  }
  uint64_t value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<uint64_t> value_{0};
};

struct alignas(64) Lane {
  char* at = nullptr;  // the unused rest of the lane's span of arena memory
  char* end = nullptr;
  Tally entries;
  Tally erases;
  Tally data_bytes;
};

class Lanes {
 public:
  // Calls use(Lane&) with a lane that nobody else uses meanwhile.
  template <class Use>
  auto with_lane(Use&& use) {
    const uint32_t index = sync::thread_index();
    if (index < kOwnLanes) [[likely]]
      return use(lanes_[index]);
    sync::MutexLock lock(shared_mutex_);
    return use(lanes_[kOwnLanes]);
  }

  uint64_t sum(Tally Lane::* tally) const {
    uint64_t total = 0;
    for (const Lane& lane : lanes_) total += (lane.*tally).value();
    return total;
  }

 private:
  static constexpr uint32_t kOwnLanes = 32;

  std::array<Lane, kOwnLanes + 1> lanes_;
  sync::Mutex shared_mutex_;  // guards the last lane
};

}  // namespace nacre::memtable
