// Pacing: how much a writer must wait for background work. Pure.
//
// Two things can pile up behind writers. Frozen memtables are bounded by memory: writers are slowed a little before the bound,
// and wait at it. Compaction debt (bytes in runs beyond what the shape allows) has no bound of its own:
// the price per byte grows with it, up to 1 ms a KiB (1 MB/s), so writers and compaction find a balance at some debt, without
// a wall there.
//
//   price(ns per KiB) = kUnit * x^2 for each of the two, x = how far the pile stands above where slowing begins,
//   in units of the pile that is fine
//
// Quadratic: hardly anything at first, strong when it matters, no step anywhere.
#pragma once

#include <algorithm>
#include <cstdint>

namespace nacre::compaction {

struct PacingInput {
  uint64_t frozen_bytes = 0;    // memtables that wait for their flush
  uint64_t memtable_bytes = 0;  // size of one memtable
  uint64_t all_memtables_bytes = 0;
  uint64_t debt_bytes = 0;  // compaction::debt_bytes of all keyspaces
};

// 0: no delay.
inline uint32_t delay_ns_per_kib(const PacingInput& input) {
  constexpr double kUnitNsPerKib = 2000;  // at x = 1 about 500 MB/s
  constexpr double kDearestNsPerKib = 1e6;
  const auto price = [](double pile, double fine) {
    const double x = fine > 0 ? std::max(0.0, pile / fine - 1) : 0.0;
    return kUnitNsPerKib * x * x;
  };
  // Slowing begins when half of the memory for memtables waits.
  const double frozen_fine = static_cast<double>(input.all_memtables_bytes) / 2;
  const double debt_fine = 8 * static_cast<double>(input.memtable_bytes);
  const double total = price(static_cast<double>(input.frozen_bytes), frozen_fine) +
                       price(static_cast<double>(input.debt_bytes), debt_fine);
  return static_cast<uint32_t>(std::min(total, kDearestNsPerKib));
}

}  // namespace nacre::compaction
