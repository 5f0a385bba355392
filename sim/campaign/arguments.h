// The arguments of nacre-sim: `nacre-sim --help` prints what they mean.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "sim/campaign/fleet.h"
#include "sim/workload.h"

namespace nacre::sim {

struct CampaignArguments {
  std::string program;
  std::vector<Workload*> workloads;  // those that were asked for; with several, the seed says which it is for
  std::string profile;               // empty: the default of each workload

  std::optional<uint64_t> replay;                                  // one seed with its trace; else a campaign
  std::optional<std::vector<std::pair<uint64_t, uint64_t>>> only;  // of the plan: first and last part, counted from 1

  FleetOptions fleet;
  uint64_t gate = 50;
  uint64_t shrink_runs = 300;
  bool keep_going = false;
  bool each = false;
  bool probes = false;

  // A gated seed is run twice.
  Trial trial(uint64_t seed) const;
};

// Without a value: nothing is to be done, and `exit_code` says why (0 after --help, 2 wrong usage).
std::optional<CampaignArguments> parse_arguments(int argc, const char* const* argv,
                                                 const std::vector<Workload*>& workloads, int* exit_code);

// The flags for a plan of so many parts; nothing if `only` names others.
std::optional<Workload::Keep> keep_only(const CampaignArguments& arguments, size_t parts);

}  // namespace nacre::sim
