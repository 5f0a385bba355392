// Which process this is: how fork() is noticed, and how things that exist once a process survive it.
//
// A forked child has a copy of the memory but none of the threads, and shares the open files. So a handle remembers the
// generation it was made in and refuses to work in another; what is made once a process is made again in the child.
//
// Not noticed: a child of a raw clone() or vfork(), which bypass pthread_atfork. Such a child may only exec.
//
// Thread safety: all of it, from any thread, and in a forked child.
#pragma once

#include <atomic>
#include <cstdint>

namespace nacre::os {

// A number that differs in a forked child from its parent's. One load.
uint64_t process_generation();

// The kernel's name for this process.
uint64_t process_id();

// One T per process, made on first use and never destroyed, so that it outlives static destructors and threads. A
// forked child gets a fresh one: the inherited one may be locked by a thread that does not exist there.
template <class T>
class PerProcess {
 public:
  // `make` returns the T. Threads that race for the first use may each make one; all but one are destroyed again.
  template <class Make>
  T& get(Make make) {
    const uint64_t generation = process_generation();
    Instance* current = instance_.load(std::memory_order_acquire);
    while (current == nullptr || current->generation != generation) {
      auto* fresh = new Instance{generation, make()};
      if (instance_.compare_exchange_strong(current, fresh, std::memory_order_acq_rel)) return fresh->value;
      delete fresh;
    }
    return current->value;
  }

 private:
  struct Instance {
    uint64_t generation;
    T value;
  };
  std::atomic<Instance*> instance_{nullptr};
};

}  // namespace nacre::os
