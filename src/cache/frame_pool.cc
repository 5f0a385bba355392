#include "cache/frame_pool.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <utility>

#include "base/assert.h"
#include "base/bits.h"
#include "os/pages.h"

namespace nacre::cache {
namespace {

constexpr uint32_t kLargestReserveShare = 8;  // of a class's frames

}  // namespace

static_assert(FramePool::kRegionBytes == os::kHugePageBytes);

FramePool::FramePool(base::MemoryAccount& account, Cache* owner, uint32_t last_generation)
    : account_(account), owner_(owner), last_generation_(last_generation) {
  NACRE_CHECK(last_generation >= 1 && last_generation <= kLastGeneration);
  constexpr uint64_t kChunksInCeiling = 128;
  chunk_bytes_ =
      std::clamp(std::bit_floor(account.ceiling_bytes() / kChunksInCeiling), kSmallestChunk, uint64_t{kRegionBytes});
  largest_inline_ = std::min<uint64_t>(kLargestData, chunk_bytes_ / 16);
}

FramePool::~FramePool() {
  for (const auto& chunk : chunks_) {
    if (chunk->state == Chunk::State::kActive) {
      for (uint32_t i = 0; i < chunk->frames; i++) {
        Frame* const frame = chunk->frame(i);
        if (chunk->is_free(i) || Frame::generation_of(frame->state()) > last_generation_) continue;
        NACRE_CHECK(Frame::evictable(frame->state()));  // otherwise: pinned, or a draft
        if (frame->is_outside()) os::unmap_pages(frame->outside().data, frame->outside().mapped_bytes);
      }
    }
    if (chunk->base == nullptr) continue;
    unpoison_memory(chunk->base, chunk->bytes);
    os::unmap_pages(chunk->base, chunk->bytes);
  }
  account_.release(base::MemoryPart::kCache, held_bytes());
}

uint32_t FramePool::class_for(size_t bytes) const {
  if (bytes > largest_inline_) return kHeaderClass;
  if (bytes <= kSmallestData) return 1;
  const auto octave = static_cast<unsigned>(std::bit_width(bytes - 1)) - 1;  // 2^octave < bytes <= 2^(octave + 1)
  const size_t base = size_t{1} << octave;
  const size_t step = base / 4;
  return static_cast<uint32_t>(1 + (octave - 9) * 4 + (bytes - base + step - 1) / step);
}

size_t FramePool::data_bytes_of(uint32_t size_class) {
  if (size_class == kHeaderClass) return kHeaderStride - sizeof(Frame);
  if (size_class == 1) return kSmallestData;
  const size_t base = kSmallestData << (size_class - 2) / 4;
  return base + base / 4 * ((size_class - 2) % 4 + 1);
}

uint32_t FramePool::batch(uint32_t size_class) const { return std::clamp<uint32_t>(frames(size_class) / 16, 8, 64); }

uint32_t FramePool::reserve(uint32_t size_class) const {
  const uint32_t least = batch(size_class);
  return std::min(least << classes_[size_class].stretch, std::max(least, frames(size_class) / kLargestReserveShare));
}

void FramePool::stretch_reserve(uint32_t size_class) {
  Class& mine = classes_[size_class];
  const uint32_t now = reserve(size_class);
  if (mine.taken_at_stretch < now / 2 || now >= frames(size_class) / kLargestReserveShare) return;
  mine.stretch++;
  mine.taken_at_stretch = 0;
}

// --- Frames ---

FramePool::Taken FramePool::take(uint32_t size_class) {
  Class& mine = classes_[size_class];
  while (!mine.listed.empty()) {
    Chunk& chunk = *mine.listed.back();
    if (chunk.state != Chunk::State::kActive || chunk.free == 0) {
      chunk.listed = false;
      mine.listed.pop_back();
      continue;
    }
    const auto word =
        std::find_if(chunk.free_map.begin(), chunk.free_map.end(), [](uint64_t bits) { return bits != 0; });
    const auto index = static_cast<uint32_t>((word - chunk.free_map.begin()) * 64 + std::countr_zero(*word));
    *word &= *word - 1;
    chunk.free--;
    mine.free--;
    frames_in_use_++;
    if (++mine.taken_at_stretch > mine.frames && mine.stretch > 0) {
      mine.stretch--;
      mine.taken_at_stretch = 0;
    }
    return {chunk.frame(index), chunk.first_generation};
  }
  return {};
}

void FramePool::give(Frame* frame) {
  Chunk& chunk = chunk_of(frame);
  Class& mine = classes_[chunk.size_class];
  const bool draining = chunk.state == Chunk::State::kDraining;
  frames_in_use_--;
  if (frame->is_outside()) {
    discards_.outside.push_back(frame->outside());
    going_ += frame->outside().mapped_bytes;
  }
  // Who still reads the frame must not find its old contents there: the simulator sees it by that.
  if constexpr (sync::kSimulated) std::memset(static_cast<void*>(frame + 1), 0xdb, chunk.stride - sizeof(Frame));
  poison_memory(frame + 1, chunk.stride - sizeof(Frame));
  const uint32_t generation = Frame::generation_of(frame->state());
  chunk.next_generation = std::max(chunk.next_generation, generation);
  if (generation > last_generation_) {
    chunk.exhausted++;
  } else {
    const auto offset = static_cast<uint32_t>(reinterpret_cast<char*>(frame) - chunk.base - kFrameAlignment);
    const uint32_t index = offset / chunk.stride;
    chunk.free_map[index / 64] |= uint64_t{1} << (index % 64);
    chunk.free++;
    if (!draining) {
      mine.free++;
      list(chunk);
    }
  }
  if (chunk.free + chunk.exhausted < chunk.frames) return;
  if (draining || chunk.free == 0 || mine.free - chunk.free >= reserve(chunk.size_class)) discard(chunk);
}

void FramePool::enter_limbo(Frame* frame) {
  Chunk& chunk = chunk_of(frame);
  chunk.limbo++;
  classes_[chunk.size_class].limbo++;
  frames_in_limbo_++;
  if (frame->is_outside()) going_ += frame->outside().mapped_bytes;
}

void FramePool::leave_limbo(Frame* frame, bool free) {
  Chunk& chunk = chunk_of(frame);
  const bool draining = chunk.state == Chunk::State::kDraining;
  chunk.limbo--;
  if (!draining) classes_[chunk.size_class].limbo--;
  frames_in_limbo_--;
  if (frame->is_outside()) going_ -= frame->outside().mapped_bytes;
  if (free) {
    give(frame);
  } else if (draining) {
    going_ -= chunk.bytes;  // who knows how long the pin lasts
    activate(chunk);
  }
}

// --- Chunks ---

void FramePool::hold(uint64_t bytes) {
  held_.fetch_add(bytes, std::memory_order_relaxed);
  account_.charge(base::MemoryPart::kCache, bytes);
}

void FramePool::list(Chunk& chunk) {
  if (chunk.listed) return;
  chunk.listed = true;
  classes_[chunk.size_class].listed.push_back(&chunk);
}

void FramePool::activate(Chunk& chunk) {
  Class& mine = classes_[chunk.size_class];
  chunk.state = Chunk::State::kActive;
  chunk.position = static_cast<uint32_t>(mine.active.size());
  mine.active.push_back(&chunk);
  chunk.position_in_all = static_cast<uint32_t>(active_.size());
  active_.push_back(&chunk);
  mine.frames += chunk.frames;
  mine.free += chunk.free;
  mine.limbo += chunk.limbo;
  if (chunk.free > 0) list(chunk);
}

void FramePool::deactivate(Chunk& chunk, Chunk::State state) {
  Class& mine = classes_[chunk.size_class];
  chunk.state = state;
  mine.active[chunk.position] = mine.active.back();
  mine.active[chunk.position]->position = chunk.position;
  mine.active.pop_back();
  active_[chunk.position_in_all] = active_.back();
  active_[chunk.position_in_all]->position_in_all = chunk.position_in_all;
  active_.pop_back();
  mine.frames -= chunk.frames;
  mine.free -= chunk.free;
  mine.limbo -= chunk.limbo;
  going_ += chunk.bytes;
}

FramePool::Chunk* FramePool::make_chunk(uint32_t size_class) {
  Chunk* const chunk = chunks_.emplace_back(std::make_unique<Chunk>()).get();
  chunk->size_class = size_class;
  chunk->bytes = chunk_bytes(size_class);
  chunk->stride = static_cast<uint32_t>(base::align_up(sizeof(Frame) + data_bytes_of(size_class), kFrameAlignment));
  chunk->frames = static_cast<uint32_t>((chunk->bytes - kFrameAlignment) / chunk->stride);
  return chunk;
}

FramePool::Chunk* FramePool::reserve_chunk(uint32_t size_class) {
  Class& mine = classes_[size_class];
  Chunk* chunk = nullptr;
  if (mine.idle.empty()) {
    chunk = make_chunk(size_class);
  } else {
    chunk = mine.idle.back();
    mine.idle.pop_back();
  }
  chunk->state = Chunk::State::kPreparing;
  chunk->first_generation = chunk->next_generation;
  hold(chunk->bytes);
  return chunk;
}

void FramePool::prepare(Chunk& chunk) const {
  if (chunk.base == nullptr) {
    chunk.base = os::map_pages(chunk.bytes, kRegionBytes);
    NACRE_CHECK(reinterpret_cast<uintptr_t>(chunk.base) + chunk.bytes <= kAddressLimit);
    if (chunk.bytes == os::kHugePageBytes) os::advise_huge_pages(chunk.base, chunk.bytes);
    chunk.free_map.resize((chunk.frames + 63) / 64);
  }
  *reinterpret_cast<Home*>(chunk.base) = {owner_, &chunk};
  for (uint32_t i = 0; i < chunk.frames; i++) chunk.free_map[i / 64] |= uint64_t{1} << (i % 64);
}

void FramePool::install(Chunk& chunk) {
  chunk.free = chunk.frames;
  chunk.exhausted = 0;
  chunk.hand = 0;
  activate(chunk);
}

bool FramePool::drain(Chunk& chunk) {
  if (chunk.state != Chunk::State::kActive || chunk.free + chunk.limbo + chunk.exhausted != chunk.frames) return false;
  if (chunk.limbo == 0) {
    discard(chunk);
  } else {
    deactivate(chunk, Chunk::State::kDraining);
  }
  return true;
}

void FramePool::discard(Chunk& chunk) {
  if (chunk.state == Chunk::State::kActive) deactivate(chunk, Chunk::State::kDiscarding);
  chunk.state = Chunk::State::kDiscarding;
  discards_.chunks.push_back(&chunk);
}

// --- Memory ---

uint64_t FramePool::mapped_bytes_for(size_t bytes) { return base::align_up(bytes, os::kPageBytes); }

void FramePool::hold_outside(uint64_t mapped_bytes) { hold(mapped_bytes); }

Frame::Outside FramePool::map_outside(size_t bytes) {
  const uint64_t mapped = mapped_bytes_for(bytes);
  if (mapped < os::kHugePageBytes) return {os::map_pages(mapped), bytes, mapped};
  char* const pages = os::map_pages(mapped, os::kHugePageBytes);
  os::advise_huge_pages(pages, mapped);  // the end, short of a whole one, stays on small pages
  return {pages, bytes, mapped};
}

void FramePool::give_back(const Discards& discards) {
  for (const Chunk* chunk : discards.chunks) os::discard_pages(chunk->base, chunk->bytes);
  for (const Frame::Outside& outside : discards.outside) os::unmap_pages(outside.data, outside.mapped_bytes);
}

void FramePool::finish(const Discards& discards) {
  uint64_t bytes = 0;
  for (Chunk* chunk : discards.chunks) {
    bytes += chunk->bytes;
    chunk->state = Chunk::State::kIdle;
    if (chunk->next_generation <= last_generation_) classes_[chunk->size_class].idle.push_back(chunk);
  }
  for (const Frame::Outside& outside : discards.outside) bytes += outside.mapped_bytes;
  going_ -= bytes;
  held_.fetch_sub(bytes, std::memory_order_relaxed);
  account_.release(base::MemoryPart::kCache, bytes);
}

}  // namespace nacre::cache
