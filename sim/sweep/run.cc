#include "sim/sweep/run.h"

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <charconv>
#include <chrono>
#include <cinttypes>
#include <cstdio>
#include <cstdlib>
#include <optional>

#include "base/coding.h"

namespace nacre::sim {

namespace {

using Instant = std::chrono::steady_clock::time_point;

struct Request {
  std::vector<const SweepKind*> kinds;
  uint64_t first_script = 0;
  uint64_t last_script = 0;
  std::optional<Instant> end;
  bool quick = false;
  bool keep_going = false;
  uint64_t jobs = 1;
  std::optional<uint64_t> from;
  std::optional<uint64_t> to;
  std::optional<uint64_t> only;
};

struct Outcome {
  uint64_t tried = 0;
  uint64_t failed = 0;
  Tally tally;

  void add(const Outcome& other) {
    tried += other.tried;
    failed += other.failed;
    tally.add(other.tally);
  }
};

// Of this process and its children.
double processor_seconds() {
  double seconds = 0;
  for (const int who : {RUSAGE_SELF, RUSAGE_CHILDREN}) {
    rusage usage{};
    ::getrusage(who, &usage);
    for (const timeval& time : {usage.ru_utime, usage.ru_stime})
      seconds += static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  }
  return seconds;
}

std::optional<uint64_t> number(std::string_view text) {
  uint64_t value = 0;
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc() || stop != text.data() + text.size()) return std::nullopt;
  return value;
}

// "7" or "1..50".
bool parse_scripts(std::string_view text, Request* request) {
  const size_t dots = text.find("..");
  const auto first = number(text.substr(0, dots));
  const auto last = dots == std::string_view::npos ? first : number(text.substr(dots + 2));
  if (!first || !last || *last < *first) return false;
  request->first_script = *first;
  request->last_script = *last;
  return true;
}

bool parse(int argc, const char* const* argv, const std::vector<SweepKind>& kinds, Request* request) {
  for (int i = 1; i < argc; ++i) {
    const std::string_view word = argv[i];
    const auto value = i + 1 < argc ? number(argv[i + 1]) : std::nullopt;
    if (word == "--quick") {
      request->quick = true;
    } else if (word == "--keep-going") {
      request->keep_going = true;
    } else if (word == "--jobs" && value && *value > 0) {
      request->jobs = *value;
    } else if (word == "--minutes" && value) {
      request->end = std::chrono::steady_clock::now() + std::chrono::minutes(*value);
    } else if (word == "--scripts" && i + 1 < argc && parse_scripts(argv[i + 1], request)) {
    } else if (word == "--from" && value) {
      request->from = value;
    } else if (word == "--to" && value) {
      request->to = value;
    } else if (word == "--only" && value) {
      request->only = value;
    } else {
      bool known = false;
      for (const SweepKind& kind : kinds) {
        if (word != kind.name) continue;
        request->kinds.push_back(&kind);
        known = true;
      }
      if (!known) return false;
      continue;
    }
    i += word == "--quick" || word == "--keep-going" ? 0 : 1;
  }
  const bool chosen = request->from || request->to || request->only;
  if (chosen && request->kinds.size() != 1) return false;
  if (request->only && request->first_script != request->last_script) return false;
  if (request->kinds.empty()) {
    for (const SweepKind& kind : kinds) request->kinds.push_back(&kind);
  }
  return true;
}

void print_usage(const char* program, const std::vector<SweepKind>& kinds) {
  std::fprintf(
      stderr,
      "usage: %s [KIND...] [--scripts N|A..B] [--quick] [--jobs N] [--from A] [--to B] [--only N] [--keep-going] "
      "[--minutes M]\nkinds:",
      program);
  for (const SweepKind& kind : kinds) std::fprintf(stderr, " %s", kind.name);
  std::fprintf(stderr, "\n");
}

std::vector<uint64_t> chosen_trials(const Sweep& sweep, const Request& request) {
  std::vector<uint64_t> chosen;
  const uint64_t all = sweep.trials();
  if (request.only) {
    if (*request.only < all) chosen.push_back(*request.only);
    return chosen;
  }
  const uint64_t wanted = request.quick ? std::min(all, sweep.quick_trials()) : all;
  for (uint64_t i = 0; i < wanted; i++) {
    const uint64_t trial = i * all / wanted;
    if (trial >= request.from.value_or(0) && trial <= request.to.value_or(all)) chosen.push_back(trial);
  }
  return chosen;
}

// One kind over one script.
struct Run {
  const char* program;
  const SweepKind& kind;
  uint64_t script;
  const Request& request;

  std::string replay_of(uint64_t trial) const {
    const std::string of = script == 0 ? "" : " --scripts " + std::to_string(script);
    return std::string(program) + " " + kind.name + of + " --only " + std::to_string(trial);
  }
  bool time_is_up() const { return request.end && std::chrono::steady_clock::now() >= *request.end; }
};

void run_trials(const Run& run, Sweep& sweep, const std::vector<uint64_t>& trials, Outcome* outcome) {
  for (const uint64_t trial : trials) {
    if (run.time_is_up()) return;
    note_on_crash("crashed; replay: " + run.replay_of(trial) + "\n");
    const std::string wrong = sweep.run(trial, outcome->tally);
    note_on_crash("");
    outcome->tried++;
    if (wrong.empty()) continue;
    outcome->failed++;
    std::printf("%s %" PRIu64 ", %s: %s\nreplay: %s\n", run.kind.name, trial, sweep.describe(trial).c_str(),
                wrong.c_str(), run.replay_of(trial).c_str());
    std::fflush(stdout);
    if (!run.request.keep_going) return;
  }
}

void send(const Outcome& outcome, int pipe) {
  std::string bytes;
  base::append_varint(bytes, outcome.tried);
  base::append_varint(bytes, outcome.failed);
  outcome.tally.append_to(bytes);
  for (size_t sent = 0; sent < bytes.size();) {
    const ssize_t wrote = ::write(pipe, bytes.data() + sent, bytes.size() - sent);
    if (wrote <= 0) std::_Exit(3);
    sent += static_cast<size_t>(wrote);
  }
}

bool receive(int pipe, Outcome* outcome) {
  std::string bytes;
  char buffer[4096];
  for (ssize_t got = 0; (got = ::read(pipe, buffer, sizeof buffer)) > 0;)
    bytes.append(buffer, static_cast<size_t>(got));
  base::Decoder in(bytes);
  Outcome theirs;
  theirs.tried = in.varint();
  theirs.failed = in.varint();
  theirs.tally = Tally::read_from(in);
  if (in.ok()) outcome->add(theirs);
  return in.ok();
}

// Each process takes every Nth block of trials: neighbours share work. One that dies has printed the line that replays it.
void share_trials(const Run& run, Sweep& sweep, const std::vector<uint64_t>& trials, Outcome* outcome) {
  struct Child {
    pid_t pid = 0;
    int pipe = 0;
  };
  constexpr uint64_t kBlock = 16;
  std::vector<Child> children;
  const uint64_t jobs = run.request.jobs;
  for (uint64_t job = 0; job < jobs; job++) {
    int ends[2];
    if (::pipe(ends) != 0) std::abort();
    std::fflush(stdout);
    const pid_t pid = ::fork();
    if (pid == 0) {
      ::close(ends[0]);
      std::vector<uint64_t> own;
      for (size_t i = 0; i < trials.size(); i++) {
        if (i / kBlock % jobs == job) own.push_back(trials[i]);
      }
      Outcome mine;
      run_trials(run, sweep, own, &mine);
      send(mine, ends[1]);
      std::_Exit(0);
    }
    ::close(ends[1]);
    children.push_back({pid, ends[0]});
  }
  for (const Child& child : children) {
    const bool told = receive(child.pipe, outcome);
    ::close(child.pipe);
    int status = 0;
    ::waitpid(child.pid, &status, 0);
    if (!told || !WIFEXITED(status) || WEXITSTATUS(status) != 0) outcome->failed++;
  }
}

// False if not all that was chosen was tried, though there was time.
bool run_script(const Run& run, Outcome* outcome) {
  const std::unique_ptr<Sweep> sweep = run.kind.make(run.script);
  const std::vector<uint64_t> trials = chosen_trials(*sweep, run.request);
  Outcome mine;
  if (run.request.only && sweep->may_be_watched()) {
    sync::Scheduler::instance().observe([](const sync::Decision&) {},
                                        [](const std::string& text) { std::printf("    %s\n", text.c_str()); });
    run_trials(run, *sweep, trials, &mine);
    sync::Scheduler::instance().observe({}, {});
  } else if (run.request.jobs == 1) {
    run_trials(run, *sweep, trials, &mine);
  } else {
    share_trials(run, *sweep, trials, &mine);
  }
  std::printf("%s, script %" PRIu64 ": %" PRIu64 " of %" PRIu64 " trials (%s), %" PRIu64 " failed\n", run.kind.name,
              run.script, mine.tried, sweep->trials(), sweep->places().c_str(), mine.failed);
  std::fflush(stdout);
  outcome->add(mine);
  return mine.failed == 0 && !trials.empty() && (mine.tried == trials.size() || run.time_is_up());
}

bool run_kind(const char* program, const SweepKind& kind, const Request& request) {
  const double before = processor_seconds();
  Outcome outcome;
  bool good = true;
  for (uint64_t script = request.first_script; script <= request.last_script; script++) {
    const Run run{program, kind, script, request};
    if (run.time_is_up() && script != request.first_script) break;
    good = run_script(run, &outcome) && good;
    if (!good && !request.keep_going) break;
  }
  const double seconds = processor_seconds() - before;
  std::printf("%s: %" PRIu64 " trials, %" PRIu64 " failed, %.1f s of processor time, %.0f trials/s\n", kind.name,
              outcome.tried, outcome.failed, seconds, static_cast<double>(outcome.tried) / seconds);
  for (const auto& [name, count] : outcome.tally.counts()) std::printf("%12" PRIu64 "  %s\n", count, name.c_str());
  const uint64_t states = outcome.tally.crash_states_tried();
  if (states != 0)
    std::printf("%12" PRIu64 "  crash states, %zu distinct\n", states, outcome.tally.crash_states().size());
  std::fflush(stdout);
  return good;
}

}  // namespace

int sweep_main(int argc, const char* const* argv, const std::vector<SweepKind>& kinds) {
  const char* program = argc > 0 ? argv[0] : "nacre-sweep";
  Request request;
  if (!parse(argc, argv, kinds, &request)) {
    print_usage(program, kinds);
    return 2;
  }
  bool good = true;
  for (const SweepKind* kind : request.kinds) good = run_kind(program, *kind, request) && good;
  return good ? 0 : 1;
}

}  // namespace nacre::sim
