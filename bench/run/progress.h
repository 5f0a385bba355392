// Progress: a line on a terminal that says how far a workload is and how fast; nothing where standard error is no terminal.
//
// Thread safety: one thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace bench {

class Progress {
 public:
  Progress(std::string title, uint64_t total);
  ~Progress();  // clears the line
  void update(uint64_t done);

 private:
  using Clock = std::chrono::steady_clock;

  const std::string title_;
  const uint64_t total_;
  const bool visible_;
  bool drawn_ = false;
  Clock::time_point begin_ = Clock::now();
  Clock::time_point last_ = begin_;
  uint64_t last_done_ = 0;
};

// 1234567 as "1.23 M", within three digits.
std::string in_thousands(double number);
// Of seconds, "12.3 us".
std::string in_time(double seconds);
// Of bytes, "1.5 GiB".
std::string in_bytes(double bytes);

}  // namespace bench
