// Contents: which numbers a store holds, and of some of them the value: what the operations that were carried out must have left.
// The harness draws them anew from their sources, after the clock has stopped, and compares with a walk over the store and with
// gets.
//
// Thread safety: none.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "bench/run/last_writes.h"
#include "bench/workload/workload.h"

namespace bench {

class Contents {
 public:
  explicit Contents(const Records& records) : records_(records), last_writes_(records) {}

  // One workload after another, and in it one worker after another, each with its operations in order.
  void begin_workload() { last_writes_.begin_workload(); }
  void begin_worker() { last_writes_.begin_worker(); }
  void apply(const Operation& operation);

  uint64_t count() const { return count_; }
  uint64_t sum() const { return sum_; }  // of the numbers, modulo 2^64
  // All records and nothing else.
  bool complete() const { return count_ == records_.count && beyond_ == 0; }
  // Keys and values; absent if values have sizes of their own.
  std::optional<uint64_t> live_bytes() const;
  const LastWrites& last_writes() const { return last_writes_; }

 private:
  void put(uint64_t number, const Operation& operation);
  void erase(uint64_t number);

  const Records records_;
  LastWrites last_writes_;
  std::vector<bool> present_;
  uint64_t count_ = 0;
  uint64_t sum_ = 0;
  uint64_t beyond_ = 0;  // numbers that are no records: inserted later
  uint64_t bytes_ = 0;
  bool own_sizes_ = false;
};

}  // namespace bench
