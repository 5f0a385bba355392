#include "bench/engine/idle.h"

#include <chrono>
#include <thread>

#include "bench/measure/counters.h"

namespace bench {

double wait_until_idle(const std::function<bool()>& busy) {
  using Clock = std::chrono::steady_clock;
  constexpr auto kLook = std::chrono::milliseconds(20);
  constexpr auto kQuiet = std::chrono::milliseconds(200);
  constexpr double kHardlyAny = 0.1;  // of one core
  auto quiet_since = Clock::now();
  while (Clock::now() - quiet_since < kQuiet) {
    const auto began = Clock::now();
    const double used = cpu_seconds();
    std::this_thread::sleep_for(kLook);
    const double passed = std::chrono::duration<double>(Clock::now() - began).count();
    if (busy() || cpu_seconds() - used > kHardlyAny * passed) quiet_since = Clock::now();
  }
  return std::chrono::duration<double>(Clock::now() - quiet_since).count();
}

}  // namespace bench
