// Permutation: all numbers below n once each, in an order that looks random, without an array of them.
//
// A Feistel network of four rounds over the smallest domain of 2^bits >= n; what falls outside is sent through again
// (cycle walking, Black and Rogaway 2002), less than twice on average.
//
// Thread safety: immutable.
#pragma once

#include <bit>
#include <cstdint>

#include "bench/data/keys.h"

namespace bench {

class Permutation {
 public:
  Permutation(uint64_t n, uint64_t seed) : n_(n), seed_(scatter(seed)) {
    const unsigned bits = n <= 4 ? 2 : static_cast<unsigned>(std::bit_width(n - 1));
    low_bits_ = bits / 2;
    high_bits_ = bits - low_bits_;
  }

  uint64_t operator()(uint64_t i) const {  // i < n
    do {
      i = shuffled(i);
    } while (i >= n_);
    return i;
  }

 private:
  uint64_t shuffled(uint64_t i) const {
    uint64_t low = i & mask(low_bits_);
    uint64_t high = i >> low_bits_;
    for (uint64_t round = 0; round < 2; round++) {
      high = (high ^ scatter(low + seed_ + 2 * round)) & mask(high_bits_);
      low = (low ^ scatter(high + seed_ + 2 * round + 1)) & mask(low_bits_);
    }
    return high << low_bits_ | low;
  }
  static uint64_t mask(unsigned bits) { return (uint64_t{1} << bits) - 1; }

  const uint64_t n_;
  const uint64_t seed_;
  unsigned low_bits_;
  unsigned high_bits_;
};

}  // namespace bench
