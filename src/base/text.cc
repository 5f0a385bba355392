#include "base/text.h"

#include <cstdint>

namespace nacre::base {

size_t utf8_character_bytes(Bytes bytes) {
  if (bytes.empty()) return 0;
  const auto first = static_cast<uint8_t>(bytes[0]);
  if (first < 0x80) return 1;
  const size_t length = (first >> 5) == 6 ? 2 : (first >> 4) == 14 ? 3 : (first >> 3) == 30 ? 4 : 0;
  if (length == 0 || length > bytes.size()) return 0;
  uint32_t code = first & (0xffU >> (length + 1));
  for (size_t i = 1; i < length; i++) {
    const auto next = static_cast<uint8_t>(bytes[i]);
    if ((next >> 6) != 2) return 0;
    code = code << 6 | (next & 0x3f);
  }
  constexpr uint32_t kLeast[] = {0, 0, 0x80, 0x800, 0x10000};
  const bool is_surrogate = code >= 0xd800 && code < 0xe000;
  return code < kLeast[length] || code > 0x10ffff || is_surrogate ? 0 : length;
}

bool is_utf8(Bytes bytes) {
  while (!bytes.empty()) {
    const size_t length = utf8_character_bytes(bytes);
    if (length == 0) return false;
    bytes.remove_prefix(length);
  }
  return true;
}

void append_hex(std::string& out, char byte) {
  constexpr char kDigits[] = "0123456789abcdef";
  out += kDigits[static_cast<uint8_t>(byte) >> 4];
  out += kDigits[static_cast<uint8_t>(byte) & 15];
}

void append_json_string(std::string& out, Bytes text) {
  out += '"';
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out.append(1, '\\').append(1, c);
    } else if (static_cast<uint8_t>(c) < 0x20 || c == 0x7f) {
      append_hex(out.append("\\u00"), c);
    } else {
      out += c;
    }
  }
  out += '"';
}

void append_json_member(std::string& out, Bytes name, Bytes bytes) {
  out.append(1, '"').append(name);
  if (is_utf8(bytes)) return append_json_string(out.append("\":"), bytes);
  out += "_hex\":\"";
  for (const char byte : bytes) append_hex(out, byte);
  out += '"';
}

}  // namespace nacre::base
