// Surviving SIGBUS: what the kernel sends when a page of a mapped file cannot be had.
//
// A store into a mapped file faults when the device fails the read of a page, when a file system that copies on write
// is full, when somebody truncated the file, or when a memory page went bad. The default action ends the process.
// Here a process-wide handler looks up the faulting address in a table of guarded ranges; if it finds it, it marks
// the range damaged, puts an anonymous zero page over the faulting one, and lets the store be repeated: it goes
// nowhere, and whoever checks damaged() before acknowledging anything knows. Any other SIGBUS goes on to the handler
// that was installed before ours, or to the default action.
//
// The handler may call almost nothing, so the table is a list of fixed chunks that only grows, read without locks. An
// entry has a version, odd while it changes: the entry of a live mapping does not change, so one that does cannot be
// the one looked for. Entries are used again, never freed.
//
// A handler that the application installs after the first mapping replaces ours, unless it chains to it: install
// such handlers first. A thread that blocks SIGBUS is killed by the kernel all the same.
//
// Thread safety: all of it. The range must stay mapped from before guard_range() until after unguard_range().
#pragma once

#include <atomic>
#include <cstdint>

namespace nacre::os {

// One entry of the table.
struct GuardedRange {
  std::atomic<bool> taken{false};
  std::atomic<bool> damaged{false};
  std::atomic<uint64_t> version{0};
  std::atomic<uintptr_t> begin{0};  // begin == end: empty
  std::atomic<uintptr_t> end{0};
};

// Never null. The first call installs the handler.
GuardedRange* guard_range(const void* begin, uint64_t bytes);
void unguard_range(GuardedRange* range);

}  // namespace nacre::os
