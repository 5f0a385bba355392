// Trial: one seed of one workload, and how it ended - also where the process that ran it crashed or hung.
//
// Ownership: borrows the workload. Thread safety: none.
#pragma once

#include <cstdint>
#include <string>

#include "base/coding.h"
#include "sim/workload.h"

namespace nacre::sim {

struct Trial {
  Workload* workload = nullptr;
  std::string profile;
  uint64_t seed = 0;
  Workload::Keep keep = {};  // of the plan's parts; empty: all
  bool run_twice = false;    // the second time in another process, and the traces must agree
};

enum class Verdict : uint8_t {
  kPassed,
  kFailed,            // the run did not end kDone: result.ending and the report say why
  kNondeterministic,  // two runs of the seed took different ways
  kCrashed,           // its process died of a signal or left in the middle; the report is its last words
  kHung,              // its process did not end in time and was killed
};

struct Outcome {
  uint64_t seed = 0;
  Verdict verdict = Verdict::kPassed;
  sync::RunResult result = {};  // after a crash or a hang: only the report

  bool passed() const { return verdict == Verdict::kPassed; }
};

// Runs it once, in this process: kPassed or kFailed, unless it takes the process with it.
Outcome run_once(const Trial& trial);

// What there is to say of one that took its process with it.
Outcome died(uint64_t seed, bool hung, const std::string& last_words);

// "seed 7: failed, 120 steps, 8 switches, 0.031 ms of virtual time, trace 0123456789abcdef"
std::string to_string(const Outcome& outcome);

// What kind of failure it is: two with the same words are taken for the same bug. The verdict and how the report
// begins, in which numbers do not count. Empty: passed.
std::string kind_of(const Outcome& outcome);

// Between processes of one program.
void append_outcome(std::string& out, const Outcome& outcome);
Outcome read_outcome(base::Decoder& in);

}  // namespace nacre::sim
