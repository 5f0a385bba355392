// Keys and values for whole-engine tests: made from a seed, of the shapes that find faults.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <string>

#include "base/prng.h"

namespace nacre::tests {

// The seed of a random test: `name` in the environment replays a failure, else `fallback`.
inline uint64_t seed_from_environment(const char* name, uint64_t fallback) {
  const char* text = std::getenv(name);
  return text == nullptr ? fallback : std::strtoull(text, nullptr, 0);
}

// The i-th key of a small universe: the empty key, zero bytes, shared prefixes longer than a key head, 0xff, long keys.
inline std::string key_of(uint64_t i) {
  const std::string number = std::to_string(i / 8);
  const std::string padded = std::string(6 - std::min<size_t>(6, number.size()), '0') + number;
  switch (i % 8) {
    case 0: return std::string(i / 8 % 24, '\0');
    case 1: return "user:" + padded;
    case 2: return "user:" + padded + ":name";
    case 3: return std::string(60, 'p') + padded;
    case 4: return std::string("12345678") + static_cast<char>(i / 8) + std::string(i / 8 % 3, '\0');
    case 5: return std::string(1 + i / 8 % 9, '\xff') + static_cast<char>(i / 8 % 251);
    case 6: return number;
    default: return std::string(i % 64 == 7 ? 3000 : 20, 'k') + padded;
  }
}

// `bytes` bytes, half of the time such that a codec can shorten them.
inline std::string value_of(base::Prng& random, uint64_t bytes) {
  std::string value(bytes, '\0');
  const bool compressible = random.one_in(2);
  uint64_t word = random.next();
  for (uint64_t i = 0; i < bytes; i++) {
    if (i % 8 == 0 && !compressible) word = random.next();
    value[i] = static_cast<char>(word >> (i % 8 * 8));
  }
  return value;
}

}  // namespace nacre::tests
