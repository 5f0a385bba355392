// What the stories of bugs share: a small database, a run of a story under many seeds, and what a story must show.
//
// Thread safety: none; a story runs within Simulation::run.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <string>

#include "nacre/db.h"
#include "sim/simulation.h"

namespace nacre::sim {

inline Options small() {
  Options options;
  options.memory_bytes = kMinMemoryBytes;
  return options;
}

inline void simulate(const std::function<void(Simulation&)>& body, uint64_t seeds = 20) {
  for (uint64_t seed = 1; seed <= seeds; seed++) {
    Simulation sim(seed);
    const sync::RunResult result = sim.run([&] { body(sim); });
    ASSERT_EQ(result.report, "") << "seed " << seed;
  }
}

inline void expect(Simulation& sim, bool holds, const char* what) {
  if (!holds) sim.fail(what);
}

// Whether a call that may find no space goes well within 20 seconds: what was begun on a full device still fails.
inline bool succeeds_in_time(Simulation& sim, const std::function<Result<void>()>& call) {
  Result<void> result;
  for (int i = 0; i < 100 && !(result = call()); i++) {
    expect(sim, result.error().kind == ErrorKind::kNoSpace, "there is no other reason");
    sim.runtime().clock->sleep_ns(200'000'000);
  }
  return result.has_value();
}

inline std::string get(Db& db, const char* key) {
  const auto value = db.get(key).value();
  return value ? value->to_string() : "(none)";
}

}  // namespace nacre::sim
