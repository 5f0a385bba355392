#include "format/uuid.h"

namespace nacre::format {

Uuid Uuid::from_random(uint64_t first, uint64_t second) {
  Uuid uuid;
  base::store(uuid.bytes.data(), first);
  base::store(uuid.bytes.data() + 8, second);
  uuid.bytes[6] = static_cast<uint8_t>((uuid.bytes[6] & 0x0f) | 0x40);
  uuid.bytes[8] = static_cast<uint8_t>((uuid.bytes[8] & 0x3f) | 0x80);
  return uuid;
}

std::string Uuid::to_string() const {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  text.reserve(2 * kUuidBytes + 4);
  for (size_t i = 0; i < kUuidBytes; i++) {
    if (i == 4 || i == 6 || i == 8 || i == 10) text.push_back('-');
    text.push_back(kDigits[bytes[i] >> 4]);
    text.push_back(kDigits[bytes[i] & 0xf]);
  }
  return text;
}

}  // namespace nacre::format
