#include "base/bits.h"

#include <algorithm>

namespace nacre::base {

size_t common_prefix(Bytes a, Bytes b) {
  const size_t limit = std::min(a.size(), b.size());
  size_t at = 0;
  while (at + 8 <= limit) {
    uint64_t x;
    uint64_t y;
    std::memcpy(&x, a.data() + at, 8);
    std::memcpy(&y, b.data() + at, 8);
    if (x != y) return at + static_cast<size_t>(std::countr_zero(x ^ y)) / 8;
    at += 8;
  }
  while (at < limit && a[at] == b[at]) at++;
  return at;
}

}  // namespace nacre::base
