#include "sim/campaign/trial.h"

#include <cctype>
#include <cinttypes>
#include <cstdio>

namespace nacre::sim {

using sync::Ending;
using sync::RunResult;

namespace {

constexpr int kWordsOfAKind = 10;

// The first words of the first line, each number in them as "#".
std::string beginning_of(const std::string& report) {
  std::string words;
  int spaces = 0;
  for (const char c : report) {
    if (c == '\n' || (c == ' ' && ++spaces == kWordsOfAKind)) break;
    if (std::isdigit(static_cast<unsigned char>(c)) == 0) {
      words += c;
    } else if (!words.ends_with('#')) {
      words += '#';
    }
  }
  return words;
}

std::string words_of(const Outcome& outcome) {
  switch (outcome.verdict) {
    case Verdict::kPassed:
    case Verdict::kFailed: return sync::to_string(outcome.result.ending);
    case Verdict::kNondeterministic: return "two runs took different ways";
    case Verdict::kCrashed: return "crashed";
    case Verdict::kHung: return "hung";
  }
  return {};
}

}  // namespace

Outcome run_once(const Trial& trial) {
  Outcome outcome{.seed = trial.seed, .result = trial.workload->run(trial.seed, trial.profile, trial.keep)};
  outcome.verdict = outcome.result.ending == Ending::kDone ? Verdict::kPassed : Verdict::kFailed;
  return outcome;
}

Outcome died(uint64_t seed, bool hung, const std::string& last_words) {
  Outcome outcome{.seed = seed, .verdict = hung ? Verdict::kHung : Verdict::kCrashed};
  outcome.result.report = last_words;
  return outcome;
}

std::string to_string(const Outcome& outcome) {
  const std::string head = "seed " + std::to_string(outcome.seed) + ": " + words_of(outcome);
  if (outcome.verdict == Verdict::kCrashed || outcome.verdict == Verdict::kHung) return head;
  const RunResult& result = outcome.result;
  char line[160];
  std::snprintf(line, sizeof line,
                ", %" PRIu64 " steps, %" PRIu64 " switches, %.3f ms of virtual time, trace %016" PRIx64, result.steps,
                result.switches, static_cast<double>(result.virtual_ns) / 1e6, result.trace_hash);
  return head + line;
}

std::string kind_of(const Outcome& outcome) {
  if (outcome.passed()) return {};
  // What a deadlock or a limit reports are threads, in whatever order they stood.
  const bool by_words = outcome.verdict == Verdict::kCrashed ||
                        (outcome.verdict == Verdict::kFailed && outcome.result.ending == Ending::kFailed);
  return by_words ? words_of(outcome) + ": " + beginning_of(outcome.result.report) : words_of(outcome);
}

void append_outcome(std::string& out, const Outcome& outcome) {
  const RunResult& result = outcome.result;
  base::append_varint(out, outcome.seed);
  base::append_varint(out, static_cast<uint64_t>(outcome.verdict));
  base::append_varint(out, static_cast<uint64_t>(result.ending));
  base::append_varint(out, result.steps);
  base::append_varint(out, result.switches);
  base::append_varint(out, result.virtual_ns);
  base::append_varint(out, result.trace_hash);
  base::append_sized(out, result.report);
}

Outcome read_outcome(base::Decoder& in) {
  Outcome outcome;
  outcome.seed = in.varint();
  outcome.verdict = static_cast<Verdict>(in.varint());
  outcome.result.ending = static_cast<Ending>(in.varint());
  outcome.result.steps = in.varint();
  outcome.result.switches = in.varint();
  outcome.result.virtual_ns = in.varint();
  outcome.result.trace_hash = in.varint();
  outcome.result.report = in.sized();
  return outcome;
}

}  // namespace nacre::sim
