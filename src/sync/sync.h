// Mutex, CondVar, Thread, yield points: everything in Nacre that waits, waits through these.
//
// The preset picks the half of the seam: real.h in production, simulated.h under the deterministic scheduler. No other
// file of the engine may name std::mutex, std::thread or their kin (tools/tidy checks).
#pragma once

#ifdef NACRE_SIM
#include "sync/simulated.h"
#else
#include "sync/real.h"
#endif

namespace nacre::sync {

class NACRE_SCOPED_CAPABILITY MutexLock {
 public:
  explicit MutexLock(Mutex& mutex) NACRE_ACQUIRE(mutex) : mutex_(mutex) { mutex_.lock(); }
  ~MutexLock() NACRE_RELEASE() { mutex_.unlock(); }
  MutexLock(const MutexLock&) = delete;
  MutexLock& operator=(const MutexLock&) = delete;

 private:
  Mutex& mutex_;
};

}  // namespace nacre::sync
