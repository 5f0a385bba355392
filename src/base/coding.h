// Little-endian fixed integers and varints: the atoms of every on-disk format.
//
// Encoders append to a std::string or write through a raw pointer into room the caller made. `Decoder` reads
// hostile bytes: it never reads past its end, and a failed read makes it and all later reads fail.
// Varints are LEB128, at most 5 (32-bit) or 10 (64-bit) bytes.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <string>

#include "nacre/bytes.h"

namespace nacre::base {

static_assert(std::endian::native == std::endian::little, "on-disk integers are little-endian and loaded as they lie");

inline constexpr size_t kMaxVarint32Bytes = 5;
inline constexpr size_t kMaxVarint64Bytes = 10;

template <class T>
inline T load(const void* from) {
  T value;
  std::memcpy(&value, from, sizeof value);
  return value;
}
template <class T>
inline void store(void* to, T value) {
  std::memcpy(to, &value, sizeof value);
}

inline char* store_varint64(char* to, uint64_t value) {
  while (value >= 0x80) {
    *to++ = static_cast<char>(value | 0x80);
    value >>= 7;
  }
  *to++ = static_cast<char>(value);
  return to;
}

inline size_t varint64_bytes(uint64_t value) { return (static_cast<size_t>(std::bit_width(value | 1)) + 6) / 7; }

// Reads a varint from [from, end); returns the byte after it, or null if it is cut off or too long.
const char* load_varint64_slow(const char* from, const char* end, uint64_t* value);
inline const char* load_varint64(const char* from, const char* end, uint64_t* value) {
  if (from < end && (*from & 0x80) == 0) [[likely]] {
    *value = static_cast<uint8_t>(*from);
    return from + 1;
  }
  return load_varint64_slow(from, end, value);
}

template <class T>
inline void append_fixed(std::string& out, T value) {
  char bytes[sizeof value];
  store(bytes, value);
  out.append(bytes, sizeof value);
}
inline void append_varint(std::string& out, uint64_t value) {
  char bytes[kMaxVarint64Bytes];
  out.append(bytes, static_cast<size_t>(store_varint64(bytes, value) - bytes));
}
inline void append_sized(std::string& out, Bytes bytes) {
  append_varint(out, bytes.size());
  out.append(bytes);
}

// Reads bytes that may be hostile. After a failure `ok()` is false and every read returns zero or empty.
class Decoder {
 public:
  explicit Decoder(Bytes input) : cursor_(input.data()), end_(input.data() + input.size()) {}

  bool ok() const { return ok_; }
  bool at_end() const { return cursor_ == end_; }
  size_t remaining() const { return static_cast<size_t>(end_ - cursor_); }

  template <class T>
  T fixed() {
    if (!take(sizeof(T))) return T{};
    return load<T>(cursor_ - sizeof(T));
  }
  uint64_t varint() {
    uint64_t value = 0;
    const char* next = ok_ ? load_varint64(cursor_, end_, &value) : nullptr;
    if (next == nullptr) {
      ok_ = false;
      return 0;
    }
    cursor_ = next;
    return value;
  }
  // A varint that must be at most `limit`.
  uint64_t varint_at_most(uint64_t limit) {
    const uint64_t value = varint();
    if (value > limit) ok_ = false;
    return ok_ ? value : 0;
  }
  Bytes bytes(size_t count) {
    if (!take(count)) return {};
    return {cursor_ - count, count};
  }
  Bytes sized() { return bytes(varint()); }  // a varint length, then that many bytes

 private:
  bool take(size_t count) {
    if (!ok_ || count > remaining()) {
      ok_ = false;
      return false;
    }
    cursor_ += count;
    return true;
  }

  const char* cursor_;
  const char* end_;
  bool ok_ = true;
};

}  // namespace nacre::base
