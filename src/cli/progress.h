// A progress line on a terminal: a bar where the end is known, a count where it is not. Nothing when standard error is
// no terminal. Redrawn ten times a second at most. Thread safety: one thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace nacre::cli {

class Progress {
 public:
  // `total_bytes` 0: unknown.
  Progress(std::string what, uint64_t total_bytes);
  ~Progress();  // ends the line
  void update(uint64_t bytes, uint64_t entries);

 private:
  void draw(uint64_t bytes, uint64_t entries);

  std::string what_;
  uint64_t total_bytes_;
  bool visible_;
  bool drawn_ = false;
  uint64_t calls_ = 0;
  std::chrono::steady_clock::time_point begin_;
  std::chrono::steady_clock::time_point drawn_at_;
};

}  // namespace nacre::cli
