// Publishing: the keeper shows the statistics of an open database to other processes, by a file in its directory.
//
// When: metrics/publish_pace.h.
//
// Not in the simulator: its worlds have one process, and what nobody reads proves nothing. Why so: docs/adr/0020.

#include "engine/core.h"

namespace nacre::engine {

void Core::begin_publishing() {
  if (sync::kSimulated || read_only_) return;
  publisher_ = std::make_unique<metrics::Publisher>(*directory_, *runtime_.clock, versions_->uuid());
  publish_pace_ = metrics::PublishPace(runtime_.clock->now_ns());
}

// By the keeper. How long until the next, in nanoseconds; UINT64_MAX: there is none.
uint64_t Core::publish_if_due(bool busy) {
  if (publisher_ == nullptr) return UINT64_MAX;
  const uint64_t begin_ns = runtime_.clock->now_ns();
  if (const uint64_t due_ns = publish_pace_.due_ns(busy); begin_ns < due_ns) return due_ns - begin_ns;
  const bool changed = publisher_->publish(stats());
  publish_pace_.published(begin_ns, runtime_.clock->now_ns(), changed);
  return publish_pace_.due_ns(busy) - begin_ns;
}

// After the keeper's end.
void Core::publish_close() {
  if (publisher_ != nullptr) publisher_->publish_close(stats());
}

}  // namespace nacre::engine
