// Sweep: one kind of trouble, tried at every place where it can strike. A trial is one place and one way; its number replays it.
//
// A sweep is made once, which may take a run of the story without trouble, to count places. Trials are independent of each other
// and of their order, so several processes can share them.
//
// Thread safety: none, one OS thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "sim/simulation.h"
#include "sim/tally.h"

namespace nacre::sim {

class Sweep {
 public:
  virtual ~Sweep() = default;
  virtual uint64_t trials() const = 0;
  // How many of them a quick run takes, evenly.
  virtual uint64_t quick_trials() const = 0;
  virtual std::string describe(uint64_t trial) const = 0;
  // Whether a replay may print each I/O without being another trial for it.
  virtual bool may_be_watched() const { return true; }
  // An empty string, or what is wrong. What came of it is counted, by names of its own.
  virtual std::string run(uint64_t trial, Tally& tally) = 0;
  // "140 sites, 5 error numbers": what 100% is made of.
  virtual std::string places() const = 0;
};

// Each kind over the story that the script of this number tells.
struct SweepKind {
  const char* name;
  std::unique_ptr<Sweep> (*make)(uint64_t script);
};
const std::vector<SweepKind>& sweep_kinds();

std::unique_ptr<Sweep> make_error_sweep(uint64_t script);
std::unique_ptr<Sweep> make_cut_sweep(uint64_t script);
std::unique_ptr<Sweep> make_bit_sweep(uint64_t script);
std::unique_ptr<Sweep> make_byte_sweep(uint64_t script);
std::unique_ptr<Sweep> make_length_sweep(uint64_t script);
std::unique_ptr<Sweep> make_file_sweep(uint64_t script);
std::unique_ptr<Sweep> make_allocation_sweep(uint64_t script);

// A world without chance: no latency, one thread for jobs, one schedule.
SimulationOptions plain_world(uint64_t step_limit = 20'000'000);

}  // namespace nacre::sim
