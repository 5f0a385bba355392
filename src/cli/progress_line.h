// progress_line: how far a long command is, as one line that fits.
//
//   import  45%  1.2 M entries  523.0 k/s  1.4 GiB  58.1 MiB/s  0:12 left  [#########           ]
//
// What does not fit is left out, the bar first, then totals, then rates. Thread safety: pure functions.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace nacre::cli {

struct ProgressState {
  std::string what;
  uint64_t bytes = 0;
  uint64_t entries = 0;      // 0: the command does not count them
  uint64_t total_bytes = 0;  // 0: unknown
  double seconds = 0;        // since it began
};

// At most `columns` characters, all of them ASCII.
std::string progress_line(const ProgressState& state, size_t columns);

}  // namespace nacre::cli
