// How long a thread has waited for reads of files: a slow operation can say that they were why.
//
// Measured with the clock of timer ticks, which is 10 ms coarse at most and costs 5 ns: right in the sum and in what is slow.
//
// Thread safety: all of it. In the simulator files are simulated, and nothing is counted.
#pragma once

#include <cstdint>

namespace nacre::os {

[[gnu::tls_model("initial-exec")]] extern constinit thread_local uint64_t read_wait_of_thread_ns;

// Of the calling thread, since it began.
inline uint64_t read_wait_ns() { return read_wait_of_thread_ns; }

// Adds its lifetime. Those inside another add nothing of their own.
class ReadWait {
 public:
  ReadWait();
  ~ReadWait();
  ReadWait(const ReadWait&) = delete;
  ReadWait& operator=(const ReadWait&) = delete;

 private:
  const uint64_t begin_ns_;
  const uint64_t waited_before_ns_;
};

}  // namespace nacre::os
