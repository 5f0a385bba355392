// Counters that many threads bump without sharing a cache line.
//
// Each thread adds to the cell of its thread_index(); a reader sums all cells. The sum is exact once the threads rest.
//
// Thread safety: all calls.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>

#include "sync/sync.h"

namespace nacre::engine {

class HotCounters {
 public:
  enum Name : uint8_t { kGets, kGetsFound, kWrites, kOperations, kUserBytes, kCount };

  // The cells are shared by threads whose index differs by a multiple of kCells, so adding is atomic.
  void add(Name name, uint64_t amount) { mine()[name].fetch_add(amount, std::memory_order_relaxed); }

  // True for one call in 16 of each thread: operations to be timed.
  bool sample() { return (mine()[kCount].fetch_add(1, std::memory_order_relaxed) & 15) == 0; }

  uint64_t sum(Name name) const {
    uint64_t total = 0;
    for (const Cell& cell : cells_) total += cell.values[name].load(std::memory_order_relaxed);
    return total;
  }

 private:
  static constexpr size_t kCells = 64;
  struct alignas(64) Cell {
    std::array<std::atomic<uint64_t>, kCount + 1> values{};
  };
  std::array<std::atomic<uint64_t>, kCount + 1>& mine() { return cells_[sync::thread_index() % kCells].values; }

  std::array<Cell, kCells> cells_{};
};

}  // namespace nacre::engine
