#include "cli/human.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <ctime>
#include <span>

#include "cli/terminal.h"

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

// Bytes of the escape sequence or the character at the front, and the columns that it takes.
size_t step(Bytes text, size_t* columns) {
  size_t length = 1;
  if (text[0] == '\033') {
    *columns = 0;
    while (length < text.size() && std::isalpha(static_cast<unsigned char>(text[length])) == 0) length++;
    return std::min(length + 1, text.size());
  }
  while (length < text.size() && (static_cast<uint8_t>(text[length]) & 0xc0) == 0x80) length++;
  *columns = display_width(text.substr(0, length));
  return length;
}

}  // namespace

std::string human_bytes(double bytes) {
  constexpr const char* kUnits[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB"};
  return in_units(bytes, 1024, kUnits, "%.0f %s");
}

std::string human_bytes(uint64_t bytes) { return human_bytes(static_cast<double>(bytes)); }

std::string short_count(double count) {
  constexpr const char* kUnits[] = {"", "k", "M", "G", "T"};
  std::string text = in_units(count, 1000, kUnits, count < 9.95 && count != std::floor(count) ? "%.1f%s" : "%.0f%s");
  return text;
}

std::string human_count(uint64_t count) {
  std::string digits = std::to_string(count);
  for (size_t i = digits.size(); i > 3;) {
    i -= 3;
    digits.insert(i, ",");
  }
  return digits;
}

std::string human_time(double seconds) {
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
    size_t taken = 0;
    text.remove_prefix(step(text, &taken));
    columns += taken;
  }
  return columns;
}

std::string clipped(Bytes text, size_t columns) {
  std::string out;
  bool is_over = false;
  while (!text.empty()) {
    size_t taken = 0;
    const size_t length = step(text, &taken);
    is_over = is_over || taken > columns;
    if (taken == 0 || !is_over) out += text.substr(0, length);  // what switches colours back is kept
    if (!is_over) columns -= taken;
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
