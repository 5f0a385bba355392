// What a campaign prints: each failure as it comes, and at the end how much was done.
//
// Thread safety: none. Ownership: borrows the arguments.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "sim/campaign/arguments.h"
#include "sim/campaign/seed_run.h"
#include "sim/campaign/shrinker.h"
#include "sim/tally.h"

namespace nacre::sim {

class CampaignReport {
 public:
  // Failures that look the same (kind_of): the first of them, and the seeds of all.
  struct Failures {
    Trial trial;
    Outcome outcome;
    std::vector<uint64_t> seeds;
  };

  explicit CampaignReport(const CampaignArguments& arguments);

  void add(const Record& record);
  void shrunk(const Failures& failures, const Shrunk& shrunk) const;
  void not_shrunk(const Failures& failures, const std::string& why) const;
  void finish(uint64_t cpu_ns) const;

  const std::map<std::string, Failures>& failures() const { return failures_; }
  bool good() const;

 private:
  void progress();
  void print_tally() const;
  double seconds() const;

  const CampaignArguments& arguments_;
  const std::chrono::steady_clock::time_point began_ = std::chrono::steady_clock::now();
  const bool on_terminal_;
  std::chrono::steady_clock::time_point last_progress_ = began_;
  std::map<std::string, Failures> failures_;
  Tally tally_;
  uint64_t seeds_ = 0;
  uint64_t failed_ = 0;
  uint64_t runs_ = 0;  // gated seeds run twice
};

}  // namespace nacre::sim
