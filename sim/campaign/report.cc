#include "sim/campaign/report.h"

#include <unistd.h>

#include <cinttypes>
#include <cstdio>

#include "sim/campaign/replay.h"
#include "sim/probes.h"

namespace nacre::sim {

namespace {

constexpr size_t kSeedsListed = 12;
constexpr auto kBetweenProgress = std::chrono::milliseconds(200);
constexpr const char* kClearLine = "\r\x1b[K";

double per(uint64_t how_many, uint64_t seeds) {
  return seeds == 0 ? 0 : static_cast<double>(how_many) / static_cast<double>(seeds);
}

}  // namespace

CampaignReport::CampaignReport(const CampaignArguments& arguments)
    : arguments_(arguments), on_terminal_(::isatty(STDERR_FILENO) != 0 && ::isatty(STDOUT_FILENO) != 0) {
  for (Probe* probe : probes()) probe->forget();
}

void CampaignReport::add(const Record& record) {
  const Outcome& outcome = record.outcome;
  const Trial trial = arguments_.trial(outcome.seed);
  ++seeds_;
  runs_ += trial.run_twice ? 2 : 1;
  tally_.add(record.tally);
  for (const auto& [probe, hits] : record.probe_hits) probes()[probe]->add(hits);
  if (!outcome.passed() || arguments_.each) {
    if (on_terminal_) std::fputs(kClearLine, stderr);
    std::printf("%s\n", to_string(outcome).c_str());
  }
  if (!outcome.passed()) {
    ++failed_;
    Failures& same =
        failures_.try_emplace(trial.workload->name() + (": " + kind_of(outcome)), trial, outcome).first->second;
    same.seeds.push_back(outcome.seed);
    // One long report of each kind is enough.
    if (same.seeds.size() == 1) std::printf("%s\n", outcome.result.report.c_str());
    std::printf("replay: %s\n", line_for(arguments_.program, trial).c_str());
  }
  progress();
  std::fflush(stdout);
}

void CampaignReport::progress() {
  const auto now = std::chrono::steady_clock::now();
  if (!on_terminal_ || now - last_progress_ < kBetweenProgress) return;
  last_progress_ = now;
  std::fprintf(stderr, "%s%" PRIu64 " seeds, %" PRIu64 " failed, %.1f seeds/s, %zu crash states", kClearLine, seeds_,
               failed_, static_cast<double>(seeds_) / seconds(), tally_.crash_states().size());
  std::fflush(stderr);
}

double CampaignReport::seconds() const {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - began_).count();
}

void CampaignReport::shrunk(const Failures& failures, const Shrunk& shrunk) const {
  Trial trial = failures.trial;
  trial.keep = shrunk.keep;
  size_t left = 0;
  for (const bool kept : shrunk.keep) left += kept ? 1 : 0;
  std::printf("\nseed %" PRIu64 " shrunk to %zu of %zu parts in %" PRIu64 " runs%s:\n%sreplay: %s\n", trial.seed, left,
              shrunk.keep.size(), shrunk.runs, shrunk.smallest ? "" : ", when a limit ended it",
              parts_of(trial).c_str(), line_for(arguments_.program, trial).c_str());
  std::fflush(stdout);
}

void CampaignReport::not_shrunk(const Failures& failures, const std::string& why) const {
  std::printf("\nseed %" PRIu64 " was not shrunk: %s\n", failures.trial.seed, why.c_str());
}

void CampaignReport::print_tally() const {
  for (const auto& [name, how_many] : tally_.counts()) {
    std::printf("  %-32s %12" PRIu64 "  %10.2f a seed\n", name.c_str(), how_many, per(how_many, seeds_));
  }
  std::printf("  %-32s %12" PRIu64 "  %10.2f a seed, %zu distinct\n", "crash states", tally_.crash_states_tried(),
              per(tally_.crash_states_tried(), seeds_), tally_.crash_states().size());
  const auto silent = probes_never_hit();
  std::printf("  %-32s %12zu  of %zu\n", "probes that held", probes().size() - silent.size(), probes().size());
  for (const std::string& name : silent) std::printf("never happened: %s\n", name.c_str());
}

void CampaignReport::finish(uint64_t cpu_ns) const {
  if (on_terminal_) std::fputs(kClearLine, stderr);
  std::printf("\n");
  for (const auto& [kind, same] : failures_) {
    std::printf("%zu failed: %s\n  seeds:", same.seeds.size(), kind.c_str());
    for (size_t i = 0; i < same.seeds.size() && i < kSeedsListed; ++i) std::printf(" %" PRIu64, same.seeds[i]);
    std::printf("%s\n", same.seeds.size() > kSeedsListed ? " ..." : "");
  }
  print_tally();
  const double hours = static_cast<double>(cpu_ns) / 3.6e12;
  std::printf("%" PRIu64 " seeds, %" PRIu64 " failed, %" PRIu64 " runs, %.1f s, %.1f seeds/s, %.0f seeds a core-hour\n",
              seeds_, failed_, runs_, seconds(), static_cast<double>(seeds_) / seconds(),
              hours > 0 ? static_cast<double>(seeds_) / hours : 0);
  std::fflush(stdout);
}

bool CampaignReport::good() const {
  return failures_.empty() && seeds_ != 0 && (!arguments_.probes || probes_never_hit().empty());
}

}  // namespace nacre::sim
