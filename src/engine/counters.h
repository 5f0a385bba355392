// Counters that many threads bump without sharing a cache line, and what decides which operations are timed.
//
// A thread has the cell of its thread_index() to itself; threads beyond the number of cells share the last one. A reader sums all
// cells. The sum is exact once the threads rest.
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

// One operation in so many is sampled.
inline constexpr uint64_t kSampledOf = 16;

template <class Name, size_t kCells = 64>
class HotCounters {
 public:
  static constexpr size_t kNames = static_cast<size_t>(Name::kCount);
  using Values = std::array<uint64_t, kNames>;

  void add(Name name, uint64_t amount) { add_and_get_before(name, amount); }

  // Adds one. True for about one call in kSampledOf of each thread, its first included: an operation to be timed. Steps of the golden
  // ratio choose them, so that no rhythm of a caller (every second write to another keyspace) meets always or never the same.
  bool add_sampled(Name name) {
    const uint64_t before = add_and_get_before(name, 1);
    return (before * 0x9E3779B97F4A7C15) / (UINT64_MAX / kSampledOf + 1) == 0;
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
    for (const Cell& cell : cells_) {
      for (size_t name = 0; name < kNames; name++) totals[name] += cell.values[name].load(std::memory_order_relaxed);
    }
  }

 private:
  struct alignas(64) Cell {
    std::array<std::atomic<uint64_t>, kNames> values{};
  };

  // A locked instruction costs a read some 6 ns, so it is left to the threads that share the last cell.
  uint64_t add_and_get_before(Name name, uint64_t amount) {
    const uint32_t index = sync::thread_index();
    if (index < kCells - 1) [[likely]] {
      std::atomic<uint64_t>& value = cells_[index].values[static_cast<size_t>(name)];
      const uint64_t before = value.load(std::memory_order_relaxed);
      sync::yield_point();
      value.store(before + amount, std::memory_order_relaxed);
      return before;
    }
    return cells_[kCells - 1].values[static_cast<size_t>(name)].fetch_add(amount, std::memory_order_relaxed);
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
