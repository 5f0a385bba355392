#include "sim/engine/workload.h"

#include "sim/engine/plan.h"
#include "sim/engine/run.h"
#include "sim/simulation.h"

namespace nacre::sim {

namespace {

class EngineWorkload final : public Workload {
 public:
  const char* name() const override { return "engine"; }
  std::vector<std::string> profiles() const override { return profile_names(); }
  std::vector<std::string> plan(uint64_t seed, const std::string& profile) override {
    const Plan plan = draw_plan(seed, profile);
    std::vector<std::string> lines;
    for (const Part& part : plan.parts) lines.push_back(to_line(plan, part));
    return lines;
  }
  sync::RunResult run(uint64_t seed, const std::string& profile, const Keep& keep) override {
    const Plan plan = draw_plan(seed, profile);
    Simulation sim(seed);
    return sim.run([&] { EngineRun(sim, plan, keep).run(); });
  }
};

}  // namespace

std::unique_ptr<Workload> engine_workload() { return std::make_unique<EngineWorkload>(); }

}  // namespace nacre::sim
