// Events: what a database reports of its background life, its delays and its errors.
//
// Thread safety: EventSink::on_event is called from any thread, sometimes under internal locks: return soon and call
// nothing of the database from it. Lifetime: views inside an Event live for the call only.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "nacre/error.h"
#include "nacre/export.h"

namespace nacre {

enum class EventKind : uint8_t {
  kOpened,              // duration_ns: of the whole open
  kRecovered,           // entries: operations read from the log; bytes_in: log bytes read
  kTornTail,            // file, offset: where the unsynced tail of the log ended; bytes_in: bytes dropped
  kClosed,              //
  kKeyspaceCreated,     // keyspace
  kKeyspaceDropped,     // keyspace
  kFlushStarted,        // cause: why the memtables were frozen; files_in: how many; bytes_in: what they hold
  kFlushFinished,       // the same and bytes_out, files_out, entries, duration_ns
  kCompactionStarted,   // cause, detail: the tables; level_from, level_to, bytes_in, files_in
  kCompactionFinished,  // the same without detail, and bytes_out, files_out, entries, duration_ns
  kTablesMoved,         // a compaction that rewrote nothing: as kCompactionStarted
  kTableRemoved,        // file, bytes_in
  kManifestReplaced,    // file
  kWriteDelayed,  // duration_ns, from 10 ms on; cause: why the writer had to wait; entries: as long, left out since the last.
                  // Stats::delays counts all, shorter ones too
  kNoSpace,       // the device is full: writes fail, reads go on
  kSpaceReturned,  // writes go on
  kWritesStopped,  // error: a failed sync; the handle refuses writes until reopen
  kCorruption,  // error; of the log also file, offset, bytes_in: synced bytes from there on, entries: operations lost, if known
  kBackgroundError,  // error: a job failed and will be tried again
  kJobGivenUp,       // error: why a job ended without its work; nothing is wrong, it is chosen anew if it is still worth it
  kLogSegmentReady,  // file, bytes_out; cause: "new" or "recycled"
  kPaceChanged,      // cause: what makes writers pay; bytes_in: compaction debt; duration_ns: price of a KiB, 0: none
  kReserveUsed,      // bytes_out: of the space kept for a full device that was given back; puts wait
  kReserveMade,      // bytes_in: of the space that is kept for a full device
  kSlowOperation,    // operation, duration_ns, its waits; cause: the longest. entries: as slow, left out since the last
  kEventsLost,       // of a LOG file: entries: so many could not be written before this one
  kCompactionDeclined,  // as kCompactionStarted: of large entries, at rest, and a look showed that it would free too little
};

enum class Severity : uint8_t { kDebug, kInfo, kWarning, kError };

struct Event {
  EventKind kind = EventKind::kOpened;
  Severity severity = Severity::kInfo;
  uint64_t wall_ns = 0;       // since 1970 UTC
  std::string_view database;  // the directory
  std::string_view keyspace;  // empty if none
  std::string_view cause;     // why, in a few words; empty if plain
  std::string_view detail;    // what else a person may want to know
  std::string_view operation;  // of a user: put, erase, erase_range, write, sync, get, contains, multi_get, seek
  uint64_t job = 0;           // joins the start and the end of a background job
  FileKind file_kind = FileKind::kNone;
  uint64_t file_number = 0;
  uint64_t offset = 0;
  uint64_t bytes_in = 0;
  uint64_t bytes_out = 0;
  uint64_t files_in = 0;
  uint64_t files_out = 0;
  uint64_t entries = 0;
  uint64_t duration_ns = 0;
  uint32_t level_from = 0;
  uint32_t level_to = 0;
  uint64_t delay_ns = 0;  // of a slow operation: waited for memtables, or because background work is behind
  uint64_t lock_ns = 0;   // for other writers
  uint64_t log_ns = 0;    // for a segment of the log
  uint64_t sync_ns = 0;   // for the device
  uint64_t read_ns = 0;   // for blocks of tables
  Error error;  // meaningful for kinds that say so
};

NACRE_API std::string_view to_string(EventKind kind);
NACRE_API std::string_view to_string(Severity severity);
// One line, "key=value" pairs after the kind; fields that are zero or empty are left out.
NACRE_API std::string to_string(const Event& event);
// The same as a JSON object on one line. Text that is not UTF-8 stands as hex digits under its name and "_hex".
NACRE_API std::string to_json(const Event& event);

class NACRE_API EventSink {
 public:
  virtual ~EventSink() = default;
  virtual void on_event(const Event& event) = 0;
};

}  // namespace nacre
