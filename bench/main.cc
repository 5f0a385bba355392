// nacre-bench: measures workloads on one engine, or on several that take turns.
//
//   nacre-bench --engine nacre                                 one run in this process; a line of JSON a workload
//   nacre-bench --compare nacre,rocksdb-tuned --repeat 5       each run in a process of its own; tables of medians and ratios
//   nacre-bench --from results.jsonl --html report.html        the tables and the page of an earlier run

#include <cstdio>
#include <filesystem>
#include <fstream>

#include "bench/command_line.h"
#include "bench/engine/registry.h"
#include "bench/failure.h"
#include "bench/measure/result.h"
#include "bench/report/comparison.h"
#include "bench/report/environment.h"
#include "bench/report/html.h"
#include "bench/run/busy_cores.h"
#include "bench/run/child.h"
#include "bench/run/progress.h"
#include "bench/run/suite.h"

namespace {

using bench::CommandLine;
using nlohmann::json;
using nlohmann::ordered_json;

void list() {
  std::printf("Engines:\n");
  for (const bench::Engine& engine : bench::engines()) {
    std::printf("  %-18s%s%s%s\n", engine.name, engine.words, engine.absent != nullptr ? "; left out, needs " : "",
                engine.absent != nullptr ? engine.absent : "");
  }
  std::printf("Workloads:\n");
  for (const bench::Workload& workload : bench::catalogue()) std::printf("  %-18s%s\n", workload.name, workload.words);
}

void say(const bench::Result& result, const std::string& label) {
  std::string line = label + result.engine;
  line.resize(std::max<size_t>(line.size() + 1, 20), ' ');
  line += result.workload;
  line.resize(std::max<size_t>(line.size() + 1, 44), ' ');
  line += bench::in_thousands(result.rate) + "/s";
  if (result.p99_us) {
    line += "   P50 " + bench::in_time(*result.p50_us / 1e6) + "  P99 " + bench::in_time(*result.p99_us / 1e6) +
            "  P99.9 " + bench::in_time(*result.p999_us / 1e6) + "  max " + bench::in_time(*result.max_us / 1e6);
  }
  std::fprintf(stderr, "%s\n", line.c_str());
}

// The results of a run and where they go.
class Outputs {
 public:
  explicit Outputs(const CommandLine& line) : line_(line) {
    if (!line.json_file.empty()) json_ = open(line.json_file);
    if (!line.csv_file.empty()) csv_ = open(line.csv_file);
    if (csv_.is_open()) csv_ << bench::csv_header() << '\n';
  }

  void set_environment(const ordered_json& environment) {
    environment_ = environment;
    if (json_.is_open()) json_ << ordered_json{{"environment", environment}}.dump() << std::endl;
  }
  void add(const ordered_json& result) {
    results_.push_back(result);
    comparison_.add(result);
    if (json_.is_open()) json_ << result.dump() << std::endl;
    if (csv_.is_open()) csv_ << bench::to_csv(result) << std::endl;
  }
  void finish() {
    if (line_.html_file.empty()) return;
    open(line_.html_file) << bench::html_report(environment_, results_);
  }
  const bench::Comparison& comparison() const { return comparison_; }

 private:
  static std::ofstream open(const std::string& path) {
    std::ofstream out(path);
    if (!out) bench::fail(bench::kUsage, "cannot write %s", path.c_str());
    return out;
  }

  const CommandLine& line_;
  std::ofstream json_;
  std::ofstream csv_;
  ordered_json environment_;
  std::vector<ordered_json> results_;
  bench::Comparison comparison_;
};

void print_tables(const bench::Comparison& comparison) {
  if (comparison.engines().empty()) return;
  std::printf("%s\n%s", comparison.rates().c_str(), comparison.details().c_str());
}

int run_here(const CommandLine& line) {
  const bench::Engine& engine = *bench::find_engine(line.engine);
  if (engine.absent != nullptr)
    bench::fail(bench::kUsage, "this build has no %s; it needs %s", engine.name, engine.absent);
  Outputs outputs(line);
  outputs.set_environment(bench::environment(line.settings, line.text()));
  const bench::BusyCores busy(line.settings.busy_cores);
  bench::Suite(engine, line.settings, line.label, [&](const bench::Result& result) {
    const ordered_json written = bench::to_json(result);
    std::printf("%s\n", written.dump().c_str());
    std::fflush(stdout);
    outputs.add(written);
    say(result, line.label);
  }).run();
  outputs.finish();
  return bench::kSuccess;
}

// Those that this build has; the others are named.
std::vector<std::string> present(std::vector<std::string> names) {
  if (names.empty()) names = {"nacre", "rocksdb-tuned"};
  std::vector<std::string> there;
  for (const std::string& name : names) {
    if (const char* const absent = bench::find_engine(name)->absent) {
      std::fprintf(stderr, "left out: %s; it needs %s\n", name.c_str(), absent);
    } else {
      there.push_back(name);
    }
  }
  if (there.empty()) bench::fail(bench::kUsage, "this build has none of these engines");
  return there;
}

int compare(const CommandLine& line) {
  const std::vector<std::string> engines = present(line.engine.empty() ? line.compare : std::vector{line.engine});
  const uint32_t rounds = line.engine.empty() ? line.repeat : 1;
  Outputs outputs(line);
  outputs.set_environment(bench::environment(line.settings, line.text()));
  for (uint32_t round = 1; round <= rounds; round++) {
    const std::string label = rounds == 1 ? "" : std::to_string(round) + "/" + std::to_string(rounds) + " ";
    for (const std::string& engine : engines) {
      std::optional<bench::MemoryLimit> limit;
      if (line.memory_limit != 0) limit.emplace(line.memory_limit);
      std::vector<ordered_json> results;
      bench::run_child(line.for_child(engine, label), limit ? &*limit : nullptr,
                       [&](const std::string& text) { results.push_back(ordered_json::parse(text)); });
      for (ordered_json& result : results) {
        result["round"] = round;
        if (limit) {
          result["memory_limit"] = line.memory_limit;
          if (const auto peak = limit->peak_bytes()) result["memory_charged_peak"] = *peak;
        }
        outputs.add(result);
      }
    }
  }
  outputs.finish();
  print_tables(outputs.comparison());
  return bench::kSuccess;
}

int show(const CommandLine& line) {
  Outputs outputs(line);
  for (const std::string& path : line.from) {
    std::ifstream in(path);
    for (std::string text; std::getline(in, text);) {
      const ordered_json parsed = ordered_json::parse(text, nullptr, false);
      if (parsed.is_discarded()) bench::fail(bench::kUsage, "%s has a line that is no JSON", path.c_str());
      parsed.contains("environment") ? outputs.set_environment(parsed["environment"]) : outputs.add(parsed);
    }
  }
  outputs.finish();
  print_tables(outputs.comparison());
  return bench::kSuccess;
}

}  // namespace

int main(int argc, char** argv) {
  CommandLine line;
  line.parse(argc, argv);
  if (line.list) {
    list();
    return bench::kSuccess;
  }
  if (!line.from.empty()) return show(line);
  return !line.engine.empty() && line.memory_limit == 0 ? run_here(line) : compare(line);
}
