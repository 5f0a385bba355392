// Ticks: the order in which operations begin and end, for threads of a simulation and real ones alike.
//
// Each tick is given once. If an operation ended with a lower tick than another began with, it really ended before: what
// it did was visible to all. On x86-64 the read-modify-write alone is such a barrier; the fences say it for all machines. No
// stronger order is asked of the counter itself, so that the thread sanitizer learns of no order between threads that the
// store under test does not make itself, and goes on seeing its races.
//
// A clock would be cheaper, but stores that still wait in a processor's buffer when it is read would make a right store
// look wrong.
//
// Thread safety: all calls.
#pragma once

#include <atomic>
#include <cstdint>

namespace nacre::history {

class Ticks {
 public:
  uint64_t next() {
    std::atomic_thread_fence(std::memory_order_seq_cst);
    const uint64_t tick = last_.fetch_add(1, std::memory_order_relaxed) + 1;
    std::atomic_thread_fence(std::memory_order_seq_cst);
    return tick;
  }

 private:
  alignas(64) std::atomic<uint64_t> last_{0};
};

}  // namespace nacre::history
