// Events of the C API: what a database reports of its background life, its delays and its errors. Part of nacre/c.h.
#pragma once

#include "nacre/c_base.h"

#ifdef __cplusplus
extern "C" {
#endif

// Which fields a kind sets: nacre/events.h.
typedef enum nacre_event_kind {
  NACRE_EVENT_OPENED = 0,
  NACRE_EVENT_RECOVERED = 1,
  NACRE_EVENT_TORN_TAIL = 2,
  NACRE_EVENT_CLOSED = 3,
  NACRE_EVENT_KEYSPACE_CREATED = 4,
  NACRE_EVENT_KEYSPACE_DROPPED = 5,
  NACRE_EVENT_FLUSH_STARTED = 6,
  NACRE_EVENT_FLUSH_FINISHED = 7,
  NACRE_EVENT_COMPACTION_STARTED = 8,
  NACRE_EVENT_COMPACTION_FINISHED = 9,
  NACRE_EVENT_TABLES_MOVED = 10,
  NACRE_EVENT_TABLE_REMOVED = 11,
  NACRE_EVENT_MANIFEST_REPLACED = 12,
  NACRE_EVENT_WRITE_DELAYED = 13,
  NACRE_EVENT_NO_SPACE = 14,
  NACRE_EVENT_SPACE_RETURNED = 15,
  NACRE_EVENT_WRITES_STOPPED = 16,
  NACRE_EVENT_CORRUPTION = 17,
  NACRE_EVENT_BACKGROUND_ERROR = 18,
  NACRE_EVENT_JOB_GIVEN_UP = 19,
  NACRE_EVENT_LOG_SEGMENT_READY = 20,
  NACRE_EVENT_PACE_CHANGED = 21,
  NACRE_EVENT_RESERVE_USED = 22,
  NACRE_EVENT_RESERVE_MADE = 23,
  NACRE_EVENT_SLOW_OPERATION = 24,
  NACRE_EVENT_EVENTS_LOST = 25,
  NACRE_EVENT_COMPACTION_DECLINED = 26
} nacre_event_kind;

typedef enum nacre_severity {
  NACRE_SEVERITY_DEBUG = 0,
  NACRE_SEVERITY_INFO = 1,
  NACRE_SEVERITY_WARNING = 2,
  NACRE_SEVERITY_ERROR = 3
} nacre_severity;

typedef struct nacre_event {
  size_t struct_size;
  nacre_event_kind kind;
  nacre_severity severity;
  uint64_t wall_ns;      // since 1970 UTC
  nacre_bytes database;  // the directory
  nacre_bytes keyspace;
  nacre_bytes cause;  // why, in a few words
  uint64_t job;       // joins the start and the end of a background job
  uint64_t file_number;
  uint64_t offset;
  uint64_t bytes_in;
  uint64_t bytes_out;
  uint64_t files_in;
  uint64_t files_out;
  uint64_t entries;
  uint64_t duration_ns;
  nacre_file_kind file_kind;
  uint32_t level_from;
  uint32_t level_to;
  uint32_t reserved;
  const nacre_error* error;  // NULL if the kind has none
  nacre_bytes detail;        // what else a person may want to know
  nacre_bytes operation;     // of a slow operation: put, erase, get, seek ...; and what it waited for:
  uint64_t delay_ns;         // memtables, or background work that is behind
  uint64_t lock_ns;          // other writers
  uint64_t log_ns;           // a segment of the log
  uint64_t sync_ns;          // the device
  uint64_t read_ns;          // blocks of tables
} nacre_event;

// Called from any thread, sometimes under internal locks: return soon, and call nothing of the database. Views live for the call.
typedef void (*nacre_event_fn)(void* context, const nacre_event* event);

// Writes one line of "key=value" pairs, as nacre_error_message does.
NACRE_API size_t nacre_event_message(const nacre_event* event, char* buffer, size_t buffer_size);
// Likewise, the same as a JSON object on one line. Nothing for what is no event.
NACRE_API size_t nacre_event_json(const nacre_event* event, char* buffer, size_t buffer_size);

// A word for a nacre_event_kind and for a nacre_severity, "flush_finished", "warning"; lives for ever.
NACRE_API const char* nacre_event_kind_name(int kind);
NACRE_API const char* nacre_severity_name(int severity);

#ifdef __cplusplus
}
#endif
