#include "sim/campaign/arguments.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <charconv>
#include <limits>
#include <string_view>
#include <thread>

#include "base/checksum.h"

namespace nacre::sim {

namespace {

// Fresh seeds lie where nobody types them by hand.
constexpr uint64_t kFreshBase = uint64_t{1} << 47;
constexpr uint64_t kFreshMask = kFreshBase - 1;
constexpr uint64_t kNoEnd = std::numeric_limits<uint64_t>::max() - 1;
constexpr const char* kAll = "all";

[[noreturn]] void refuse(const std::string& option, const std::string& why) { throw CLI::ValidationError(option, why); }

uint64_t number(const std::string& option, std::string_view text) {
  uint64_t value = 0;
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || stop != text.data() + text.size())
    refuse(option, "\"" + std::string(text) + "\" is not a whole number");
  return value;
}

// "A..B", or "A.." without an end if that is allowed.
SeedRange range(const std::string& option, std::string_view text, bool open) {
  const size_t dots = text.find("..");
  if (dots == std::string_view::npos) refuse(option, "a range is written A..B");
  const uint64_t first = number(option, text.substr(0, dots));
  const std::string_view end = text.substr(dots + 2);
  if (end.empty() && !open) refuse(option, "a range without an end needs --minutes");
  const uint64_t last = end.empty() ? kNoEnd : number(option, end);
  if (first > last || last > kNoEnd) refuse(option, "\"" + std::string(text) + "\" is empty or too large");
  return {first, last};
}

std::string words_for_workloads(const std::vector<Workload*>& workloads) {
  std::string words = "Workloads and their profiles (the first is the default):\n";
  for (const Workload* workload : workloads) {
    words += std::string("  ") + workload->name() + ":";
    for (const std::string& profile : workload->profiles()) words += " " + profile;
    words += "\n";
  }
  return words + "Exit codes: 0 all seeds passed, 1 a seed failed, or a probe never fired, 2 wrong usage.";
}

bool has_profile(const Workload& workload, const std::string& profile) {
  const auto profiles = workload.profiles();
  return std::find(profiles.begin(), profiles.end(), profile) != profiles.end();
}

// What CLI11 fills in, as text.
class Parser {
 public:
  explicit Parser(const std::vector<Workload*>& workloads)
      : workloads_(workloads), app_("The engine in a deterministic world, seed by seed.", "nacre-sim") {
    auto* seed = app_.add_option("SEED", seed_, "Replay this seed and print its trace");
    app_.add_option("--only", only_, "Replay only these parts of the seed's plan: 3,7..9, or none")->needs(seed);
    auto* seeds = app_.add_option("--seeds", seeds_, "Run seeds A up to and including B: A..B")->excludes(seed);
    app_.add_option("--fresh", fresh_, "Run so many seeds of a range that --fresh-from gives")
        ->check(CLI::PositiveNumber)
        ->excludes(seed)
        ->excludes(seeds);
    app_.add_option("--fresh-from", fresh_from_, "Any text; ./x sim gives the commit's name")->needs("--fresh");
    app_.add_option("--workload", workload_, "What a seed does; with \"all\" the seed says which workload it is for")
        ->capture_default_str();
    app_.add_option("--profile", result_.profile,
                    "What the seeds aim at; if none is named, the default of the workload");
    app_.add_option("--jobs", result_.fleet.processes, "Processes; if none are named, as many as there are cores")
        ->check(CLI::Range(1, 1024));
    app_.add_option("--minutes", minutes_, "Begin no seed later; the seeds may then be A..")
        ->check(CLI::PositiveNumber)
        ->excludes(seed);
    app_.add_option("--gate", result_.gate, "Run every Nth seed twice and compare the traces; 0: none")
        ->capture_default_str()
        ->excludes(seed);
    app_.add_option("--shrink", result_.shrink_runs, "Runs that shrinking a failure may take; 0: no shrinking")
        ->capture_default_str()
        ->excludes(seed);
    app_.add_option("--hang", hang_seconds_, "Processor time in seconds after which a seed hangs")
        ->capture_default_str()
        ->check(CLI::Range(0.001, 86400.0))
        ->excludes(seed);
    app_.add_flag("--keep-going", result_.keep_going, "Do not stop at the first failure")->excludes(seed);
    app_.add_flag("--each", result_.each, "Print a line for each seed, not only for those that fail")->excludes(seed);
    app_.add_flag("--probes", result_.probes, "Fail if a NACRE_SOMETIMES of the program never held")->excludes(seed);
    app_.footer(words_for_workloads(workloads));
  }

  std::optional<CampaignArguments> run(int argc, const char* const* argv, int* exit_code) {
    try {
      app_.parse(argc, argv);
      result_.program = argc > 0 ? argv[0] : "nacre-sim";
      take_seeds();
      take_parts();
      take_workloads();
    } catch (const CLI::ParseError& error) {
      *exit_code = app_.exit(error) == 0 ? 0 : 2;
      return std::nullopt;
    }
    return result_;
  }

 private:
  void take_seeds() {
    const int ways = (seed_.empty() ? 0 : 1) + (seeds_.empty() ? 0 : 1) + (fresh_ != 0 ? 1 : 0);
    if (ways != 1) refuse("SEED", "name one seed, or a range with --seeds, or ask for --fresh ones");
    if (!seed_.empty()) result_.replay = number("SEED", seed_);
    if (!seeds_.empty()) result_.fleet.seeds = range("--seeds", seeds_, minutes_ > 0);
    if (fresh_ != 0) {
      if (fresh_from_.empty()) refuse("--fresh", "needs --fresh-from, a text that gives the range");
      const uint64_t first = kFreshBase | (base::checksum64(fresh_from_, 0) & kFreshMask);
      result_.fleet.seeds = {first, first + fresh_ - 1};
    }
    if (minutes_ > 0) result_.fleet.time = std::chrono::duration<double>(minutes_ * 60);
    result_.fleet.hung_after = std::chrono::milliseconds(static_cast<int64_t>(hang_seconds_ * 1000));
    if (result_.fleet.processes == 0) result_.fleet.processes = std::max(1U, std::thread::hardware_concurrency());
  }

  void take_parts() {
    if (only_.empty()) return;
    result_.only.emplace();
    if (only_ == "none") return;
    for (const std::string& item : CLI::detail::split(only_, ',')) {
      const bool single = item.find("..") == std::string::npos;
      const SeedRange parts = range("--only", single ? item + ".." + item : item, false);
      result_.only->emplace_back(parts.first, parts.last);
    }
  }

  void take_workloads() {
    for (Workload* workload : workloads_) {
      const bool named = workload_ == kAll || workload_ == workload->name();
      if (named && (result_.profile.empty() || has_profile(*workload, result_.profile)))
        result_.workloads.push_back(workload);
    }
    if (result_.workloads.empty())
      refuse("--workload", "there is no such workload, or it has no such profile; see --help");
  }

  const std::vector<Workload*>& workloads_;
  CLI::App app_;
  CampaignArguments result_{.fleet = {.processes = 0}};
  std::string seed_;
  std::string only_;
  std::string seeds_;
  uint64_t fresh_ = 0;
  std::string fresh_from_;
  double minutes_ = 0;
  double hang_seconds_ = std::chrono::duration<double>(kHungAfter).count();
  std::string workload_ = kAll;
};

}  // namespace

Trial CampaignArguments::trial(uint64_t seed) const {
  Workload* workload = workloads[seed % workloads.size()];
  // Counted within its workload, else only one of them would ever be gated.
  const bool gated = gate != 0 && (seed / workloads.size()) % gate == 0;
  return {.workload = workload,
          .profile = profile.empty() ? workload->profiles().front() : profile,
          .seed = seed,
          .run_twice = gated};
}

std::optional<CampaignArguments> parse_arguments(int argc, const char* const* argv,
                                                 const std::vector<Workload*>& workloads, int* exit_code) {
  return Parser(workloads).run(argc, argv, exit_code);
}

std::optional<Workload::Keep> keep_only(const CampaignArguments& arguments, size_t parts) {
  if (!arguments.only) return Workload::Keep{};
  Workload::Keep keep(parts, false);
  for (const auto& [first, last] : *arguments.only) {
    if (first == 0 || last > parts) return std::nullopt;
    for (uint64_t part = first; part <= last; ++part) keep[part - 1] = true;
  }
  return keep;
}

}  // namespace nacre::sim
