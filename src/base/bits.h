// Small arithmetic on words: alignment, powers of two, and key heads.
//
// A key's *head* at byte position p is its bytes [p, p+8) read as one big-endian number, missing bytes as zero. Heads
// order as the keys do, so most comparisons of keys are one comparison of two words. Two keys with equal heads may
// still differ (in later bytes, or because one ends within the head and the other goes on with zero bytes).
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "nacre/bytes.h"

namespace nacre::base {

constexpr uint64_t align_up(uint64_t value, uint64_t alignment) { return (value + alignment - 1) & ~(alignment - 1); }
constexpr bool is_power_of_two(uint64_t value) { return std::has_single_bit(value); }

// Maps a 32-bit hash onto [0, n) without a division (Lemire, "Fast random integer generation in an interval").
constexpr uint32_t fast_range(uint32_t hash, uint32_t n) {
  return static_cast<uint32_t>((static_cast<uint64_t>(hash) * n) >> 32);
}

inline constexpr size_t kHeadBytes = 8;

inline uint64_t head_of(const char* data, size_t size) {
  uint64_t word = 0;
  if (size >= kHeadBytes) [[likely]] {
    std::memcpy(&word, data, kHeadBytes);
    return __builtin_bswap64(word);
  }
  if (size == 0) return 0;
  std::memcpy(&word, data, size);
  return __builtin_bswap64(word);
}
inline uint64_t head_of(Bytes key) { return head_of(key.data(), key.size()); }
// The head of `key` after its first `skip` bytes; zero when the key is not longer than that.
inline uint64_t head_at(Bytes key, size_t skip) {
  return skip < key.size() ? head_of(key.data() + skip, key.size() - skip) : 0;
}

size_t common_prefix(Bytes a, Bytes b);

}  // namespace nacre::base
