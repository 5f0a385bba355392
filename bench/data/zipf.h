// Zipf: ranks 0, 1, 2 ... below n, rank r with a probability proportional to 1 / (r + 1)^exponent.
//
// Rejection-inversion (Hörmann and Derflinger 1996): exact, no table, the same time for any n; so n may grow while numbers
// are drawn, as YCSB D and E need. The exponent must not be 1.
//
// Thread safety: immutable but for grow_to.
#pragma once

#include <cstdint>

#include "base/prng.h"

namespace bench {

class Zipf {
 public:
  Zipf(uint64_t n, double exponent);
  uint64_t draw(nacre::base::Prng& random) const;
  void grow_to(uint64_t n);

 private:
  double integral(double x) const;  // of the density x^-exponent, from 1
  double inverse(double area) const;
  double density(double x) const;

  const double exponent_;
  uint64_t n_ = 0;
  double area_first_;
  double area_all_ = 0;
  double always_;  // a draw so near below its rank is accepted without a look at the density
};

// In [0, 1).
inline double unit_interval(nacre::base::Prng& random) { return static_cast<double>(random.next() >> 11) * 0x1.0p-53; }

}  // namespace bench
