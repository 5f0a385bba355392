// Events in words: what logs and tools print.

#include "nacre/events.h"

#include <string>

#include "base/text.h"

namespace nacre {

std::string_view to_string(EventKind kind) {
  switch (kind) {
    case EventKind::kOpened: return "opened";
    case EventKind::kRecovered: return "recovered";
    case EventKind::kTornTail: return "torn_tail";
    case EventKind::kClosed: return "closed";
    case EventKind::kKeyspaceCreated: return "keyspace_created";
    case EventKind::kKeyspaceDropped: return "keyspace_dropped";
    case EventKind::kFlushStarted: return "flush_started";
    case EventKind::kFlushFinished: return "flush_finished";
    case EventKind::kCompactionStarted: return "compaction_started";
    case EventKind::kCompactionFinished: return "compaction_finished";
    case EventKind::kTablesMoved: return "tables_moved";
    case EventKind::kTableRemoved: return "table_removed";
    case EventKind::kManifestReplaced: return "manifest_replaced";
    case EventKind::kWriteDelayed: return "write_delayed";
    case EventKind::kNoSpace: return "no_space";
    case EventKind::kSpaceReturned: return "space_returned";
    case EventKind::kWritesStopped: return "writes_stopped";
    case EventKind::kCorruption: return "corruption";
    case EventKind::kBackgroundError: return "background_error";
    case EventKind::kJobGivenUp: return "job_given_up";
    case EventKind::kLogSegmentReady: return "log_segment_ready";
    case EventKind::kPaceChanged: return "pace_changed";
    case EventKind::kReserveUsed: return "reserve_used";
    case EventKind::kReserveMade: return "reserve_made";
    case EventKind::kSlowOperation: return "slow_operation";
    case EventKind::kEventsLost: return "events_lost";
    case EventKind::kCompactionDeclined: return "compaction_declined";
  }
  return "unknown_event";
}

std::string_view to_string(Severity severity) {
  switch (severity) {
    case Severity::kDebug: return "debug";
    case Severity::kInfo: return "info";
    case Severity::kWarning: return "warning";
    case Severity::kError: return "error";
  }
  return "unknown";
}

namespace {

std::string_view word_of(FileKind kind) {
  switch (kind) {
    case FileKind::kNone: return "";
    case FileKind::kCurrent: return "current";
    case FileKind::kManifest: return "manifest";
    case FileKind::kLog: return "log";
    case FileKind::kTable: return "table";
    case FileKind::kBlob: return "blob";
    case FileKind::kLock: return "lock";
    case FileKind::kDirectory: return "directory";
    case FileKind::kOther: return "other";
  }
  return "";
}

bool has_error(EventKind kind) {
  switch (kind) {
    case EventKind::kWritesStopped:
    case EventKind::kCorruption:
    case EventKind::kBackgroundError:
    case EventKind::kJobGivenUp:
    case EventKind::kNoSpace: return true;
    default: return false;
  }
}

// Gives `field` the name and the value of all that is neither zero nor empty.
template <class Field>
void for_each_field(const Event& event, const Field& field) {
  const auto text = [&](std::string_view name, std::string_view value) {
    if (!value.empty()) field(name, value);
  };
  const auto number = [&](std::string_view name, uint64_t value) {
    if (value != 0) field(name, value);
  };
  text("database", event.database);
  text("keyspace", event.keyspace);
  text("operation", event.operation);
  text("cause", event.cause);
  number("job", event.job);
  text("file", word_of(event.file_kind));
  number("number", event.file_number);
  number("offset", event.offset);
  number("bytes_in", event.bytes_in);
  number("bytes_out", event.bytes_out);
  number("files_in", event.files_in);
  number("files_out", event.files_out);
  number("entries", event.entries);
  number("duration_ns", event.duration_ns);
  number("level_from", event.level_from);
  number("level_to", event.level_to);
  number("delay_ns", event.delay_ns);
  number("lock_ns", event.lock_ns);
  number("log_ns", event.log_ns);
  number("sync_ns", event.sync_ns);
  number("read_ns", event.read_ns);
  text("detail", event.detail);
  if (has_error(event.kind)) text("error", event.error.to_string());
}

// ---- text ------------------------------------------------------------------------------------------------------------

// Plain when it reads as one word, otherwise in quotes with what would break the line escaped.
void append_value(std::string& line, std::string_view text) {
  const auto is_plain = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' ||
           c == '.' || c == '/' || c == ':' || static_cast<unsigned char>(c) >= 0x80;
  };
  bool plain = true;
  for (const char c : text) plain = plain && is_plain(c);
  if (plain) {
    line.append(text);
    return;
  }
  line.push_back('"');
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      line.push_back('\\');
      line.push_back(c);
    } else if (byte < 0x20 || byte == 0x7f) {
      base::append_hex(line.append("\\x"), c);
    } else {
      line.push_back(c);
    }
  }
  line.push_back('"');
}
void append_value(std::string& line, uint64_t value) { line.append(std::to_string(value)); }

// ---- JSON ------------------------------------------------------------------------------------------------------------

void append_json(std::string& line, std::string_view name, std::string_view text) {
  base::append_json_member(line, name, text);
}
void append_json(std::string& line, std::string_view name, uint64_t value) {
  line.append("\"").append(name).append("\":").append(std::to_string(value));
}

}  // namespace

std::string to_string(const Event& event) {
  std::string line(to_string(event.kind));
  for_each_field(event, [&line](std::string_view name, auto value) {
    line.append(" ").append(name).append("=");
    append_value(line, value);
  });
  return line;
}

std::string to_json(const Event& event) {
  std::string line("{");
  append_json(line, "kind", to_string(event.kind));
  line.push_back(',');
  append_json(line, "severity", to_string(event.severity));
  line.push_back(',');
  append_json(line, "wall_ns", event.wall_ns);
  for_each_field(event, [&line](std::string_view name, auto value) {
    line.push_back(',');
    append_json(line, name, value);
  });
  line.push_back('}');
  return line;
}

}  // namespace nacre
