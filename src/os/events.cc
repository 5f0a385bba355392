// Events in words: what logs and tools print.

#include "nacre/events.h"

#include <string>

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

// Plain when it reads as one word, otherwise in quotes with what would break the line escaped.
void append_text(std::string& line, std::string_view text) {
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
  constexpr char kHex[] = "0123456789abcdef";
  line.push_back('"');
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      line.push_back('\\');
      line.push_back(c);
    } else if (byte < 0x20 || byte == 0x7f) {
      line.append("\\x").append(1, kHex[byte >> 4]).append(1, kHex[byte & 15]);
    } else {
      line.push_back(c);
    }
  }
  line.push_back('"');
}

void append_field(std::string& line, std::string_view name, std::string_view text) {
  if (text.empty()) return;
  line.append(" ").append(name).append("=");
  append_text(line, text);
}
void append_field(std::string& line, std::string_view name, uint64_t value) {
  if (value != 0) line.append(" ").append(name).append("=").append(std::to_string(value));
}

bool has_error(EventKind kind) {
  return kind == EventKind::kWritesStopped || kind == EventKind::kCorruption || kind == EventKind::kBackgroundError;
}

}  // namespace

std::string to_string(const Event& event) {
  std::string line(to_string(event.kind));
  append_field(line, "database", event.database);
  append_field(line, "keyspace", event.keyspace);
  append_field(line, "cause", event.cause);
  append_field(line, "job", event.job);
  append_field(line, "file", word_of(event.file_kind));
  append_field(line, "number", event.file_number);
  append_field(line, "offset", event.offset);
  append_field(line, "bytes_in", event.bytes_in);
  append_field(line, "bytes_out", event.bytes_out);
  append_field(line, "files_in", event.files_in);
  append_field(line, "files_out", event.files_out);
  append_field(line, "entries", event.entries);
  append_field(line, "duration_ns", event.duration_ns);
  append_field(line, "level_from", uint64_t{event.level_from});
  append_field(line, "level_to", uint64_t{event.level_to});
  if (has_error(event.kind)) append_field(line, "error", event.error.to_string());
  return line;
}

}  // namespace nacre
