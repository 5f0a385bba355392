// Shrinker: leaves out parts of a failing plan for as long as what is left still fails in the same way.
//
// Delta debugging (Zeller and Hildebrandt, "Simplifying and isolating failure-inducing input", TSE 2002), in its greedy form:
// leave out a half, then quarters, down to single parts, each piece from the back to the front, and start again with
// single parts until none can go. From the back, because what comes late needs what comes early more often than the other
// way round.
//
// Pure but for what `still_fails` does.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>

#include "sim/workload.h"

namespace nacre::sim {

struct ShrinkLimits {
  uint64_t runs = 300;
  std::chrono::duration<double> time = std::chrono::minutes(3);
};

struct Shrunk {
  Workload::Keep keep;    // fails, as all parts do
  uint64_t runs = 0;      // how often it asked
  bool smallest = false;  // no single part can go; else a limit ended it
};

Shrunk shrink(size_t parts, const ShrinkLimits& limits, const std::function<bool(const Workload::Keep&)>& still_fails);

}  // namespace nacre::sim
