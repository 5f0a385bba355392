// InputBuffer: the part of an input that a reader looks at: bytes that were read and not yet consumed. Grows to what one record
// needs; a record that needs more than `most` is none.
//
// Lifetime: views into ahead() live until more(), consumed or not.
#pragma once

#include <cstdint>
#include <memory>

#include "cli/byte_source.h"
#include "nacre/bytes.h"

namespace nacre::cli {

// A key and a value of the largest entry, each byte as an escape of four, and the rest.
constexpr size_t most_record_bytes(size_t largest_entry_bytes) { return largest_entry_bytes * 4 + (64 << 10); }

class InputBuffer {
 public:
  static constexpr size_t kFirstBytes = 256 << 10;
  static constexpr size_t kMostBytes = most_record_bytes(size_t{128} << 20);

  explicit InputBuffer(ByteSource& source, size_t most = kMostBytes) : source_(source), most_(most) {}

  Bytes ahead() const { return {data_.get() + begin_, end_ - begin_}; }
  // Reads more behind ahead(), which may move. False: the input is over (see source()), or full().
  bool more();
  // True if ahead() has, or can get, that many bytes.
  bool need(size_t bytes) {
    while (end_ - begin_ < bytes) {
      if (!more()) return false;
    }
    return true;
  }
  void consume(size_t bytes) {
    begin_ += bytes;
    offset_ += bytes;
  }
  // Where in the input ahead() begins.
  uint64_t offset() const { return offset_; }
  size_t most_bytes() const { return most_; }
  bool full() const { return begin_ == 0 && end_ >= most_; }
  const ByteSource& source() const { return source_; }

 private:
  void make_room();

  ByteSource& source_;
  size_t most_;
  std::unique_ptr<char[]> data_;
  size_t capacity_ = 0;
  size_t begin_ = 0;
  size_t end_ = 0;
  uint64_t offset_ = 0;
};

}  // namespace nacre::cli
