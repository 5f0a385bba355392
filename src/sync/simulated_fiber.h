// Fiber: one simulated thread of the scheduler - where it stopped, its stack, and what it waits for.
//
// A part of simulated_scheduler.h that only its sources include. Switching is Boost.Context's raw fcontext (about 10
// ns); under AddressSanitizer each switch is announced, so that use-after-return is found on fibers as on threads.
#pragma once

#include <boost/context/detail/fcontext.hpp>
#include <cstdint>
#include <functional>
#include <string>

#include "sync/simulated_scheduler.h"

#if defined(__SANITIZE_ADDRESS__)
#define NACRE_FIBERS_UNDER_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define NACRE_FIBERS_UNDER_ASAN 1
#endif
#endif
#ifdef NACRE_FIBERS_UNDER_ASAN
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#endif

namespace nacre::sync {
inline namespace simulated {

namespace context = boost::context::detail;

// One simulated thread.
struct Fiber {
  enum class State : uint8_t { kReady, kRunning, kBlocked, kEnded };

  context::fcontext_t context = nullptr;  // where it stopped; meaningless while it runs
  char* stack = nullptr;                  // lowest usable byte; null for the main stack
  std::function<void()> body;
  std::string name;
  uint32_t number = 0;  // order of creation in the run
  uint32_t index = 0;   // thread_index()
  State state = State::kReady;
  size_t position = 0;  // in ready_ or blocked_

  // While blocked.
  Point point = Point::kYield;
  const void* object = nullptr;
  uint32_t* waiters = nullptr;
  Fiber* const* holder = nullptr;
  uint64_t deadline_ns = kForeverNs;
  bool timed_out = false;

  uint64_t priority = 0;      // PCT: higher runs first
  uint32_t stall_one_in = 0;  // of its own, beside the schedule's

#ifdef NACRE_FIBERS_UNDER_ASAN
  void* fake_stack = nullptr;
  const void* asan_bottom = nullptr;
  size_t asan_bytes = 0;
#endif
};

}  // namespace simulated
}  // namespace nacre::sync
