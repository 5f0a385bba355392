// Waits: what an operation of a user waited for, so that a slow one can say why. TimedLock: a lock that counts its wait. FewASecond:
// what many operations may cause at once is told a few times a second, so that it does not drive the history out of LOG.
//
// Waits for memory, for the pace, for a log segment and for the device are always timed: they are long. A lock is timed only when
// somebody else holds it, and with the clock of timer ticks. So an operation that nothing holds up reads no clock for this; one whose
// waits alone make it slow is always seen, one that is slow for another reason if it is among those that are sampled (counters.h).
//
// Thread safety: FewASecond from any thread, the rest belongs to one.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <utility>

#include "nacre/runtime.h"
#include "nacre/stats.h"
#include "sync/sync.h"

namespace nacre::engine {

struct Waits {
  uint64_t delay_ns = 0;
  DelayReason delay_reason = DelayReason::kNone;  // of the last delay
  uint64_t lock_ns = 0;
  uint64_t log_ns = 0;
  uint64_t sync_ns = 0;
  uint64_t read_ns = 0;

  uint64_t sum_ns() const { return delay_ns + lock_ns + log_ns + sync_ns + read_ns; }

  // Of an operation that took `duration_ns`: the longest wait, in words.
  const char* cause(uint64_t duration_ns) const {
    const std::array<std::pair<uint64_t, const char*>, 6> all = {{
        {delay_ns, delay_in_words()},
        {lock_ns, "lock: other writers"},
        {log_ns, "I/O: log segment"},
        {sync_ns, "I/O: sync of the log"},
        {read_ns, "I/O: blocks of tables"},
        {duration_ns - std::min(duration_ns, sum_ns()), "no known wait: processor or memory"},
    }};
    return std::max_element(all.begin(), all.end(), [](const auto& a, const auto& b) { return a.first < b.first; })->second;
  }

  const char* delay_in_words() const {
    switch (delay_reason) {
      case DelayReason::kMemtablesFull: return "delay: memtables full";
      case DelayReason::kMemtablesFilling: return "delay: memtables filling";
      default: return "delay: compaction debt";
    }
  }
};

class NACRE_SCOPED_CAPABILITY TimedLock {
 public:
  TimedLock(sync::Mutex& mutex, Clock& clock, uint64_t& waited_ns) NACRE_ACQUIRE(mutex) : mutex_(mutex) {
    if (mutex.try_lock()) return;
    const uint64_t begin_ns = clock.coarse_now_ns();
    mutex.lock();
    waited_ns += clock.coarse_now_ns() - begin_ns;
  }
  ~TimedLock() NACRE_RELEASE() { mutex_.unlock(); }
  TimedLock(const TimedLock&) = delete;
  TimedLock& operator=(const TimedLock&) = delete;

 private:
  sync::Mutex& mutex_;
};

// Which events of a kind are reported, and how many were not.
class FewASecond {
 public:
  // Nothing: not this one. Else how many were left out since the last.
  std::optional<uint64_t> admit(uint64_t now_ns) {
    sync::MutexLock lock(mutex_);
    if (now_ns - second_begin_ns_ >= kSecondNs) {
      second_begin_ns_ = now_ns;
      reported_ = 0;
    }
    if (reported_ == kMostASecond) {
      left_out_++;
      return std::nullopt;
    }
    reported_++;
    return std::exchange(left_out_, 0);
  }

 private:
  static constexpr uint64_t kSecondNs = 1'000'000'000;
  static constexpr uint32_t kMostASecond = 4;

  sync::Mutex mutex_;
  uint64_t second_begin_ns_ NACRE_GUARDED_BY(mutex_) = 0;
  uint32_t reported_ NACRE_GUARDED_BY(mutex_) = 0;
  uint64_t left_out_ NACRE_GUARDED_BY(mutex_) = 0;
};

}  // namespace nacre::engine
