#include "sync/epoch.h"

#include <algorithm>
#include <utility>
#include <vector>

namespace nacre::sync {

EpochDomain::~EpochDomain() {
  const auto is_idle = [](const Slot& slot) { return slot.entered.load(std::memory_order_acquire) == 0; };
  NACRE_CHECK(std::all_of(first_chunk_.begin(), first_chunk_.end(), is_idle));
  for (;;) {  // what runs may retire more
    std::deque<Retired> batch;
    {
      MutexLock lock(mutex_);
      batch.swap(retired_);
      since_collect_ = 0;
    }
    if (batch.empty()) break;
    for (Retired& each : batch) each.free();
  }
  for (uint32_t chunk = 0; chunk < kLaterChunks; ++chunk) {
    Slot* slots = later_chunks_[chunk].load(std::memory_order_acquire);
    if (slots == nullptr) continue;
    NACRE_CHECK(std::all_of(slots, slots + chunk_slots(chunk), is_idle));
    delete[] slots;
  }
}

EpochDomain::Slot& EpochDomain::slot_in_later_chunk(uint32_t index) {
  const uint32_t chunk = static_cast<uint32_t>(std::bit_width(index / kFirstChunkSlots)) - 1;
  NACRE_CHECK(chunk < kLaterChunks);
  std::atomic<Slot*>& place = later_chunks_[chunk];
  Slot* slots = place.load(std::memory_order_acquire);
  if (slots == nullptr) {
    auto* fresh = new Slot[chunk_slots(chunk)];
    // Sequentially consistent, so that a look that misses the chunk comes before every entry into it.
    if (place.compare_exchange_strong(slots, fresh, std::memory_order_seq_cst)) {
      slots = fresh;
    } else {
      delete[] fresh;
    }
  }
  return slots[index - chunk_slots(chunk)];
}

uint64_t EpochDomain::advance() { return epoch_.fetch_add(1, std::memory_order_seq_cst); }

uint64_t EpochDomain::oldest_active() const {
  // The epoch is read before the slots: a guard that enters meanwhile shows at least this one, or cannot find anything
  // tagged below it.
  uint64_t oldest = epoch_.load(std::memory_order_seq_cst);
  std::atomic_thread_fence(std::memory_order_seq_cst);
  const auto look = [&oldest](const Slot& slot) {
    const uint64_t entered = slot.entered.load(std::memory_order_seq_cst);
    if (entered != 0) oldest = std::min(oldest, entered);
  };
  for (const Slot& slot : first_chunk_) look(slot);
  yield_point();
  for (uint32_t chunk = 0; chunk < kLaterChunks; ++chunk) {
    const Slot* slots = later_chunks_[chunk].load(std::memory_order_seq_cst);
    if (slots != nullptr) std::for_each(slots, slots + chunk_slots(chunk), look);
  }
  return oldest;
}

bool EpochDomain::passed(uint64_t epoch) const {
  uint64_t known = passed_below_.load(std::memory_order_acquire);
  if (epoch < known) return true;
  yield_point();
  const uint64_t oldest = oldest_active();
  while (known < oldest && !passed_below_.compare_exchange_weak(known, oldest, std::memory_order_acq_rel)) {
  }
  return epoch < oldest;
}

void EpochDomain::retire(std::function<void()> free) {
  bool collect_now = false;
  {
    MutexLock lock(mutex_);
    std::atomic_thread_fence(std::memory_order_seq_cst);  // the tag is read after the unlinking (invariant 1)
    retired_.push_back({epoch_.load(std::memory_order_seq_cst), std::move(free)});
    if (++since_collect_ >= kCollectEvery) {
      since_collect_ = 0;
      collect_now = true;
    }
  }
  yield_point();
  if (collect_now) collect();
}

void EpochDomain::collect() {
  const uint64_t before = advance();
  passed(before);  // brings passed_below_ up to date
  const uint64_t below = passed_below_.load(std::memory_order_acquire);
  std::vector<Retired> ready;
  {
    MutexLock lock(mutex_);
    while (!retired_.empty() && retired_.front().epoch < below) {
      ready.push_back(std::move(retired_.front()));
      retired_.pop_front();
    }
  }
  for (Retired& each : ready) each.free();
}

size_t EpochDomain::pending() const {
  MutexLock lock(mutex_);
  return retired_.size();
}

}  // namespace nacre::sync
