// BlockCursor: walks the entries of one data block. Moving costs a few nanoseconds: the key is put together in the
// cursor's own buffer (the prefix stays there, head and suffix are replaced); value and trailer are read when asked for.
//
// Thread safety: one thread at a time. Lifetime: borrows the block's image; key() lives until the cursor moves.
#pragma once

#include <algorithm>
#include <memory>

#include "format/block.h"

namespace nacre::format {

class BlockCursor {
 public:
  // Looks at another block; not positioned afterwards.
  void reset(const BlockView& view) {
    view_ = view;
    at_ = view.entries();
    const size_t room = view.longest_key_bytes() + BlockView::kKeySlack;
    if (room > buffer_bytes_) {
      buffer_bytes_ = std::max<size_t>(room, 128);
      buffer_ = std::make_unique_for_overwrite<char[]>(buffer_bytes_);
    }
    const Bytes prefix = view.prefix();
    if (!prefix.empty()) std::memcpy(buffer_.get(), prefix.data(), prefix.size());
    const auto prefix_bytes = std::min(prefix.size(), base::kHeadBytes);
    prefix_head_ = base::head_of(prefix.data(), prefix_bytes);
    head_shift_ = static_cast<uint32_t>(8 * prefix_bytes);
  }
  // Not valid until the next reset().
  void clear() {
    view_ = BlockView();
    at_ = 0;
  }

  bool valid() const { return at_ < view_.entries(); }
  uint32_t index() const { return at_; }
  const BlockView& view() const { return view_; }

  // True if there is an entry `index`.
  bool move_to(uint32_t index) {
    at_ = index;
    if (!valid()) [[unlikely]]
      return false;
    key_bytes_ = view_.copy_rest(at_, buffer_.get());
    return true;
  }
  // These need a valid cursor, and make it invalid if there is no such entry.
  bool next() { return move_to(at_ + 1); }
  bool prev() {
    if (at_ == 0) {
      at_ = view_.entries();
      return false;
    }
    return move_to(at_ - 1);
  }

  Bytes key() const { return {buffer_.get(), key_bytes_}; }
  // base::head_of(key()), without reading what was just written.
  uint64_t head() const { return head_shift_ == 64 ? prefix_head_ : prefix_head_ | view_.head(at_) >> head_shift_; }
  uint64_t trailer() const { return view_.trailer(at_); }
  Bytes value() const { return view_.value(at_); }

 private:
  BlockView view_;
  uint32_t at_ = 0;
  uint32_t head_shift_ = 0;
  uint64_t prefix_head_ = 0;
  size_t key_bytes_ = 0;
  std::unique_ptr<char[]> buffer_;
  size_t buffer_bytes_ = 0;
};

}  // namespace nacre::format
