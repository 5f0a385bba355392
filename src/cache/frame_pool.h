// FramePool: the memory of a Cache, cut into frames of about thirty sizes.
//
// Memory is held in chunks, and a chunk holds frames of one size class:
//
//   | home: owner, chunk | frame: header, data | frame | frame | ... |      at a multiple of 2 MiB
//     64 bytes             one stride            stride
//
// Classes are 512, 640, 768, 896, 1024, 1280, ... bytes of data, four to a power of two. The 16 bytes of header come on
// top, so that a block of exactly a power of two wastes next to nothing (254 frames of 8 KiB in 2 MiB). Larger data are
// mapped by themselves, rounded up to pages, with their header in a frame of class 0, which has chunks of 64 KiB.
// Chunks are of 2 MiB (one huge page) for ceilings from 256 MiB on, and smaller below, so that a small cache can
// still hold several classes; frames above 1/16 of a chunk are mapped by themselves, which bounds what a chunk's end wastes.
//
// How classes share memory: a chunk whose frames are all free is given back to the kernel, which takes the memory (it
// is no longer held, nor charged) and leaves the addresses. Those stay with their class for ever: it is what makes headers
// type-stable (cache/frame.h). The price is address space, at most the peak of every class.
// A chunk emptied on purpose waits as *draining* until its last frames have left limbo: no frame is taken from it any more.
//
// Generations: a frame goes on with the generation in its header. A frame whose memory was given back begins with one
// above all that its chunk ever gave out. A frame without a generation left is never free again, and a chunk without
// any is never used again: some 4 million reuses for each 8 KiB of lost address space.
//
// Held bytes are charged to MemoryPart::kCache from before the memory is touched until after it is given back. Mapping and
// giving back are system calls and are made outside the owner's lock: reserve_chunk / prepare / install, and
// take_discards / give_back / finish.
//
// Thread safety: none, the owner locks. Static and const functions that say so, and held_bytes(), need no lock.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "base/memory_account.h"
#include "cache/frame.h"
#include "os/pages.h"

namespace nacre::cache {

class Cache;

class FramePool {
 public:
  static constexpr uint32_t kHeaderClass = 0;  // headers of data that lie outside
  static constexpr uint32_t kClasses = 30;
  static constexpr size_t kSmallestData = 512;
  static constexpr size_t kLargestData = size_t{64} << 10;
  static constexpr size_t kRegionBytes = size_t{2} << 20;
  static constexpr uint64_t kSmallestChunk = uint64_t{256} << 10;

  struct Chunk {
    enum class State : uint8_t { kIdle, kPreparing, kActive, kDraining, kDiscarding };

    char* base = nullptr;
    State state = State::kIdle;
    bool listed = false;  // in its class's list of chunks with free frames
    uint32_t size_class = 0;
    uint32_t stride = 0;
    uint32_t frames = 0;
    uint64_t bytes = 0;
    uint32_t free = 0;
    uint32_t limbo = 0;
    uint32_t exhausted = 0;
    uint32_t first_generation = 1;  // of frames untouched since the chunk got its memory
    uint32_t next_generation = 1;   // above all that were given up here
    uint32_t position = 0;          // in its class's list of chunks
    uint32_t position_in_all = 0;   // in the list of all classes' chunks
    uint32_t hand = 0;              // the frame that CLOCK looks at next
    std::vector<uint64_t> free_map;

    Frame* frame(uint32_t index) const {
      return reinterpret_cast<Frame*>(base + kFrameAlignment + size_t{index} * stride);
    }
    bool is_free(uint32_t index) const { return (free_map[index / 64] >> (index % 64) & 1) != 0; }
  };
  struct Taken {
    Frame* frame = nullptr;
    uint32_t fresh_generation = 0;
  };
  // Memory that is to be given back to the kernel.
  struct Discards {
    std::vector<Chunk*> chunks;
    std::vector<Frame::Outside> outside;
    bool empty() const { return chunks.empty() && outside.empty(); }
  };

  FramePool(base::MemoryAccount& account, Cache* owner, uint32_t last_generation);
  ~FramePool();  // no frame may be a draft, in limbo or pinned
  FramePool(const FramePool&) = delete;
  FramePool& operator=(const FramePool&) = delete;

  // The class for data of that size; kHeaderClass when they must lie outside.
  uint32_t class_for(size_t bytes) const;
  static size_t data_bytes_of(uint32_t size_class);
  uint64_t chunk_bytes(uint32_t size_class) const {
    return size_class == kHeaderClass ? kHeaderChunkBytes : chunk_bytes_;
  }

  // A free frame, or null.
  Taken take(uint32_t size_class);
  // Takes back a frame that nobody can reach any more.
  void give(Frame* frame);
  // A dead frame is in limbo between these two. `free`: give it back; otherwise it is an orphan.
  void enter_limbo(Frame* frame);
  void leave_limbo(Frame* frame, bool free);

  // Holds memory for one more chunk, which the caller then prepares without the lock and installs.
  Chunk* reserve_chunk(uint32_t size_class);
  void prepare(Chunk& chunk) const;
  // Has the kernel give the memory of a prepared chunk now, if it can.
  static void touch(const Chunk& chunk) { static_cast<void>(os::populate_pages(chunk.base, chunk.bytes)); }
  void install(Chunk& chunk);

  // Takes no more frames from the chunk, if all that are in use are in limbo: it will be given back. False if not all are.
  bool drain(Chunk& chunk);

  void hold_outside(uint64_t mapped_bytes);
  static Frame::Outside map_outside(size_t bytes);
  static uint64_t mapped_bytes_for(size_t bytes);

  Discards take_discards() { return std::exchange(discards_, {}); }
  static void give_back(const Discards& discards);
  void finish(const Discards& discards);

  uint64_t held_bytes() const { return held_.load(std::memory_order_relaxed); }
  // What will be held once limbo is empty.
  uint64_t expected_bytes() const { return held_bytes() - going_; }

  const std::vector<Chunk*>& active() const { return active_; }
  const std::vector<Chunk*>& active(uint32_t size_class) const { return classes_[size_class].active; }
  // In the active chunks of a class:
  uint32_t frames(uint32_t size_class) const { return classes_[size_class].frames; }
  uint32_t free(uint32_t size_class) const { return classes_[size_class].free; }
  uint32_t limbo(uint32_t size_class) const { return classes_[size_class].limbo; }
  // How many frames of a class are evicted together.
  uint32_t batch(uint32_t size_class) const;
  // How many should be free or in limbo when memory is short: a batch, and more while guards are held for long. After
  // stretch_reserve(), to be called when frames ran out although limbo had some, it doubles, to an eighth of the class at most;
  // once the whole class was taken without that, it halves.
  uint32_t reserve(uint32_t size_class) const;
  void stretch_reserve(uint32_t size_class);
  uint64_t frames_in_use() const { return frames_in_use_; }  // drafts, live ones, dead ones not free yet
  uint64_t frames_in_limbo() const { return frames_in_limbo_; }

  static Chunk& chunk_of(const Frame* frame) { return *home_of(frame).chunk; }
  static Cache* owner_of(const Frame* frame) { return home_of(frame).owner; }

 private:
  static constexpr uint64_t kHeaderChunkBytes = uint64_t{64} << 10;
  static constexpr uint32_t kHeaderStride = 64;

  struct Home {
    Cache* owner;
    Chunk* chunk;
  };
  struct Class {
    std::vector<Chunk*> active;
    std::vector<Chunk*> listed;  // with free frames; those that have none or drain are removed when met
    std::vector<Chunk*> idle;    // addresses without memory
    uint32_t frames = 0;         // of the active chunks, as are the next two
    uint32_t free = 0;
    uint32_t limbo = 0;
    uint32_t stretch = 0;           // log2 of reserve / batch
    uint32_t taken_at_stretch = 0;  // frames taken since it changed
  };

  static const Home& home_of(const Frame* frame) {
    return *reinterpret_cast<const Home*>(reinterpret_cast<uintptr_t>(frame) & ~uintptr_t{kRegionBytes - 1});
  }
  Chunk* make_chunk(uint32_t size_class);
  void list(Chunk& chunk);
  void activate(Chunk& chunk);
  void deactivate(Chunk& chunk, Chunk::State state);
  void discard(Chunk& chunk);
  void hold(uint64_t bytes);

  base::MemoryAccount& account_;
  Cache* const owner_;
  const uint32_t last_generation_;
  uint64_t chunk_bytes_;
  uint64_t largest_inline_;
  std::vector<std::unique_ptr<Chunk>> chunks_;  // all there ever were
  std::vector<Chunk*> active_;                  // of all classes, in no order that means anything
  std::array<Class, kClasses> classes_;
  Discards discards_;
  std::atomic<uint64_t> held_{0};
  uint64_t frames_in_use_ = 0;
  uint64_t frames_in_limbo_ = 0;
  uint64_t going_ = 0;  // of held_: draining chunks, outside data in limbo, discards
};

}  // namespace nacre::cache
