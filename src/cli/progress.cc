#include "cli/progress.h"

#include <unistd.h>

#include <cstdio>
#include <cstdlib>

#include "cli/terminal.h"

namespace nacre::cli {

namespace {

constexpr auto kBetweenDrawings = std::chrono::milliseconds(100);
constexpr auto kBetweenLines = std::chrono::seconds(5);
constexpr size_t kLineColumns = 100;
constexpr uint64_t kCallsBetweenLooks = 64;
constexpr uint64_t kBytesBetweenLooks = 1 << 20;

// A terminal that knows no way to clear a line is a log.
bool can_redraw() {
  const char* const terminal = std::getenv("TERM");
  return isatty(STDERR_FILENO) == 1 && terminal != nullptr && *terminal != '\0' && std::string(terminal) != "dumb";
}

}  // namespace

Progress::Progress(std::string what, uint64_t total_bytes, bool quiet)
    : manner_(quiet          ? Manner::kSilent
              : can_redraw() ? Manner::kBar
                             : Manner::kLines),
      state_{.what = std::move(what), .total_bytes = total_bytes},
      begin_(std::chrono::steady_clock::now()),
      shown_(begin_) {}

Progress::~Progress() { clear(); }

void Progress::clear() {
  if (drawn_) std::fputs("\r\033[K", stderr);
  drawn_ = false;
}

void Progress::update(uint64_t bytes, uint64_t entries) {
  if (manner_ == Manner::kSilent) return;
  if (++calls_ % kCallsBetweenLooks != 0 && bytes - bytes_looked_ < kBytesBetweenLooks) return;
  bytes_looked_ = bytes;
  const auto now = std::chrono::steady_clock::now();
  if (now - shown_ < (manner_ == Manner::kBar ? std::chrono::nanoseconds(kBetweenDrawings) : kBetweenLines)) return;
  shown_ = now;
  state_.bytes = bytes;
  state_.entries = entries;
  state_.seconds = std::chrono::duration<double>(now - begin_).count();
  show();
}

void Progress::begin_behind(uint64_t bytes, uint64_t entries) {
  state_.skipped_bytes = bytes;
  state_.skipped_entries = entries;
  state_.skipping_seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin_).count();
}

void Progress::show() {
  if (manner_ == Manner::kLines) {
    std::fprintf(stderr, "%s\n", progress_line(state_, kLineColumns).c_str());
    return;
  }
  // The last column stays free: a character there makes some terminals go on to the next line.
  std::fprintf(stderr, "\r\033[K%s", progress_line(state_, static_cast<size_t>(terminal_columns(stderr)) - 1).c_str());
  drawn_ = true;
}

}  // namespace nacre::cli
