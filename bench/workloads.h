// The standard workloads, the same for every engine: same keys, same values, same order, from one seed.
//
//   fillseq      n entries in key order into an empty store; until background work is settled
//   fillrandom   n entries, each key once, in random order, into an empty store; until background work is settled
//   readrandom   n gets of keys that exist; the count found is checked
//   seekrandom   n seeks to keys that exist, each with a new iterator, and 10 next
//   readseq      everything in order, once; the count is checked
//   overwrite    n puts to random existing keys; until settled
//   fillsync     n / 1000 synced puts, one thread
//
// Keys are 16 bytes: the number as 8 bytes big-endian, then eight '0'. Values are 100 bytes, half of them random, so
// that they compress to about half.
#pragma once

#include <string>
#include <vector>

#include "engine.h"

namespace bench {

struct Measurement {
  std::string workload;
  uint64_t operations = 0;
  double seconds = 0;      // of the operations, settling included where the workload says so
  double cpu_seconds = 0;  // of the whole process
  double rate() const { return static_cast<double>(operations) / seconds; }
};

struct Plan {
  std::string engine;
  std::string directory;
  uint64_t n = 0;
  uint64_t memory_bytes = 0;
  std::vector<std::string> only;  // workloads to measure; empty: all. What they need to find is loaded all the same
};

// Runs the workloads on fresh directories below `directory` and removes them. A wrong answer ends the process.
std::vector<Measurement> run_all(const Plan& plan);

}  // namespace bench
