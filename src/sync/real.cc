#ifndef NACRE_SIM

#include "sync/real.h"

#include <pthread.h>
#include <sched.h>

#include <algorithm>
#include <utility>
#include <vector>

namespace nacre::sync {
inline namespace real {

Thread::Thread(const std::string& name, std::function<void()> body)
    : thread_([name, body = std::move(body)] {
        pthread_setname_np(pthread_self(), name.substr(0, 15).c_str());
        body();
      }) {}

namespace {

// The numbers in use. Leaked on purpose: threads may end after static destructors ran.
struct IndexPool {
  std::mutex mutex;
  std::vector<uint32_t> free_indexes;
  uint32_t next = 0;
};
IndexPool& index_pool() {
  static auto* pool = new IndexPool;
  return *pool;
}

// A forked child must not inherit it locked: threads take it when they begin and end.
[[maybe_unused]] const int unlocked_at_fork = pthread_atfork(
    [] { index_pool().mutex.lock(); }, [] { index_pool().mutex.unlock(); }, [] { index_pool().mutex.unlock(); });

struct IndexOfThread {
  uint32_t index;
  IndexOfThread() {
    IndexPool& pool = index_pool();
    std::lock_guard lock(pool.mutex);
    if (pool.free_indexes.empty()) {
      index = pool.next++;
    } else {  // the smallest free one keeps the numbers dense
      auto smallest = std::min_element(pool.free_indexes.begin(), pool.free_indexes.end());
      index = *smallest;
      pool.free_indexes.erase(smallest);
    }
  }
  ~IndexOfThread() {
    IndexPool& pool = index_pool();
    std::lock_guard lock(pool.mutex);
    pool.free_indexes.push_back(index);
  }
};

}  // namespace

constinit thread_local uint32_t known_thread_index = kNoThreadIndex;

uint32_t claim_thread_index() {
  static thread_local IndexOfThread mine;
  return known_thread_index = mine.index;
}

void spin_turn(uint32_t turn) {
  if (turn < 64) {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    asm volatile("yield");
#endif
  } else if (turn < 96) {
    sched_yield();
  } else {
    std::this_thread::sleep_for(std::chrono::microseconds(std::min<uint32_t>(turn - 95, 100)));
  }
}

}  // namespace real
}  // namespace nacre::sync

#endif  // NACRE_SIM
