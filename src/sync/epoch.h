// EpochDomain: readers use shared structures without locks or counts; writers free what they unlinked only after every
// reader that might still see it has gone.
//
// A reader holds a Guard while it follows shared pointers. A writer unlinks an object so that new readers cannot find
// it, then retires it. The domain keeps a global epoch number; a guard publishes the epoch at which it entered in a
// cache line that belongs to its thread (by sync::thread_index()), and something retired in epoch r is freed when no
// active guard shows an epoch <= r.
//
// Why it holds, as invariants:
//   1. Tags are late: an object is tagged with an epoch read after it was unlinked. A guard that shows a later epoch
//      read it after an advance() that came after the unlinking, hence it cannot find the object.
//   2. Entry is visible: a guard publishes its epoch with a full fence before its first shared load, and passed()
//      fences before it looks. Either the look sees the guard, or all the guard's loads see the unlinking.
//   3. A late publication (epoch read, then a pause, then published) shows an epoch that is too old, never too new: the
//      object waits longer, and by 2 the guard could not have found it anyway.
// Readers write no shared line but their own. retire() does not bump the epoch, since that would take the epoch's cache
// line away from every reader once per object; collect() does, once per batch.
//
// Rejected: a counter per epoch parity (every guard writes one shared line), hazard pointers (a fence per pointer
// followed), membarrier (a system call per collect, and no equal under the simulator).
//
// A guard that stays active stops all freeing: hold one for a call, not for an iterator's life. Iterators and
// snapshots hold counted references instead.
//
// Thread safety: all of it, from any thread; a Guard belongs to the thread that made it. Guards of one thread nest. The
// domain must outlive its guards; its destructor runs everything still retired.
#pragma once

#include <array>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>

#include "base/assert.h"
#include "sync/sync.h"

namespace nacre::sync {

class EpochDomain {
  struct Slot;

 public:
  EpochDomain() = default;
  ~EpochDomain();
  EpochDomain(const EpochDomain&) = delete;
  EpochDomain& operator=(const EpochDomain&) = delete;

  // While it lives, nothing that could be found when it was made is freed.
  class Guard {
   public:
    explicit Guard(EpochDomain& domain) : slot_(domain.slot_of_thread()) {
      if (slot_.depth++ == 0) domain.enter(slot_);
    }
    ~Guard() {
      if (--slot_.depth == 0) slot_.entered.store(0, std::memory_order_release);
    }
    Guard(const Guard&) = delete;
    Guard& operator=(const Guard&) = delete;

   private:
    Slot& slot_;
  };

  // Runs `free` once every guard active at this call has ended: on some thread, inside a later retire(), collect() or
  // the destructor. The object must be unlinked already. May itself run what was retired before, so hold no lock that
  // a retired function takes.
  void retire(std::function<void()> free);

  // Bumps the epoch. What was unlinked before this call may be freed when passed() holds for the number returned.
  uint64_t advance();

  // True when no guard entered at or before `epoch` (a number that advance() returned) is still active. Once true, it
  // stays true. Costs one load if that is known already, else a look at the line of every thread.
  bool passed(uint64_t epoch) const;

  // Runs what may run.
  void collect();

  // How many retired functions wait to be run.
  size_t pending() const;

 private:
  static constexpr uint32_t kFirstChunkSlots = 32;
  static constexpr uint32_t kLaterChunks = 20;  // each as large as all before it: 32 Mi threads
  static constexpr size_t kCollectEvery = 64;   // retirements between two automatic collections

  struct alignas(64) Slot {
    std::atomic<uint64_t> entered{0};  // epoch of the outermost guard; 0: none. Written by its thread only.
    uint32_t depth = 0;                // guards nested; touched by its thread only
  };
  struct Retired {
    uint64_t epoch;
    std::function<void()> free;
  };

  // The slot of the calling thread. A thread that takes over an index also takes over the slot, idle by then.
  Slot& slot_of_thread() {
    const uint32_t index = thread_index();
    if (index < kFirstChunkSlots) [[likely]]
      return first_chunk_[index];
    return slot_in_later_chunk(index);
  }
  // Later chunk c holds the indexes [first << c, first << (c + 1)).
  static constexpr uint32_t chunk_slots(uint32_t chunk) { return kFirstChunkSlots << chunk; }
  Slot& slot_in_later_chunk(uint32_t index);

  void enter(Slot& slot) {
    const uint64_t epoch = epoch_.load(std::memory_order_acquire);
    yield_point();
    slot.entered.exchange(epoch, std::memory_order_seq_cst);  // on x86 a full fence, and cheaper than store and mfence
#if !defined(__x86_64__)
    std::atomic_thread_fence(std::memory_order_seq_cst);
#endif
    yield_point();
  }

  // The lowest epoch that an active guard shows, or the current one.
  uint64_t oldest_active() const;

  alignas(64) std::atomic<uint64_t> epoch_{1};  // read by every guard, written once per batch
  alignas(64) std::array<Slot, kFirstChunkSlots> first_chunk_;
  std::array<std::atomic<Slot*>, kLaterChunks> later_chunks_{};
  alignas(64) mutable std::atomic<uint64_t> passed_below_{
      1};  // passed() is known to hold for every lower epoch; only grows

  mutable Mutex mutex_;
  std::deque<Retired> retired_ NACRE_GUARDED_BY(mutex_);  // epochs ascend
  size_t since_collect_ NACRE_GUARDED_BY(mutex_) = 0;
};

}  // namespace nacre::sync
