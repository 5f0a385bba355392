// Comparison: the results of several rounds on several engines, by workload and engine, and the tables that are printed of
// them. Results are lines of JSON as measure/result.h makes them, with the round added.
//
// Thread safety: none.
#pragma once

#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "bench/report/statistics.h"

namespace bench {

class Comparison {
 public:
  void add(const nlohmann::json& line);

  const std::vector<std::string>& engines() const { return engines_; }      // in the order in which they came
  const std::vector<std::string>& workloads() const { return workloads_; }  // likewise
  // Of the rounds; absent where the engine has no such workload or figure.
  std::optional<Repeats> figure(const std::string& workload, const std::string& engine, const std::string& field) const;

  // Markdown: a row a workload: medians and spreads of rates, and the ratio of the first engine's median to each other's.
  std::string rates() const;
  // Markdown: a row a workload and engine: medians of latencies, processor time, memory, amplification, stalls.
  std::string details() const;

 private:
  std::vector<std::string> engines_;
  std::vector<std::string> workloads_;
  std::map<std::string, std::map<std::string, std::vector<nlohmann::json>>> lines_;  // workload, engine
};

}  // namespace bench
