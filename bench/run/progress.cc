#include "bench/run/progress.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>

namespace bench {

namespace {

size_t terminal_columns() {
  winsize size{};
  if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 20) return size.ws_col;
  return 80;
}

struct Unit {
  double size;
  const char* name;
};

template <size_t n>
std::string in_units(double number, const std::array<Unit, n>& units) {
  const Unit* unit = &units.back();
  for (const Unit& candidate : units) {
    if (number >= candidate.size) {
      unit = &candidate;
      break;
    }
  }
  const double scaled = number / unit->size;
  char text[64];
  std::snprintf(text, sizeof text, "%.*f %s", scaled < 10 ? 2 : scaled < 100 ? 1 : 0, scaled, unit->name);
  std::string out = text;
  if (out.back() == ' ') out.pop_back();
  return out;
}

}  // namespace

std::string in_thousands(double number) {
  return in_units(number, std::array<Unit, 4>{{{1e9, "G"}, {1e6, "M"}, {1e3, "k"}, {1, ""}}});
}

std::string in_time(double seconds) {
  return in_units(seconds, std::array<Unit, 4>{{{1, "s"}, {1e-3, "ms"}, {1e-6, "us"}, {1e-9, "ns"}}});
}

std::string in_bytes(double bytes) {
  return in_units(bytes, std::array<Unit, 4>{{{0x1p30, "GiB"}, {0x1p20, "MiB"}, {0x1p10, "KiB"}, {1, "B"}}});
}

Progress::Progress(std::string title, uint64_t total)
    : title_(std::move(title)), total_(total), visible_(isatty(STDERR_FILENO) == 1) {}

Progress::~Progress() {
  if (drawn_) std::fprintf(stderr, "\r\033[K");
}

void Progress::update(uint64_t done) {
  if (!visible_) return;
  drawn_ = true;
  const auto now = Clock::now();
  const double seconds = std::max(1e-3, std::chrono::duration<double>(now - begin_).count());
  const double step = std::max(1e-3, std::chrono::duration<double>(now - last_).count());
  const double rate = static_cast<double>(done) / seconds;
  std::string line = title_ + "  " + in_thousands(rate) + "/s";
  if (done >= total_) {
    line += "  settling, " + in_time(seconds);
  } else {
    char rest[96];
    std::snprintf(rest, sizeof rest, "  now %s/s  %3.0f%%  %.0f s left",
                  in_thousands(static_cast<double>(done - last_done_) / step).c_str(),
                  100 * static_cast<double>(done) / static_cast<double>(total_),
                  rate > 0 ? static_cast<double>(total_ - done) / rate : 0);
    line += rest;
  }
  last_ = now;
  last_done_ = done;
  if (const size_t columns = terminal_columns() - 1; line.size() > columns) line.resize(columns);
  std::fprintf(stderr, "\r\033[K%s", line.c_str());
}

}  // namespace bench
