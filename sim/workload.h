// Workload: what a seed does to the engine. A campaign (campaign.h) runs many seeds of it and shrinks those that fail.
//
// A seed and a profile give a *plan*: its parts are drawn before the run and are written down, one line each, for people. A
// run does the parts that are kept, in the order of the plan, and nothing else of consequence. So a failing seed is made
// smaller by leaving out parts, and what is left reads as the story of the bug.
//
// Invariants
// - plan() and run() depend on their arguments alone: the same give the same lines, the same trace and the same end.
// - Leaving out a part changes no other: each draws from a stream of its own, not from one that all share.
// - Any subset of the parts is a run that a right engine survives, and so is the empty one.
//
// Thread safety: none, one OS thread. A workload may be run again and again, but after a run that did not end kDone, or from
// within another run, only in a new process: such a run abandons its threads.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sync/simulated_scheduler.h"

namespace nacre::sim {

class Workload {
 public:
  // One flag for each part of the plan: whether it is run. Empty: all are.
  using Keep = std::vector<bool>;

  virtual ~Workload() = default;
  virtual const char* name() const = 0;
  // What the seeds aim at, by name: never empty; the first is the default mix.
  virtual std::vector<std::string> profiles() const = 0;
  // Empty: this workload has no parts that could be left out.
  virtual std::vector<std::string> plan(uint64_t seed, const std::string& profile) = 0;
  // One whole run in a fresh Simulation. Counts what it does in tally() (tally.h).
  virtual sync::RunResult run(uint64_t seed, const std::string& profile, const Keep& keep) = 0;
};

}  // namespace nacre::sim
