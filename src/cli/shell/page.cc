#include "cli/shell/page.h"

#include <algorithm>

#include "cli/human.h"
#include "cli/terminal.h"

namespace nacre::cli {

namespace {

constexpr size_t kLines = 100;        // that share the width of their keys
constexpr size_t kLeastColumns = 16;  // a narrower terminal wraps lines
constexpr size_t kBetween = 2;

}  // namespace

void Page::add(std::string key, std::string value, size_t value_bytes) {
  lines_.push_back({.key = std::move(key), .value = std::move(value), .value_bytes = value_bytes});
  if (lines_.size() == kLines) flush();
}

void Page::flush() {
  const size_t columns = std::max(columns_, kLeastColumns);
  for (const Line& line : lines_) key_columns_ = std::max(key_columns_, std::min(display_width(line.key), columns / 2));
  for (const Line& line : lines_) print(line);
  lines_.clear();
}

void Page::print(const Line& line) const {
  const size_t columns = std::max(columns_, kLeastColumns);
  const std::string key = shortened(line.key, key_columns_);
  const size_t room = columns - key_columns_ - kBetween;
  std::string value = line.value;
  if (display_width(value) > room) {
    const std::string size = " (" + human_bytes(line.value_bytes) + ")";
    value = room > size.size() + 8 ? shortened(value, room - size.size()) + size : shortened(value, room);
  }
  std::fprintf(out_, "%s%s%s\n", key.c_str(), std::string(key_columns_ - display_width(key) + kBetween, ' ').c_str(),
               value.c_str());
}

}  // namespace nacre::cli
