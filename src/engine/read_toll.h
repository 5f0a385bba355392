// ReadToll: what reads spent on meeting more than one run, saved up until it buys the merge that spares them.
//
// Counted in bytes of merging that cost as much time: see compaction/policy.h for what is bought, and why then.
//
// Thread safety: all calls.
#pragma once

#include <atomic>
#include <cstdint>

#include "sync/sync.h"

namespace nacre::engine {

class ReadToll {
 public:
  // For each run beyond the first. A merged byte takes some 4 ns of a processor; a run that does not have the key takes a get a
  // cache miss in its filter, a seek one in its index and one in a block.
  static constexpr uint64_t kBytesOfGet = 25;
  static constexpr uint64_t kBytesOfKeyAmongMany = 8;  // of a multi-get, whose misses overlap
  static constexpr uint64_t kBytesOfSeek = 100;

  // True once for each `step` bytes that came together: it is time to look what they buy.
  bool pay(uint64_t bytes, uint64_t step) {
    sync::yield_point();
    const uint64_t before = paid_bytes_.fetch_add(bytes, std::memory_order_relaxed);
    return before / step != (before + bytes) / step;
  }
  uint64_t paid_bytes() const { return paid_bytes_.load(std::memory_order_relaxed); }
  // By one thread at a time; at most what is there.
  void spend(uint64_t bytes) { paid_bytes_.fetch_sub(bytes, std::memory_order_relaxed); }

 private:
  std::atomic<uint64_t> paid_bytes_{0};
};

}  // namespace nacre::engine
