// Worker: one thread of a crew. Draws operations from its source, carries them out, times them, and checks every answer: a
// wrong one ends the run.
//
// An operation is prepared (keys and values made), carried out between two readings of the clock, then checked. With
// --write-rate the clock of an operation starts when it was due, so that one that waits for its predecessor counts its wait.
//
// Thread safety: run() on the worker's thread; done() from any; the rest after the thread has ended.
#pragma once

#include <atomic>
#include <latch>
#include <memory>
#include <string>
#include <vector>

#include "bench/measure/latencies.h"
#include "bench/workload/workload.h"

namespace bench {

struct Tally {
  explicit Tally(uint64_t stall_ns) : latencies(stall_ns) {}
  void add(const Tally& other);

  uint64_t operations = 0;
  uint64_t entries = 0;
  uint64_t found = 0;
  uint64_t expected = 0;
  uint64_t user_written = 0;
  uint64_t user_read = 0;
  uint64_t last_tick = 0;  // of the clock, when the last operation had ended
  Latencies latencies;
};

// What all workers of a workload share.
struct Stage {
  const Settings& settings;
  const Records& records;
  const Values& values;
  Store& store;
  std::string name;        // engine and workload, for the words of a failure
  bool all_there = false;  // all records are in the store when it starts, and stay
  bool counts_entries = false;
};

class alignas(64) Worker {
 public:
  Worker(const Stage& stage, const Crew& crew, const Scope& scope);
  ~Worker();

  // Opens a session, counts `ready` down, waits for `start`, and works until its operations are done, or until `stop`.
  void run(std::latch& ready, std::latch& start, const std::atomic<bool>& stop);
  // What making an operation costs, without carrying it out; from a source of its own.
  double harness_ns() const;

  uint64_t done() const { return done_.load(std::memory_order_relaxed); }  // counted things
  const Tally& tally() const { return tally_; }

 private:
  const Stage& stage_;
  const Crew& crew_;
  const Scope scope_;
  Tally tally_;
  std::atomic<uint64_t> done_{0};
};

}  // namespace bench
