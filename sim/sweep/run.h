// Runs sweeps: which trials, in how many processes, and the table at the end. The body of nacre-sweep.
#pragma once

#include <vector>

#include "sim/sweep/sweep.h"

namespace nacre::sim {

int sweep_main(int argc, const char* const* argv, const std::vector<SweepKind>& kinds);

}  // namespace nacre::sim
