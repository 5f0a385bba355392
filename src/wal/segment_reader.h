// SegmentReader: the records of one log segment file, read with plain reads in large units.
//
// Memory: one buffer of 1 MiB, grown to the size of a record that is larger - but only to one that the file can hold,
// so a hostile length costs nothing. A read error is an error, never the end of anything;
// so is a read that brings less than the file had when it was opened.
//
// Thread safety: none. Views live until the next call.
#pragma once

#include <functional>
#include <memory>
#include <optional>

#include "base/result.h"
#include "format/log_format.h"
#include "nacre/runtime.h"

namespace nacre::wal {

class SegmentReader {
 public:
  SegmentReader(std::unique_ptr<ReadableFile> file, uint64_t file_number, uint64_t salt)
      : file_(std::move(file)),
        file_number_(file_number),
        file_bytes_(file_->size_bytes()),
        salt_(salt),
        tag_(format::log_tag(salt)) {}

  struct Record {
    format::LogRecordHeader header;
    Bytes payload;
  };

  // The record at byte `offset` of the file; nothing if there is no whole and valid one.
  Result<std::optional<Record>> read(uint64_t offset);

  // True if the last read() found something that looks like a record's header of this use of the segment, whole or not.
  bool looked_begun() const { return looked_begun_; }

  // Finds the valid records at or after `offset`, wherever they begin. Costs one pass over the file; kCorruption if so
  // much of it looks like headers without being one that the search would take unreasonably long.
  Result<void> search(uint64_t offset,
                      const std::function<void(uint64_t offset, const format::LogRecordHeader&)>& found);

  uint64_t bytes_read() const { return bytes_read_; }

 private:
  // Up to `bytes` bytes from `offset`; fewer only at the end of the file.
  Result<Bytes> view(uint64_t offset, uint64_t bytes) {
    if (offset >= window_begin_ && offset + bytes <= window_end_) [[likely]] {
      return Bytes(buffer_.get() + (offset - window_begin_), bytes);
    }
    return fill(offset, bytes);
  }
  Result<Bytes> fill(uint64_t offset, uint64_t bytes);
  // All that the buffer holds from `offset` on, at least a record's header; nothing at the end of the file.
  Result<Bytes> view_ahead(uint64_t offset);

  std::unique_ptr<ReadableFile> file_;
  uint64_t file_number_;
  uint64_t file_bytes_;
  uint64_t salt_;
  uint32_t tag_;
  std::unique_ptr<char[]> buffer_;
  uint64_t buffer_bytes_ = 0;
  uint64_t window_begin_ = 0;  // the part of the file that the buffer holds
  uint64_t window_end_ = 0;
  uint64_t bytes_read_ = 0;
  bool looked_begun_ = false;
};

}  // namespace nacre::wal
