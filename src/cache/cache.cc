#include "cache/cache.h"

#include <algorithm>

#include "base/assert.h"

namespace nacre::cache {
namespace {

constexpr size_t kDeadPerBatch = 64;       // dropped frames that share one epoch
constexpr uint32_t kRoomStepsPerMiss = 4;  // chunks emptied ahead of need, in one call
constexpr uint32_t kMissesPerHope = 64;    // between two searches of the whole cache, while all of it is pinned
constexpr uint32_t kTurnsForLimbo = 128;   // two or three milliseconds
constexpr uint32_t kNoLimit = ~uint32_t{0};
constexpr uint64_t kTransientShare = 2;  // what needs more than this part of the capacity is not kept

}  // namespace

void PinnedFrame::unpin(const Frame* frame) {
  sync::yield_point();
  if (frame->unpin()) FramePool::owner_of(frame)->free_orphan(frame);
}

Cache::Section::Section(Cache& cache) NACRE_NO_THREAD_ANALYSIS : cache_(cache) { cache_.mutex_.lock(); }

Cache::Section::~Section() NACRE_NO_THREAD_ANALYSIS {
  const FramePool::Discards discards = cache_.pool_.take_discards();
  cache_.mutex_.unlock();
  if (discards.empty()) return;
  FramePool::give_back(discards);
  sync::MutexLock lock(cache_.mutex_);
  cache_.pool_.finish(discards);
}

Cache::Cache(base::MemoryAccount& account, sync::EpochDomain& domain, uint32_t last_generation)
    : account_(account), domain_(domain), pool_(account, this, last_generation), clock_(pool_) {}

Cache::~Cache() {
  Section section(*this);
  close_limbo();
  for (const Limbo& batch : limbo_) {  // nobody reads any more, whatever the epochs say
    for (Frame* frame : batch.frames) {
      NACRE_CHECK(frame->leave_limbo());  // otherwise it is still pinned
      pool_.leave_limbo(frame, true);
    }
  }
  limbo_.clear();
}

uint64_t Cache::capacity_bytes() const {
  constexpr uint64_t kFloorShare = 16;
  // Others that charge kCache, such as the row cache, are others as well.
  const uint64_t left = account_.left_for_cache();
  const uint64_t in_part = account_.held(base::MemoryPart::kCache);
  const uint64_t others = in_part - std::min(in_part, pool_.held_bytes());
  return std::max(left - std::min(left, others), account_.ceiling_bytes() / kFloorShare);
}

// How much is held while all goes well: a chunk below the capacity, for a class that has no frame at all.
uint64_t Cache::comfort_bytes(uint64_t capacity) const {
  return capacity - std::min(pool_.chunk_bytes(FramePool::kHeaderClass + 1), capacity / 2);
}

// How much may be held before a miss rather waits a little than to take more.
uint64_t Cache::tolerated_bytes(uint64_t capacity) { return capacity + capacity / 16; }

// --- Hits ---

PinnedFrame Cache::find_pinned(const Slot& slot) const {
  sync::EpochDomain::Guard guard(domain_);
  const Frame* const frame = find(slot);
  return frame != nullptr ? PinnedFrame::pin(frame) : PinnedFrame();
}

// --- Misses ---

FramePool::Taken Cache::take(uint32_t size_class) {
  for (Effort effort = Effort::kNone;;) {
    FramePool::Chunk* fresh = nullptr;
    FramePool::Taken taken;
    bool asks = false;
    {
      Section section(*this);
      taken = take_or_grow(size_class, &effort, &fresh);
      if (taken.frame != nullptr) {
        counts_.drafts++;
        keep_reserve(size_class);
        asks = asks_for_growth_ && growing_class_.load(std::memory_order_relaxed) == FramePool::kHeaderClass &&
               should_grow(size_class);
        if (asks) growing_class_.store(size_class, std::memory_order_relaxed);
      }
    }
    if (asks) asks_for_growth_();
    if (taken.frame != nullptr) return taken;
    if (fresh != nullptr) {
      pool_.prepare(*fresh);
      Section section(*this);
      pool_.install(*fresh);
    } else if (effort == Effort::kAwaitLimbo) {
      await_limbo(size_class, pool_.chunk_bytes(size_class));
    }
  }
}

// Whether a class that has filled chunks before will soon need one more, and may have it without anything being evicted.
bool Cache::should_grow(uint32_t size_class) const {
  if (size_class == FramePool::kHeaderClass || pool_.active(size_class).size() < 2) return false;
  return pool_.free(size_class) < pool_.active(size_class).back()->frames &&
         fits(2 * pool_.chunk_bytes(size_class), comfort_bytes(capacity_bytes()));
}

void Cache::grow_ahead() {
  const uint32_t size_class = growing_class_.load(std::memory_order_relaxed);
  if (size_class == FramePool::kHeaderClass) return;
  FramePool::Chunk* fresh = nullptr;
  {
    Section section(*this);
    if (should_grow(size_class)) fresh = pool_.reserve_chunk(size_class);
  }
  if (fresh != nullptr) {
    pool_.prepare(*fresh);
    FramePool::touch(*fresh);
    Section section(*this);
    pool_.install(*fresh);
  }
  growing_class_.store(FramePool::kHeaderClass, std::memory_order_relaxed);
}

// A frame; or a chunk to prepare and install before trying again; or neither, when another effort must be made first.
FramePool::Taken Cache::take_or_grow(uint32_t size_class, Effort* effort, FramePool::Chunk** fresh) {
  FramePool::Taken taken = pool_.take(size_class);
  if (taken.frame != nullptr) return taken;
  collect_limbo();
  taken = pool_.take(size_class);
  if (taken.frame != nullptr) return taken;

  const uint64_t capacity = capacity_bytes();
  const uint64_t chunk_bytes = pool_.chunk_bytes(size_class);
  if (!fits(chunk_bytes, comfort_bytes(capacity))) {
    if (pool_.limbo(size_class) > 0) pool_.stretch_reserve(size_class);
    // While a stalled reader keeps limbo full, evict no more than is asked for.
    const uint32_t wanted = pool_.limbo(size_class) < pool_.reserve(size_class) ? pool_.batch(size_class) : 1;
    clock_.sweep(size_class, wanted, false, dying_);
    if (dying_.empty() && hopeless_misses_ == 0) clock_.sweep(size_class, wanted, true, dying_);
    collect_limbo();
    taken = pool_.take(size_class);
    if (taken.frame != nullptr) return taken;
    if (!fits(chunk_bytes, capacity)) {
      if (*effort == Effort::kNone) {
        *effort = Effort::kMakeRoom;
        make_room(capacity - std::min(capacity, chunk_bytes), kNoLimit);
        collect_limbo();
        return {};
      }
      if (*effort == Effort::kMakeRoom && !fits(chunk_bytes, tolerated_bytes(capacity))) {
        *effort = Effort::kAwaitLimbo;
        return {};
      }
      counts_.over_capacity++;
      owes_memory_.store(true, std::memory_order_relaxed);
    }
  }
  *fresh = pool_.reserve_chunk(size_class);
  return {};
}

// Waits a little for readers that hold limbo back. They hold guards for a microsecond, unless they lost their core to us:
// then yielding is what helps. The caller may be such a reader itself, hence only a little, and once per 2 MiB.
void Cache::await_limbo(uint32_t size_class, uint64_t bytes) {
  for (uint32_t turn = 0; turn < kTurnsForLimbo; turn++) {
    {
      Section section(*this);
      if (impatient_bytes_ >= bytes) {
        impatient_bytes_ -= bytes;
        return;
      }
      collect_limbo();
      if (limbo_.empty() || fits(bytes, tolerated_bytes(capacity_bytes()))) return;
      if (size_class != FramePool::kHeaderClass && pool_.free(size_class) > 0) return;
    }
    sync::spin_turn(turn);
  }
  sync::MutexLock lock(mutex_);
  impatient_bytes_ = FramePool::kRegionBytes;
}

// Evicts ahead of need, so that the next misses find frames that no guard holds back.
void Cache::keep_reserve(uint32_t size_class) {
  const uint64_t capacity = capacity_bytes();
  const uint64_t comfort = comfort_bytes(capacity);
  if (!fits(pool_.chunk_bytes(size_class), comfort)) {
    const uint32_t batch = pool_.batch(size_class);
    if (pool_.free(size_class) < batch) collect_limbo();
    const bool is_low = pool_.free(size_class) + pool_.limbo(size_class) < pool_.reserve(size_class);
    if (is_low) clock_.sweep(size_class, batch, false, dying_);
  }
  if (hopeless_misses_ > 0) {
    hopeless_misses_--;
  } else if (!make_room(capacity, kNoLimit) || !make_room(comfort, kRoomStepsPerMiss)) {
    hopeless_misses_ = kMissesPerHope;
  }
  close_limbo();
}

// False if too much would be held even after limbo, and all that is held is pinned or being drafted.
bool Cache::make_room(uint64_t target_bytes, uint32_t steps_max) {
  bool thorough = false;
  for (uint32_t steps = 0; steps < steps_max && pool_.expected_bytes() > target_bytes; steps++) {
    if (clock_.make_room(pool_.expected_bytes() - target_bytes, thorough, dying_) > 0) continue;
    if (thorough) return false;
    thorough = true;
  }
  return true;
}

Cache::Draft Cache::allocate(size_t bytes) {
  const uint32_t size_class = pool_.class_for(bytes);
  const FramePool::Taken taken = take(size_class);
  if (size_class != FramePool::kHeaderClass) {
    taken.frame->become_draft(bytes, taken.fresh_generation);
    return {this, taken.frame, false};
  }
  const uint64_t mapped_bytes = FramePool::mapped_bytes_for(bytes);
  const uint64_t capacity = capacity_bytes();
  const bool transient = mapped_bytes > capacity / kTransientShare;
  {
    Section section(*this);
    if (!transient) make_room(comfort_bytes(capacity) - std::min(comfort_bytes(capacity), mapped_bytes), kNoLimit);
    collect_limbo();
  }
  if (!transient && !fits(mapped_bytes, tolerated_bytes(capacity))) await_limbo(size_class, mapped_bytes);
  {
    Section section(*this);
    if (!fits(mapped_bytes, capacity)) {
      counts_.over_capacity++;
      owes_memory_.store(true, std::memory_order_relaxed);
    }
    pool_.hold_outside(mapped_bytes);
  }
  taken.frame->become_draft(FramePool::map_outside(bytes), taken.fresh_generation);
  return {this, taken.frame, transient};
}

void Cache::discard(Frame* draft) {
  Section section(*this);
  pool_.give(draft);
}

PinnedFrame Cache::publish(Draft&& draft, Slot& slot) {
  Frame* const frame = std::exchange(draft.frame_, nullptr);
  NACRE_CHECK(frame != nullptr && draft.cache_ == this);
  frame->become_live();
  const uint32_t generation = Frame::generation_of(frame->state());
  const uint64_t word = make_slot_word(frame, generation);
  PinnedFrame others;
  {
    sync::EpochDomain::Guard guard(domain_);
    uint64_t seen = slot.word.load(std::memory_order_acquire);
    do {
      sync::yield_point();
      if (const Frame* other = frame_if_live(seen); other != nullptr) {
        other->touch();
        others = PinnedFrame::pin(other);
        break;
      }
    } while (!slot.word.compare_exchange_weak(seen, word, std::memory_order_acq_rel, std::memory_order_acquire));
  }
  if (others) {
    frame->take_back();
    discard(frame);
    return others;
  }
  insertions_.fetch_add(1, std::memory_order_relaxed);
  if (draft.transient_ && frame->kill(generation)) {
    Section section(*this);
    pool_.enter_limbo(frame);
    dying_.push_back(frame);
    close_limbo();
  }
  return PinnedFrame(frame);
}

// --- Death ---

void Cache::drop(Slot& slot) {
  const uint64_t word = slot.word.exchange(0, std::memory_order_acq_rel);
  if (word == 0) return;
  Frame* const frame = frame_of(word);
  if (!frame->kill(generation_of(word))) return;
  sync::yield_point();
  Section section(*this);
  pool_.enter_limbo(frame);
  dying_.push_back(frame);
  counts_.drops++;
  if (dying_.size() >= kDeadPerBatch || frame->is_outside()) collect_limbo();
}

void Cache::shrink() {
  if (pool_.held_bytes() <= capacity_bytes()) return;
  Section section(*this);
  make_room(comfort_bytes(capacity_bytes()), kNoLimit);
  collect_limbo();
}

// Other readers' guards may still hold limbo: then the next one tries again.
void Cache::pay_back() {
  owes_memory_.store(false, std::memory_order_relaxed);
  shrink();
  if (pool_.held_bytes() > capacity_bytes()) owes_memory_.store(true, std::memory_order_relaxed);
}

void Cache::close_limbo() {
  if (dying_.empty()) return;
  sync::yield_point();
  limbo_.push_back({domain_.advance(), std::exchange(dying_, {})});
}

void Cache::collect_limbo() {
  close_limbo();
  while (!limbo_.empty() && domain_.passed(limbo_.front().epoch)) {
    for (Frame* frame : limbo_.front().frames) pool_.leave_limbo(frame, frame->leave_limbo());
    limbo_.pop_front();
  }
}

void Cache::free_orphan(const Frame* frame) {
  if (generation_ != os::process_generation()) return;  // a forked child: the mutex may be held for ever
  auto* const mine = const_cast<Frame*>(frame);
  mine->forget_orphan();
  Section section(*this);
  pool_.give(mine);
}

uint64_t Cache::pinned_frames() const {
  sync::MutexLock lock(mutex_);
  uint64_t pinned = 0;
  for (const FramePool::Chunk* chunk : pool_.active()) {
    for (uint32_t i = 0; i < chunk->frames; i++) {
      if (!chunk->is_free(i) && Frame::pins_of(chunk->frame(i)->state()) != 0) pinned++;
    }
  }
  return pinned;
}

CacheStats Cache::stats() const {
  sync::MutexLock lock(mutex_);
  CacheStats stats = counts_;
  stats.capacity_bytes = capacity_bytes();
  stats.held_bytes = pool_.held_bytes();
  stats.frames = pool_.frames_in_use();
  stats.limbo_frames = pool_.frames_in_limbo();
  stats.evictions = clock_.evictions();
  stats.chunks_moved = clock_.chunks_moved();
  stats.insertions = insertions_.load(std::memory_order_relaxed);
  stats.made_ahead = made_ahead_.load(std::memory_order_relaxed);
  return stats;
}

}  // namespace nacre::cache
