// read_published_stats: by whoever wants to look, in any process.

#include <algorithm>
#include <string>

#include "base/result.h"
#include "format/file_names.h"
#include "metrics/published_format.h"
#include "nacre/metrics.h"
#include "nacre/runtime.h"
#include "os/directory_lock.h"

namespace nacre {

namespace {

constexpr int kAttempts = 3;  // two are torn at once only where the reader slept through a second between two reads

Result<std::string> contents(Directory& directory) {
  NACRE_TRY_ASSIGN(const auto file, directory.open_read(format::kStatsName));
  std::string bytes(metrics::kPublishedFileBytes, '\0');
  NACRE_TRY_ASSIGN(const size_t got, file->read(0, bytes));
  if (got != file->size_bytes()) bytes.clear();  // larger, or cut off
  bytes.resize(std::min(bytes.size(), got));
  return bytes;
}

}  // namespace

Result<PublishedStats> read_published_stats(const std::string& path) noexcept {
  NACRE_TRY_ASSIGN(const auto directory, Runtime::standard().file_system->open_directory(path, false));
  if (const auto current = directory->open_read(format::kCurrentName); !current) {
    if (current.error().kind != ErrorKind::kNotFound) return current.error();
    return Error{.kind = ErrorKind::kNotFound,
                 .operation = Operation::kOpen,
                 .file_kind = FileKind::kDirectory,
                 .reason = "there is no database in this directory"};
  }
  PublishedStats out;
  for (int attempt = 0; attempt < kAttempts && out.process_id == 0; attempt++) {
    const auto bytes = contents(*directory);
    if (!bytes) {
      if (bytes.error().kind != ErrorKind::kNotFound && bytes.error().kind != ErrorKind::kInvalidArgument)
        return bytes.error();
      break;
    }
    if (auto newest = metrics::newest_slot(*bytes)) out = std::move(newest->publication);
  }
  NACRE_TRY_ASSIGN(out.is_open, os::has_writer(path + "/" + format::kLockName));
  return out;
}

}  // namespace nacre
