// Expectation: whether a get of a keyspace will probably find its key, learned from the gets before it.
//
// It decides nothing but the way of a get through the last run, where most entries lie. For a key that is not there the filter
// answers alone, with one cache line. For a key that is there the filter is a cache miss that decides nothing: the tags of the
// block are a filter as well, and lie beside what is read anyway.
//
// A saturating counter of two bits, as in a branch predictor. It is told of a sample of the gets, and written only when it
// changes: readers that agree with it share its cache line.
//
// Thread safety: all calls.
#pragma once

#include <atomic>
#include <cstdint>

#include "table/table.h"

namespace nacre::read {

class Expectation {
 public:
  table::Guess guess() const {
    return weight_.load(std::memory_order_relaxed) > kMost / 2 ? table::Guess::kPresent : table::Guess::kAbsent;
  }
  // What the last run answered.
  void learn(bool found) {
    const uint8_t before = weight_.load(std::memory_order_relaxed);
    if (before == (found ? kMost : 0)) return;
    weight_.store(static_cast<uint8_t>(found ? before + 1 : before - 1), std::memory_order_relaxed);
  }

 private:
  static constexpr uint8_t kMost = 3;
  std::atomic<uint8_t> weight_{0};
};

}  // namespace nacre::read
