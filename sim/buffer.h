// Buffer: a growing run of bytes on whole pages, the content of a simulated file.
//
// Large blocks come from a pool and go back to it: fresh memory costs a page fault for each page, which for a log
// segment of 1 MiB is ten times the price of the zeros. Not a std::vector, which with an allocator of its own copies
// byte by byte.
//
// Invariant: new bytes are zero. Thread safety: none, one OS thread; the pool is shared by all buffers.
#pragma once

#include <cstddef>
#include <cstdint>

#include "nacre/bytes.h"

namespace nacre::sim {

inline constexpr uint64_t kPageBytes = 4096;

class Buffer {
 public:
  Buffer() = default;
  explicit Buffer(Bytes bytes) { append(bytes); }
  Buffer(const Buffer& other) : Buffer(other.bytes()) {}
  Buffer& operator=(const Buffer& other);
  ~Buffer();

  char* data() { return data_; }
  const char* data() const { return data_; }
  size_t size() const { return size_; }
  Bytes bytes() const { return Bytes(data_, size_); }
  char& operator[](size_t i) { return data_[i]; }

  // Moves the bytes if there is no room: data() changes.
  void resize(size_t size);
  void append(Bytes bytes);
  void assign(Bytes bytes);

 private:
  void reserve(size_t capacity);

  char* data_ = nullptr;
  size_t size_ = 0;
  size_t capacity_ = 0;
};

}  // namespace nacre::sim
