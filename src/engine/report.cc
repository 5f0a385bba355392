// What the database tells of itself: to the LOG of its directory, and to the sink of the application.

#include "engine/core.h"

namespace nacre::engine {

void Core::report(Event event) const {
  if (inherited()) return;  // the LOG is the parent's, and its lock may be held for ever
  event.wall_ns = runtime_.clock->wall_ns();
  event.database = path_;
  if (log_ != nullptr) log_->write(event);
  if (runtime_.events != nullptr) runtime_.events->on_event(event);
}

// Nothing is created before the first event.
void Core::open_event_log() {
  if (read_only_ || !runtime_.log.enabled) return;
  log_ = std::make_unique<log::EventLog>(*directory_, runtime_.log);
}

// Before the directory's lock goes: then LOG may be another's.
void Core::close_event_log() {
  if (log_ != nullptr) log_->close();
}

void Core::report_slow(std::string_view operation, std::string_view keyspace, uint64_t duration_ns, const Waits& waits) {
  const std::optional<uint64_t> left_out = told_slow_operations_.admit(runtime_.clock->now_ns());
  if (!left_out) return;
  report({.kind = EventKind::kSlowOperation,
          .severity = Severity::kWarning,
          .keyspace = keyspace,
          .cause = waits.cause(duration_ns),
          .operation = operation,
          .entries = *left_out,
          .duration_ns = duration_ns,
          .delay_ns = waits.delay_ns,
          .lock_ns = waits.lock_ns,
          .log_ns = waits.log_ns,
          .sync_ns = waits.sync_ns,
          .read_ns = waits.read_ns});
}

}  // namespace nacre::engine
