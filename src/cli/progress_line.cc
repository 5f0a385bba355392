#include "cli/progress_line.h"

#include <algorithm>
#include <cstdio>
#include <vector>

namespace nacre::cli {

namespace {

template <class... Values>
std::string print(const char* format, Values... values) {
  char text[64];
  std::snprintf(text, sizeof text, format, values...);
  return text;
}

std::string scaled(double value, double step, const char* const* units) {
  while (value >= step && units[1] != nullptr) {
    value /= step;
    units++;
  }
  return print(value < 9.95 ? "%.1f %s" : "%.0f %s", value, *units);
}

std::string human_bytes(double bytes) {
  constexpr const char* kUnits[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", nullptr};
  return scaled(bytes, 1024, kUnits);
}

std::string human_count(double count) {
  constexpr const char* kUnits[] = {"", "k", "M", "G", "T", nullptr};
  if (count < 1000) return print("%.0f", count);
  return scaled(count, 1000, kUnits);
}

std::string clock_time(double seconds) {
  const auto whole = static_cast<uint64_t>(std::min(seconds, 3.6e6 - 1) + 0.5);
  const auto hours = static_cast<unsigned>(whole / 3600);
  const auto minutes = static_cast<unsigned>(whole / 60 % 60);
  const auto rest = static_cast<unsigned>(whole % 60);
  return hours > 0 ? print("%u:%02u:%02u", hours, minutes, rest) : print("%u:%02u", minutes, rest);
}

struct Part {
  std::string text;
  int rank;  // the highest one is left out first
};

std::string joined(const std::vector<Part>& parts, int rank) {
  std::string line;
  for (const Part& part : parts) {
    if (part.rank > rank) continue;
    if (!line.empty()) line += "  ";
    line += part.text;
  }
  return line;
}

}  // namespace

std::string progress_line(const ProgressState& state, size_t columns) {
  constexpr int kRanks = 6;
  constexpr size_t kShortestBar = 10;
  constexpr size_t kLongestBar = 40;
  const double seconds = std::max(state.seconds, 1e-3);
  const auto bytes = static_cast<double>(state.bytes);
  const auto entries = static_cast<double>(state.entries);
  const bool bounded = state.total_bytes != 0;
  const double share = bounded ? std::min(1.0, bytes / static_cast<double>(state.total_bytes)) : 0;
  std::vector<Part> parts = {{state.what, 0}};
  if (bounded) parts.push_back({print("%.0f%%", 100 * share), 1});
  if (state.entries != 0) {
    parts.push_back({human_count(entries) + " entries", bounded ? 6 : 1});
    parts.push_back({human_count(entries / seconds) + "/s", 2});
  }
  parts.push_back({human_bytes(bytes), bounded ? 5 : 3});
  parts.push_back({human_bytes(bytes / seconds) + "/s", 4});
  if (bounded && share > 0) parts.push_back({clock_time(seconds / share - seconds) + " left", 3});
  int rank = kRanks;
  std::string line = joined(parts, rank);
  while (line.size() > columns && rank > 0) line = joined(parts, --rank);
  if (line.size() > columns) line.resize(columns);
  if (bounded && line.size() + 4 + kShortestBar <= columns) {
    const size_t width = std::min(columns - line.size() - 4, kLongestBar);
    const auto full = static_cast<size_t>(share * static_cast<double>(width));
    line += "  [" + std::string(full, '#') + std::string(width - full, ' ') + "]";
  }
  return line;
}

}  // namespace nacre::cli
