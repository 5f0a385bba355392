#ifdef NACRE_SIM

#include "sync/simulated.h"

#include <algorithm>
#include <exception>

#include "base/assert.h"
#include "sync/simulated_scheduler.h"

namespace nacre::sync {
inline namespace simulated {

Mutex::~Mutex() { NACRE_CHECK(owner_ == nullptr && waiters_ == 0); }

void Mutex::acquire() {
  Scheduler& scheduler = Scheduler::instance();
  NACRE_CHECK(owner_ != scheduler.current());  // locked twice by one thread
  while (owner_ != nullptr) {
    ++waiters_;
    scheduler.block(Point::kLock, this, &waiters_, kForeverNs, &owner_);
  }
  owner_ = scheduler.current();
}

// Wakes one waiter, which competes again with whoever comes by: locks are not handed over, as with real ones.
void Mutex::release() {
  Scheduler& scheduler = Scheduler::instance();
  NACRE_CHECK(owner_ == scheduler.current());
  owner_ = nullptr;
  if (waiters_ != 0) scheduler.wake_one(this);
}

void Mutex::lock() NACRE_NO_THREAD_ANALYSIS {
  Scheduler::instance().yield_or_stall(Point::kLock, __builtin_return_address(0));
  acquire();
}

void Mutex::unlock() NACRE_NO_THREAD_ANALYSIS {
  release();
  Scheduler::instance().yield_or_stall(
      Point::kUnlock, __builtin_return_address(0));  // touches this mutex no more: the next owner may destroy it
}

bool Mutex::try_lock() NACRE_NO_THREAD_ANALYSIS {
  Scheduler& scheduler = Scheduler::instance();
  scheduler.yield(Point::kLock);
  if (owner_ != nullptr) return false;
  owner_ = scheduler.current();
  return true;
}

CondVar::~CondVar() { NACRE_CHECK(waiters_ == 0); }

void CondVar::wait(Mutex& mutex) { wait_for(mutex, kForeverNs); }

bool CondVar::wait_for(Mutex& mutex, uint64_t timeout_ns) NACRE_NO_THREAD_ANALYSIS {
  Scheduler& scheduler = Scheduler::instance();
  mutex.release();
  bool woken = true;
  if (scheduler.spurious_wake()) {
    scheduler.yield(Point::kWait);
  } else {
    ++waiters_;
    woken = scheduler.block(Point::kWait, this, &waiters_, timeout_ns, nullptr);  // the condition may be gone after it
  }
  mutex.acquire();
  return woken;
}

void CondVar::notify_one() {
  Scheduler& scheduler = Scheduler::instance();
  scheduler.yield(Point::kNotify);
  if (waiters_ != 0) scheduler.wake_one(this);
}

void CondVar::notify_all() {
  Scheduler& scheduler = Scheduler::instance();
  scheduler.yield(Point::kNotify);
  if (waiters_ != 0) scheduler.wake_all(this);
}

Thread::Thread(const std::string& name, std::function<void()> body)
    : fiber_(Scheduler::instance().start(name, std::move(body))) {
  Scheduler::instance().yield(Point::kStart);
}

Thread::~Thread() {
  if (std::uncaught_exceptions() != 0 && fiber_ != nullptr) std::terminate();  // unwound: as a std::thread
  NACRE_CHECK(fiber_ == nullptr);
}

Thread& Thread::operator=(Thread&& other) noexcept {
  NACRE_CHECK(fiber_ == nullptr);
  fiber_ = std::exchange(other.fiber_, nullptr);
  return *this;
}

void Thread::join() {
  NACRE_CHECK(fiber_ != nullptr);
  Scheduler::instance().join(fiber_);
  fiber_ = nullptr;
}

uint32_t thread_index() { return Scheduler::instance().current_index(); }

void yield_point() { Scheduler::instance().yield_or_stall(Point::kYield, __builtin_return_address(0)); }

void spin_turn(uint32_t turn) {
  if (turn < 4) {
    Scheduler::instance().yield(Point::kSpin);
  } else {
    Scheduler::instance().sleep_ns(uint64_t{1000} * std::min<uint32_t>(turn - 3, 100), Point::kSpin);
  }
}

}  // namespace simulated
}  // namespace nacre::sync

#endif  // NACRE_SIM
