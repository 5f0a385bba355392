#include "cli/json.h"

#include "cli/terminal.h"

namespace nacre::cli {

// RFC 3629: no overlong forms, no surrogates, nothing above U+10FFFF.
bool is_utf8(Bytes bytes) {
  for (size_t i = 0; i < bytes.size();) {
    const auto first = static_cast<uint8_t>(bytes[i]);
    const size_t length = first < 0x80         ? 1
                          : (first >> 5) == 6  ? 2
                          : (first >> 4) == 14 ? 3
                          : (first >> 3) == 30 ? 4
                                               : 0;
    if (length == 0 || i + length > bytes.size()) return false;
    uint32_t code = length == 1 ? first : first & (0xffU >> (length + 1));
    for (size_t k = 1; k < length; k++) {
      const auto next = static_cast<uint8_t>(bytes[i + k]);
      if ((next >> 6) != 2) return false;
      code = code << 6 | (next & 0x3f);
    }
    constexpr uint32_t kLeast[] = {0, 0, 0x80, 0x800, 0x10000};
    if (code < kLeast[length] || code > 0x10ffff || (code >= 0xd800 && code < 0xe000)) return false;
    i += length;
  }
  return true;
}

void set_bytes(nlohmann::ordered_json& object, const std::string& name, Bytes bytes) {
  if (is_utf8(bytes)) {
    object[name] = std::string(bytes);
    return;
  }
  constexpr char kHex[] = "0123456789abcdef";
  std::string hex;
  for (const char c : bytes) {
    hex += kHex[static_cast<uint8_t>(c) >> 4];
    hex += kHex[static_cast<uint8_t>(c) & 15];
  }
  object[name + "_hex"] = hex;
}

std::string json_text(const nlohmann::ordered_json& object, int indent, bool terminal) {
  std::string text = object.dump(indent);
  if (!terminal) return text;
  std::string visible_text;
  append_visible_text(visible_text, text);
  if (visible_text == text) return text;
  text = object.dump(indent, ' ', true);
  for (size_t at = 0; (at = text.find('\x7f', at)) != std::string::npos;) text.replace(at, 1, "\\u007f");
  return text;
}

}  // namespace nacre::cli
