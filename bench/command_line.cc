#include "bench/command_line.h"

#include <filesystem>
#include <map>

#include "bench/engine/registry.h"
#include "bench/failure.h"
#include "bench/workload/workload.h"

namespace bench {

namespace {

// Of the whole comparison, not of a child.
constexpr const char* kOnlyParent[] = {"--engine", "--compare", "--repeat", "--memory-limit",
                                       "--json",   "--csv",     "--html",   "--from"};

std::string known_engine(const std::string& name) {
  return find_engine(name) != nullptr ? "" : "there is no engine '" + name + "'; --list names them";
}
std::string known_workload(const std::string& name) {
  return find_workload(name) != nullptr ? "" : "there is no workload '" + name + "'; --list names them";
}

template <class Enum>
CLI::CheckedTransformer one_of(const std::map<std::string, Enum>& names) {
  return CLI::CheckedTransformer(names);
}

}  // namespace

CommandLine::CommandLine()
    : app_("Measures Nacre beside other engines: the same keys, values and order for each.", "nacre-bench") {
  settings.directory = (std::filesystem::temp_directory_path() / "nacre-bench").string();
  add_what_runs();
  add_data();
  add_how();
  add_outputs();
  app_.footer(
      "Without --engine or --compare: nacre and rocksdb-tuned are compared. Exit codes: 0 success, 2 wrong usage,\n"
      "3 an engine failed, 4 an engine gave a wrong answer.");
}

void CommandLine::add_what_runs() {
  app_.add_option("--engine", engine, "One engine, one run, in this process")->check(known_engine, "ENGINE");
  app_.add_option(
          "--compare", compare,
          "Engines, by commas: each run in a process of its own, taking turns; ratios are the first to each other")
      ->delimiter(',')
      ->check(known_engine, "ENGINE");
  app_.add_option("--repeat", repeat, "Rounds of a comparison")->capture_default_str()->check(CLI::Range(1, 100));
  app_.add_option("--workloads,--only", settings.workloads, "Workloads, by commas; all if none")
      ->delimiter(',')
      ->check(known_workload, "WORKLOAD");
  app_.add_flag("--list", list, "Name the engines and the workloads, and end");
}

void CommandLine::add_data() {
  const std::map<std::string, Spread> spreads{
      {"fixed", Spread::kFixed}, {"uniform", Spread::kUniform}, {"pareto", Spread::kPareto}};
  app_.add_option("--n", settings.n, "Entries; of larger records so many that the bytes are about the same")
      ->capture_default_str()
      ->check(CLI::Range(uint64_t{1000}, uint64_t{1} << 40));
  app_.add_option("--key-size", settings.key.size_bytes, "Bytes of a key")
      ->capture_default_str()
      ->check(CLI::Range(8, 1024));
  app_.add_option("--key-prefix", settings.key.prefix_bytes,
                  "Bytes at the front that all keys share; they count in --key-size")
      ->check(CLI::Range(0, 1016));
  app_.add_option("--value-size", settings.value.mean_bytes, "Bytes of a value, on average")
      ->capture_default_str()
      ->check(CLI::Range(8, 1 << 20));
  app_.add_option("--value-spread", settings.value.spread,
                  "fixed; uniform: 8 bytes to twice the mean; pareto: a few up to 64 times the mean")
      ->transform(one_of(spreads));
  app_.add_option("--seed", settings.seed, "From which all keys, values and orders follow")->capture_default_str();
}

void CommandLine::add_how() {
  const std::map<std::string, Durability> durabilities{
      {"none", Durability::kNone}, {"os", Durability::kOs}, {"disk", Durability::kDisk}};
  const std::map<std::string, Codec> codecs{{"fast", Codec::kFast}, {"none", Codec::kNone}};
  app_.add_option("--threads", settings.threads, "Threads of a workload that does not say its own")
      ->capture_default_str()
      ->check(CLI::Range(1, 64));
  app_.add_option("--batch", settings.batch, "Keys of a multi-get")
      ->capture_default_str()
      ->check(CLI::Range(1, 10'000));
  app_.add_option("--nexts", settings.nexts, "Entries of a scan after the one it stands on")
      ->capture_default_str()
      ->check(CLI::Range(0, 1'000'000));
  app_.add_option("--durability", settings.durability, "Of writes that are not synced: none, os, disk")
      ->transform(one_of(durabilities));
  app_.add_option("--codec", settings.codec, "fast: LZ4, or Snappy where there is no LZ4; none")
      ->transform(one_of(codecs));
  app_.add_option("--memory-mib", memory_mib_, "What each engine is told to use of memory")
      ->capture_default_str()
      ->check(CLI::Range(64, 1 << 20));
  app_.add_option("--memory-limit", memory_limit,
                  "Bytes (or 4GiB) that each run gets from the kernel, page cache included; as root")
      ->transform(CLI::AsSizeValue(false));
  app_.add_option("--write-rate", settings.write_rate,
                  "Puts a second of readwhilewriting's writer; 0: as fast as it can");
  app_.add_option("--busy-cores", settings.busy_cores, "Processes that only compute beside each run, as neighbours do")
      ->check(CLI::Range(0, 64));
  app_.add_option("--most-calls", settings.most_calls,
                  "Calls of a workload that finds its store loaded, at most; 0: as many as it takes");
  app_.add_option("--stall-ms", settings.stall_ms, "Operations that take longer are stalls")
      ->capture_default_str()
      ->check(CLI::Range(0.001, 1e6));
  app_.add_option("--rocksdb-options", settings.engine_options, "Of rocksdb-best: name=value;name=value");
  app_.add_option("--dir", settings.directory, "Where the stores are made and removed")->capture_default_str();
  app_.add_flag("--cold", cold_, "Does not read every key once before the first reads");
  app_.add_flag("--no-verify", no_verify_, "Does not walk over everything after each workload that wrote");
  app_.add_flag("--no-latency", no_latency_, "Does not time single operations: what that costs is seen in the rates");
}

void CommandLine::add_outputs() {
  app_.add_option("--json", json_file, "File for the results, a line of JSON each");
  app_.add_option("--csv", csv_file, "File for the results, a row each");
  app_.add_option("--html", html_file, "File for a page with plots");
  app_.add_option("--from", from, "Instead of a run: the lines of earlier ones (--json), for tables and pages")
      ->check(CLI::ExistingFile);
  app_.add_option("--label", label, "Begins the progress line")->group("");
}

void CommandLine::parse(int argc, char** argv) {
  try {
    app_.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    std::exit(app_.exit(error) == 0 ? kSuccess : kUsage);
  }
  settings.memory_bytes = memory_mib_ << 20;
  settings.warm = !cold_;
  settings.verify = !no_verify_;
  settings.latency = !no_latency_;
  if (settings.key.prefix_bytes + KeyShape::kMinBytes > settings.key.size_bytes) {
    fail(kUsage, "--key-size must be at least --key-prefix and %u", KeyShape::kMinBytes);
  }
  text_ = "nacre-bench";
  for (int i = 1; i < argc; i++) text_ += std::string(" ") + argv[i];
}

std::vector<std::string> CommandLine::for_child(const std::string& child_engine, const std::string& child_label) const {
  std::vector<std::string> out{"--engine", child_engine};
  if (!child_label.empty()) out.insert(out.end(), {"--label", child_label});
  for (const CLI::Option* option : app_.get_options()) {
    const std::string name = option->get_name();
    if (option->count() == 0 ||
        std::find(std::begin(kOnlyParent), std::end(kOnlyParent), name) != std::end(kOnlyParent))
      continue;
    if (option->get_items_expected_max() == 0) {
      out.push_back(name);
      continue;
    }
    for (const std::string& value : option->results()) {
      out.push_back(name);
      out.push_back(value);
    }
  }
  return out;
}

}  // namespace bench
