// Campaign: many seeds of one workload, or one seed with its trace; the body of the nacre-sim program.
//
//     nacre-sim SEED            replays one seed and prints every decision
//     nacre-sim --seeds A..B    runs seeds A up to and including B; prints seeds a second; for a failure the line that replays it
//         --gate N        runs every Nth seed twice and compares trace hashes (default 50; 0 never)
//         --keep-going    does not stop at the first failure
//         --probes        fails if a NACRE_SOMETIMES never fired
// Exit: 0 all seeds passed, 1 a seed failed, 2 usage.
#pragma once

#include <vector>

#include "sim/workload.h"

namespace nacre::sim {

int campaign_main(int argc, const char* const* argv, const std::vector<Workload*>& workloads);

}  // namespace nacre::sim
