// Counters that many threads bump without sharing a cache line, and what decides which operations are timed.
//
// Each thread adds to the cell of its thread_index(); a reader sums all cells. The sum is exact once the threads rest.
//
// Thread safety: all calls.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>

#include "nacre/runtime.h"
#include "sync/sync.h"

namespace nacre::engine {

enum class DbCounter : uint8_t { kWritesBegun, kWrites, kCount };

// Together 8 KiB a keyspace.
enum class KeyspaceCounter : uint8_t {
  kGets,  // and containment tests
  kGetsFound,
  kBytesGot,
  kMultiGets,
  kMultiGetKeys,
  kMultiGetKeysFound,
  kCursors,
  kSeeks,
  kPuts,
  kErases,
  kRangeErases,
  kBytesPut,
  kCount
};

template <class Name>
class HotCounters {
 public:
  static constexpr size_t kNames = static_cast<size_t>(Name::kCount);
  using Values = std::array<uint64_t, kNames>;

  // The cells are shared by threads whose index differs by a multiple of kCells, so adding is atomic.
  void add(Name name, uint64_t amount) { mine(name).fetch_add(amount, std::memory_order_relaxed); }

  // Adds one. True for about one call in 16 of each thread, its first included: an operation to be timed. Steps of the golden
  // ratio choose them, so that no rhythm of a caller (every second write to another keyspace) meets always or never the same.
  bool add_sampled(Name name) {
    const uint64_t before = mine(name).fetch_add(1, std::memory_order_relaxed);
    return (before * 0x9E3779B97F4A7C15) >> 60 == 0;
  }

  void add_all(const Values& amounts) {
    for (size_t name = 0; name < kNames; name++) {
      if (amounts[name] != 0) add(static_cast<Name>(name), amounts[name]);
    }
  }

  uint64_t sum(Name name) const {
    uint64_t total = 0;
    for (const Cell& cell : cells_) total += cell.values[static_cast<size_t>(name)].load(std::memory_order_relaxed);
    return total;
  }
  // Adds the sums of all names to `totals`.
  void add_to(Values& totals) const {
    for (size_t name = 0; name < kNames; name++) totals[name] += sum(static_cast<Name>(name));
  }

 private:
  static constexpr size_t kCells = 64;
  struct alignas(64) Cell {
    std::array<std::atomic<uint64_t>, kNames> values{};
  };
  std::atomic<uint64_t>& mine(Name name) {
    return cells_[sync::thread_index() % kCells].values[static_cast<size_t>(name)];
  }

  std::array<Cell, kCells> cells_{};
};

using KeyspaceCounters = HotCounters<KeyspaceCounter>;

// Times an operation if it is wanted, and reads no clock otherwise.
class Stopwatch {
 public:
  Stopwatch(Clock& clock, bool wanted) : clock_(wanted ? &clock : nullptr), begin_ns_(wanted ? clock.now_ns() : 0) {}
  bool wanted() const { return clock_ != nullptr; }
  uint64_t elapsed_ns() const { return clock_ != nullptr ? clock_->now_ns() - begin_ns_ : 0; }

 private:
  Clock* clock_;
  uint64_t begin_ns_;
};

}  // namespace nacre::engine
