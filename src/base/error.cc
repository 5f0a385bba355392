#include "nacre/error.h"

#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace nacre {

std::string_view to_string(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::kNotFound: return "not found";
    case ErrorKind::kInvalidArgument: return "invalid argument";
    case ErrorKind::kConflict: return "conflict";
    case ErrorKind::kBusy: return "busy";
    case ErrorKind::kNoSpace: return "no space";
    case ErrorKind::kIo: return "I/O error";
    case ErrorKind::kCorruption: return "corruption";
    case ErrorKind::kClosed: return "closed";
    case ErrorKind::kUnsupported: return "unsupported";
  }
  return "unknown error";
}

std::string_view to_string(Operation operation) {
  switch (operation) {
    case Operation::kNone: return "";
    case Operation::kOpen: return "opening";
    case Operation::kClose: return "closing";
    case Operation::kRead: return "reading";
    case Operation::kWrite: return "writing";
    case Operation::kSync: return "syncing";
    case Operation::kRename: return "renaming";
    case Operation::kRemove: return "removing";
    case Operation::kList: return "listing";
    case Operation::kLock: return "locking";
    case Operation::kMap: return "mapping";
    case Operation::kDecode: return "decoding";
    case Operation::kDecompress: return "decompressing";
    case Operation::kCommit: return "committing";
    case Operation::kFlush: return "flushing";
    case Operation::kCompact: return "compacting";
    case Operation::kRecover: return "recovering";
    case Operation::kScan: return "scanning";
    case Operation::kConfigure: return "checking options";
  }
  return "";
}

namespace {

std::string file_name(const Error& error) {
  char text[48];
  const auto number = static_cast<unsigned long long>(error.file_number);
  switch (error.file_kind) {
    case FileKind::kNone: return "";
    case FileKind::kCurrent: return "CURRENT";
    case FileKind::kLock: return "LOCK";
    case FileKind::kDirectory: return "the directory";
    case FileKind::kOther: return "a file";
    case FileKind::kManifest: std::snprintf(text, sizeof text, "MANIFEST-%06llu", number); return text;
    case FileKind::kLog: std::snprintf(text, sizeof text, "%06llu.wal", number); return text;
    case FileKind::kTable: std::snprintf(text, sizeof text, "%06llu.sst", number); return text;
    case FileKind::kBlob: std::snprintf(text, sizeof text, "%06llu.blob", number); return text;
  }
  return "";
}

}  // namespace

std::string Error::to_string() const {
  std::string text(nacre::to_string(kind));
  if (operation != Operation::kNone) text.append(" while ").append(nacre::to_string(operation));
  if (std::string name = file_name(*this); !name.empty()) {
    text.append(" ").append(name);
    if (offset != 0 || kind == ErrorKind::kCorruption) text.append(" at offset ").append(std::to_string(offset));
  }
  if (reason != nullptr) text.append(": ").append(reason);
  if (system_errno != 0) text.append(" (").append(std::strerror(system_errno)).append(")");
  return text;
}

void die_of_unchecked_error(const Error& error) {
  std::fprintf(stderr, "nacre: value() of a failed result: %s\n", error.to_string().c_str());
  std::abort();
}

void die_of_absent_error() {
  std::fprintf(stderr, "nacre: error() of a result that holds none\n");
  std::abort();
}

}  // namespace nacre
