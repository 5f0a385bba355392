// The numbers of nacre/c.h, which are promised, for the enumerators of the C++ API, which are free to move.
//
// A switch each, so that the compiler asks for the number of a new enumerator. What stands after it is never returned for one.
#pragma once

#include <cstdint>
#include <utility>

#include "nacre/c.h"
#include "nacre/error.h"
#include "nacre/events.h"
#include "nacre/inspect.h"
#include "nacre/options.h"
#include "nacre/repair.h"
#include "nacre/runtime.h"

namespace nacre::capi {

constexpr nacre_status number_of(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::kNotFound: return NACRE_NOT_FOUND;
    case ErrorKind::kInvalidArgument: return NACRE_INVALID_ARGUMENT;
    case ErrorKind::kConflict: return NACRE_CONFLICT;
    case ErrorKind::kBusy: return NACRE_BUSY;
    case ErrorKind::kNoSpace: return NACRE_NO_SPACE;
    case ErrorKind::kIo: return NACRE_IO;
    case ErrorKind::kCorruption: return NACRE_CORRUPTION;
    case ErrorKind::kClosed: return NACRE_CLOSED;
    case ErrorKind::kUnsupported: return NACRE_UNSUPPORTED;
  }
  return NACRE_IO;
}

constexpr nacre_operation number_of(Operation operation) {
  switch (operation) {
    case Operation::kNone: return NACRE_OPERATION_NONE;
    case Operation::kOpen: return NACRE_OPERATION_OPEN;
    case Operation::kClose: return NACRE_OPERATION_CLOSE;
    case Operation::kRead: return NACRE_OPERATION_READ;
    case Operation::kWrite: return NACRE_OPERATION_WRITE;
    case Operation::kSync: return NACRE_OPERATION_SYNC;
    case Operation::kRename: return NACRE_OPERATION_RENAME;
    case Operation::kRemove: return NACRE_OPERATION_REMOVE;
    case Operation::kList: return NACRE_OPERATION_LIST;
    case Operation::kLock: return NACRE_OPERATION_LOCK;
    case Operation::kMap: return NACRE_OPERATION_MAP;
    case Operation::kDecode: return NACRE_OPERATION_DECODE;
    case Operation::kDecompress: return NACRE_OPERATION_DECOMPRESS;
    case Operation::kCommit: return NACRE_OPERATION_COMMIT;
    case Operation::kFlush: return NACRE_OPERATION_FLUSH;
    case Operation::kCompact: return NACRE_OPERATION_COMPACT;
    case Operation::kRecover: return NACRE_OPERATION_RECOVER;
    case Operation::kScan: return NACRE_OPERATION_SCAN;
    case Operation::kConfigure: return NACRE_OPERATION_CONFIGURE;
  }
  return NACRE_OPERATION_NONE;
}

constexpr nacre_file_kind number_of(FileKind kind) {
  switch (kind) {
    case FileKind::kNone: return NACRE_FILE_NONE;
    case FileKind::kCurrent: return NACRE_FILE_CURRENT;
    case FileKind::kManifest: return NACRE_FILE_MANIFEST;
    case FileKind::kLog: return NACRE_FILE_LOG;
    case FileKind::kTable: return NACRE_FILE_TABLE;
    case FileKind::kBlob: return NACRE_FILE_BLOB;
    case FileKind::kLock: return NACRE_FILE_LOCK;
    case FileKind::kDirectory: return NACRE_FILE_DIRECTORY;
    case FileKind::kOther: return NACRE_FILE_OTHER;
  }
  return NACRE_FILE_NONE;
}

constexpr nacre_event_kind number_of(EventKind kind) {
  switch (kind) {
    case EventKind::kOpened: return NACRE_EVENT_OPENED;
    case EventKind::kRecovered: return NACRE_EVENT_RECOVERED;
    case EventKind::kTornTail: return NACRE_EVENT_TORN_TAIL;
    case EventKind::kClosed: return NACRE_EVENT_CLOSED;
    case EventKind::kKeyspaceCreated: return NACRE_EVENT_KEYSPACE_CREATED;
    case EventKind::kKeyspaceDropped: return NACRE_EVENT_KEYSPACE_DROPPED;
    case EventKind::kFlushStarted: return NACRE_EVENT_FLUSH_STARTED;
    case EventKind::kFlushFinished: return NACRE_EVENT_FLUSH_FINISHED;
    case EventKind::kCompactionStarted: return NACRE_EVENT_COMPACTION_STARTED;
    case EventKind::kCompactionFinished: return NACRE_EVENT_COMPACTION_FINISHED;
    case EventKind::kTablesMoved: return NACRE_EVENT_TABLES_MOVED;
    case EventKind::kTableRemoved: return NACRE_EVENT_TABLE_REMOVED;
    case EventKind::kManifestReplaced: return NACRE_EVENT_MANIFEST_REPLACED;
    case EventKind::kWriteDelayed: return NACRE_EVENT_WRITE_DELAYED;
    case EventKind::kNoSpace: return NACRE_EVENT_NO_SPACE;
    case EventKind::kSpaceReturned: return NACRE_EVENT_SPACE_RETURNED;
    case EventKind::kWritesStopped: return NACRE_EVENT_WRITES_STOPPED;
    case EventKind::kCorruption: return NACRE_EVENT_CORRUPTION;
    case EventKind::kBackgroundError: return NACRE_EVENT_BACKGROUND_ERROR;
    case EventKind::kJobGivenUp: return NACRE_EVENT_JOB_GIVEN_UP;
    case EventKind::kLogSegmentReady: return NACRE_EVENT_LOG_SEGMENT_READY;
    case EventKind::kPaceChanged: return NACRE_EVENT_PACE_CHANGED;
    case EventKind::kReserveUsed: return NACRE_EVENT_RESERVE_USED;
    case EventKind::kReserveMade: return NACRE_EVENT_RESERVE_MADE;
    case EventKind::kSlowOperation: return NACRE_EVENT_SLOW_OPERATION;
    case EventKind::kEventsLost: return NACRE_EVENT_EVENTS_LOST;
    case EventKind::kCompactionDeclined: return NACRE_EVENT_COMPACTION_DECLINED;
  }
  return NACRE_EVENT_OPENED;
}

constexpr nacre_severity number_of(Severity severity) {
  switch (severity) {
    case Severity::kDebug: return NACRE_SEVERITY_DEBUG;
    case Severity::kInfo: return NACRE_SEVERITY_INFO;
    case Severity::kWarning: return NACRE_SEVERITY_WARNING;
    case Severity::kError: return NACRE_SEVERITY_ERROR;
  }
  return NACRE_SEVERITY_ERROR;
}

constexpr nacre_open_mode number_of(OpenMode mode) {
  switch (mode) {
    case OpenMode::kCreateIfMissing: return NACRE_OPEN_CREATE_IF_MISSING;
    case OpenMode::kMustExist: return NACRE_OPEN_MUST_EXIST;
    case OpenMode::kCreateNew: return NACRE_OPEN_CREATE_NEW;
    case OpenMode::kReadOnly: return NACRE_OPEN_READ_ONLY;
  }
  return NACRE_OPEN_CREATE_IF_MISSING;
}

constexpr nacre_durability number_of(Durability durability) {
  switch (durability) {
    case Durability::kMemory: return NACRE_DURABILITY_MEMORY;
    case Durability::kOs: return NACRE_DURABILITY_OS;
    case Durability::kDisk: return NACRE_DURABILITY_DISK;
  }
  return NACRE_DURABILITY_OS;
}

constexpr nacre_memtable_kind number_of(MemtableKind kind) {
  switch (kind) {
    case MemtableKind::kBTree: return NACRE_MEMTABLE_BTREE;
    case MemtableKind::kSkipList: return NACRE_MEMTABLE_SKIP_LIST;
  }
  return NACRE_MEMTABLE_BTREE;
}

constexpr nacre_compression number_of(Compression compression) {
  switch (compression) {
    case Compression::kNone: return NACRE_COMPRESSION_NONE;
    case Compression::kLz4: return NACRE_COMPRESSION_LZ4;
    case Compression::kZstd: return NACRE_COMPRESSION_ZSTD;
  }
  return NACRE_COMPRESSION_LZ4;
}

constexpr nacre_compaction_shape number_of(CompactionShape shape) {
  switch (shape) {
    case CompactionShape::kLazyLeveled: return NACRE_SHAPE_LAZY_LEVELED;
    case CompactionShape::kLeveled: return NACRE_SHAPE_LEVELED;
    case CompactionShape::kTiered: return NACRE_SHAPE_TIERED;
  }
  return NACRE_SHAPE_LAZY_LEVELED;
}

constexpr nacre_log_format number_of(LogFormat format) {
  switch (format) {
    case LogFormat::kText: return NACRE_LOG_TEXT;
    case LogFormat::kJson: return NACRE_LOG_JSON;
  }
  return NACRE_LOG_TEXT;
}

constexpr nacre_repair_finding_kind number_of(RepairFinding::Kind kind) {
  switch (kind) {
    case RepairFinding::Kind::kNote: return NACRE_REPAIR_NOTE;
    case RepairFinding::Kind::kDoubtful: return NACRE_REPAIR_DOUBTFUL;
    case RepairFinding::Kind::kLost: return NACRE_REPAIR_LOST;
  }
  return NACRE_REPAIR_LOST;
}

constexpr nacre_inspect_field_kind number_of(InspectField::Kind kind) {
  switch (kind) {
    case InspectField::Kind::kNumber: return NACRE_INSPECT_NUMBER;
    case InspectField::Kind::kWord: return NACRE_INSPECT_WORD;
    case InspectField::Kind::kBytes: return NACRE_INSPECT_BYTES;
  }
  return NACRE_INSPECT_BYTES;
}

// The enumerator with that number, or `otherwise` if there is none.
template <class Enum>
constexpr Enum named(uint32_t number, Enum otherwise) {
  for (int i = 0; i < 256; i++) {
    const auto enumerator = static_cast<Enum>(i);
    if (static_cast<uint32_t>(number_of(enumerator)) == number) return enumerator;
  }
  return otherwise;
}

}  // namespace nacre::capi
