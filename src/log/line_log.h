// LineLog: lines in LOG, which becomes LOG.1 when it is full, LOG.1 becomes LOG.2, and the oldest goes.
//
// Nothing here may hurt the database beside it. So the files are opened with the first line, a line that cannot be written is lost
// and counted, what failed with the file itself is tried again a second later, and while the device is full only a little is written:
// the space that is left is kept for erases (docs/adr/0009). A file of these names that somebody else has made stays as it is: then
// there is no log here.
//
// Thread safety: none. Lifetime: the directory must live until close() or destruction.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "nacre/runtime.h"

namespace nacre::log {

inline constexpr uint64_t kMostOnFullDeviceBytes = uint64_t{64} << 10;

// Whether a file that begins so is one of this log. Given its first 64 bytes, or all if it has fewer; not called for an empty one.
using IsOurs = bool (*)(Bytes begin);

class LineLog {
 public:
  // `file_bytes`, `files`: see LogOptions.
  LineLog(Directory& directory, uint64_t file_bytes, uint32_t files, IsOurs is_ours)
      : directory_(&directory), file_bytes_(file_bytes), files_(files), is_ours_(is_ours) {}

  // `line` ends with a line feed; `wall_ns` is the time. False: it was not written.
  bool append(Bytes line, uint64_t wall_ns);
  void set_device_full(bool full);
  // Nothing is written from here on.
  void close();

 private:
  bool open(uint64_t wall_ns);
  bool rotate(uint64_t wall_ns);
  Result<bool> may_take(const std::string& name) const;
  bool all_may_be_taken(uint32_t begin, uint32_t end, uint64_t wall_ns);
  void remove_surplus();
  bool fail(const Error& error, uint64_t wall_ns);

  Directory* directory_;  // null: closed, or there can be no log here
  const uint64_t file_bytes_;
  const uint32_t files_;
  const IsOurs is_ours_;
  std::unique_ptr<LineFile> file_;  // null: to be opened
  uint64_t failed_at_ns_ = 0;       // 0: the last attempt to open or rotate went well
  bool device_full_ = false;
  uint64_t on_full_device_bytes_ = 0;
};

}  // namespace nacre::log
