#include "sim/campaign.h"

#include <charconv>
#include <chrono>
#include <cinttypes>
#include <cstdio>
#include <optional>
#include <string>
#include <string_view>

#include "sim/probes.h"

namespace nacre::sim {

namespace {

using sync::Ending;
using sync::RunResult;

struct Request {
  std::optional<uint64_t> replay;
  uint64_t first = 0;
  uint64_t last = 0;
  bool range = false;
  uint64_t gate = 50;
  bool keep_going = false;
  bool probes = false;
};

std::optional<uint64_t> number(std::string_view text) {
  uint64_t value = 0;
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc() || stop != text.data() + text.size()) return std::nullopt;
  return value;
}

bool parse_range(std::string_view text, Request* request) {
  const size_t dots = text.find("..");
  if (dots == std::string_view::npos) return false;
  const auto first = number(text.substr(0, dots));
  const auto last = number(text.substr(dots + 2));
  if (!first || !last || *first > *last) return false;
  request->first = *first;
  request->last = *last;
  request->range = true;
  return true;
}

bool parse(int argc, const char* const* argv, Request* request) {
  for (int i = 1; i < argc; ++i) {
    const std::string_view word = argv[i];
    const bool more = i + 1 < argc;
    if (word == "--seeds" && more) {
      if (!parse_range(argv[++i], request)) return false;
    } else if (word == "--gate" && more) {
      const auto every = number(argv[++i]);
      if (!every) return false;
      request->gate = *every;
    } else if (word == "--keep-going") {
      request->keep_going = true;
    } else if (word == "--probes") {
      request->probes = true;
    } else if (const auto seed = number(word); seed && !request->replay) {
      request->replay = *seed;
    } else {
      return false;
    }
  }
  return request->replay.has_value() != request->range;
}

void print_result(uint64_t seed, const RunResult& result) {
  std::printf("seed %" PRIu64 ": %s, %" PRIu64 " steps, %" PRIu64
              " switches, %.3f ms of virtual time, trace %016" PRIx64 "\n",
              seed, sync::to_string(result.ending), result.steps, result.switches,
              static_cast<double>(result.virtual_ns) / 1e6, result.trace_hash);
}

int replay(const char* program, uint64_t seed, Workload& workload) {
  auto& scheduler = sync::Scheduler::instance();
  const auto print_decision = [](const sync::Decision& d) {
    std::printf("%10" PRIu64 " %14" PRIu64 " ns  %3u -> %3u  %s\n", d.step, d.now_ns, d.from, d.to,
                sync::to_string(d.point));
  };
  scheduler.observe(print_decision, [](const std::string& text) { std::printf("%28s %s\n", "", text.c_str()); });
  const RunResult result = workload.run(seed, workload.profiles().front(), {});
  scheduler.observe({}, {});
  print_result(seed, result);
  if (result.ending == Ending::kDone) return 0;
  std::printf("%s\nreplay: %s %" PRIu64 "\n", result.report.c_str(), program, seed);
  return 1;
}

// Runs one seed of a campaign, twice if it is gated; says what is wrong.
bool passes(const char* program, uint64_t seed, bool twice, Workload& workload) {
  const RunResult result = workload.run(seed, workload.profiles().front(), {});
  bool good = result.ending == Ending::kDone;
  if (!good) {
    print_result(seed, result);
    std::printf("%s\n", result.report.c_str());
  } else if (twice && workload.run(seed, workload.profiles().front(), {}).trace_hash != result.trace_hash) {
    good = false;
    std::printf("seed %" PRIu64 ": two runs took different ways: something depends on more than the seed\n", seed);
  }
  if (!good) std::printf("replay: %s %" PRIu64 "\n", program, seed);
  std::fflush(stdout);
  return good;
}

int campaign(const char* program, const Request& request, Workload& workload) {
  const auto start = std::chrono::steady_clock::now();
  uint64_t done = 0;
  uint64_t failed = 0;
  for (uint64_t seed = request.first;; ++seed) {
    const bool twice = request.gate != 0 && seed % request.gate == 0;
    if (!passes(program, seed, twice, workload)) ++failed;
    ++done;
    if (seed == request.last || (failed != 0 && !request.keep_going)) break;
  }
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  std::printf("%" PRIu64 " seeds, %" PRIu64 " failed, %.1f s, %.1f seeds/s\n", done, failed, seconds,
              static_cast<double>(done) / seconds);
  bool silent = false;
  if (request.probes) {
    for (const std::string& name : probes_never_hit()) {
      std::printf("never happened: %s\n", name.c_str());
      silent = true;
    }
  }
  return failed != 0 || silent ? 1 : 0;
}

}  // namespace

int campaign_main(int argc, const char* const* argv, const std::vector<Workload*>& workloads) {
  const char* program = argc > 0 ? argv[0] : "nacre-sim";
  Request request;
  if (!parse(argc, argv, &request)) {
    std::fprintf(stderr, "usage: %s SEED | --seeds A..B [--gate N] [--keep-going] [--probes]\n", program);
    return 2;
  }
  Workload& workload = *workloads.front();
  return request.replay ? replay(program, *request.replay, workload) : campaign(program, request, workload);
}

}  // namespace nacre::sim
