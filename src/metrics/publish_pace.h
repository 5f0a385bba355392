// PublishPace: when statistics are to be published again.
//
// Once a second while something changes; at rest half as often each time, up to every 8 seconds, so that a database at rest wakes
// nobody. Who writes again is shown at once. Taking statistics of thousands of keyspaces takes longer: then there is more time between
// two publications, so that they take no more than a 500th of a core. What one of them took may be the time of others, who had the
// core meanwhile: it is believed only as far as it repeats.
//
// Times are in nanoseconds of one clock. Thread safety: none.
#pragma once

#include <algorithm>
#include <cstdint>

namespace nacre::metrics {

class PublishPace {
 public:
  static constexpr uint64_t kPauseNs = 1'000'000'000;
  static constexpr uint64_t kLongestPauseNs = 8 * kPauseNs;
  static constexpr uint64_t kRestPerWork = 500;

  explicit PublishPace(uint64_t now_ns) : published_at_ns_(now_ns) {}

  // `busy`: writes come in.
  uint64_t due_ns(bool busy) const {
    return published_at_ns_ + std::max(busy ? kPauseNs : pause_ns_, kRestPerWork * work_ns_);
  }
  void published(uint64_t begin_ns, uint64_t end_ns, bool changed) {
    constexpr uint64_t kLeastWorkNs = 20'000;
    pause_ns_ = changed ? kPauseNs : std::min(2 * pause_ns_, kLongestPauseNs);
    work_ns_ = std::min(end_ns - begin_ns, 4 * std::max(work_ns_, kLeastWorkNs));
    published_at_ns_ = begin_ns;
  }

 private:
  uint64_t published_at_ns_;  // or made: a command that is soon over publishes nothing
  uint64_t pause_ns_ = kPauseNs;
  uint64_t work_ns_ = 0;
};

}  // namespace nacre::metrics
