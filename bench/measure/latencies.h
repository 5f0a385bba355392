// Latencies: how long the operations of one worker took: a log-linear histogram with a relative error under 1% (the buckets of
// base/histogram.h, but plain counters: a record is a few instructions), and the stalls, each operation beyond a threshold.
//
// Thread safety: none; workers have their own and are added up when they have ended.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "base/histogram.h"

namespace bench {

struct Quantile {
  double q = 0;
  uint64_t ns = 0;
};

class Latencies {
 public:
  explicit Latencies(uint64_t stall_ns) : counts_(nacre::base::Histogram::kBuckets), stall_ns_(stall_ns) {}

  void record(uint64_t ns) {
    counts_[nacre::base::Histogram::bucket_of(ns)]++;
    sum_ns_ += ns;
    max_ns_ = std::max(max_ns_, ns);
    if (ns >= stall_ns_) [[unlikely]] {
      stalls_++;
      stalled_ns_ += ns;
    }
  }
  void add(const Latencies& other);

  uint64_t quantile(double q) const;  // 0 if nothing was recorded
  double mean_ns() const;
  uint64_t count() const;
  uint64_t max_ns() const { return max_ns_; }
  uint64_t stalls() const { return stalls_; }
  double stalled_seconds() const { return static_cast<double>(stalled_ns_) / 1e9; }
  // For a plot: dense where tails are, up to the largest.
  std::vector<Quantile> curve() const;

 private:
  std::vector<uint64_t> counts_;
  uint64_t stall_ns_;
  uint64_t sum_ns_ = 0;
  uint64_t max_ns_ = 0;
  uint64_t stalls_ = 0;
  uint64_t stalled_ns_ = 0;
};

}  // namespace bench
