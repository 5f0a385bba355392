// Sweep: one kind of trouble, tried at every place where it can strike. A trial is one place and one way; its number replays it.
//
// A sweep is made once, which may take a run of the story without trouble, to count places. Trials are independent of each other
// and of their order, so several processes can share them.
//
// Thread safety: none, one OS thread.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "sim/simulation.h"

namespace nacre::sim {

// What came of trials: rows of a table, "outcome" to count. Names are free; `sum` adds another's.
using Tally = std::map<std::string, uint64_t>;

class Sweep {
 public:
  virtual ~Sweep() = default;
  virtual uint64_t trials() const = 0;
  // How many of them a quick run takes, evenly.
  virtual uint64_t quick_trials() const = 0;
  virtual std::string describe(uint64_t trial) const = 0;
  // An empty string, or what is wrong.
  virtual std::string run(uint64_t trial, Tally& tally) = 0;
  // "140 sites, 5 error numbers": what 100% is made of.
  virtual std::string places() const = 0;
};

struct SweepKind {
  const char* name;
  std::unique_ptr<Sweep> (*make)();
};
const std::vector<SweepKind>& sweep_kinds();

std::unique_ptr<Sweep> make_error_sweep();
std::unique_ptr<Sweep> make_cut_sweep();
std::unique_ptr<Sweep> make_bit_sweep();
std::unique_ptr<Sweep> make_length_sweep();
std::unique_ptr<Sweep> make_file_sweep();
std::unique_ptr<Sweep> make_allocation_sweep();

// A world without chance: no latency, one thread for jobs, one schedule.
SimulationOptions plain_world(uint64_t step_limit = 20'000'000);

}  // namespace nacre::sim
