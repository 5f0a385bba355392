#include "sim/campaign/campaign.h"

#include <string>

#include "sim/campaign/arguments.h"
#include "sim/campaign/fleet.h"
#include "sim/campaign/replay.h"
#include "sim/campaign/report.h"
#include "sim/campaign/shrinker.h"

namespace nacre::sim {

namespace {

void shrink_one(const CampaignArguments& arguments, const CampaignReport& report,
                const CampaignReport::Failures& failures) {
  Trial trial = failures.trial;
  // What fails in one run needs no second one.
  trial.run_twice = failures.outcome.verdict == Verdict::kNondeterministic;
  const size_t parts = trial.workload->plan(trial.seed, trial.profile).size();
  if (parts == 0) return report.not_shrunk(failures, "its plan has no parts");
  const std::string kind = kind_of(failures.outcome);
  const auto still_fails = [&](const Workload::Keep& keep) {
    trial.keep = keep;
    return kind_of(run_in_child(trial, arguments.fleet.hung_after)) == kind;
  };
  if (!still_fails(Workload::Keep(parts, true))) {
    return report.not_shrunk(failures, "alone in a new process, with all its parts, it does not fail in the same way");
  }
  report.shrunk(failures, shrink(parts, {.runs = arguments.shrink_runs}, still_fails));
}

int run_campaign(const CampaignArguments& arguments) {
  CampaignReport report(arguments);
  Fleet fleet(arguments.fleet, [&](uint64_t seed) { return arguments.trial(seed); });
  fleet.run([&](const Record& record) {
    report.add(record);
    return arguments.keep_going || record.outcome.passed();
  });
  if (arguments.shrink_runs != 0) {
    for (const auto& [kind, failures] : report.failures()) shrink_one(arguments, report, failures);
  }
  report.finish(fleet.cpu_ns());
  return report.good() ? 0 : 1;
}

}  // namespace

int campaign_main(int argc, const char* const* argv, const std::vector<Workload*>& workloads) {
  int exit_code = 0;
  const auto arguments = parse_arguments(argc, argv, workloads, &exit_code);
  if (!arguments) return exit_code;
  return arguments->replay ? replay(*arguments) : run_campaign(*arguments);
}

}  // namespace nacre::sim
