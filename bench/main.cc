// nacre-bench: runs the standard workloads on one engine, or on several in turn, and prints rates and ratios.
//
//   nacre-bench --engine nacre                    one engine, one run, in this process: a line of JSON a workload
//   nacre-bench --compare nacre,rocksdb --repeat 5    each run in a process of its own, engines interleaved; medians, spread, ratios

#include <sys/wait.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <sstream>

#include "workloads.h"

namespace {

struct Settings {
  std::string engine = "nacre";
  std::string compare;
  std::string directory = (std::filesystem::temp_directory_path() / "nacre-bench").string();
  uint64_t n = 5'000'000;
  uint64_t memory_mib = 2560;
  uint32_t repeat = 3;
  std::string only;
};

std::vector<std::string> split(const std::string& text) {
  std::vector<std::string> parts;
  std::stringstream in(text);
  for (std::string part; std::getline(in, part, ',');) parts.push_back(part);
  return parts;
}

int run_one(const Settings& settings) {
  const bench::Plan plan{.engine = settings.engine,
                         .directory = settings.directory,
                         .n = settings.n,
                         .memory_bytes = settings.memory_mib << 20,
                         .only = split(settings.only)};
  for (const bench::Measurement& m : bench::run_all(plan)) {
    const nlohmann::ordered_json line{
        {"engine", settings.engine},
        {"workload", m.workload},
        {"operations", m.operations},
        {"seconds", m.seconds},
        {"rate", m.rate()},
        {"cpu_us_per_operation", 1e6 * m.cpu_seconds / static_cast<double>(m.operations)}};
    std::printf("%s\n", line.dump().c_str());
  }
  return 0;
}

// The lines that a run of this program on one engine prints.
std::vector<nlohmann::json> run_in_child(const std::string& self, const Settings& settings, const std::string& engine) {
  const std::string command = "'" + self + "' --engine " + engine + " --n " + std::to_string(settings.n) +
                              " --memory-mib " + std::to_string(settings.memory_mib) + " --dir '" + settings.directory +
                              "' --only '" + settings.only + "'";
  std::FILE* pipe = popen(command.c_str(), "r");
  std::vector<nlohmann::json> lines;
  std::array<char, 4096> buffer;
  while (pipe != nullptr && std::fgets(buffer.data(), buffer.size(), pipe) != nullptr)
    lines.push_back(nlohmann::json::parse(buffer.data()));
  if (pipe == nullptr || pclose(pipe) != 0) {
    std::fprintf(stderr, "the run of %s failed\n", engine.c_str());
    std::exit(3);
  }
  return lines;
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

int compare(const std::string& self, const Settings& settings) {
  const std::vector<std::string> engines = split(settings.compare);
  std::vector<std::string> workloads;
  std::map<std::string, std::map<std::string, std::vector<double>>> rates;  // workload, engine
  for (uint32_t round = 0; round < settings.repeat; round++) {
    for (const std::string& engine : engines) {
      for (const nlohmann::json& line : run_in_child(self, settings, engine)) {
        const std::string workload = line["workload"];
        if (rates[workload].empty()) workloads.push_back(workload);
        rates[workload][engine].push_back(line["rate"]);
      }
    }
  }
  std::printf("| workload |");
  for (const std::string& engine : engines) std::printf(" %s, 1,000/s: median (min-max) |", engine.c_str());
  std::printf(" ratio of medians |\n|---|");
  for (size_t i = 0; i <= engines.size(); i++) std::printf("---|");
  std::printf("\n");
  for (const std::string& workload : workloads) {
    std::printf("| %s |", workload.c_str());
    for (const std::string& engine : engines) {
      const std::vector<double>& all = rates[workload][engine];
      std::printf(" %.1f (%.1f-%.1f) |", median(all) / 1e3, *std::min_element(all.begin(), all.end()) / 1e3,
                  *std::max_element(all.begin(), all.end()) / 1e3);
    }
    std::printf(" %.2f |\n", median(rates[workload][engines.front()]) / median(rates[workload][engines.back()]));
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  Settings settings;
  CLI::App app("Benchmarks of Nacre beside other engines", "nacre-bench");
  app.add_option("--engine", settings.engine, "nacre or rocksdb: one run in this process");
  app.add_option("--compare", settings.compare,
                 "Engines to run in turn, by commas; the ratio is the first to the last. All that are there, if no "
                 "engine is named");
  app.add_option("--repeat", settings.repeat, "Runs of each engine when comparing")
      ->capture_default_str()
      ->check(CLI::Range(1, 100));
  app.add_option("--n", settings.n, "Entries")->capture_default_str()->check(CLI::Range(1000, 1'000'000'000));
  app.add_option("--memory-mib", settings.memory_mib, "Memory budget of every engine, MiB")
      ->capture_default_str()
      ->check(CLI::Range(1024, 1 << 20));
  app.add_option("--dir", settings.directory, "Where the stores are made and removed")->capture_default_str();
  app.add_option("--only", settings.only, "Workloads to measure, by commas; all if empty");
  CLI11_PARSE(app, argc, argv);
  if (app.count("--engine") == 0 && settings.compare.empty())
    settings.compare = bench::kHasRocksdb ? "nacre,rocksdb" : "nacre";
  if (!settings.compare.empty()) return compare(std::filesystem::read_symlink("/proc/self/exe").string(), settings);
  return run_one(settings);
}
