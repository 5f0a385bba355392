#include "sim/buffer.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <new>
#include <vector>

namespace nacre::sim {

namespace {

// Free blocks by the logarithm of their size, up to kPooledBytes of each.
constexpr size_t kSmallestPooled = 65536;
constexpr size_t kPooledBytes = size_t{64} << 20;
using Pool = std::array<std::vector<char*>, 64>;

Pool& pool() {
  static auto* const kOnly = new Pool;  // buffers may outlive static destruction
  return *kOnly;
}

char* take(size_t capacity) {
  auto& blocks = pool()[static_cast<size_t>(std::countr_zero(capacity))];
  if (blocks.empty()) return static_cast<char*>(::operator new(capacity, std::align_val_t{kPageBytes}));
  char* block = blocks.back();
  blocks.pop_back();
  return block;
}

void give(char* block, size_t capacity) {
  if (block == nullptr) return;
  auto& blocks = pool()[static_cast<size_t>(std::countr_zero(capacity))];
  if (capacity < kSmallestPooled || blocks.size() * capacity >= kPooledBytes) {
    ::operator delete(block, std::align_val_t{kPageBytes});
  } else {
    blocks.push_back(block);
  }
}

}  // namespace

Buffer::~Buffer() { give(data_, capacity_); }

Buffer& Buffer::operator=(const Buffer& other) {
  if (this != &other) assign(other.bytes());
  return *this;
}

void Buffer::reserve(size_t capacity) {
  if (capacity <= capacity_) return;
  capacity = std::bit_ceil(std::max<size_t>(capacity, 64));
  char* larger = take(capacity);
  if (size_ != 0) std::memcpy(larger, data_, size_);
  give(data_, capacity_);
  data_ = larger;
  capacity_ = capacity;
}

void Buffer::resize(size_t size) {
  reserve(size);
  if (size > size_) std::memset(data_ + size_, 0, size - size_);
  size_ = size;
}

void Buffer::append(Bytes bytes) {
  if (bytes.empty()) return;
  reserve(size_ + bytes.size());
  std::memcpy(data_ + size_, bytes.data(), bytes.size());
  size_ += bytes.size();
}

void Buffer::assign(Bytes bytes) {
  size_ = 0;
  append(bytes);
}

}  // namespace nacre::sim
