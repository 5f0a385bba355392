#include "sim/sweep/sweep.h"

namespace nacre::sim {

const std::vector<SweepKind>& sweep_kinds() {
  static const std::vector<SweepKind> kKinds = {
      {.name = "errors", .make = make_error_sweep},
      {.name = "cuts", .make = make_cut_sweep},
      {.name = "bits", .make = make_bit_sweep},
      {.name = "bytes", .make = make_byte_sweep},
      {.name = "lengths", .make = make_length_sweep},
      {.name = "files", .make = make_file_sweep},
      {.name = "allocations", .make = make_allocation_sweep},
  };
  return kKinds;
}

SimulationOptions plain_world(uint64_t step_limit) {
  SimulationOptions options;
  options.schedule = sync::Schedule{.switch_one_in = 4,
                                    .spurious_wake_one_in = 0,
                                    .step_limit = step_limit,
                                    .time_limit_ns = uint64_t{3600} * 1'000'000'000};
  options.disk = DiskOptions{.latency_ns_min = 0, .latency_ns_max = 0};
  options.executor_threads = 1;
  options.wall_jump_one_in = 0;
  return options;
}

}  // namespace nacre::sim
