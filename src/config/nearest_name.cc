#include "config/nearest_name.h"

#include <algorithm>
#include <numeric>
#include <vector>

#include "base/assert.h"

namespace nacre::config {

namespace {

// Row by row of Wagner and Fischer's table.
size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), size_t{0});
  for (size_t i = 0; i < a.size(); i++) {
    size_t diagonal = row[0];
    row[0] = i + 1;
    for (size_t j = 0; j < b.size(); j++) {
      const size_t changed = diagonal + (a[i] == b[j] ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({changed, row[j] + 1, row[j + 1] + 1});
    }
  }
  return row.back();
}

std::string lower_case(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return lower;
}

bool begins(std::string_view wrong, std::string_view name) { return wrong.size() >= 3 && name.starts_with(wrong); }

}  // namespace

std::string_view nearest_name(std::string_view wrong, std::span<const std::string_view> names) {
  NACRE_CHECK(!names.empty());
  const std::string lower = lower_case(wrong);
  const auto changes = [&lower](std::string_view name) { return begins(lower, name) ? 0 : edit_distance(lower, name); };
  return *std::min_element(names.begin(), names.end(),
                           [&](std::string_view a, std::string_view b) { return changes(a) < changes(b); });
}

std::string suggestion(std::string_view wrong, std::span<const std::string_view> names) {
  const std::string_view nearest = nearest_name(wrong, names);
  const std::string lower = lower_case(wrong);
  const bool close = begins(lower, nearest) || edit_distance(lower, nearest) <= std::max<size_t>(2, nearest.size() / 3);
  return close ? "did you mean " + quoted(nearest) + "?" : "the nearest is " + quoted(nearest);
}

std::string printable(std::string_view text, size_t most_bytes) {
  std::string_view shown = text.substr(0, most_bytes);
  // A character of UTF-8 stays whole.
  while (shown.size() < text.size() && !shown.empty() && (text[shown.size()] & 0xC0) == 0x80) shown.remove_suffix(1);
  std::string out;
  for (const char c : shown) {
    const auto byte = static_cast<uint8_t>(c);
    if (byte >= 0x20 && byte != 0x7F) {
      out += c;
    } else {
      constexpr char kDigits[] = "0123456789ABCDEF";
      out.append("\\x").append(1, kDigits[byte >> 4]).append(1, kDigits[byte & 15]);
    }
  }
  return out.append(shown.size() < text.size() ? "..." : "");
}

std::string quoted(std::string_view text) { return "\"" + printable(text, 40) + "\""; }

}  // namespace nacre::config
