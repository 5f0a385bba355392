#include "cli/encoding.h"

#include <array>

#include "cli/tsv.h"

namespace nacre::cli {

namespace {

constexpr char kHexDigits[] = "0123456789abcdef";
constexpr char kBase64Digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr uint8_t kNoDigit = 0xff;

constexpr std::array<uint8_t, 256> digit_values(const char* digits, uint8_t count) {
  std::array<uint8_t, 256> values{};
  values.fill(kNoDigit);
  for (uint8_t i = 0; i < count; i++) values[static_cast<uint8_t>(digits[i])] = i;
  return values;
}

constexpr std::array<uint8_t, 256> kHexValues = [] {
  auto values = digit_values(kHexDigits, 16);
  for (uint8_t i = 10; i < 16; i++) values[static_cast<size_t>('A' + i - 10)] = i;
  return values;
}();
constexpr std::array<uint8_t, 256> kBase64Values = digit_values(kBase64Digits, 64);

uint8_t value_of(const std::array<uint8_t, 256>& values, char digit) { return values[static_cast<uint8_t>(digit)]; }

void append_hex(std::string& out, Bytes bytes) {
  for (const char c : bytes) {
    out += kHexDigits[static_cast<uint8_t>(c) >> 4];
    out += kHexDigits[static_cast<uint8_t>(c) & 15];
  }
}

void append_base64(std::string& out, Bytes bytes) {
  for (size_t i = 0; i < bytes.size(); i += 3) {
    const size_t here = std::min<size_t>(3, bytes.size() - i);
    uint32_t group = 0;
    for (size_t k = 0; k < 3; k++) group = group << 8 | (k < here ? static_cast<uint8_t>(bytes[i + k]) : 0U);
    for (size_t k = 0; k < 4; k++) out += k <= here ? kBase64Digits[group >> (18 - 6 * k) & 63] : '=';
  }
}

DecodeError decode_hex(Bytes text, std::string& out) {
  for (size_t i = 0; i < text.size(); i++) {
    if (value_of(kHexValues, text[i]) == kNoDigit) return {"this is no hex digit", i};
  }
  if (text.size() % 2 != 0) return {"the number of hex digits is odd: a byte has two", text.size() - 1};
  for (size_t i = 0; i < text.size(); i += 2) {
    out += static_cast<char>(value_of(kHexValues, text[i]) << 4 | value_of(kHexValues, text[i + 1]));
  }
  return {};
}

DecodeError decode_base64(Bytes text, std::string& out) {
  if (text.empty()) return {};
  const size_t padding = !text.ends_with('=') ? 0 : text.ends_with("==") ? 2 : 1;
  const size_t digits = text.size() - padding;
  uint32_t group = 0;
  for (size_t i = 0; i < digits; i++) {
    const uint8_t value = value_of(kBase64Values, text[i]);
    if (value == kNoDigit) return {"this is no base64 digit (A-Z a-z 0-9 + /)", i};
    group = group << 6 | value;
    if (i % 4 != 0) out += static_cast<char>(group >> (6 - 2 * (i % 4)));
  }
  if (text.size() % 4 != 0) return {"base64 comes in groups of four digits, the last one padded by =", text.size()};
  if ((group & ((1U << (2 * padding)) - 1)) != 0)
    return {"the last base64 digit has bits that no byte has", digits - 1};
  return {};
}

}  // namespace

const char* to_string(Encoding encoding) {
  constexpr const char* kNames[] = {"none", "escape", "hex", "base64"};
  return kNames[static_cast<size_t>(encoding)];
}

void append_encoded(std::string& out, Encoding encoding, Bytes bytes) {
  switch (encoding) {
    case Encoding::kNone: out += bytes; break;
    case Encoding::kEscape: append_escaped(out, bytes); break;
    case Encoding::kHex: append_hex(out, bytes); break;
    case Encoding::kBase64: append_base64(out, bytes); break;
  }
}

DecodeError decode(Encoding encoding, Bytes text, std::string& room, Bytes& bytes) {
  const bool stands_for_itself =
      encoding == Encoding::kNone || (encoding == Encoding::kEscape && text.find('\\') == Bytes::npos);
  bytes = text;
  if (stands_for_itself) return {};
  room.clear();
  DecodeError error;
  switch (encoding) {
    case Encoding::kNone: break;
    case Encoding::kEscape: error.words = unescape(text, room, &error.at); break;
    case Encoding::kHex: error = decode_hex(text, room); break;
    case Encoding::kBase64: error = decode_base64(text, room); break;
  }
  bytes = room;
  return error;
}

}  // namespace nacre::cli
