#include "memtable/filter.h"

#include <algorithm>
#include <limits>

namespace nacre::memtable {
namespace {

constexpr uint64_t kSmallest = 64;
constexpr uint64_t kFirstStage = uint64_t{64} << 10;

}  // namespace

Filter::Filter(Arena& arena, uint64_t capacity_bytes)
    : arena_(arena),
      bytes_(std::bit_ceil(std::max(capacity_bytes / kCapacityShare, kSmallest))),
      first_is_good_for_(bytes_ <= kFirstStage ? std::numeric_limits<uint64_t>::max() : kFirstStage * kCapacityShare),
      newest_(&first_) {
  const uint64_t first_bytes = std::min(bytes_, kFirstStage);
  first_.use(arena.allocate_alone(first_bytes), first_bytes);
}

Filter::Stage* Filter::add_stage() {
  sync::MutexLock lock(mutex_);
  Stage* newest = newest_.load(std::memory_order_relaxed);
  if (newest != &first_) return newest;  // another thread was faster
  second_.use(arena_.allocate_large(bytes_), bytes_);
  newest_.store(&second_, std::memory_order_release);
  return &second_;
}

}  // namespace nacre::memtable
