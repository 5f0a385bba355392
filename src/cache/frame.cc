#include "cache/frame.h"

#include <new>

namespace nacre::cache {

void Frame::set_generation(uint32_t fresh_generation) {
  if (state() == 0) state_.store(uint64_t{fresh_generation} << 32, std::memory_order_release);
  NACRE_DCHECK((state() & (kLive | kOrphan | kPins)) == 0);
  clear_used();
}

void Frame::become_draft(size_t bytes, uint32_t fresh_generation) {
  set_generation(fresh_generation);
  inline_bytes_ = static_cast<uint32_t>(bytes);
  unpoison_memory(this + 1, bytes);
}

void Frame::become_draft(const Outside& where, uint32_t fresh_generation) {
  set_generation(fresh_generation);
  inline_bytes_ = kOutside;
  unpoison_memory(this + 1, sizeof where);
  new (this + 1) Outside(where);
}

bool Frame::evict() {
  uint64_t seen = state();
  sync::yield_point();
  return evictable(seen) && state_.compare_exchange_strong(seen, uint64_t{generation_of(seen) + 1} << 32,
                                                           std::memory_order_acq_rel, std::memory_order_relaxed);
}

bool Frame::kill(uint32_t generation) {
  uint64_t seen = state();
  while (generation_of(seen) == generation && (seen & kLive) != 0) {
    sync::yield_point();
    const uint64_t dead = (uint64_t{generation + 1} << 32) | (seen & kPins);
    if (state_.compare_exchange_weak(seen, dead, std::memory_order_acq_rel, std::memory_order_acquire)) return true;
  }
  return false;
}

bool Frame::leave_limbo() {
  uint64_t seen = state();
  for (;;) {
    NACRE_DCHECK((seen & (kLive | kOrphan)) == 0);
    if (pins_of(seen) == 0) return true;
    sync::yield_point();
    if (state_.compare_exchange_weak(seen, seen | kOrphan, std::memory_order_acq_rel, std::memory_order_acquire)) {
      return false;
    }
  }
}

}  // namespace nacre::cache
