// Ctrl-C as a question that long work asks, instead of the end of the process.
//
// While an InterruptCatcher lives, the first SIGINT sets a flag; a second one before the flag is taken ends the process as it would have
// without us: work that cannot ask can still be left. The handler stores to atomics and calls signal-safe functions only.
#pragma once

#include <atomic>
#include <csignal>

namespace nacre::cli {

class InterruptCatcher {
 public:
  InterruptCatcher();
  ~InterruptCatcher();
  InterruptCatcher(const InterruptCatcher&) = delete;
  InterruptCatcher& operator=(const InterruptCatcher&) = delete;

 private:
  struct sigaction before_ = {};
};

const std::atomic<bool>& interrupt_flag();
inline bool interrupted() { return interrupt_flag().load(std::memory_order_relaxed); }
// Whether a SIGINT ends a system call that waits, as whoever waits for a person's words wants it. Otherwise calls go on: a signal must not
// fail a write. Off when a catcher begins.
class WaitsEndAtInterrupt {
 public:
  WaitsEndAtInterrupt();
  ~WaitsEndAtInterrupt();
  WaitsEndAtInterrupt(const WaitsEndAtInterrupt&) = delete;
  WaitsEndAtInterrupt& operator=(const WaitsEndAtInterrupt&) = delete;
};

// Whether there was one; the next SIGINT is a first one again.
bool take_interrupt();

// What the handler writes to standard error at the first SIGINT; null: nothing. A literal. Returns what it was before.
const char* say_at_interrupt(const char* words);

}  // namespace nacre::cli
