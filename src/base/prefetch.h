// Asking for memory ahead of its use.
//
// Why not __builtin_prefetch itself: to GCC (12 and later) a function that does nothing else has no effect, so it drops the calls of
// those that it did not inline in time, without a word; lookups of many keys took a fifth longer for it. The empty asm is an
// effect. tools/tidy demands that everybody comes here.
#pragma once

#include <cstddef>

namespace nacre::base {

// Begins to load the line at `address`, which need not be a valid one.
inline void prefetch(const void* address) {
  __builtin_prefetch(address);
  asm volatile("");
}
// The same for who will store to it.
inline void prefetch_to_write(const void* address) {
  __builtin_prefetch(address, 1);
  asm volatile("");
}

// Asks for the lines that the next but one append will store to, in memory that is written from front to back: the log and the
// arenas of memtables. The hardware's own prefetching stops at page borders and hardly helps stores; without this a put
// waits for memory five times. Any address will do.
inline void prefetch_for_appending(const char* end) {
  constexpr size_t kLineBytes = 64;
  constexpr size_t kAhead = 128;
  constexpr size_t kBytes = 256;
  for (size_t at = 0; at < kBytes; at += kLineBytes) prefetch_to_write(end + kAhead + at);
}

}  // namespace nacre::base
