// Prefetching for memory that is written from front to back: the log and the arenas of memtables. The hardware's own
// prefetching stops at page borders and hardly helps stores; without this a put waits for memory five times.
#pragma once

#include <cstddef>

namespace nacre::base {

// Asks for the lines that the next but one append will store to. Any address will do.
inline void prefetch_for_appending(const char* end) {
  constexpr size_t kLineBytes = 64;
  constexpr size_t kAhead = 128;
  constexpr size_t kBytes = 256;
  for (size_t at = 0; at < kBytes; at += kLineBytes) __builtin_prefetch(end + kAhead + at, 1);
}

}  // namespace nacre::base
