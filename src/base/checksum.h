// Checksums and key hashes: XXH3-64 (xxhash 0.8, whose output is frozen and so may be stored).
//
// Checksums here detect accident, not tampering. Every stored checksum is seeded with the identity of the place where
// the bytes belong, so that right bytes in a wrong place are caught as well.
#pragma once

#include <cstdint>

#include "nacre/bytes.h"

namespace nacre::base {

uint64_t checksum64(Bytes bytes, uint64_t seed);

// The hash of a user key, used by filters, block tags and the row cache. Stored in tables: never change it.
uint64_t hash_key(Bytes key);

// Mixes two words into one with full avalanche (the finaliser of MurmurHash3 over a combination).
constexpr uint64_t mix64(uint64_t a, uint64_t b) {
  uint64_t x = a ^ (b + 0x9e3779b97f4a7c15ULL + (a << 6) + (a >> 2));
  x ^= x >> 33;
  x *= 0xff51afd7ed558ccdULL;
  x ^= x >> 33;
  x *= 0xc4ceb9fe1a85ec53ULL;
  x ^= x >> 33;
  return x;
}

}  // namespace nacre::base
