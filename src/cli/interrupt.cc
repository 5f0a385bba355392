#include "cli/interrupt.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <iterator>

namespace nacre::cli {

namespace {

constexpr int kSignals[] = {SIGINT, SIGTERM, SIGHUP};

// What the handler may touch.
volatile std::sig_atomic_t noted_signal = 0;
int wake_pipe[2] = {-1, -1};

struct sigaction before[std::size(kSignals)];

void end_by(int signal_number) {
  struct sigaction standard{};
  standard.sa_handler = SIG_DFL;
  sigaction(signal_number, &standard, nullptr);
  sigset_t one;
  sigemptyset(&one);
  sigaddset(&one, signal_number);
  raise(signal_number);
  sigprocmask(SIG_UNBLOCK, &one, nullptr);
}

void on_signal(int signal_number) {
  const int saved = errno;
  if (noted_signal != 0) end_by(signal_number);
  noted_signal = signal_number;
  const ssize_t written = ::write(wake_pipe[1], "!", 1);
  (void)written;
  errno = saved;
}

void set_handler(int signal_number, void (*handler)(int), struct sigaction* old) {
  struct sigaction action{};
  action.sa_handler = handler;
  action.sa_flags = SA_RESTART;
  sigaction(signal_number, &action, old);
}

}  // namespace

Interrupt::Interrupt() {
  noted_signal = 0;
  if (::pipe2(wake_pipe, O_CLOEXEC | O_NONBLOCK) != 0) wake_pipe[0] = wake_pipe[1] = -1;
  for (size_t i = 0; i < std::size(kSignals); i++) {
    set_handler(kSignals[i], on_signal, &before[i]);
    if (before[i].sa_handler == SIG_IGN) sigaction(kSignals[i], &before[i], nullptr);
  }
}

Interrupt::~Interrupt() {
  for (size_t i = 0; i < std::size(kSignals); i++) sigaction(kSignals[i], &before[i], nullptr);
  for (int& end : wake_pipe) {
    if (end >= 0) ::close(end);
    end = -1;
  }
}

bool Interrupt::noted() const { return noted_signal != 0; }

int Interrupt::wake_descriptor() const { return wake_pipe[0]; }

void Interrupt::end_process() const {
  end_by(noted_signal);
  std::_Exit(128 + noted_signal);
}

QuietWrites::QuietWrites() {
  struct sigaction old{};
  set_handler(SIGPIPE, SIG_IGN, &old);
  pipe_was_ignored_ = old.sa_handler == SIG_IGN;
  set_handler(SIGXFSZ, SIG_IGN, nullptr);
}

QuietWrites::~QuietWrites() {
  if (!pipe_was_ignored_) set_handler(SIGPIPE, SIG_DFL, nullptr);
  set_handler(SIGXFSZ, SIG_DFL, nullptr);
}

void QuietWrites::end_by_closed_pipe() {
  if (!pipe_was_ignored_) end_by(SIGPIPE);
}

}  // namespace nacre::cli
