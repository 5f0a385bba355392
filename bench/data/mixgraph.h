// The distributions of mixgraph: a day of a large social graph's store as Cao, Dong, Vemuri and Du modelled it (FAST'20,
// "Characterizing, Modeling, and Benchmarking RocksDB Key-Value Workloads at Facebook", the model All_random/prefix_dist).
//
// Keys lie in 30 ranges whose share of the accesses is a sum of two exponentials; within a range the accesses follow a power
// law. Sizes of values and lengths of scans are generalized Pareto. Parameters: those of the paper.
//
// Thread safety: immutable.
#pragma once

#include <cstdint>
#include <vector>

#include "base/prng.h"

namespace bench {

class MixKeys {
 public:
  static constexpr uint64_t kRanges = 30;

  explicit MixKeys(uint64_t records);
  uint64_t draw(nacre::base::Prng& random) const;  // a number below records
  // The share of the accesses that go to a range, in the order of keys; they add up to 1.
  double share(uint64_t range) const { return ends_[range] - (range == 0 ? 0 : ends_[range - 1]); }

 private:
  const uint64_t records_;
  const uint64_t range_size_;
  std::vector<double> ends_;  // the shares, added up
};

// At least 1, `unit` in [0, 1).
uint64_t mix_value_bytes(double unit);
uint64_t mix_scan_length(double unit);

}  // namespace bench
