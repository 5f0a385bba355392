// Progress: tells a person how far a long command is. On a terminal it is one line that is drawn again ten times a second at most
// and fits the width that the terminal has at that moment; elsewhere, in a log file or a pipe, a plain line every five
// seconds. All on standard error. Thread safety: one thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "cli/progress_line.h"

namespace nacre::cli {

class Progress {
 public:
  // `total_bytes` 0: unknown. `quiet`: says nothing anywhere.
  Progress(std::string what, uint64_t total_bytes, bool quiet = false);
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  // Both since the beginning.
  void update(uint64_t bytes, uint64_t entries);
  // So much there is in all, as far as it can be known: known later than the beginning, or only by an estimate.
  void total(uint64_t bytes) { state_.total_bytes = bytes; }
  void estimate(uint64_t entries) { state_.estimated_entries = entries; }
  // What came so far was passed over.
  void begin_behind(uint64_t bytes, uint64_t entries);
  // Takes the line off the terminal, so that other words can be written; the next update draws it again.
  void clear();

 private:
  enum class Manner : uint8_t { kSilent, kBar, kLines };

  void show();

  Manner manner_;
  ProgressState state_;
  bool drawn_ = false;
  uint64_t calls_ = 0;
  uint64_t bytes_looked_ = 0;  // when the clock was last looked at
  std::chrono::steady_clock::time_point begin_;
  std::chrono::steady_clock::time_point shown_;
};

}  // namespace nacre::cli
