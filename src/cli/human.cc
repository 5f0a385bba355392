#include "cli/human.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <ctime>
#include <span>

#include "cli/json.h"

namespace nacre::cli {

namespace {

// The first unit in which the value is below `step`, or the last.
std::string in_units(double value, double step, std::span<const char* const> units, const char* whole) {
  size_t unit = 0;
  while (value >= step && unit + 1 < units.size()) {
    value /= step;
    unit++;
  }
  char text[64];
  std::snprintf(text, sizeof text, unit == 0 ? whole : "%.1f %s", value, units[unit]);
  return text;
}

// How many bytes of the front are one character that may be printed as it is; 0: the first byte may not.
size_t printable_bytes(Bytes bytes) {
  const auto first = static_cast<uint8_t>(bytes[0]);
  if (first < 0x80) return first >= 0x20 && first != 0x7f && first != '\\' ? 1 : 0;
  size_t length = 2;
  while (length <= 4 && length <= bytes.size() && !is_utf8(bytes.substr(0, length))) length++;
  if (length > 4 || length > bytes.size()) return 0;
  const Bytes character = bytes.substr(0, length);
  const bool is_control = character >= "\xc2\x80" && character <= "\xc2\x9f";
  const bool turns = (character >= "\xe2\x80\x8b" && character <= "\xe2\x80\x8f") ||
                     (character >= "\xe2\x80\xa8" && character <= "\xe2\x80\xae") ||
                     (character >= "\xe2\x81\xa0" && character <= "\xe2\x81\xaf") || character == "\xef\xbb\xbf";
  return is_control || turns ? 0 : length;
}

// Bytes of the escape sequence or the character at the front, and whether it takes a column.
size_t step(Bytes text, bool* takes_column) {
  *takes_column = text[0] != '\033';
  size_t length = 1;
  if (!*takes_column) {
    while (length < text.size() && std::isalpha(static_cast<unsigned char>(text[length])) == 0) length++;
    return std::min(length + 1, text.size());
  }
  while (length < text.size() && (static_cast<uint8_t>(text[length]) & 0xc0) == 0x80) length++;
  return length;
}

}  // namespace

std::string short_bytes(double bytes) {
  constexpr const char* kUnits[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB"};
  return in_units(bytes, 1024, kUnits, "%.0f %s");
}

std::string short_count(double count) {
  constexpr const char* kUnits[] = {"", "k", "M", "G", "T"};
  std::string text = in_units(count, 1000, kUnits, count < 9.95 && count != std::floor(count) ? "%.1f%s" : "%.0f%s");
  return text;
}

std::string human_duration(double seconds) {
  constexpr const char* kUnits[] = {"ns", "us", "ms", "s"};
  return in_units(seconds * 1e9, 1000, kUnits, "%.0f %s");
}

std::string human_age(double seconds) {
  char text[32];
  if (seconds < 120) {
    std::snprintf(text, sizeof text, "%.0f s", seconds);
  } else if (seconds < 7200) {
    std::snprintf(text, sizeof text, "%.0f min", seconds / 60);
  } else if (seconds < 172800) {
    std::snprintf(text, sizeof text, "%.0f h", seconds / 3600);
  } else {
    std::snprintf(text, sizeof text, "%.0f days", seconds / 86400);
  }
  return text;
}

std::string wall_time(uint64_t wall_ns) {
  const auto seconds = static_cast<time_t>(wall_ns / 1'000'000'000);
  tm parts{};
  char text[64] = "at an unknown time";
  if (gmtime_r(&seconds, &parts) != nullptr) std::strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S UTC", &parts);
  return text;
}

std::string printable(Bytes bytes) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  while (!bytes.empty()) {
    size_t length = printable_bytes(bytes);
    if (length == 0) {
      const auto byte = static_cast<uint8_t>(bytes[0]);
      if (byte == '\\') {
        text += "\\\\";
      } else {
        text.append("\\x").append(1, kDigits[byte >> 4]).append(1, kDigits[byte & 15]);
      }
      length = 1;
    } else {
      text += bytes.substr(0, length);
    }
    bytes.remove_prefix(length);
  }
  return text;
}

std::string bar(double part, size_t width, bool ascii) {
  const double columns = std::clamp(part, 0.0, 1.0) * static_cast<double>(width);
  auto full = static_cast<size_t>(columns);
  if (ascii) {
    if (full == 0 && part > 0) full = 1;
    return std::string(full, '#') + std::string(width - std::min(width, full), ' ');
  }
  constexpr const char* kEighths[] = {"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
  auto eighths = static_cast<size_t>((columns - static_cast<double>(full)) * 8);
  if (full == 0 && eighths == 0 && part > 0) eighths = 1;
  std::string text;
  for (size_t i = 0; i < full; i++) text += "█";
  text += kEighths[eighths];
  const size_t used = full + (eighths != 0 ? 1 : 0);
  return text + std::string(width - std::min(width, used), ' ');
}

size_t columns_of(Bytes text) {
  size_t columns = 0;
  while (!text.empty()) {
    bool takes_column = false;
    text.remove_prefix(step(text, &takes_column));
    if (takes_column) columns++;
  }
  return columns;
}

std::string clipped(Bytes text, size_t columns) {
  std::string out;
  while (!text.empty()) {
    bool takes_column = false;
    const size_t length = step(text, &takes_column);
    if (!takes_column || columns > 0) out += text.substr(0, length);  // what switches colours back is kept
    if (takes_column && columns > 0) columns--;
    text.remove_prefix(length);
  }
  return out;
}

std::string right(Bytes text, size_t width) {
  const size_t columns = columns_of(text);
  return std::string(width - std::min(width, columns), ' ').append(text);
}

std::string left(Bytes text, size_t width) {
  std::string out(text);
  const size_t columns = columns_of(text);
  return out.append(width - std::min(width, columns), ' ');
}

}  // namespace nacre::cli
