#include "os/process.h"

#include <pthread.h>
#include <sched.h>
#include <sys/auxv.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "os/posix.h"

namespace nacre::os {

namespace {

constinit std::atomic<uint64_t> generation{1};

[[maybe_unused]] const int registered =
    pthread_atfork(nullptr, nullptr, [] { generation.fetch_add(1, std::memory_order_relaxed); });

}  // namespace

uint64_t process_generation() { return generation.load(std::memory_order_relaxed); }

uint64_t process_id() { return static_cast<uint64_t>(::getpid()); }

uint32_t usable_cores() {
  cpu_set_t set;
  CPU_ZERO(&set);
  if (sched_getaffinity(0, sizeof set, &set) == 0) return static_cast<uint32_t>(std::max(1, CPU_COUNT(&set)));
  const long online = sysconf(_SC_NPROCESSORS_ONLN);  // more cores than a cpu_set_t holds
  return static_cast<uint32_t>(std::max(1L, online));
}

uint64_t random_seed_from_system() {
  uint64_t seed = 0;
  ssize_t got = 0;
  do {
    got = getrandom(&seed, sizeof seed, 0);
  } while (got < 0 && errno == EINTR);
  if (got !=
      static_cast<ssize_t>(sizeof seed)) {  // a sandbox forbids the call: what the kernel gave at exec, and the time
    if (const unsigned long at_exec = getauxval(AT_RANDOM); at_exec != 0) {
      std::memcpy(&seed, reinterpret_cast<const void*>(at_exec), sizeof seed);
    }
    timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    seed ^= (static_cast<uint64_t>(now.tv_sec) << 32) ^ (static_cast<uint64_t>(now.tv_nsec) * 0x9e3779b97f4a7c15ULL);
    seed ^= static_cast<uint64_t>(getpid()) << 48;
  }
  return seed != 0 ? seed : 1;
}

}  // namespace nacre::os
