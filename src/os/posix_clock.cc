#include <time.h>

#include <cerrno>

#include "os/posix.h"

namespace nacre::os {

namespace {

constexpr uint64_t kNsPerSecond = 1'000'000'000;

uint64_t read_clock(clockid_t id) {
  timespec time;
  ::clock_gettime(id, &time);
  return static_cast<uint64_t>(time.tv_sec) * kNsPerSecond + static_cast<uint64_t>(time.tv_nsec);
}

class PosixClock final : public Clock {
 public:
  uint64_t now_ns() override { return read_clock(CLOCK_MONOTONIC); }
  // The time of the last timer tick: the same scale as now_ns(), up to 10 ms behind it.
  uint64_t coarse_now_ns() override { return read_clock(CLOCK_MONOTONIC_COARSE); }
  uint64_t wall_ns() override { return read_clock(CLOCK_REALTIME); }
  void sleep_ns(uint64_t duration_ns) override {
    // Until a point in time, so that signals do not make it longer.
    const uint64_t until = now_ns() + duration_ns;
    const timespec time{static_cast<time_t>(until / kNsPerSecond), static_cast<long>(until % kNsPerSecond)};
    while (::clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &time, nullptr) == EINTR) {
    }
  }
};

}  // namespace

std::shared_ptr<Clock> posix_clock() {
  static const auto* instance = new std::shared_ptr<Clock>(std::make_shared<PosixClock>());
  return *instance;
}

}  // namespace nacre::os
