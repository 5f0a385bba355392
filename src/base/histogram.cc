#include "base/histogram.h"

#include <algorithm>
#include <cmath>

namespace nacre::base {

uint64_t Histogram::quantile(double q) const {
  uint64_t total = 0;
  for (const auto& count : counts_) total += count.load(std::memory_order_relaxed);
  if (total == 0) return 0;
  const auto rank = std::max<uint64_t>(1, static_cast<uint64_t>(std::ceil(q * static_cast<double>(total))));
  uint64_t seen = 0;
  for (size_t bucket = 0; bucket < kBuckets; bucket++) {
    seen += counts_[bucket].load(std::memory_order_relaxed);
    if (seen >= rank) return std::min(value_of(bucket), max_.load(std::memory_order_relaxed));
  }
  return max_.load(std::memory_order_relaxed);
}

HistogramSummary Histogram::summary() const {
  HistogramSummary out;
  for (const auto& count : counts_) out.count += count.load(std::memory_order_relaxed);
  out.sum = sum_.load(std::memory_order_relaxed);
  out.max = max_.load(std::memory_order_relaxed);
  out.p50 = quantile(0.5);
  out.p90 = quantile(0.9);
  out.p99 = quantile(0.99);
  out.p999 = quantile(0.999);
  return out;
}

void Histogram::add(const Histogram& other) {
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

void Histogram::clear() {
  for (auto& count : counts_) count.store(0, std::memory_order_relaxed);
  sum_.store(0, std::memory_order_relaxed);
  max_.store(0, std::memory_order_relaxed);
}

}  // namespace nacre::base
