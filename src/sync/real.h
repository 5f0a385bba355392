// The production half of the seam: thin inline wrappers over the standard primitives.
//
// The names and signatures here are the contract; simulated.h gives the same ones on the deterministic scheduler. They
// live in another inline namespace there, so objects of the two kinds cannot be linked together.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <thread>

#include "sync/annotations.h"

namespace nacre::sync {
inline namespace real {

class NACRE_CAPABILITY("mutex") Mutex {
 public:
  void lock() NACRE_ACQUIRE() { mutex_.lock(); }
  void unlock() NACRE_RELEASE() { mutex_.unlock(); }
  bool try_lock() NACRE_TRY_ACQUIRE(true) { return mutex_.try_lock(); }

 private:
  friend class CondVar;
  std::mutex mutex_;
};

class CondVar {
 public:
  // Spurious wake-ups happen: call in a loop over the condition. The mutex must be held and is held again on return.
  void wait(Mutex& mutex) NACRE_REQUIRES(mutex) {
    std::unique_lock<std::mutex> lock(mutex.mutex_, std::adopt_lock);
    condition_.wait(lock);
    lock.release();
  }
  // Returns false when `timeout_ns` passed without a wake-up.
  bool wait_for(Mutex& mutex, uint64_t timeout_ns) NACRE_REQUIRES(mutex) {
    std::unique_lock<std::mutex> lock(mutex.mutex_, std::adopt_lock);
    const auto status = condition_.wait_for(lock, std::chrono::nanoseconds(timeout_ns));
    lock.release();
    return status == std::cv_status::no_timeout;
  }
  void notify_one() { condition_.notify_one(); }
  void notify_all() { condition_.notify_all(); }

 private:
  std::condition_variable condition_;
};

// A running thread; join() must be called before destruction.
class Thread {
 public:
  Thread() = default;
  Thread(const std::string& name, std::function<void()> body);
  void join() { thread_.join(); }
  bool joinable() const { return thread_.joinable(); }

 private:
  std::thread thread_;
};

// A small dense number of the calling thread, unique among the threads alive now and used again after it ends.
inline constexpr uint32_t kNoThreadIndex = UINT32_MAX;
[[gnu::tls_model("initial-exec")]] extern constinit thread_local uint32_t known_thread_index;
uint32_t claim_thread_index();
inline uint32_t thread_index() {
  const uint32_t known = known_thread_index;
  return known != kNoThreadIndex ? known : claim_thread_index();
}

// A place where the simulator may let another thread run: put one at every atomic hand-off. Nothing in production.
inline void yield_point() {}

// One turn of a spin loop: `turn` counts from 0. Pauses the core for short waits, then yields, then sleeps up to 100 us.
void spin_turn(uint32_t turn);

// True when the preset is `sim`: lets tests state what they rely on.
inline constexpr bool kSimulated = false;

}  // namespace real
}  // namespace nacre::sync
