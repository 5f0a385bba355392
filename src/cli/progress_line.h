// progress_line: how far a long command is, as one line that fits.
//
//   import  45%  1.2 M entries  523.0 k/s  1.4 GiB  58.1 MiB/s  0:12 left  [#########           ]
//
// What does not fit is left out, the bar first, then totals, then rates. An end that is estimated has a ~ before it; one that was passed
// is none, and is not told of any more. Thread safety: pure functions.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace nacre::cli {

struct ProgressState {
  std::string what;
  uint64_t bytes = 0;
  uint64_t entries = 0;            // 0: the command does not count them
  uint64_t total_bytes = 0;        // 0: unknown
  double seconds = 0;              // since it began
  uint64_t estimated_entries = 0;  // in all, where the bytes are not known; 0: unknown
  // What was passed over before the work began: rates, and what is left, are of what came behind.
  uint64_t skipped_bytes = 0;
  uint64_t skipped_entries = 0;
  double skipping_seconds = 0;
};

// At most `columns` characters, all of them ASCII.
std::string progress_line(const ProgressState& state, size_t columns);

}  // namespace nacre::cli
