#include "bench/run/worker.h"

#include <chrono>
#include <thread>

#include "bench/measure/ticks.h"
#include "bench/run/hand.h"

namespace bench {

namespace {

uint64_t stall_ns(const Settings& settings) { return static_cast<uint64_t>(settings.stall_ms * 1e6); }

// When the operations of a worker with a rate are due.
class Pace {
 public:
  Pace(double per_second, uint64_t begin)
      : step_(per_second > 0 ? 1e9 / per_second / ns_per_tick() : 0), begin_(begin) {}
  bool set() const { return step_ > 0; }
  // Waits until the next operation is due; returns when that was.
  uint64_t wait() {
    constexpr double kSleepNs = 200'000;  // less is spun away: a sleep takes 60 us more than it is asked for
    const auto due = begin_ + static_cast<uint64_t>(step_ * static_cast<double>(count_++));
    for (uint64_t now = ticks(); now < due;
         now = ticks()) {  // read once: what is left must not fall below zero, or it is centuries
      const double left_ns = static_cast<double>(due - now) * ns_per_tick();
      if (left_ns > kSleepNs)
        std::this_thread::sleep_for(std::chrono::nanoseconds(static_cast<int64_t>(left_ns - kSleepNs)));
    }
    return due;
  }

 private:
  const double step_;  // ticks
  const uint64_t begin_;
  uint64_t count_ = 0;
};

}  // namespace

void Tally::add(const Tally& other) {
  operations += other.operations;
  entries += other.entries;
  found += other.found;
  expected += other.expected;
  user_written += other.user_written;
  user_read += other.user_read;
  last_tick = std::max(last_tick, other.last_tick);
  latencies.add(other.latencies);
}

Worker::Worker(const Stage& stage, const Crew& crew, const Scope& scope)
    : stage_(stage), crew_(crew), scope_(scope), tally_(stall_ns(stage.settings)) {}

Worker::~Worker() = default;

void Worker::run(std::latch& ready, std::latch& start, const std::atomic<bool>& stop) {
  const std::unique_ptr<Source> source = crew_.source(scope_);
  const double scale = ns_per_tick();
  const bool timed = stage_.settings.latency;
  Operation operation;
  Hand hand(stage_, tally_);
  hand.open(crew_.durability.value_or(stage_.settings.durability));
  ready.count_down();
  start.wait();
  Pace pace(crew_.timed_by_rate ? static_cast<double>(stage_.settings.write_rate) : 0, ticks());
  for (uint64_t i = 0; scope_.operations == 0 || i < scope_.operations; i++) {
    if (scope_.operations == 0 && i > 0 && stop.load(std::memory_order_relaxed)) break;  // one, however short the run
    source->next(operation);
    hand.prepare(operation);
    if (timed) {
      const uint64_t begin = pace.set() ? pace.wait() : ticks();
      hand.act(operation);
      tally_.latencies.record(static_cast<uint64_t>(static_cast<double>(ticks() - begin) * scale));
    } else {
      if (pace.set()) pace.wait();
      hand.act(operation);
    }
    hand.check(operation);
    done_.store(stage_.counts_entries ? tally_.entries : tally_.operations, std::memory_order_relaxed);
  }
  tally_.last_tick = ticks();
}

double Worker::harness_ns() const {
  constexpr uint64_t kMost = 10'000;
  const uint64_t times = scope_.operations == 0 ? 100 : std::min(kMost, scope_.operations);
  const std::unique_ptr<Source> source = crew_.source(scope_);
  Tally unused(stall_ns(stage_.settings));
  Hand hand(stage_, unused);
  Operation operation;
  const uint64_t begin = ticks();
  for (uint64_t i = 0; i < times; i++) {
    source->next(operation);
    hand.prepare(operation);
  }
  return static_cast<double>(ticks() - begin) * ns_per_tick() / static_cast<double>(times);
}

}  // namespace bench
