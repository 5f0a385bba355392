#include "sim/sweep/run.h"

#include <sys/wait.h>
#include <unistd.h>

#include <charconv>
#include <chrono>
#include <cinttypes>
#include <cstdio>
#include <cstdlib>
#include <optional>

namespace nacre::sim {

namespace {

struct Request {
  std::vector<const SweepKind*> kinds;
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
};

std::optional<uint64_t> number(std::string_view text) {
  uint64_t value = 0;
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc() || stop != text.data() + text.size()) return std::nullopt;
  return value;
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
  if (request->kinds.empty()) {
    for (const SweepKind& kind : kinds) request->kinds.push_back(&kind);
  }
  return true;
}

void print_usage(const char* program, const std::vector<SweepKind>& kinds) {
  std::fprintf(stderr, "usage: %s [KIND...] [--quick] [--jobs N] [--from A] [--to B] [--only N] [--keep-going]\nkinds:",
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

void run_trials(const char* program, const SweepKind& kind, Sweep& sweep, const std::vector<uint64_t>& trials,
                bool keep_going, Outcome* outcome) {
  for (const uint64_t trial : trials) {
    const std::string replay = std::string(program) + " " + kind.name + " --only " + std::to_string(trial);
    note_on_crash("crashed; replay: " + replay + "\n");
    const std::string wrong = sweep.run(trial, outcome->tally);
    note_on_crash("");
    outcome->tried++;
    if (wrong.empty()) continue;
    outcome->failed++;
    std::printf("%s %" PRIu64 ", %s: %s\nreplay: %s\n", kind.name, trial, sweep.describe(trial).c_str(), wrong.c_str(),
                replay.c_str());
    std::fflush(stdout);
    if (!keep_going) return;
  }
}

// One line a row: count, space, name. The first two are the counts of trials and failures.
void send(const Outcome& outcome, int pipe) {
  std::string text = std::to_string(outcome.tried) + " tried\n" + std::to_string(outcome.failed) + " failed\n";
  for (const auto& [name, count] : outcome.tally) text += std::to_string(count) + " " + name + "\n";
  for (size_t sent = 0; sent < text.size();) {
    const ssize_t wrote = ::write(pipe, text.data() + sent, text.size() - sent);
    if (wrote <= 0) std::_Exit(3);
    sent += static_cast<size_t>(wrote);
  }
}

void receive(int pipe, Outcome* outcome) {
  std::string text;
  char buffer[4096];
  for (ssize_t got = 0; (got = ::read(pipe, buffer, sizeof buffer)) > 0;) text.append(buffer, static_cast<size_t>(got));
  size_t line = 0;
  for (size_t at = 0; at < text.size(); line++) {
    const size_t end = text.find('\n', at);
    const size_t space = text.find(' ', at);
    const uint64_t count = std::strtoull(text.c_str() + at, nullptr, 10);
    uint64_t& row = line == 0   ? outcome->tried
                    : line == 1 ? outcome->failed
                                : outcome->tally[text.substr(space + 1, end - space - 1)];
    row += count;
    at = end + 1;
  }
}

// Each process takes every Nth trial. One that dies has printed the line that replays it.
void share_trials(const char* program, const SweepKind& kind, Sweep& sweep, const std::vector<uint64_t>& trials,
                  const Request& request, Outcome* outcome) {
  struct Child {
    pid_t pid = 0;
    int pipe = 0;
  };
  std::vector<Child> children;
  for (uint64_t job = 0; job < request.jobs; job++) {
    int ends[2];
    if (::pipe(ends) != 0) std::abort();
    std::fflush(stdout);
    const pid_t pid = ::fork();
    if (pid == 0) {
      ::close(ends[0]);
      std::vector<uint64_t> own;
      for (size_t i = job; i < trials.size(); i += request.jobs) own.push_back(trials[i]);
      Outcome mine;
      run_trials(program, kind, sweep, own, request.keep_going, &mine);
      send(mine, ends[1]);
      std::_Exit(0);
    }
    ::close(ends[1]);
    children.push_back({pid, ends[0]});
  }
  for (const Child& child : children) {
    receive(child.pipe, outcome);
    ::close(child.pipe);
    int status = 0;
    ::waitpid(child.pid, &status, 0);
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) outcome->failed++;
  }
}

bool run_kind(const char* program, const SweepKind& kind, const Request& request) {
  const auto start = std::chrono::steady_clock::now();
  const std::unique_ptr<Sweep> sweep = kind.make();
  const std::vector<uint64_t> trials = chosen_trials(*sweep, request);
  Outcome outcome;
  if (request.only) {
    sync::Scheduler::instance().observe([](const sync::Decision&) {},
                                        [](const std::string& text) { std::printf("    %s\n", text.c_str()); });
    run_trials(program, kind, *sweep, trials, false, &outcome);
    sync::Scheduler::instance().observe({}, {});
  } else if (request.jobs == 1) {
    run_trials(program, kind, *sweep, trials, request.keep_going, &outcome);
  } else {
    share_trials(program, kind, *sweep, trials, request, &outcome);
  }
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  std::printf("%s: %" PRIu64 " of %" PRIu64 " trials (%s), %" PRIu64 " failed, %.1f s, %.0f trials/s\n", kind.name,
              outcome.tried, sweep->trials(), sweep->places().c_str(), outcome.failed, seconds,
              static_cast<double>(outcome.tried) / seconds);
  for (const auto& [name, count] : outcome.tally) std::printf("%12" PRIu64 "  %s\n", count, name.c_str());
  std::fflush(stdout);
  return outcome.failed == 0 && outcome.tried == trials.size() && !trials.empty();
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
