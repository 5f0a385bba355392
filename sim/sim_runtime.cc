#include "sim/sim_runtime.h"

#include <algorithm>

#include "base/checksum.h"
#include "sync/simulated_scheduler.h"

namespace nacre::sim {

using sync::Scheduler;

namespace {
constexpr uint64_t kNowCostNs = 35;
constexpr uint64_t kCoarseNs = 4'000'000;
constexpr uint64_t kWallStartNs = 1'750'000'000'000'000'000;
constexpr int64_t kHourNs = 3600LL * 1'000'000'000;
}  // namespace

uint64_t SimClock::now_ns() {
  Scheduler::instance().advance_ns(kNowCostNs);
  return Scheduler::instance().now_ns();
}

uint64_t SimClock::coarse_now_ns() { return Scheduler::instance().now_ns() / kCoarseNs * kCoarseNs; }

uint64_t SimClock::wall_ns() {
  if (wall_jump_one_in_ != 0 && prng_.one_in(wall_jump_one_in_)) {
    const auto by_ns = static_cast<int64_t>(prng_.below(kHourNs));
    const bool back = wall_moves_ == WallMoves::kBack || (wall_moves_ == WallMoves::kBoth && prng_.one_in(2));
    wall_offset_ns_ += back ? -by_ns : by_ns;
  }
  return kWallStartNs + Scheduler::instance().now_ns() + static_cast<uint64_t>(wall_offset_ns_);
}

void SimClock::sleep_ns(uint64_t duration_ns) { Scheduler::instance().sleep_ns(duration_ns); }

SimExecutor::SimExecutor(uint64_t seed, uint32_t threads) : prng_(seed) {
  for (uint32_t i = 0; i < threads; ++i) workers_.emplace_back("executor-" + std::to_string(i), [this] { work(); });
}

SimExecutor::~SimExecutor() {
  {
    sync::MutexLock lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  for (sync::Thread& worker : workers_) worker.join();
}

void SimExecutor::submit(Urgency urgency, std::function<void()> job) {
  {
    sync::MutexLock lock(mutex_);
    queues_[static_cast<size_t>(urgency)].push_back(std::move(job));
    ++waiting_;
  }
  changed_.notify_one();
}

std::function<void()> SimExecutor::take() {
  --waiting_;
  size_t position = prng_.one_in(8) ? prng_.below(waiting_ + 1) : 0;
  for (size_t urgency = kUrgencies; urgency-- > 0;) {
    auto& queue = queues_[urgency];
    if (position >= queue.size()) {
      position -= queue.size();
      continue;
    }
    std::function<void()> job = std::move(queue[position]);
    queue.erase(queue.begin() + static_cast<std::ptrdiff_t>(position));
    return job;
  }
  __builtin_unreachable();
}

void SimExecutor::work() {
  for (;;) {
    std::function<void()> job;
    {
      sync::MutexLock lock(mutex_);
      while (waiting_ == 0 && !stopping_) changed_.wait(mutex_);
      if (waiting_ == 0) return;
      job = take();
    }
    job();
  }
}

void SimExecutor::set_urgency(Urgency urgency) { Scheduler::instance().trace(static_cast<uint64_t>(urgency)); }

void SimEventSink::on_event(const Event& event) {
  Scheduler::instance().trace(base::mix64(static_cast<uint64_t>(event.kind), event.entries));
  events_.push_back({.kind = event.kind,
                     .now_ns = Scheduler::instance().now_ns(),
                     .file_kind = event.file_kind,
                     .file_number = event.file_number,
                     .bytes_in = event.bytes_in,
                     .bytes_out = event.bytes_out,
                     .entries = event.entries,
                     .duration_ns = event.duration_ns,
                     .error = event.error});
}

uint64_t SimEventSink::count(EventKind kind) const {
  return static_cast<uint64_t>(
      std::count_if(events_.begin(), events_.end(), [&](const Kept& kept) { return kept.kind == kind; }));
}

}  // namespace nacre::sim
