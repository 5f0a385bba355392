#include "cli/progress.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>

namespace nacre::cli {

namespace {

constexpr auto kRedraw = std::chrono::milliseconds(100);

int terminal_columns() {
  winsize size{};
  if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) return size.ws_col;
  return 80;
}

}  // namespace

Progress::Progress(std::string what, uint64_t total_bytes)
    : what_(std::move(what)),
      total_bytes_(total_bytes),
      visible_(isatty(STDERR_FILENO) == 1),
      begin_(std::chrono::steady_clock::now()),
      drawn_at_(begin_) {}

Progress::~Progress() {
  if (drawn_) std::fprintf(stderr, "\r\033[K");
}

void Progress::update(uint64_t bytes, uint64_t entries) {
  if (!visible_ || (++calls_ & 63) != 0) return;
  const auto now = std::chrono::steady_clock::now();
  if (now - drawn_at_ < kRedraw) return;
  drawn_at_ = now;
  draw(bytes, entries);
}

void Progress::draw(uint64_t bytes, uint64_t entries) {
  drawn_ = true;
  const double seconds = std::max(1e-3, std::chrono::duration<double>(drawn_at_ - begin_).count());
  char numbers[128];
  const double mib = static_cast<double>(bytes) / (1 << 20);
  std::snprintf(numbers, sizeof numbers, "%llu entries  %.1f MiB  %.1f MiB/s", static_cast<unsigned long long>(entries),
                mib, mib / seconds);
  std::string line = what_ + "  " + numbers;
  if (total_bytes_ != 0) {
    const double share = std::min(1.0, static_cast<double>(bytes) / static_cast<double>(total_bytes_));
    char rest[64];
    std::snprintf(rest, sizeof rest, "  %3.0f%%  %.0f s left", 100 * share, share > 0 ? seconds / share - seconds : 0);
    line += rest;
    const int room = terminal_columns() - static_cast<int>(line.size()) - 5;
    if (room >= 10) {
      const auto width = static_cast<size_t>(std::min(room, 40));
      const auto full = static_cast<size_t>(share * static_cast<double>(width));
      line += "  [" + std::string(full, '#') + std::string(width - full, ' ') + "]";
    }
  }
  const auto columns = static_cast<size_t>(terminal_columns() - 1);
  if (line.size() > columns) line.resize(columns);
  std::fprintf(stderr, "\r\033[K%s", line.c_str());
}

}  // namespace nacre::cli
