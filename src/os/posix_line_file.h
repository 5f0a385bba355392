// A file of lines for people, appended to with one write a line.
//
// A line that was written whole is in the page cache, so it survives the process; nothing waits for the device. What a full device
// or a limit let through of a line is cut off again. A last line that has no end, of a machine that died, gets one when the file is
// opened.
//
// Thread safety: none. Owns the descriptor. In a forked child it must be left alone: the file is the parent's.
#pragma once

#include <memory>

#include "nacre/runtime.h"
#include "os/fd.h"
#include "os/file_ref.h"

namespace nacre::os {

class PosixLineFile final : public LineFile {
 public:
  // `fd`: of a regular file, to read and append.
  static Result<std::unique_ptr<LineFile>> take(Fd fd, FileRef ref, uint64_t size_bytes);

  Result<void> append(Bytes line) override;
  uint64_t size_bytes() const override { return size_bytes_; }

 private:
  PosixLineFile(Fd fd, FileRef ref, uint64_t size_bytes) : fd_(std::move(fd)), ref_(ref), size_bytes_(size_bytes) {}

  const Fd fd_;
  const FileRef ref_;
  uint64_t size_bytes_;
  bool lacks_end_ = false;  // the last line: it gets one before the next
};

}  // namespace nacre::os
