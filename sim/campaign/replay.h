// Replay: one seed again, with the parts of its plan and every decision and I/O of its run printed.
#pragma once

#include <string>

#include "sim/campaign/arguments.h"

namespace nacre::sim {

// The exit code of the program. A crash of the run is one of the program.
int replay(const CampaignArguments& arguments);

// The parts of a plan, numbered as --only counts them; those that `keep` has, or all if it is empty.
std::string parts_of(const Trial& trial);
// The command line that replays it.
std::string line_for(const std::string& program, const Trial& trial);

}  // namespace nacre::sim
