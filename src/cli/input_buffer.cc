#include "cli/input_buffer.h"

#include <algorithm>
#include <cstring>

namespace nacre::cli {

void InputBuffer::make_room() {
  const size_t kept = end_ - begin_;
  if (begin_ > 0 && kept > 0) std::memmove(data_.get(), data_.get() + begin_, kept);
  begin_ = 0;
  end_ = kept;
  if (end_ < capacity_) return;
  const size_t larger = std::min(most_, std::max(kFirstBytes, 2 * capacity_));
  if (larger <= capacity_) return;
  auto moved = std::make_unique_for_overwrite<char[]>(larger);
  if (kept > 0) std::memcpy(moved.get(), data_.get(), kept);
  data_ = std::move(moved);
  capacity_ = larger;
}

bool InputBuffer::more() {
  if (source_.state() != ByteSource::State::kOpen) return false;
  if (begin_ == end_) begin_ = end_ = 0;
  if (end_ == capacity_) make_room();
  if (end_ == capacity_) return false;
  const size_t got = source_.read(data_.get() + end_, capacity_ - end_);
  end_ += got;
  return got > 0;
}

}  // namespace nacre::cli
