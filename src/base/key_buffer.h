// KeyBuffer: a copy of a key, which needs memory of its own only if the key is long.
//
// A std::string allocates for keys of 16 bytes, as most are; a cursor that reads ten entries would spend a tenth of its time there.
//
// Thread safety: one thread at a time. Views die with the next assign() and when the buffer moves.
#pragma once

#include <cstring>
#include <string>

#include "nacre/bytes.h"

namespace nacre::base {

class KeyBuffer {
 public:
  // `key` may lie in memory that this buffer's owner is about to change, but not in the buffer.
  Bytes assign(Bytes key) {
    size_ = key.size();
    if (size_ <= kInline) [[likely]] {
      if (size_ != 0) std::memcpy(inline_, key.data(), size_);
    } else {
      large_.assign(key);
    }
    return view();
  }
  Bytes view() const { return {size_ <= kInline ? inline_ : large_.data(), size_}; }

 private:
  static constexpr size_t kInline = 64;

  size_t size_ = 0;
  char inline_[kInline];
  std::string large_;
};

// a == b, soonest known of keys that follow one another in order: they differ at their ends.
inline bool same_key(Bytes a, Bytes b) {
  if (a.size() != b.size()) return false;
  if (a.size() >= sizeof(uint64_t)) {
    const size_t at = a.size() - sizeof(uint64_t);
    uint64_t x = 0;
    uint64_t y = 0;
    std::memcpy(&x, a.data() + at, sizeof x);
    std::memcpy(&y, b.data() + at, sizeof y);
    if (x != y) return false;
  }
  return a == b;
}

}  // namespace nacre::base
