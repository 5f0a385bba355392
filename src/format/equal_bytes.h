// equal_bytes: the comparison of two short runs of bytes, inline.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/coding.h"

namespace nacre::format {

// memcmp(a, b, size) == 0, without the call: keys are short.
inline bool equal_bytes(const char* a, const char* b, size_t size) {
  if (size >= 8) {
    for (size_t at = 0; at + 8 < size; at += 8) {
      if (base::load<uint64_t>(a + at) != base::load<uint64_t>(b + at)) return false;
    }
    return base::load<uint64_t>(a + size - 8) == base::load<uint64_t>(b + size - 8);
  }
  if (size >= 4) {
    return ((base::load<uint32_t>(a) ^ base::load<uint32_t>(b)) |
            (base::load<uint32_t>(a + size - 4) ^ base::load<uint32_t>(b + size - 4))) == 0;
  }
  for (size_t at = 0; at < size; at++) {
    if (a[at] != b[at]) return false;
  }
  return true;
}

}  // namespace nacre::format
