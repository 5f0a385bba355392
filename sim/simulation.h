// Simulation: one seed, one world - schedule, disk, clock, background threads - and a body that runs in it.
//
//     Simulation sim(seed);
//     RunResult result = sim.run([&] {
//       auto db = Db::open("db", {}, sim.runtime());   // what locks or runs is made and destroyed in the body
//       ...
//       if (wrong) sim.fail("what is wrong");
//     });
//     if (result.ending != Ending::kDone) ... result.report
//
// The same seed and program give the same trace_hash. A run that does not end kDone abandons its threads where they
// stand and leaks what they own. A crash of the process (CHECK, SIGSEGV, overflow of a simulated stack) prints the
// seed.
//
// Thread safety: none, one OS thread; one Simulation runs at a time.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/prng.h"
#include "nacre/runtime.h"
#include "sim/sim_disk.h"
#include "sim/sim_runtime.h"
#include "sync/simulated_scheduler.h"

namespace nacre::sim {

struct SimulationOptions {
  std::optional<sync::Schedule> schedule;  // else drawn from the seed
  std::optional<DiskOptions> disk;         // else drawn from the seed
  uint32_t executor_threads = 2;
  uint32_t wall_jump_one_in = 16;
};

class Simulation {
 public:
  explicit Simulation(uint64_t seed, const SimulationOptions& options = {});
  Simulation(const Simulation&) = delete;
  Simulation& operator=(const Simulation&) = delete;

  // Once for each Simulation.
  sync::RunResult run(const std::function<void()>& body);
  // Ends the run as kFailed. From any thread of the simulation.
  [[noreturn]] void fail(const std::string& why);

  uint64_t seed() const { return seed_; }
  SimDisk& disk() { return *disk_; }
  SimClock& clock() { return *clock_; }
  SimEventSink& events() { return *events_; }
  base::Prng& prng() { return prng_; }  // the workload's own stream: it does not disturb the others
  const sync::Schedule& schedule() const { return schedule_; }
  // For the databases of the body. The random seed in it differs with each call.
  Runtime runtime();

 private:
  const uint64_t seed_;
  const uint32_t executor_threads_;
  sync::Schedule schedule_;
  std::shared_ptr<SimDisk> disk_;
  std::shared_ptr<SimClock> clock_;
  std::shared_ptr<SimEventSink> events_;
  std::shared_ptr<SimExecutor> executor_;  // during run() only
  base::Prng prng_;
};

// From now on, a fatal signal first prints this line. An empty line: no more. A run brings its own, with its seed, if there is
// none.
void note_on_crash(const std::string& line);
bool has_crash_note();

}  // namespace nacre::sim
