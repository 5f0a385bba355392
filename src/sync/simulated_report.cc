#ifdef NACRE_SIM

// What the scheduler says in words, and how a schedule is drawn from a seed.
#include <algorithm>
#include <cinttypes>
#include <cstdio>

#include "sync/simulated_fiber.h"
#include "sync/simulated_scheduler.h"

namespace nacre::sync {
inline namespace simulated {

const char* to_string(Point point) {
  static constexpr const char* kNames[] = {"yield", "spin", "lock",  "unlock", "wait", "notify",
                                           "start", "join", "sleep", "io",     "end"};
  return kNames[static_cast<size_t>(point)];
}

const char* to_string(Ending ending) {
  static constexpr const char* kNames[] = {"done", "deadlock", "step limit", "time limit", "threads left", "failed"};
  return kNames[static_cast<size_t>(ending)];
}

Schedule Schedule::from_seed(uint64_t seed) {
  base::Prng prng(seed ^ 0x5c4ed01eULL);
  Schedule schedule;
  schedule.seed = seed;
  const uint64_t kind = prng.below(8);
  schedule.strategy = kind < 4 ? Strategy::kRandom : kind < 7 ? Strategy::kPct : Strategy::kStarveOne;
  static constexpr uint32_t kSwitch[] = {1, 2, 8, 32};
  schedule.switch_one_in = kSwitch[prng.below(4)];
  schedule.pct_depth = 1 + static_cast<uint32_t>(prng.below(5));
  schedule.pct_steps = uint64_t{256} << prng.below(9);
  static constexpr uint32_t kSpurious[] = {0, 256, 64, 8};
  schedule.spurious_wake_one_in = kSpurious[prng.below(4)];
  static constexpr uint32_t kJump[] = {0, 0, 1024, 64};
  schedule.time_jump_one_in = kJump[prng.below(4)];
  static constexpr uint64_t kStep[] = {20, 100, 1000};
  schedule.step_ns = kStep[prng.below(3)];
  const uint64_t stalls = prng.below(4);
  if (stalls == 1) schedule.stall_one_in = prng.one_in(2) ? 100 : 1000;
  if (stalls >= 2) {
    schedule.stall_place = 1 + static_cast<uint32_t>(prng.below(uint64_t{16} << prng.below(5)));  // often an early one
    schedule.stall_place_one_in = 1 + static_cast<uint32_t>(prng.below(8));
  }
  schedule.stall_ns = prng.one_in(2) ? 1'000'000 : 20'000'000;
  return schedule;
}

std::string Schedule::to_string() const {
  char line[200];
  static constexpr const char* kNames[] = {"random", "pct", "starve-one"};
  std::snprintf(line, sizeof line,
                "%s switch 1/%u depth %u over %" PRIu64 " spurious 1/%u jumps 1/%u step %" PRIu64
                " ns stalls 1/%u, 1/%u at place %u",
                kNames[static_cast<size_t>(strategy)], switch_one_in, pct_depth, pct_steps, spurious_wake_one_in,
                time_jump_one_in, step_ns, stall_one_in, stall_place_one_in, stall_place);
  return line;
}

std::string Scheduler::describe() const {
  std::string text;
  const auto add = [&text](const Fiber* fiber, const char* state) {
    text += "  thread " + std::to_string(fiber->number) + " \"" + fiber->name + "\" " + state;
    if (fiber->state == Fiber::State::kBlocked) {
      text += std::string(" at ") + to_string(fiber->point);
      if (fiber->holder != nullptr && *fiber->holder != nullptr) {
        text += ", for thread " + std::to_string((*fiber->holder)->number) + " \"" + (*fiber->holder)->name + "\"";
      }
      if (fiber->deadline_ns != kForeverNs) text += ", until " + std::to_string(fiber->deadline_ns) + " ns";
    }
    text += "\n";
  };
  if (current_->state == Fiber::State::kRunning) add(current_, "runs");
  for (const Fiber* fiber : ready_) add(fiber, "is ready");
  for (const Fiber* fiber : blocked_) add(fiber, "waits");
  text += "  at step " + std::to_string(steps_) + ", " + std::to_string(now_ns_) + " ns; last decisions:\n";
  for (uint64_t i = recent_count_ - std::min<uint64_t>(recent_count_, kRemembered); i < recent_count_; ++i) {
    const Decision& d = recent_[i % kRemembered];
    char line[96];
    std::snprintf(line, sizeof line, "    step %" PRIu64 " %" PRIu64 " ns: %u -> %u at %s\n", d.step, d.now_ns, d.from,
                  d.to, to_string(d.point));
    text += line;
  }
  return text;
}

}  // namespace simulated
}  // namespace nacre::sync

#endif  // NACRE_SIM
