#include "sim/campaign/replay.h"

#include <cinttypes>
#include <cstdio>
#include <vector>

namespace nacre::sim {

namespace {

bool kept(const Trial& trial, size_t part) { return trial.keep.empty() || trial.keep[part]; }

// "3,7..9": parts counted from 1.
std::string list_of(const Workload::Keep& keep) {
  std::string list;
  for (size_t first = 0; first < keep.size(); ++first) {
    if (!keep[first]) continue;
    size_t last = first;
    while (last + 1 < keep.size() && keep[last + 1]) ++last;
    list += (list.empty() ? "" : ",") + std::to_string(first + 1);
    if (last != first) list += ".." + std::to_string(last + 1);
    first = last;
  }
  return list.empty() ? "none" : list;
}

}  // namespace

std::string parts_of(const Trial& trial) {
  const std::vector<std::string> plan = trial.workload->plan(trial.seed, trial.profile);
  std::string text;
  for (size_t i = 0; i < plan.size(); ++i) {
    char number[32];
    std::snprintf(number, sizeof number, "%6zu  ", i + 1);
    if (kept(trial, i)) text += number + plan[i] + "\n";
  }
  return text;
}

std::string line_for(const std::string& program, const Trial& trial) {
  std::string line = program + " " + std::to_string(trial.seed) + " --workload " + trial.workload->name();
  if (trial.profile != trial.workload->profiles().front()) line += " --profile " + trial.profile;
  if (!trial.keep.empty()) line += " --only " + list_of(trial.keep);
  return line;
}

int replay(const CampaignArguments& arguments) {
  Trial trial = arguments.trial(*arguments.replay);
  const size_t parts = trial.workload->plan(trial.seed, trial.profile).size();
  const auto keep = keep_only(arguments, parts);
  if (!keep) {
    std::fprintf(stderr, "--only: the plan of seed %" PRIu64 " has %zu parts\n", trial.seed, parts);
    return 2;
  }
  trial.keep = *keep;
  std::printf("%s", parts_of(trial).c_str());
  auto& scheduler = sync::Scheduler::instance();
  scheduler.observe(
      [](const sync::Decision& d) {
        std::printf("%10" PRIu64 " %14" PRIu64 " ns  %3u -> %3u  %s\n", d.step, d.now_ns, d.from, d.to,
                    sync::to_string(d.point));
      },
      [](const std::string& text) { std::printf("%28s %s\n", "", text.c_str()); });
  const Outcome outcome = run_once(trial);
  scheduler.observe({}, {});
  std::printf("%s\n", to_string(outcome).c_str());
  if (outcome.passed()) return 0;
  std::printf("%s\nreplay: %s\n", outcome.result.report.c_str(), line_for(arguments.program, trial).c_str());
  return 1;
}

}  // namespace nacre::sim
