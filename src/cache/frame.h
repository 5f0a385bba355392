// Frame and Slot: a piece of cached memory, and the word by which an open table finds it.
//
//   Slot      one atomic word in the table, one per block; 0 means empty
//             63                                  22 21                     0
//            | frame address / 64 (48-bit addresses) | generation (22 bits)  |
//
//   Frame     16 bytes of header at a multiple of 64, the data right behind it
//            | state 64 | data bytes 32 | used 8 | unused 24 | data ...
//             63              32  31       30     29     0
//   state    | generation       | orphan | live | pins    |
//
// The *generation* of a frame says whose contents it holds. It only grows, and it grows at the moment when the contents
// die, so a slot word whose generation differs from the frame's is stale, whatever the frame is used for by then: stale
// words are harmless and need not be cleared. Three things make this exact, not merely likely:
//   - Frame headers are type-stable: the address of a header is never the address of anything else, nor unmapped, while
//     the Cache lives. So the generation can be read through any word ever stored, at any time.
//   - Generations never wrap: a frame that used up its 2^22 - 1 generations is never used again (FramePool).
//   - A frame's memory is used again only after every epoch guard that was active when its contents died has ended. So
//     one check of the generation, under a guard, makes the contents readable until that guard ends.
//
// Life of a frame, as (state; who may touch the contents):
//   draft     (g; its one writer)              taken from the pool; no slot word with g exists yet
//   live      (g, live, pins; all read)        published
//   dead      (g+1, pins; guards older than the death, and pins)   evicted (only at pins = 0) or dropped; waits in limbo
//   orphan    (g+1, orphan, pins > 0; pins)    out of limbo, but pinned: whoever takes the last pin off frees it
//   free      (g+1; nobody)                    in the pool
//
// Pinning cannot fail: whoever may read the contents (under a guard, or by another pin) may add a pin, also to a dead
// frame, since leaving limbo is one compare-and-swap on the same word that the pin changed.
//
// Thread safety: all methods, as far as the caller may touch the frame at all (see above).
#pragma once

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define NACRE_ADDRESS_SANITIZER 1
#endif
#elif defined(__SANITIZE_ADDRESS__)
#define NACRE_ADDRESS_SANITIZER 1
#endif
#ifdef NACRE_ADDRESS_SANITIZER
#include <sanitizer/asan_interface.h>
#endif

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>

#include "base/assert.h"
#include "nacre/bytes.h"
#include "sync/sync.h"

namespace nacre::cache {

inline constexpr unsigned kGenerationBits = 22;
inline constexpr uint32_t kLastGeneration = (uint32_t{1} << kGenerationBits) - 1;
inline constexpr size_t kFrameAlignment = 64;
inline constexpr uint64_t kAddressLimit = uint64_t{1} << 48;

// Under AddressSanitizer, makes touching the contents of a free frame an error; nothing otherwise.
inline void poison_memory([[maybe_unused]] const void* memory, [[maybe_unused]] size_t bytes) {
#ifdef NACRE_ADDRESS_SANITIZER
  __asan_poison_memory_region(memory, bytes);
#endif
}
inline void unpoison_memory([[maybe_unused]] const void* memory, [[maybe_unused]] size_t bytes) {
#ifdef NACRE_ADDRESS_SANITIZER
  __asan_unpoison_memory_region(memory, bytes);
#endif
}

class Frame {
 public:
  // Readable as long as the caller holds the guard under which it found the frame, or a pin.
  Bytes bytes() const {
    if (inline_bytes_ == kOutside) [[unlikely]]
      return {outside().data, outside().bytes};
    return {reinterpret_cast<const char*>(this + 1), inline_bytes_};
  }

  // --- Everything below is for the cache itself. ---

  // Where the data of a frame too large for every size class is; stored where small data would be.
  struct Outside {
    char* data;
    uint64_t bytes;
    uint64_t mapped_bytes;
  };

  static uint32_t generation_of(uint64_t state) { return static_cast<uint32_t>(state >> 32); }
  static bool evictable(uint64_t state) { return (state & (kLive | kPins)) == kLive; }
  static uint32_t pins_of(uint64_t state) { return static_cast<uint32_t>(state & kPins); }

  uint64_t state() const { return state_.load(std::memory_order_acquire); }
  bool used() const { return used_.load(std::memory_order_relaxed) != 0; }
  // Tells CLOCK that the frame was of use. Writes only when that is news.
  void touch() const {
    if (used_.load(std::memory_order_relaxed) == 0) used_.store(1, std::memory_order_relaxed);
  }
  void clear_used() { used_.store(0, std::memory_order_relaxed); }

  // free -> draft. `fresh_generation` counts when the frame's memory is untouched.
  void become_draft(size_t bytes, uint32_t fresh_generation);
  void become_draft(const Outside& where, uint32_t fresh_generation);
  // draft -> live, with one pin; and back, when its word went into no slot.
  void become_live() { state_.fetch_add(kLive + 1, std::memory_order_acq_rel); }
  void take_back() { state_.fetch_sub(kLive + 1, std::memory_order_acq_rel); }
  // live -> dead, if nobody pins it. False: somebody does, or it is not live.
  bool evict();
  // live -> dead, pins or not. False: the contents of that generation are dead already.
  bool kill(uint32_t generation);
  // dead -> free if unpinned (true), else dead -> orphan (false). For frames that passed limbo.
  bool leave_limbo();

  void pin() const {
    [[maybe_unused]] const uint64_t before = state_.fetch_add(1, std::memory_order_acq_rel);
    NACRE_DCHECK(pins_of(before) < kPins);
  }
  // True: that was the last pin of an orphan, which the caller must give back to the pool.
  [[nodiscard]] bool unpin() const {
    const uint64_t before = state_.fetch_sub(1, std::memory_order_acq_rel);
    NACRE_DCHECK(pins_of(before) > 0);
    return (before & (kOrphan | kPins)) == (kOrphan | 1);
  }
  // orphan -> free, after unpin() returned true.
  void forget_orphan() { state_.fetch_and(~kOrphan, std::memory_order_relaxed); }

  std::span<char> room() { return {const_cast<char*>(bytes().data()), bytes().size()}; }
  bool is_outside() const { return inline_bytes_ == kOutside; }
  const Outside& outside() const { return *reinterpret_cast<const Outside*>(this + 1); }

 private:
  static constexpr uint64_t kPins = (uint64_t{1} << 30) - 1;
  static constexpr uint64_t kLive = uint64_t{1} << 30;
  static constexpr uint64_t kOrphan = uint64_t{1} << 31;
  static constexpr uint32_t kOutside = ~uint32_t{0};

  void set_generation(uint32_t fresh_generation);

  mutable std::atomic<uint64_t> state_;
  uint32_t inline_bytes_;
  mutable std::atomic<uint8_t> used_;
};
static_assert(sizeof(Frame) == 16);

class Slot {
 public:
  std::atomic<uint64_t> word{0};
};

inline uint64_t make_slot_word(const Frame* frame, uint32_t generation) {
  return (static_cast<uint64_t>(reinterpret_cast<uintptr_t>(frame)) << 16) | generation;
}
inline Frame* frame_of(uint64_t slot_word) {
  return reinterpret_cast<Frame*>(static_cast<uintptr_t>(slot_word >> kGenerationBits << 6));
}
inline uint32_t generation_of(uint64_t slot_word) { return static_cast<uint32_t>(slot_word) & kLastGeneration; }

// The frame that `slot_word` names, or null if the word is empty or stale. Needs a guard that is older than the load of
// the word, for the use of the frame, not for the call.
inline Frame* frame_if_live(uint64_t slot_word) {
  if (slot_word == 0) return nullptr;
  Frame* const frame = frame_of(slot_word);
  return Frame::generation_of(frame->state()) == generation_of(slot_word) ? frame : nullptr;
}

}  // namespace nacre::cache
