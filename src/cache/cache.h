// Cache: the decoded blocks, indexes and filters of all tables of a database, in memory that the account leaves.
//
// An open table holds a Slot (cache/frame.h) for each thing it may want cached. A hit is one load of the slot and one
// check of the frame's generation, under an epoch guard: no hash table, no lock, no write to shared memory but for the
// first touch after CLOCK came by. Misses, evictions and the rest take one mutex.
//
// How a miss goes: allocate() a Draft, read and decode into it, publish() it in the slot. Two threads that miss on the
// same slot both read; the second to publish gets the first one's frame.
//
// Invariants:
//   1. What find() returned stays readable until the guard ends, whatever is evicted, dropped or published meanwhile.
//   2. A pinned frame stays readable until it is unpinned, also when its table is gone.
//   3. held bytes <= capacity + what is pinned, or waits for guards that are still active, or is being drafted. Chunks
//      (cache/frame_pool.h) are what is held: one pinned frame may hold a whole one.
//   4. capacity = ceiling of the account - what all others hold or held lately - its slack, but at least 1/16 of the ceiling.
// The protocol of frames, and why stale slots are harmless, is in cache/frame.h; what is evicted, in cache/clock_hand.h.
//
// Why one mutex for all misses: it is held for a part of the 330 ns that find, allocate and publish of a miss take together
// (no I/O, no page fault, no system call inside), while the miss itself costs at least the 750 ns of a cached pread plus
// checksum and decompression, several microseconds in all. So even 16 threads that do nothing but miss keep it about half
// busy, and one mutex keeps one exact notion of what is held and one order of eviction.
//
// A frame cannot be used again before the guards that were active at its death have ended; the caller's own is usually one of
// them. So frames are evicted in batches ahead of demand, more of them the longer guards last (FramePool::reserve). Should
// that not suffice, because a reader lost its core in the middle or one guard covers very many misses, a miss takes
// memory above the capacity rather than wait for that reader (CacheStats::over_capacity); from 1/16 above it on, a miss first
// yields for up to 3 ms, once per 2 MiB, which gives such a reader its core back. Rejected: waiting until limbo is
// empty, since the caller may be the very reader that holds it back. Whoever can end its guard before it allocates should.
//
// The kernel clears memory before it gives it, half a millisecond and more for a chunk, during which the miss that needs it would
// wait. So a chunk is made ahead, by a thread that has time: when less than one chunk's frames of a class are free, and there is room to grow, a
// miss asks for grow_ahead().
//
// Thread safety: everything, from any thread; a Draft or a PinnedFrame is a plain value. Lifetime: the account and the
// domain outlive the Cache, the Cache outlives all slots' use, drafts and pins (checked in the destructor).
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <span>
#include <utility>
#include <vector>

#include "base/memory_account.h"
#include "base/prefetch.h"
#include "cache/clock_hand.h"
#include "cache/frame.h"
#include "cache/frame_pool.h"
#include "nacre/bytes.h"
#include "os/process.h"
#include "sync/epoch.h"
#include "sync/sync.h"

namespace nacre::cache {

// One counted pin of a frame. Empty when default-made, moved from or released.
class PinnedFrame {
 public:
  PinnedFrame() = default;
  PinnedFrame(PinnedFrame&& other) noexcept : frame_(std::exchange(other.frame_, nullptr)) {}
  PinnedFrame& operator=(PinnedFrame&& other) noexcept {
    std::swap(frame_, other.frame_);
    other.reset();
    return *this;
  }
  ~PinnedFrame() { reset(); }

  // Pins a frame that the caller may read: under the guard in which it was found, or because it is pinned already.
  static PinnedFrame pin(const Frame* frame) {
    frame->pin();
    return PinnedFrame(frame);
  }
  // Takes over a pin that release() gave away.
  static PinnedFrame adopt(const Frame* pinned) { return PinnedFrame(pinned); }

  explicit operator bool() const { return frame_ != nullptr; }
  const Frame* get() const { return frame_; }
  Bytes bytes() const { return frame_ != nullptr ? frame_->bytes() : Bytes(); }
  // Gives the pin away; who takes it must call unpin() once.
  const Frame* release() { return std::exchange(frame_, nullptr); }
  static void unpin(const Frame* frame);
  void reset() {
    if (frame_ != nullptr) unpin(release());
  }

 private:
  friend class Cache;
  explicit PinnedFrame(const Frame* pinned) : frame_(pinned) {}

  const Frame* frame_ = nullptr;
};

struct CacheStats {
  uint64_t capacity_bytes = 0;
  uint64_t held_bytes = 0;     // memory of the cache: frames in use and free ones
  uint64_t frames = 0;         // drafts, live frames and those that wait in limbo
  uint64_t limbo_frames = 0;   // dead, waiting for guards to end or for pins
  uint64_t drafts = 0;         // allocations so far: misses, and what is loaded or made ahead
  uint64_t made_ahead = 0;     // of them: by allocate_ahead()
  uint64_t insertions = 0;     // drafts that were published
  uint64_t evictions = 0;      // frames that made room
  uint64_t drops = 0;          // frames whose table went
  uint64_t over_capacity = 0;  // times that memory was taken above the capacity
  uint64_t chunks_moved = 0;   // chunks emptied to give their memory to others
};

class Cache {
 public:
  // `last_generation` is lowered by tests only.
  Cache(base::MemoryAccount& account, sync::EpochDomain& domain, uint32_t last_generation = kLastGeneration);
  ~Cache();
  Cache(const Cache&) = delete;
  Cache& operator=(const Cache&) = delete;

  // The frame in `slot`, or null. The caller holds a guard of the domain, made before this call, for as long as it uses the
  // frame; to keep it longer: PinnedFrame::pin().
  const Frame* find(const Slot& slot) const {
    const uint64_t word = slot.word.load(std::memory_order_acquire);
    sync::yield_point();
    const Frame* frame = frame_if_live(word);
    if (frame != nullptr) [[likely]]
      frame->touch();
    return frame;
  }
  // Whether find() would find one; no touch. Under a guard as well.
  bool holds(const Slot& slot) const { return frame_if_live(slot.word.load(std::memory_order_acquire)) != nullptr; }
  // As find(), with a pin, for callers that hold no guard. Empty if there is none.
  PinnedFrame find_pinned(const Slot& slot) const;

  // Where the guards for find() are made.
  sync::EpochDomain& domain() const { return domain_; }

  // Starts loading what a find() of `slot` will read first: the frame's header and the start of its data, `lines` of 64 bytes.
  void prefetch(const Slot& slot, uint32_t lines) const {
    // A number, since counting on from null is not allowed; prefetching from there is harmless.
    const auto frame = reinterpret_cast<uintptr_t>(frame_of(slot.word.load(std::memory_order_relaxed)));
    for (uint32_t line = 0; line < lines; line++)
      base::prefetch(reinterpret_cast<const char*>(frame + kFrameAlignment * line));
  }

  // Private memory to be filled and published; given back if it is not.
  class Draft {
   public:
    Draft(Draft&& other) noexcept
        : cache_(other.cache_), frame_(std::exchange(other.frame_, nullptr)), transient_(other.transient_) {}
    Draft& operator=(Draft&& other) noexcept {
      std::swap(cache_, other.cache_);
      std::swap(frame_, other.frame_);
      std::swap(transient_, other.transient_);
      return *this;
    }
    ~Draft() {
      if (frame_ != nullptr) cache_->discard(frame_);
    }
    std::span<char> bytes() { return frame_->room(); }

   private:
    friend class Cache;
    Draft(Cache* cache, Frame* frame, bool transient) : cache_(cache), frame_(frame), transient_(transient) {}

    Cache* cache_;
    Frame* frame_;
    bool transient_;  // too large to be worth evicting others for: dies with its last pin
  };

  // Never fails; evicts others until the capacity holds, as far as it can. The bytes are not initialised.
  Draft allocate(size_t bytes);
  // The same for what nobody has missed yet.
  Draft allocate_ahead(size_t bytes) {
    made_ahead_.fetch_add(1, std::memory_order_relaxed);
    return allocate(bytes);
  }
  // Puts the draft into `slot`. If another thread did so first, drops the draft and returns the other's frame.
  PinnedFrame publish(Draft&& draft, Slot& slot);
  // Empties `slot`: its table is closing and nobody looks at the slot any more. The memory is used again once guards and pins allow.
  void drop(Slot& slot);

  // Called by misses, without locks, when somebody should call grow_ahead(). Set before the first miss, or never.
  void set_asks_for_growth(std::function<void()> asks) { asks_for_growth_ = std::move(asks); }
  // Takes a chunk's memory for the class that asked, if it still needs it and there is room. Takes as long as the kernel needs to clear it.
  void grow_ahead();

  // Evicts until the capacity holds: to be called when another part of the account has grown. Cheap when nothing is to do.
  void shrink();
  // To be called after a guard has ended under which there were misses: gives back what they took above the capacity
  // while that guard held limbo. One load if they took nothing.
  void after_guard() {
    if (owes_memory_.load(std::memory_order_relaxed)) [[unlikely]]
      pay_back();
  }

  uint64_t capacity_bytes() const;
  // Frames that somebody pins now. Looks at all frames: for closing a database, not for hot paths.
  uint64_t pinned_frames() const;
  CacheStats stats() const;

 private:
  friend class PinnedFrame;
  void pay_back();
  struct Limbo {
    uint64_t epoch;  // of the domain: the frames are free once it has passed
    std::vector<Frame*> frames;
  };

  // The mutex, held; at the end, what the pool wants to give back to the kernel is given back without it.
  class NACRE_SCOPED_CAPABILITY Section {
   public:
    explicit Section(Cache& cache) NACRE_ACQUIRE(cache.mutex_);
    ~Section() NACRE_RELEASE();
    Section(const Section&) = delete;
    Section& operator=(const Section&) = delete;

   private:
    Cache& cache_;
  };

  // What a miss has tried already when there is no frame for it.
  enum class Effort : uint8_t { kNone, kMakeRoom, kAwaitLimbo };

  FramePool::Taken take(uint32_t size_class);
  FramePool::Taken take_or_grow(uint32_t size_class, Effort* effort, FramePool::Chunk** fresh) NACRE_REQUIRES(mutex_);
  void await_limbo(uint32_t size_class, uint64_t bytes);
  bool should_grow(uint32_t size_class) const NACRE_REQUIRES(mutex_);
  void discard(Frame* draft);
  void free_orphan(const Frame* frame);

  bool fits(uint64_t more_bytes, uint64_t limit_bytes) const { return pool_.held_bytes() + more_bytes <= limit_bytes; }
  uint64_t comfort_bytes(uint64_t capacity) const;
  static uint64_t tolerated_bytes(uint64_t capacity);
  void keep_reserve(uint32_t size_class) NACRE_REQUIRES(mutex_);
  bool make_room(uint64_t target_bytes, uint32_t steps_max) NACRE_REQUIRES(mutex_);
  void close_limbo() NACRE_REQUIRES(mutex_);
  void collect_limbo() NACRE_REQUIRES(mutex_);

  base::MemoryAccount& account_;
  sync::EpochDomain& domain_;
  const uint64_t generation_ = os::process_generation();

  mutable sync::Mutex mutex_;
  FramePool pool_;  // guarded by mutex_, but for the calls that need no lock
  ClockHand clock_ NACRE_GUARDED_BY(mutex_);
  std::vector<Frame*> dying_ NACRE_GUARDED_BY(mutex_);     // in limbo, but not yet given an epoch
  std::deque<Limbo> limbo_ NACRE_GUARDED_BY(mutex_);       // oldest first
  uint32_t hopeless_misses_ NACRE_GUARDED_BY(mutex_) = 0;  // that need not look for room in vain
  uint64_t impatient_bytes_ NACRE_GUARDED_BY(mutex_) = 0;  // to be taken without waiting for limbo again
  CacheStats counts_ NACRE_GUARDED_BY(mutex_);             // the counters among them
  std::atomic<uint64_t> insertions_{0};
  std::atomic<uint64_t> made_ahead_{0};
  std::atomic<bool> owes_memory_{false};  // a miss went above the capacity
  std::function<void()> asks_for_growth_;
  std::atomic<uint32_t> growing_class_{FramePool::kHeaderClass};  // that asked for growth; this one never does
};

}  // namespace nacre::cache
