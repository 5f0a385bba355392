// Fleet: many seeds on several processes.
//
// Each process gets a few seeds at a time and reports each as it ends. A seed that fails, crashes or hangs ends its process;
// another goes on with the seed behind it. So a crash is the outcome of one seed, and the campaign does not notice.
//
// Why processes: the scheduler of a simulation is one OS thread and lives once in a process; a run that fails abandons its
// threads and leaks.
//
// Thread safety: none.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "sim/campaign/child.h"
#include "sim/campaign/seed_run.h"

namespace nacre::sim {

struct SeedRange {
  uint64_t first = 0;
  uint64_t last = 0;  // included
};

struct FleetOptions {
  SeedRange seeds;
  uint32_t processes = 1;
  std::optional<std::chrono::duration<double>> time;  // no seed begins later
  std::chrono::milliseconds hung_after = kHungAfter;
};

class Fleet {
 public:
  Fleet(const FleetOptions& options, std::function<Trial(uint64_t seed)> trial);

  // Told of each seed that has ended, in whatever order they do. False: begin no more, and drop those that run.
  using Listener = std::function<bool(Record record)>;
  void run(const Listener& listener);

  // After run(): processor time of all processes.
  uint64_t cpu_ns() const { return cpu_ns_; }

 private:
  struct Worker {
    SeedRange seeds;     // it was given these
    uint64_t next;       // the first of them that has not ended
    bool begun = false;  // `next` has begun
    std::unique_ptr<Child> child;
  };

  bool out_of_time() const;
  std::optional<SeedRange> take_seeds();
  Worker start(SeedRange seeds) const;
  bool listen(Worker& worker, const Listener& listener);
  bool reap(Worker& worker, const Listener& listener);

  const FleetOptions options_;
  const std::function<Trial(uint64_t)> trial_;
  const std::chrono::steady_clock::time_point began_;
  std::vector<Worker> workers_;
  std::vector<SeedRange> left_over_;  // given to processes that ended early
  uint64_t next_seed_;
  bool all_given_ = false;
  uint64_t cpu_ns_ = 0;
};

}  // namespace nacre::sim
