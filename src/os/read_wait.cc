#include "os/read_wait.h"

#include <time.h>

namespace nacre::os {

namespace {

uint64_t ticks_ns() {
  timespec time;
  ::clock_gettime(CLOCK_MONOTONIC_COARSE, &time);
  return static_cast<uint64_t>(time.tv_sec) * 1'000'000'000 + static_cast<uint64_t>(time.tv_nsec);
}

}  // namespace

constinit thread_local uint64_t read_wait_of_thread_ns = 0;

ReadWait::ReadWait() : begin_ns_(ticks_ns()), waited_before_ns_(read_wait_of_thread_ns) {}

ReadWait::~ReadWait() { read_wait_of_thread_ns = waited_before_ns_ + (ticks_ns() - begin_ns_); }

}  // namespace nacre::os
