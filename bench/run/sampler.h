// Sampler: a thread that looks ten times a second how far a workload is: for the timeline, the memory peak, and the progress
// line. Costs a few hundredths of a percent of a core.
//
// Thread safety: construction, stop() and what follows from one thread.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <string>
#include <thread>
#include <vector>

namespace bench {

// Whole steps only: the last one, which is cut short, says nothing.
struct Timeline {
  double step = 0.1;           // seconds
  std::vector<uint64_t> done;  // in each step
};

class Sampler {
 public:
  // `done` is asked from the sampler's thread; `total` is what it ends with, `title` begins the line.
  Sampler(std::string title, uint64_t total, std::function<uint64_t()> done);
  ~Sampler();
  Sampler(const Sampler&) = delete;
  Sampler& operator=(const Sampler&) = delete;

  void stop();
  const Timeline& timeline() const { return timeline_; }
  uint64_t anonymous_peak() const { return anonymous_peak_; }

 private:
  void run();
  void add_step(uint64_t done);

  const std::string title_;
  const uint64_t total_;
  const std::function<uint64_t()> done_;
  Timeline timeline_;
  uint64_t merged_ = 1;   // steps of 100 ms in one of the timeline
  uint64_t pending_ = 0;  // of them, since the last whole one
  uint64_t last_done_ = 0;
  uint64_t anonymous_peak_ = 0;
  std::atomic<bool> stop_{false};
  std::thread thread_;
};

}  // namespace bench
