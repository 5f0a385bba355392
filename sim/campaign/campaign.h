// Campaign: many seeds of workloads, or one seed with its trace; the body of the nacre-sim program.
//
//     nacre-sim SEED                     replays one seed and prints every decision
//     nacre-sim --seeds A..B --jobs N    runs many on N processes; for a failure the line that replays it, and the same
//                                        with as few parts of the seed's plan as still fail
//     nacre-sim --help                   everything else
//
// Exit: 0 all seeds passed, 1 a seed failed (or a probe never fired, if that was asked), 2 wrong usage.
#pragma once

#include <vector>

#include "sim/workload.h"

namespace nacre::sim {

// Borrows the workloads, at least one.
int campaign_main(int argc, const char* const* argv, const std::vector<Workload*>& workloads);

}  // namespace nacre::sim
