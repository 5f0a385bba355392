#include "bench/data/zipf.h"

#include <algorithm>
#include <cmath>

namespace bench {

Zipf::Zipf(uint64_t n, double exponent) : exponent_(exponent) {
  area_first_ = integral(1.5) - 1;
  always_ = 2 - inverse(integral(2.5) - density(2));
  grow_to(n);
}

void Zipf::grow_to(uint64_t n) {
  n_ = n;
  area_all_ = integral(static_cast<double>(n) + 0.5);
}

uint64_t Zipf::draw(nacre::base::Prng& random) const {
  while (true) {
    const double area = area_all_ + unit_interval(random) * (area_first_ - area_all_);
    const double x = inverse(area);
    const double rank = std::clamp(std::round(x), 1.0, static_cast<double>(n_));
    if (rank - x <= always_ || area >= integral(rank + 0.5) - density(rank)) return static_cast<uint64_t>(rank) - 1;
  }
}

double Zipf::integral(double x) const {
  const double log_x = std::log(x);
  return std::expm1((1 - exponent_) * log_x) / (1 - exponent_);
}

double Zipf::inverse(double area) const {
  return std::exp(std::log1p(std::max(-1.0, area * (1 - exponent_))) / (1 - exponent_));
}

double Zipf::density(double x) const { return std::exp(-exponent_ * std::log(x)); }

}  // namespace bench
