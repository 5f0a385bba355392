#include "bench/run/sampler.h"

#include <algorithm>
#include <chrono>

#include "bench/measure/memory.h"
#include "bench/run/progress.h"

namespace bench {

namespace {

constexpr auto kTick = std::chrono::milliseconds(100);
constexpr size_t kMostSteps = 400;  // then two become one

}  // namespace

Sampler::Sampler(std::string title, uint64_t total, std::function<uint64_t()> done)
    : title_(std::move(title)), total_(total), done_(std::move(done)), thread_([this] { run(); }) {}

Sampler::~Sampler() { stop(); }

void Sampler::stop() {
  stop_ = true;
  if (thread_.joinable()) thread_.join();
}

void Sampler::run() {
  Progress progress(title_, total_);
  auto next = std::chrono::steady_clock::now() + kTick;
  while (!stop_) {
    std::this_thread::sleep_until(std::min(next, std::chrono::steady_clock::now() + kTick / 5));
    if (std::chrono::steady_clock::now() < next) continue;
    next += kTick;
    const uint64_t done = done_();
    add_step(done);
    anonymous_peak_ = std::max(anonymous_peak_, memory_now().anonymous);
    progress.update(done);
  }
  anonymous_peak_ = std::max(anonymous_peak_, memory_now().anonymous);
}

void Sampler::add_step(uint64_t done) {
  if (done >= total_ && done == last_done_) return;  // what comes now is settling
  if (++pending_ < merged_) return;
  pending_ = 0;
  timeline_.done.push_back(done - last_done_);
  last_done_ = done;
  if (timeline_.done.size() < kMostSteps) return;
  for (size_t i = 0; i < kMostSteps / 2; i++) timeline_.done[i] = timeline_.done[2 * i] + timeline_.done[2 * i + 1];
  timeline_.done.resize(kMostSteps / 2);
  merged_ *= 2;
  timeline_.step *= 2;
}

}  // namespace bench
