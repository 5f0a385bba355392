// ClockHand: which frames of a Cache go when memory is short.
//
// CLOCK: a hand goes round; a frame that was used since the hand last passed stays and loses its mark, others go. A frame
// enters unmarked, so that blocks read once, by a scan, go first. There are two hands, for two needs:
//
//   - Each class has a hand over its own frames (sweep): a miss needs a frame of its class, and the frame that goes is
//     the frame that comes. Nothing moves between classes, no page is given back or faulted in.
//   - One hand goes over all chunks (make_room, and the balance below). Memory for another class, or for the rest of the
//     database, is only freed by emptying a whole chunk, so it takes the coldest of the next few that can be emptied.
//
// Balance: a class that misses should grow at the cost of one that is not used. When a class's hand has passed a
// whole chunk of its own, the other hand looks at as many chunks of others as keeps both going round at the same pace (thereby
// all frames age at the same pace, as in one CLOCK), and every fourth of them that is no warmer than the own chunk
// was is emptied. Every fourth only: it damps the flow to and fro between two classes that are both cold, which would
// buy nothing and costs page faults; where the flows balance is the same.
//
// All work is bounded per call, so that a miss never waits for a hand to go all the way round a large cache of hot frames.
//
// Invariant: only live, unpinned frames are evicted, each by the compare-and-swap that ends its generation.
// Thread safety: none, the owner locks; frames change under its hands by find() and pins, and that is fine.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "cache/frame_pool.h"

namespace nacre::cache {

class ClockHand {
 public:
  explicit ClockHand(FramePool& pool) : pool_(pool) {}

  // Evicts up to `wanted` frames of one class, and tells the pool that they are in limbo. `thorough` looks at all
  // frames of the class twice before it gives up, otherwise the work is bounded by `wanted`. Appends what went to `dead`.
  void sweep(uint32_t size_class, uint32_t wanted, bool thorough, std::vector<Frame*>& dead);

  // Evicts so that memory will come free once limbo is empty: a whole chunk, or frames outside worth up to `wanted_bytes`.
  // Returns how many bytes; 0 when it found nothing on a bounded way, or nothing at all if called `thorough`.
  uint64_t make_room(uint64_t wanted_bytes, bool thorough, std::vector<Frame*>& dead);

  uint64_t evictions() const { return evictions_; }
  uint64_t chunks_moved() const { return chunks_moved_; }

 private:
  struct Warmth {
    uint32_t live = 0;  // and unpinned
    uint32_t used = 0;
  };
  struct ClassHand {
    uint32_t chunk = 0;     // index in the pool's list of active chunks
    Warmth passed;          // in the chunk that the hand is passing
    uint32_t cold_met = 0;  // chunks of others, no warmer than the own, met since one was taken
  };

  bool evict(Frame* frame, std::vector<Frame*>& dead);
  Warmth look(FramePool::Chunk& chunk);
  bool empty_chunk(FramePool::Chunk& chunk, std::vector<Frame*>& dead);
  uint64_t evict_outside(FramePool::Chunk& chunk, uint64_t wanted_bytes, std::vector<Frame*>& dead);
  void balance(uint32_t size_class, ClassHand& hand, std::vector<Frame*>& dead);
  FramePool::Chunk* next_chunk();

  FramePool& pool_;
  std::array<ClassHand, FramePool::kClasses> hands_;
  size_t hand_ = 0;  // index in the pool's list of all active chunks
  uint64_t evictions_ = 0;
  uint64_t chunks_moved_ = 0;
};

}  // namespace nacre::cache
