// ToyWorkload: what a seed does to the toy store, with an oracle. For tests of the simulator and of campaigns.
//
// Six lives of the process. In each the store is opened and compared with the oracle, then three threads append values,
// until all are written or the machine dies at an I/O. A part of the plan is a handful of values of one thread, the end of
// a life, or a disk whose syncs fail now and then.
#pragma once

#include <functional>

#include "sim/toy_store.h"
#include "sim/workload.h"

namespace nacre::sim {

class ToyWorkload final : public Workload {
 public:
  explicit ToyWorkload(const Bugs& bugs = {}, std::function<void(uint64_t position)> appended = {})
      : bugs_(bugs), appended_(std::move(appended)) {}

  const char* name() const override { return "toy"; }
  std::vector<std::string> profiles() const override { return {"mix", "calm"}; }  // calm: without failing syncs
  std::vector<std::string> plan(uint64_t seed, const std::string& profile) override;
  sync::RunResult run(uint64_t seed, const std::string& profile, const Keep& keep) override;

 private:
  const Bugs bugs_;
  const std::function<void(uint64_t)> appended_;  // after each value; for tests that crash or hang
};

}  // namespace nacre::sim
