#include "base/histogram.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace nacre::base {

namespace {

// Of the value at quantile q among `total`, counted from 1.
uint64_t rank_of(double q, uint64_t total) {
  return std::max<uint64_t>(1, static_cast<uint64_t>(std::ceil(q * static_cast<double>(total))));
}

}  // namespace

template <unsigned kValueBits>
uint64_t BasicHistogram<kValueBits>::quantile(double q) const {
  uint64_t total = 0;
  for (const auto& count : counts_) total += count.load(std::memory_order_relaxed);
  if (total == 0) return 0;
  const uint64_t rank = rank_of(q, total);
  uint64_t seen = 0;
  for (size_t bucket = 0; bucket < kBuckets; bucket++) {
    seen += counts_[bucket].load(std::memory_order_relaxed);
    if (seen >= rank) return std::min(value_of(bucket), max_.load(std::memory_order_relaxed));
  }
  return max_.load(std::memory_order_relaxed);
}

// One walk to count and one for all quantiles, no further than to the largest value's bucket.
template <unsigned kValueBits>
HistogramSummary BasicHistogram<kValueBits>::summary() const {
  HistogramSummary out;
  out.max = max_.load(std::memory_order_relaxed);
  out.sum = sum_.load(std::memory_order_relaxed);
  const size_t used = std::min(bucket_of(out.max), kBuckets - 1) + 1;
  for (size_t bucket = 0; bucket < used; bucket++) out.count += counts_[bucket].load(std::memory_order_relaxed);
  if (out.count == 0) return out;
  const std::array<std::pair<double, uint64_t*>, 4> quantiles{
      {{0.5, &out.p50}, {0.9, &out.p90}, {0.99, &out.p99}, {0.999, &out.p999}}};
  uint64_t seen = 0;
  size_t bucket = 0;
  for (const auto& [q, value] : quantiles) {
    const uint64_t rank = rank_of(q, out.count);
    while (bucket < used && seen < rank) seen += counts_[bucket++].load(std::memory_order_relaxed);
    *value = bucket == 0 ? 0 : std::min(value_of(bucket - 1), out.max);
  }
  return out;
}

template <unsigned kValueBits>
void BasicHistogram<kValueBits>::add(const BasicHistogram& other) {
  for (size_t i = 0; i < kBuckets; i++) {
    if (const uint64_t count = other.counts_[i].load(std::memory_order_relaxed); count != 0) {
      counts_[i].fetch_add(count, std::memory_order_relaxed);
    }
  }
  sum_.fetch_add(other.sum_.load(std::memory_order_relaxed), std::memory_order_relaxed);
  const uint64_t max = other.max_.load(std::memory_order_relaxed);
  uint64_t seen = max_.load(std::memory_order_relaxed);
  while (max > seen && !max_.compare_exchange_weak(seen, max, std::memory_order_relaxed)) {
  }
}

template <unsigned kValueBits>
void BasicHistogram<kValueBits>::clear() {
  for (auto& count : counts_) count.store(0, std::memory_order_relaxed);
  sum_.store(0, std::memory_order_relaxed);
  max_.store(0, std::memory_order_relaxed);
}

template class BasicHistogram<64>;
template class BasicHistogram<38>;

uint64_t SparseHistogram::quantile(double q) const {
  if (count_ == 0) return 0;
  const uint64_t rank = rank_of(q, count_);
  uint64_t seen = 0;
  for (const auto& [bucket, count] : counts_) {
    seen += count;
    if (seen >= rank) return std::min(Histogram::value_of(bucket), max_);
  }
  return max_;
}

HistogramSummary SparseHistogram::summary() const {
  return {.count = count_,
          .sum = sum_,
          .max = max_,
          .p50 = quantile(0.5),
          .p90 = quantile(0.9),
          .p99 = quantile(0.99),
          .p999 = quantile(0.999)};
}

}  // namespace nacre::base
