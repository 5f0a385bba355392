// recover_log: reads what the write-ahead log holds from a given position on, and tells a torn tail from damage.
//
// Records are delivered in order up to the first byte that is not part of a whole record, the hole. What a hole means:
//   - Every record, placement and mark says through which lsn the log was known synced when it was written; the manifest
//     says it of the time of its last edit that relied on it. All that survive behind the hole are searched for. If one
//     says that the hole was synced, acknowledged data is lost:
//     kCorruption, with file and offset of the hole, and LogDamage for the range and the number of operations.
//   - Otherwise the hole is where a crash tore the log. All behind it was never promised to survive a power cut: it is
//     dropped and counted. Delivering it would break the order of commits.
//   - A segment that must exist (a later one or a closing record names it) and does not: kCorruption. No crash does
//     that, see segment_supply.h.
//   - A read error is that error, never a hole.
//   - A log without room for the new one that is to follow it: kCorruption, before anything is delivered. It can still be read.
// Limit: if synced records are lost from the very end together with the mark and with all that was written later, no
// evidence is left.
//
// Memory: a 1 MiB buffer, or the largest record if that is larger; a record's length is believed only if its file can
// hold it. Nothing is written: recovery may run any number of times, and on a read-only directory.
//
// Thread safety: one call at a time for a directory that nobody writes.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "format/entry.h"
#include "format/uuid.h"
#include "nacre/runtime.h"
#include "wal/log_survey.h"

namespace nacre::wal {

struct RecoveredRecord {
  format::Sequence first_sequence = 0;
  uint32_t count = 0;
  Bytes payload;  // valid during the call
  uint64_t lsn = 0;
  uint64_t end_lsn = 0;
};

struct RecoveryReport {
  uint64_t end_lsn = 0;   // behind the last record delivered
  uint64_t next_lsn = 0;  // where a new log must begin, so that nothing of the old one can be taken for a part of it
  uint64_t records = 0;
  uint64_t bytes_read = 0;

  bool torn = false;              // something was dropped
  uint64_t torn_file_number = 0;  // where: at end_lsn
  uint64_t torn_offset = 0;
  uint64_t bytes_dropped = 0;    // from the hole to the last remains behind it
  uint64_t records_dropped = 0;  // whole records among them

  uint64_t highest_number = 0;  // of any log file, in names and headers
  // All log files there are. None may be removed or used again before the manifest names a later log.
  std::vector<LogFile> files;
};

// What is known of synced records that are lost. All zero if the error was of another kind.
struct LogDamage {
  uint64_t file_number = 0;
  uint64_t offset = 0;          // in the file: where the damage begins
  uint64_t begin_lsn = 0;       // the log is damaged from here,
  uint64_t synced_through = 0;  // and was durable through here
  uint64_t records_behind = 0;  // whole records found behind the damage
  uint64_t operations_lost =
      0;  // sequences missing between the last record before and the first one behind; 0: unknown
};

// What the manifest says of the log.
struct LogBegin {
  format::LogFloor floor;       // a record begins there, or the log ended; lsn 0: there is no log yet
  uint64_t synced_through = 0;  // the device was made to keep the log through here
  uint64_t room_bytes = 0;      // what a new log is to have room for behind the old one
};

// What one gives a log that is to be written: positions for years, so that the next open can go on too.
inline constexpr uint64_t kRoomOfNewLog = uint64_t{1} << 40;

// Calls `deliver` for each record at or after the floor. An error of `deliver` ends the recovery and is returned; that
// of a decoder with the place of the record. `damage` may be null.
Result<RecoveryReport> recover_log(Directory& directory, const format::Uuid& uuid, const LogBegin& from,
                                   const std::function<Result<void>(const RecoveredRecord&)>& deliver,
                                   LogDamage* damage = nullptr);

// Removes the segments before that of `floor`, which the manifest in force names: they were kept for later use.
Result<void> remove_released(Directory& directory, const format::Uuid& uuid, const format::LogFloor& floor);

}  // namespace nacre::wal
