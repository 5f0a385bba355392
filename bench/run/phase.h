// A phase: one workload, carried out and measured on a store that is ready for it.
#pragma once

#include <string>
#include <vector>

#include "bench/measure/result.h"
#include "bench/run/contents.h"
#include "bench/workload/workload.h"

namespace bench {

struct PhaseOutcome {
  std::vector<Result> results;  // one a crew
  bool wrote = false;
};

// `contents` is what the store holds before, and is brought up to what it must hold after. `title` begins the progress line.
PhaseOutcome run_phase(const Workload& workload, const Records& records, const Values& values, const Settings& settings,
                       const std::string& title, Store& store, Contents& contents);

}  // namespace bench
