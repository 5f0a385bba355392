// Keys: from numbers to keys of one length, in the order of the numbers.
//
//   prefix_bytes times 'k' | the number's code, 8 bytes big-endian | '0' up to size_bytes
//
// Codes that are stored are even. The odd ones lie between them: a key that is missing is in the range of every table and
// differs from its neighbour in the last bit of its number.
//
// Thread safety: none; each worker has its own KeyBuffer. Views live until the slot is written again.
#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace bench {

struct KeyShape {
  static constexpr uint32_t kMinBytes = 8;
  uint32_t size_bytes = 16;   // all of it; at least prefix_bytes + 8
  uint32_t prefix_bytes = 0;  // that all keys share
};

// A bijection of 64-bit words that leaves no pattern (the finalizer of splitmix64).
inline uint64_t scatter(uint64_t x) {
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebULL;
  return x ^ (x >> 31);
}

class KeyBuffer {
 public:
  KeyBuffer(const KeyShape& shape, size_t slots) : shape_(shape), bytes_(slots * shape.size_bytes, '0') {
    for (size_t slot = 0; slot < slots; slot++) {
      std::memset(bytes_.data() + slot * shape.size_bytes, 'k', shape.prefix_bytes);
    }
  }

  std::string_view write(uint64_t code, size_t slot = 0) {
    char* key = bytes_.data() + slot * shape_.size_bytes;
    const uint64_t big_endian = __builtin_bswap64(code);
    std::memcpy(key + shape_.prefix_bytes, &big_endian, sizeof big_endian);
    return {key, shape_.size_bytes};
  }

 private:
  const KeyShape shape_;
  std::string bytes_;
};

}  // namespace bench
