// Publishing: the keeper shows the statistics of an open database to other processes, by a file in its directory.
//
// Once a second, while something changes; less often while nothing does, so that a database at rest wakes nobody and writes
// nothing. Taking statistics of thousands of keyspaces takes longer: then there is more time between two publications.
//
// Not in the simulator: its worlds have one process, and what nobody reads proves nothing. Why so: docs/adr/0020.

#include <algorithm>

#include "engine/core.h"

namespace nacre::engine {

namespace {

constexpr uint64_t kPauseNs = 1'000'000'000;
constexpr uint64_t kLongestPauseNs = 8 * kPauseNs;
constexpr uint64_t kRestPerWork = 500;  // a publication takes no more than this part of a core

}  // namespace

void Core::begin_publishing() {
  if (sync::kSimulated || read_only_) return;
  publisher_ = std::make_unique<metrics::Publisher>(*directory_, *runtime_.clock, versions_->uuid());
  publish_pause_ns_ = kPauseNs;
  publish_at_ns_ = runtime_.clock->now_ns() + kPauseNs;  // a command that is soon over leaves no file
}

// By the keeper. How long until the next, in nanoseconds; UINT64_MAX: there is none.
uint64_t Core::publish_if_due() {
  if (publisher_ == nullptr) return UINT64_MAX;
  const uint64_t begin_ns = runtime_.clock->now_ns();
  if (begin_ns < publish_at_ns_) return publish_at_ns_ - begin_ns;
  const bool changed = publisher_->publish(stats());
  const uint64_t work_ns = runtime_.clock->now_ns() - begin_ns;
  publish_pause_ns_ = changed ? kPauseNs : std::min(2 * publish_pause_ns_, kLongestPauseNs);
  const uint64_t rest_ns = std::max(publish_pause_ns_, kRestPerWork * work_ns);
  publish_at_ns_ = begin_ns + rest_ns;
  return rest_ns;
}

// After the keeper's end.
void Core::publish_close() {
  if (publisher_ != nullptr) publisher_->publish_close(stats());
}

}  // namespace nacre::engine
