// KeyspaceState: the engine's side of one keyspace - its memtables, its tables, and the view that readers take.
//
// Invariants
//   1. The view names the mutable memtable, the frozen ones newest first, and the version; together they hold every
//      write of the keyspace. It is replaced whole (atomic pointer), under Core::state_mutex_; readers take it under
//      an epoch guard, so the old one is dropped only when nobody can still be reading the pointer.
//   2. A memtable is frozen under the commit lock. All writes up to `through` are in it or in older ones, all later writes
//      in newer ones. It leaves the view in the same step in which the version that holds its entries comes in.
//
// Thread safety: by the members' comments.
#pragma once

#include <array>
#include <atomic>
#include <deque>
#include <string>
#include <unordered_set>
#include <vector>

#include "base/histogram.h"
#include "base/memory_account.h"
#include "compaction/shape.h"
#include "engine/counters.h"
#include "engine/live_options.h"
#include "engine/read_toll.h"
#include "format/version_edit.h"
#include "memtable/memtable.h"
#include "nacre/options.h"
#include "read/expectation.h"
#include "sync/sync.h"
#include "tree/read_view.h"

namespace nacre::engine {

struct FrozenMemtable {
  base::IntrusivePtr<memtable::Memtable> memtable;
  uint64_t bytes = 0;            // held, when it was frozen
  format::Sequence through = 0;  // every write of the keyspace up to here is in this memtable or an older one
  uint64_t first_lsn = 0;        // the log from here on is needed until it is flushed
  uint64_t end_lsn = 0;          // the log's end when it was frozen
  const char* cause = "";        // why it was frozen
};

// The key range that a running compaction writes into, and its inputs.
struct RunningCompaction {
  uint64_t job = 0;
  std::string smallest;
  std::string largest;
  std::vector<uint64_t> inputs;
  bool urgent = false;  // has a thread of those that flushes need
};

// What flushes and compactions did to one level. Guarded by Core::state_mutex_.
struct LevelWork {
  uint64_t bytes_written = 0;
  uint64_t bytes_read = 0;
  uint64_t jobs = 0;  // that wrote to it
  uint64_t tables_moved_in = 0;
  uint64_t entries_dropped = 0;
  base::SparseHistogram durations;
};

// Of operations of users, sampled. From any thread.
struct KeyspaceLatencies {
  base::LatencyHistogram writes;
  base::LatencyHistogram gets;
  base::LatencyHistogram seeks;
};

inline constexpr size_t kLevels = compaction::kBottomLevel + 1;

class KeyspaceState {
 public:
  KeyspaceState(uint32_t keyspace_id, std::string keyspace_name, const KeyspaceOptions& keyspace_options)
      : id(keyspace_id), name(std::move(keyspace_name)), options(keyspace_options) {}
  ~KeyspaceState() {
    if (tree::ReadView* last = view.load(std::memory_order_relaxed); last != nullptr) last->drop_reference();
  }
  // What readers see now. To be called under an epoch guard, or by who knows that nobody replaces it.
  tree::ReadView* current_view() const {
    sync::yield_point();
    tree::ReadView* now = view.load(std::memory_order_acquire);
    sync::yield_point();
    return now;
  }

  const uint32_t id;
  const std::string name;
  LiveKeyspaceOptions options;  // as the manifest has them

  std::atomic<tree::ReadView*> view{nullptr};  // a counted reference

  // A drop has its place among the commits, and is decided when the manifest has it. Until then readers and writers of the keyspace
  // wait, and no job of it begins. Changes under Core::commit_mutex_.
  enum class Life : uint8_t { kLive, kBeingDropped, kDropped };
  std::atomic<Life> life{Life::kLive};
  bool is_being_dropped() const { return life.load(std::memory_order_acquire) == Life::kBeingDropped; }
  bool is_live() const { return life.load(std::memory_order_acquire) == Life::kLive; }
  bool is_dropped() const { return life.load(std::memory_order_acquire) == Life::kDropped; }

  // Guarded by Core::commit_mutex_.
  base::IntrusivePtr<memtable::Memtable> mutable_memtable;
  uint64_t mutable_first_lsn = 0;  // 0: nothing was written to it

  // Recovery only.
  format::Sequence last_replayed = 0;

  // Guarded by Core::state_mutex_.
  std::deque<FrozenMemtable> frozen;  // oldest first
  base::IntrusivePtr<tree::Version> version;
  format::Sequence flushed_through = 0;
  bool flushing = false;
  std::vector<RunningCompaction> compactions;
  std::vector<std::vector<uint64_t>> declined;  // compaction::Shape::declined
  uint64_t flushes = 0;
  uint64_t reads_at_flush = 0;  // the flush's, one at a time: how many there had been at the last one
  uint64_t compaction_count = 0;
  std::array<LevelWork, kLevels> work;

  // From any thread.
  KeyspaceCounters counters;
  KeyspaceLatencies latencies;
  read::Expectation expectation;                     // told of the sampled gets
  ReadToll toll;                                     // of sampled reads, for those between them too
  std::atomic<uint64_t> gets_answered_in_memory{0};  // of the sampled gets: by memtables
  std::array<std::atomic<uint64_t>, kLevels> gets_answered{};

  base::MemoryCharge charge;  // of this object: the counters are most of it
};

}  // namespace nacre::engine
