// EventLog: the events of one database as lines of its LOG.
//
//   text   2026-12-01T09:30:00.123456Z info flush_finished keyspace=default cause="memtable full" job=7 ...
//   JSON   {"time":"2026-12-01T09:30:00.123456Z","kind":"flush_finished","severity":"info", ...}
//
// Cost: about 1 us a line, half of it the write into the page cache.
//
// Thread safety: all of it, from any thread, also under locks of the caller: its own is the last to be taken. Nothing may be called in a
// forked child. Lifetime: the directory must live until close() or destruction.
#pragma once

#include <cstdint>
#include <memory>

#include "nacre/runtime.h"

namespace nacre::log {

class EventLog {
 public:
  // Creates no file yet. `options` must be sound.
  EventLog(Directory& directory, const LogOptions& options);
  ~EventLog();
  EventLog(const EventLog&) = delete;
  EventLog& operator=(const EventLog&) = delete;

  void write(const Event& event) noexcept;
  // Nothing is written from here on: the directory may be another's.
  void close() noexcept;
  // Events that could not be written.
  uint64_t lost() const noexcept;

 private:
  class Sink;
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

// kInvalidArgument, with what to do.
Result<void> check_log_options(const LogOptions& options);

}  // namespace nacre::log
