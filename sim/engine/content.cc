#include "sim/engine/content.h"

#include <algorithm>
#include <cstring>

#include "base/prng.h"

namespace nacre::sim {

namespace {

constexpr uint32_t kRandomOf = 256;  // bytes of which the first half is random and the rest is not
constexpr uint32_t kLongTail = 3000;

std::string digits(uint32_t slot) { return std::to_string(100 + slot); }

void fill(uint64_t id, char* out, uint32_t bytes) {
  base::Prng prng(id);
  std::memset(out, static_cast<int>('a' + id % 26), bytes);
  for (uint32_t at = 0; at < bytes; at += kRandomOf) {
    for (uint32_t word_at = at; word_at < std::min(at + kRandomOf / 2, bytes); word_at += 8) {
      const uint64_t word = prng.next();
      std::memcpy(out + word_at, &word, std::min<uint32_t>(sizeof word, bytes - word_at));
    }
  }
}

}  // namespace

const char* to_string(KeyFamily family) {
  static constexpr const char* kNames[] = {"short", "long-prefix", "equal-heads", "binary", "long"};
  return kNames[static_cast<size_t>(family)];
}

std::string prefix_of(KeyFamily family, uint32_t area) {
  const char letter = static_cast<char>('A' + area);
  switch (family) {
    case KeyFamily::kLongPrefix: return std::string(200, 'p') + letter + std::string(50, 'q');
    case KeyFamily::kEqualHeads: return std::string("eightbyt") + letter;
    case KeyFamily::kBinary:
      return std::string("\xff\0\xfe", 3) + static_cast<char>(area * 31) + std::string("\0\xff", 2);
    default: return {letter};
  }
}

std::string key_of(KeyFamily family, uint32_t area, uint32_t slot) {
  std::string key = prefix_of(family, area);
  switch (family) {
    case KeyFamily::kShort:
      if (area == 0 && slot == 0) return "";
      break;
    case KeyFamily::kBinary: return key + static_cast<char>(slot >> 2) + static_cast<char>((slot & 3) * 85) + '\0';
    case KeyFamily::kLong: return key + digits(slot) + std::string(slot * 997 % kLongTail, 'l');
    default: break;
  }
  return key + digits(slot);
}

std::string value_of(const Content& content) {
  if (!content.text.empty()) return content.text;
  std::string value(content.bytes, '\0');
  fill(content.id, value.data(), content.bytes);
  return value;
}

bool Content::shows(Bytes value) const {
  if (!present) return false;
  if (!text.empty()) return value == text;
  if (value.size() != bytes) return false;
  const uint32_t head = std::min<uint32_t>(bytes, 16);  // mostly tells them apart already
  char first[16] = {};
  fill(id, first, head);
  if (value.substr(0, head) != Bytes(first, head)) return false;
  return value == Bytes(value_of(*this));
}

}  // namespace nacre::sim
