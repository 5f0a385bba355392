#include "bench/measure/ticks.h"

#include "bench/measure/latencies.h"

namespace bench {

namespace {

using Clock = std::chrono::steady_clock;

double ns_since(Clock::time_point begin) {
  return std::chrono::duration<double, std::nano>(Clock::now() - begin).count();
}

double calibrated() {
  const auto begin = Clock::now();
  const uint64_t first = ticks();
  while (Clock::now() - begin < std::chrono::milliseconds(20)) {
  }
  const uint64_t passed = ticks() - first;
  return ns_since(begin) / static_cast<double>(passed);
}

}  // namespace

double ns_per_tick() {
  static const double value = calibrated();
  return value;
}

double timing_ns() {
  constexpr int kTimes = 100'000;
  Latencies latencies(1'000'000'000);
  const double scale = ns_per_tick();
  const auto begin = Clock::now();
  for (int i = 0; i < kTimes; i++) {
    const uint64_t first = ticks();
    latencies.record(static_cast<uint64_t>(static_cast<double>(ticks() - first) * scale));
  }
  return ns_since(begin) / kTimes;
}

}  // namespace bench
