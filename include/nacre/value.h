// Value: a value that was read, still lying where the engine keeps it.
//
// A Value pins the cache block or memtable that holds its bytes; nothing is copied. Hold it as long as you look at the
// bytes and not longer: pinned memory cannot be reused. Copy with to_string() to keep.
//
// Lifetime: drop every Value before its Db is closed (Db::close answers kBusy while one is alive).
// Thread safety: a plain value; may be moved to and dropped on another thread.
#pragma once

#include <string>
#include <utility>

#include "nacre/bytes.h"

namespace nacre {

class Value {
 public:
  Value() = default;
  // For the engine: `unpin(pin)` is called once when the value goes.
  Value(Bytes bytes, void* pin, void (*unpin)(void*)) : bytes_(bytes), pin_(pin), unpin_(unpin) {}
  Value(Value&& other) noexcept
      : bytes_(std::exchange(other.bytes_, {})), pin_(std::exchange(other.pin_, nullptr)), unpin_(other.unpin_) {}
  Value& operator=(Value&& other) noexcept {
    std::swap(bytes_, other.bytes_);
    std::swap(pin_, other.pin_);
    std::swap(unpin_, other.unpin_);
    return *this;
  }
  ~Value() {
    if (pin_ != nullptr) unpin_(pin_);
  }

  Bytes bytes() const& { return bytes_; }
  Bytes bytes() const&& = delete;             // the pin would be gone at the end of the statement
  operator Bytes() const& { return bytes_; }  // NOLINT(google-explicit-constructor): reads as bytes
  operator Bytes() const&& = delete;
  const char* data() const& { return bytes_.data(); }
  size_t size() const { return bytes_.size(); }
  std::string to_string() const { return std::string(bytes_); }

  friend bool operator==(const Value& value, Bytes bytes) { return value.bytes_ == bytes; }

 private:
  Bytes bytes_;
  void* pin_ = nullptr;
  void (*unpin_)(void*) = nullptr;
};

}  // namespace nacre
