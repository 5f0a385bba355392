// Ticks: the cheapest clock there is, for timing single operations of a few hundred nanoseconds.
//
// On x86-64 with a constant time stamp counter it is that, read in about 10 ns where steady_clock takes 35; elsewhere it is
// steady_clock. The counter is read without a barrier: the processor may move it by a few dozen instructions, which an operation of
// 100 ns and more does not notice. What timing costs a run is measured and reported (timing_ns()).
//
// Thread safety: all calls, from any thread.
#pragma once

#include <chrono>
#include <cstdint>

#if defined(__x86_64__)
#include <x86intrin.h>
#endif

namespace bench {

inline uint64_t ticks() {
#if defined(__x86_64__)
  return __rdtsc();
#else
  return static_cast<uint64_t>(std::chrono::steady_clock::now().time_since_epoch().count());
#endif
}

// Measured against steady_clock for 20 ms at the first call.
double ns_per_tick();

// What two readings of the clock and one record of the time between them cost.
double timing_ns();

}  // namespace bench
