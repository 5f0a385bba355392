#include "cache/clock_hand.h"

#include <algorithm>

#include "base/prefetch.h"

namespace nacre::cache {
namespace {

constexpr uint32_t kPrefetchAhead = 8;    // frame headers are cache misses: keep several under way
constexpr uint32_t kLooksPerVictim = 32;  // of a sweep that is not thorough
constexpr uint32_t kLooksPerChunk = 16;   // chunks that make_room compares
constexpr uint32_t kLooksPerBalance = 8;
constexpr uint32_t kColdPerTake = 4;

void prefetch_frame(const FramePool::Chunk& chunk, uint32_t index) {
  if (index < chunk.frames) base::prefetch(chunk.frame(index));
}

}  // namespace

bool ClockHand::evict(Frame* frame, std::vector<Frame*>& dead) {
  if (!frame->evict()) return false;
  evictions_++;
  pool_.enter_limbo(frame);
  dead.push_back(frame);
  return true;
}

void ClockHand::sweep(uint32_t size_class, uint32_t wanted, bool thorough, std::vector<Frame*>& dead) {
  ClassHand& hand = hands_[size_class];
  const auto& chunks = pool_.active(size_class);
  uint64_t looks = thorough ? 2 * uint64_t{pool_.frames(size_class)} + 1 : uint64_t{wanted} * kLooksPerVictim;
  const uint64_t spare_until = thorough ? pool_.frames(size_class) : looks / 4;  // from here on, used or not
  while (wanted > 0 && looks > 0 && !chunks.empty()) {
    if (hand.chunk >= chunks.size()) hand.chunk = 0;
    FramePool::Chunk& chunk = *chunks[hand.chunk];
    if (chunk.hand >= chunk.frames) {
      chunk.hand = 0;
      hand.chunk++;
      balance(size_class, hand, dead);
      continue;
    }
    looks--;
    const uint32_t index = chunk.hand++;
    prefetch_frame(chunk, index + kPrefetchAhead);
    if (chunk.is_free(index)) continue;
    Frame* const frame = chunk.frame(index);
    if (!Frame::evictable(frame->state())) continue;
    hand.passed.live++;
    if (frame->used()) {
      hand.passed.used++;
      frame->clear_used();
      if (looks > spare_until) continue;
    }
    if (evict(frame, dead)) wanted--;
  }
}

void ClockHand::balance(uint32_t size_class, ClassHand& hand, std::vector<Frame*>& dead) {
  const Warmth own = hand.passed;
  hand.passed = {};
  const size_t mine = pool_.active(size_class).size();
  const size_t all = pool_.active().size();
  const auto looks = std::min<size_t>(kLooksPerBalance, (all - mine + mine - 1) / mine);
  for (size_t i = 0; i < looks; i++) {
    FramePool::Chunk* const chunk = next_chunk();
    if (chunk == nullptr) return;
    if (chunk->size_class == size_class) continue;
    const Warmth other = chunk->size_class == FramePool::kHeaderClass ? Warmth{} : look(*chunk);
    // other.used / other.live <= own.used / own.live, where empty chunks are cold
    if (uint64_t{other.used} * own.live > uint64_t{own.used} * other.live) continue;
    if (++hand.cold_met < kColdPerTake) continue;
    hand.cold_met = 0;
    if (chunk->size_class == FramePool::kHeaderClass) {
      evict_outside(*chunk, pool_.chunk_bytes(size_class), dead);
    } else {
      empty_chunk(*chunk, dead);
    }
  }
}

FramePool::Chunk* ClockHand::next_chunk() {
  const auto& chunks = pool_.active();
  if (hand_ >= chunks.size()) hand_ = 0;
  return chunks.empty() ? nullptr : chunks[hand_++];
}

ClockHand::Warmth ClockHand::look(FramePool::Chunk& chunk) {
  Warmth warmth;
  for (uint32_t i = 0; i < chunk.frames; i++) {
    prefetch_frame(chunk, i + kPrefetchAhead);
    if (chunk.is_free(i)) continue;
    Frame* const frame = chunk.frame(i);
    if (!Frame::evictable(frame->state())) continue;
    warmth.live++;
    if (!frame->used()) continue;
    warmth.used++;
    frame->clear_used();
  }
  return warmth;
}

bool ClockHand::empty_chunk(FramePool::Chunk& chunk, std::vector<Frame*>& dead) {
  for (uint32_t i = 0; i < chunk.frames; i++) {
    if (!chunk.is_free(i)) evict(chunk.frame(i), dead);
  }
  if (!pool_.drain(chunk)) return false;  // somebody pinned a frame meanwhile
  chunks_moved_++;
  return true;
}

uint64_t ClockHand::evict_outside(FramePool::Chunk& chunk, uint64_t wanted_bytes, std::vector<Frame*>& dead) {
  uint64_t bytes = 0;
  for (uint32_t looks = 0; looks < chunk.frames && bytes < wanted_bytes; looks++) {
    if (chunk.hand >= chunk.frames) chunk.hand = 0;
    const uint32_t index = chunk.hand++;
    if (chunk.is_free(index)) continue;
    Frame* const frame = chunk.frame(index);
    if (!Frame::evictable(frame->state())) continue;
    if (frame->used()) {
      frame->clear_used();
    } else if (evict(frame, dead)) {
      bytes += frame->outside().mapped_bytes;
    }
  }
  return bytes;
}

uint64_t ClockHand::make_room(uint64_t wanted_bytes, bool thorough, std::vector<Frame*>& dead) {
  const size_t all = pool_.active().size();
  FramePool::Chunk* coldest = nullptr;
  uint32_t coldest_used = 0;
  uint32_t compared = 0;
  for (size_t i = 0; i < (thorough ? 2 * all : std::min<size_t>(all, kLooksPerChunk)); i++) {
    FramePool::Chunk* const chunk = next_chunk();
    if (chunk == nullptr) return 0;
    if (chunk->size_class == FramePool::kHeaderClass) {
      const uint64_t bytes = evict_outside(*chunk, wanted_bytes, dead);
      if (bytes > 0) return bytes;
      if (chunk->limbo + chunk->free + chunk->exhausted != chunk->frames) continue;
      // ... it has only spare headers: worth a look like any other
    }
    const Warmth warmth = look(*chunk);
    const uint32_t going_or_gone = chunk->free + chunk->limbo + chunk->exhausted;
    if (warmth.live + going_or_gone != chunk->frames) continue;  // pinned frames, or drafts
    if (coldest == nullptr || warmth.used < coldest_used) {
      coldest = chunk;
      coldest_used = warmth.used;
    }
    if (warmth.used <= warmth.live / 8 || ++compared == kLooksPerChunk) break;
  }
  if (coldest == nullptr || coldest->state != FramePool::Chunk::State::kActive) return 0;
  const uint64_t bytes = coldest->bytes;
  return empty_chunk(*coldest, dead) ? bytes : 0;
}

}  // namespace nacre::cache
