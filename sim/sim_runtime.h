// The rest of a simulated Runtime: clock, executor, event sink.
//
// Thread safety: as the interfaces of nacre/runtime.h say, on simulated threads.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <vector>

#include "base/prng.h"
#include "nacre/runtime.h"
#include "sync/sync.h"

namespace nacre::sim {

// The virtual time of the scheduler. The wall clock runs beside it and may jump.
class SimClock final : public Clock {
 public:
  // `wall_jump_one_in`: calls of wall_ns that find it moved by up to an hour; 0 never. A seed's clock moves to either side, or
  // only forward, or only back: so whoever waits by it goes too early, or waits for what moves away from it.
  SimClock(uint64_t seed, uint32_t wall_jump_one_in)
      : prng_(seed), wall_jump_one_in_(wall_jump_one_in), wall_moves_(static_cast<WallMoves>(prng_.below(3))) {}
  uint64_t now_ns() override;         // each call takes 35 ns, so a loop that only asks the time ends
  uint64_t coarse_now_ns() override;  // in steps of 4 ms
  uint64_t wall_ns() override;
  void sleep_ns(uint64_t duration_ns) override;
  void jump_wall(int64_t by_ns) { wall_offset_ns_ += by_ns; }

 private:
  enum class WallMoves : uint8_t { kBoth, kForward, kBack };

  base::Prng prng_;
  const uint32_t wall_jump_one_in_;
  const WallMoves wall_moves_;
  int64_t wall_offset_ns_ = 0;
};

// A pool of simulated threads. Urgent jobs mostly go first; now and then any waiting job does, since nothing may
// depend on it. Destruction finishes every job that was submitted, and those that these submit; not to be destroyed
// from a job.
class SimExecutor final : public Executor {
 public:
  SimExecutor(uint64_t seed, uint32_t threads);
  ~SimExecutor() override;
  void submit(Urgency urgency, std::function<void()> job) override;
  uint32_t threads() const override { return static_cast<uint32_t>(workers_.size()); }
  void set_urgency(Urgency urgency) override;

 private:
  static constexpr size_t kUrgencies = 3;

  void work();
  std::function<void()> take() NACRE_REQUIRES(mutex_);

  sync::Mutex mutex_;
  sync::CondVar changed_;
  std::array<std::deque<std::function<void()>>, kUrgencies> queues_ NACRE_GUARDED_BY(mutex_);
  size_t waiting_ NACRE_GUARDED_BY(mutex_) = 0;
  bool stopping_ NACRE_GUARDED_BY(mutex_) = false;
  base::Prng prng_ NACRE_GUARDED_BY(mutex_);
  std::vector<sync::Thread> workers_;
};

// Keeps what was reported, without the borrowed text.
class SimEventSink final : public EventSink {
 public:
  struct Kept {
    EventKind kind = EventKind::kOpened;
    uint64_t now_ns = 0;
    FileKind file_kind = FileKind::kNone;
    uint64_t file_number = 0;
    uint64_t bytes_in = 0;
    uint64_t bytes_out = 0;
    uint64_t entries = 0;
    uint64_t duration_ns = 0;
    Error error;
  };

  void on_event(const Event& event) override;
  const std::vector<Kept>& events() const { return events_; }
  uint64_t count(EventKind kind) const;
  void forget() { events_.clear(); }

 private:
  std::vector<Kept> events_;
};

}  // namespace nacre::sim
