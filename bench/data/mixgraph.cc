#include "bench/data/mixgraph.h"

#include <algorithm>
#include <cmath>

#include "bench/data/keys.h"
#include "bench/data/zipf.h"

namespace bench {

namespace {

// Of ranges, hottest first: a e^(b x) + c e^(d x).
constexpr double kRangeA = 14.18;
constexpr double kRangeB = -2.917;
constexpr double kRangeC = 0.0164;
constexpr double kRangeD = -0.08082;
// Of keys in a range: the key of rank x takes a x^-b of the accesses up to it.
constexpr double kKeyA = 0.002312;
constexpr double kKeyB = 0.3467;
constexpr double kValueK = 0.2615;
constexpr double kValueSigma = 25.45;
constexpr double kScanK = 2.517;
constexpr double kScanSigma = 14.236;
constexpr uint64_t kMaxValueBytes = 1 << 20;
constexpr uint64_t kMaxScan = 10'000;

double pareto(double unit, double k, double sigma) { return sigma * (std::pow(1 - unit, -k) - 1) / k; }

}  // namespace

MixKeys::MixKeys(uint64_t records) : records_(records), range_size_(std::max<uint64_t>(1, records / kRanges)) {
  std::vector<double> weights;
  double sum = 0;
  for (uint64_t x = 1; x <= kRanges; x++) {
    weights.push_back(kRangeA * std::exp(kRangeB * static_cast<double>(x)) +
                      kRangeC * std::exp(kRangeD * static_cast<double>(x)));
    sum += weights.back();
  }
  nacre::base::Prng random(kRanges);  // hot ranges lie anywhere, and always at the same places
  for (uint64_t i = kRanges - 1; i > 0; i--) std::swap(weights[i], weights[random.below(i + 1)]);
  double end = 0;
  for (const double weight : weights) ends_.push_back(end += weight / sum);
  ends_.back() = 1;
}

uint64_t MixKeys::draw(nacre::base::Prng& random) const {
  const auto range =
      static_cast<uint64_t>(std::upper_bound(ends_.begin(), ends_.end(), unit_interval(random)) - ends_.begin());
  const double rank = std::ceil(std::pow(unit_interval(random) / kKeyA, 1 / kKeyB));
  // Ranks are spread over their range: hot keys are no neighbours.
  const uint64_t offset = scatter(static_cast<uint64_t>(rank) + 1) % range_size_;
  return std::min(range * range_size_ + offset, records_ - 1);
}

uint64_t mix_value_bytes(double unit) {
  return std::clamp<uint64_t>(static_cast<uint64_t>(std::ceil(pareto(unit, kValueK, kValueSigma))), 10, kMaxValueBytes);
}

uint64_t mix_scan_length(double unit) {
  const double length = std::min(1e15, std::ceil(pareto(unit, kScanK, kScanSigma)));
  return std::max<uint64_t>(1, static_cast<uint64_t>(length) % kMaxScan);
}

}  // namespace bench
