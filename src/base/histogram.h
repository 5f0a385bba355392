// Histogram: log-linear counts of durations or sizes with a relative error under 1%.
//
// A value v goes to a bucket of width 2^(e-6) where e = floor(log2 v): 64 linear steps per power of two, so a bucket's
// middle is within 1/128 = 0.8% of every value in it. Values below 64 are exact. Source of the scheme: HdrHistogram.
//
// Three of them: Histogram takes all values (30 KiB); LatencyHistogram counts those of 2^38 and above, 4.6 minutes in
// nanoseconds, as the largest it knows (17 KiB), though its maximum and sum stay exact; SparseHistogram keeps only buckets in
// use, for what happens rarely and in many places.
//
// Thread safety: record() from any thread (relaxed atomics), readers see a near-instant picture. SparseHistogram: none.
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <cstdint>
#include <map>

namespace nacre::base {

struct HistogramSummary {
  uint64_t count = 0;
  uint64_t sum = 0;
  uint64_t max = 0;
  uint64_t p50 = 0;
  uint64_t p90 = 0;
  uint64_t p99 = 0;
  uint64_t p999 = 0;
  friend bool operator==(const HistogramSummary&, const HistogramSummary&) = default;
};

template <unsigned kValueBits>
class BasicHistogram {
 public:
  static constexpr unsigned kSubBits = 6;
  static constexpr size_t kSub = size_t{1} << kSubBits;
  static constexpr size_t kBuckets = (kValueBits - kSubBits + 1) * kSub;

  static constexpr size_t bucket_of(uint64_t value) {
    if (value < kSub) return static_cast<size_t>(value);
    const unsigned exponent = static_cast<unsigned>(std::bit_width(value)) - 1;
    const unsigned shift = exponent - kSubBits;
    return (static_cast<size_t>(shift) + 1) * kSub + static_cast<size_t>((value >> shift) & (kSub - 1));
  }
  // The middle of a bucket.
  static constexpr uint64_t value_of(size_t bucket) {
    if (bucket < kSub) return bucket;
    const size_t shift = bucket / kSub - 1;
    const uint64_t low = (kSub + bucket % kSub) << shift;
    return low + ((uint64_t{1} << shift) >> 1);
  }

  void record(uint64_t value) {
    counts_[std::min(bucket_of(value), kBuckets - 1)].fetch_add(1, std::memory_order_relaxed);
    sum_.fetch_add(value, std::memory_order_relaxed);
    uint64_t seen = max_.load(std::memory_order_relaxed);
    while (value > seen && !max_.compare_exchange_weak(seen, value, std::memory_order_relaxed)) {
    }
  }

  // The value at quantile q in [0, 1], within 1%; 0 when nothing was recorded.
  uint64_t quantile(double q) const;
  HistogramSummary summary() const;
  void add(const BasicHistogram& other);
  void clear();

 private:
  std::array<std::atomic<uint64_t>, kBuckets> counts_{};
  std::atomic<uint64_t> sum_{0};
  std::atomic<uint64_t> max_{0};
};

using Histogram = BasicHistogram<64>;
using LatencyHistogram = BasicHistogram<38>;

class SparseHistogram {
 public:
  void record(uint64_t value) {
    counts_[Histogram::bucket_of(value)]++;
    count_++;
    sum_ += value;
    max_ = std::max(max_, value);
  }
  uint64_t quantile(double q) const;
  HistogramSummary summary() const;

 private:
  std::map<size_t, uint64_t> counts_;  // by bucket of Histogram
  uint64_t count_ = 0;
  uint64_t sum_ = 0;
  uint64_t max_ = 0;
};

}  // namespace nacre::base
