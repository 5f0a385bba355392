// The simulated half of the seam: the names of real.h on the deterministic scheduler (simulated_scheduler.h).
//
// Every call that could let another thread run is a point at which the schedule picks who goes on. Misuse that real
// primitives leave undefined is a crash here: locking a held mutex again, unlocking another's, destroying a locked
// mutex, a condition somebody waits on, or a joinable thread. Thread-local variables are shared by all simulated
// threads: keep state per thread_index() instead.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <utility>

#include "sync/annotations.h"

namespace nacre::sync {
inline namespace simulated {

struct Fiber;

class NACRE_CAPABILITY("mutex") Mutex {
 public:
  constexpr Mutex() = default;
  ~Mutex();
  Mutex(const Mutex&) = delete;
  Mutex& operator=(const Mutex&) = delete;
  void lock() NACRE_ACQUIRE();
  void unlock() NACRE_RELEASE();
  bool try_lock() NACRE_TRY_ACQUIRE(true);

 private:
  friend class CondVar;
  void acquire();
  void release();

  Fiber* owner_ = nullptr;
  uint32_t waiters_ = 0;
};

class CondVar {
 public:
  constexpr CondVar() = default;
  ~CondVar();
  CondVar(const CondVar&) = delete;
  CondVar& operator=(const CondVar&) = delete;
  // Spurious wake-ups happen: call in a loop over the condition. The mutex must be held and is held again on return.
  void wait(Mutex& mutex) NACRE_REQUIRES(mutex);
  // Returns false when `timeout_ns` of virtual time passed without a wake-up.
  bool wait_for(Mutex& mutex, uint64_t timeout_ns) NACRE_REQUIRES(mutex);
  void notify_one();
  void notify_all();

 private:
  uint32_t waiters_ = 0;
};

// A running thread; join() must be called before destruction.
class Thread {
 public:
  Thread() = default;
  Thread(const std::string& name, std::function<void()> body);
  ~Thread();
  Thread(Thread&& other) noexcept : fiber_(std::exchange(other.fiber_, nullptr)) {}
  Thread& operator=(Thread&& other) noexcept;
  void join();
  bool joinable() const { return fiber_ != nullptr; }

 private:
  Fiber* fiber_ = nullptr;
};

// A small dense number of the calling thread, unique among the threads alive now and used again after it ends.
uint32_t thread_index();

// A place where the schedule may let another thread run.
void yield_point();

// One turn of a spin loop: first yields, then sleeps in virtual time, so that no strategy can spin for ever.
void spin_turn(uint32_t turn);

inline constexpr bool kSimulated = true;

}  // namespace simulated
}  // namespace nacre::sync
