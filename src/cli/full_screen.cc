#include "cli/full_screen.h"

#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdio>

#include "cli/human.h"
#include "cli/terminal.h"

namespace nacre::cli {

namespace {

volatile std::sig_atomic_t end_asked = 0;
volatile std::sig_atomic_t stop_asked = 0;
volatile std::sig_atomic_t resized = 0;

void on_signal(int signal) {
  if (signal == SIGWINCH) {
    resized = 1;
  } else if (signal == SIGTSTP) {
    stop_asked = 1;
  } else {
    end_asked = 1;
  }
}

constexpr int kSignals[] = {SIGINT, SIGTERM, SIGHUP, SIGWINCH, SIGTSTP};

void handle(void (*handler)(int)) {
  struct sigaction action = {};
  action.sa_handler = handler;  // without SA_RESTART: a wait ends
  for (const int signal : kSignals) sigaction(signal, &action, nullptr);
}

}  // namespace

bool FullScreen::is_there() { return isatty(STDIN_FILENO) == 1 && isatty(STDOUT_FILENO) == 1; }

size_t FullScreen::rows() {
  winsize size{};
  return ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_row > 0 ? size.ws_row : 24;
}

FullScreen::FullScreen() {
  end_asked = 0;
  handle(on_signal);
  enter();
}

FullScreen::~FullScreen() {
  leave();
  handle(SIG_DFL);
}

void FullScreen::enter() {
  tcgetattr(STDIN_FILENO, &saved_);
  termios raw = saved_;
  raw.c_lflag &= ~static_cast<tcflag_t>(ICANON | ECHO);
  raw.c_cc[VMIN] = 0;
  raw.c_cc[VTIME] = 0;
  tcsetattr(STDIN_FILENO, TCSANOW, &raw);
  std::fputs("\033[?1049h\033[?25l\033[2J", stdout);  // the alternate screen, no cursor, empty
  std::fflush(stdout);
}

void FullScreen::leave() {
  std::fputs("\033[0m\033[?25h\033[?1049l", stdout);
  std::fflush(stdout);
  tcsetattr(STDIN_FILENO, TCSANOW, &saved_);
}

// All in one write, line over line: the screen does not flicker.
void FullScreen::show(const std::vector<std::string>& lines) {
  std::string out = "\033[H";
  const size_t rows_now = rows();
  const auto columns = static_cast<size_t>(terminal_columns(stdout));
  for (size_t i = 0; i < std::min(lines.size(), rows_now); i++) {
    if (i != 0) out += "\n";
    out += "\033[K" + clipped(lines[i], columns);
  }
  out += "\033[J";
  std::fwrite(out.data(), 1, out.size(), stdout);
  std::fflush(stdout);
}

FullScreen::Event FullScreen::wait(int milliseconds, char* key) {
  pollfd input{.fd = STDIN_FILENO, .events = POLLIN, .revents = 0};
  const int ready = end_asked != 0 ? 0 : poll(&input, 1, milliseconds);
  if (stop_asked != 0) {
    stop_asked = 0;
    leave();
    kill(getpid(), SIGSTOP);
    enter();
    return Event::kResized;
  }
  if (end_asked != 0) return Event::kEnd;
  if (resized != 0) {
    resized = 0;
    return Event::kResized;
  }
  if (ready <= 0) return Event::kTime;
  return read(STDIN_FILENO, key, 1) == 1 ? Event::kKey : Event::kEnd;  // the terminal is gone
}

}  // namespace nacre::cli
