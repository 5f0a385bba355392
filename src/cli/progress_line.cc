#include "cli/progress_line.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <optional>
#include <vector>

#include "cli/human.h"

namespace nacre::cli {

namespace {

template <class... Values>
std::string print(const char* format, Values... values) {
  char text[64];
  std::snprintf(text, sizeof text, format, values...);
  return text;
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

// How much of all is done, and how much of that was passed over, both from 0 to 1; nothing where the end is not known.
struct Share {
  double done = 0;
  double skipped = 0;
};
std::optional<Share> share_of(const ProgressState& state) {
  const auto share = [](uint64_t done, uint64_t skipped, uint64_t all) -> std::optional<Share> {
    if (all == 0 || done > all) return std::nullopt;
    return Share{static_cast<double>(done) / static_cast<double>(all),
                 static_cast<double>(skipped) / static_cast<double>(all)};
  };
  return state.total_bytes != 0 ? share(state.bytes, state.skipped_bytes, state.total_bytes)
                                : share(state.entries, state.skipped_entries, state.estimated_entries);
}

}  // namespace

std::string progress_line(const ProgressState& state, size_t columns) {
  constexpr int kRanks = 6;
  constexpr size_t kShortestBar = 10;
  constexpr size_t kLongestBar = 40;
  constexpr double kLeastSeconds = 1;  // before, the time that is left would be a guess
  const double seconds = std::max(state.seconds - state.skipping_seconds, 1e-3);
  const auto bytes = static_cast<double>(state.bytes);
  const auto entries = static_cast<double>(state.entries);
  const std::optional<Share> share = share_of(state);
  const std::string about = state.total_bytes != 0 ? "" : "~";
  std::vector<Part> parts = {{state.what, 0}};
  if (share) parts.push_back({about + print("%.0f%%", std::floor(100 * share->done)), 1});
  if (state.entries != 0) {
    parts.push_back({short_count(entries) + " entries", share ? 6 : 1});
    parts.push_back({short_count((entries - static_cast<double>(state.skipped_entries)) / seconds) + "/s", 2});
  }
  parts.push_back({human_bytes(bytes), share ? 5 : 3});
  parts.push_back({human_bytes((bytes - static_cast<double>(state.skipped_bytes)) / seconds) + "/s", 4});
  if (share && share->done > share->skipped && seconds >= kLeastSeconds) {
    const double left = seconds * (1 - share->done) / (share->done - share->skipped);
    parts.push_back({about + clock_time(left) + " left", 3});
  }
  int rank = kRanks;
  std::string line = joined(parts, rank);
  while (line.size() > columns && rank > 0) line = joined(parts, --rank);
  if (line.size() > columns) line.resize(columns);
  if (share && line.size() + 4 + kShortestBar <= columns) {
    const size_t width = std::min(columns - line.size() - 4, kLongestBar);
    const auto full = static_cast<size_t>(share->done * static_cast<double>(width));
    line += "  [" + std::string(full, '#') + std::string(width - full, ' ') + "]";
  }
  return line;
}

}  // namespace nacre::cli
