// What a mutex guards is touched under it.
// only: Clang
// expect: requires holding mutex 'mutex_'
#include "sync/sync.h"

class Counter {
 public:
  void add() {
#ifdef NACRE_WRONG
#else
    nacre::sync::MutexLock lock(mutex_);
#endif
    count_++;
  }

 private:
  nacre::sync::Mutex mutex_;
  int count_ NACRE_GUARDED_BY(mutex_) = 0;
};

int main() {
  Counter counter;
  counter.add();
}
