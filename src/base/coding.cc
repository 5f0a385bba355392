#include "base/coding.h"

namespace nacre::base {

const char* load_varint64_slow(const char* from, const char* end, uint64_t* value) {
  uint64_t result = 0;
  for (unsigned shift = 0; from < end; shift += 7) {  // the tenth byte, at 63, is the last or refused
    const auto byte = static_cast<uint8_t>(*from++);
    if (shift == 63 && byte > 1) return nullptr;  // would not fit 64 bits
    result |= static_cast<uint64_t>(byte & 0x7f) << shift;
    if ((byte & 0x80) == 0) {
      *value = result;
      return from;
    }
  }
  return nullptr;
}

}  // namespace nacre::base
