#include "bench/measure/latencies.h"

#include <cmath>
#include <numeric>

namespace bench {

using nacre::base::Histogram;

void Latencies::add(const Latencies& other) {
  for (size_t i = 0; i < counts_.size(); i++) counts_[i] += other.counts_[i];
  sum_ns_ += other.sum_ns_;
  max_ns_ = std::max(max_ns_, other.max_ns_);
  stalls_ += other.stalls_;
  stalled_ns_ += other.stalled_ns_;
}

uint64_t Latencies::count() const { return std::accumulate(counts_.begin(), counts_.end(), uint64_t{0}); }

double Latencies::mean_ns() const {
  const uint64_t all = count();
  return all == 0 ? 0 : static_cast<double>(sum_ns_) / static_cast<double>(all);
}

uint64_t Latencies::quantile(double q) const {
  const uint64_t all = count();
  if (all == 0) return 0;
  const auto rank = std::max<uint64_t>(1, static_cast<uint64_t>(std::ceil(q * static_cast<double>(all))));
  if (rank >= all) return max_ns_;
  uint64_t seen = 0;
  for (size_t bucket = 0; bucket < counts_.size(); bucket++) {
    seen += counts_[bucket];
    if (seen >= rank) return std::min(Histogram::value_of(bucket), max_ns_);
  }
  return max_ns_;
}

std::vector<Quantile> Latencies::curve() const {
  std::vector<Quantile> points;
  const uint64_t all = count();
  if (all == 0) return points;
  for (double above = 1; above * static_cast<double>(all) >= 1; above /= 1.5) {
    points.push_back({1 - above, quantile(1 - above)});
  }
  points.push_back({1, max_ns_});
  return points;
}

}  // namespace bench
