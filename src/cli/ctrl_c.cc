#include "cli/ctrl_c.h"

#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace nacre::cli {

namespace {

std::atomic<bool> flag{false};
std::atomic<const char*> words_at_interrupt{nullptr};
static_assert(std::atomic<bool>::is_always_lock_free && std::atomic<const char*>::is_always_lock_free);

void on_interrupt(int number) {
  const int kept_errno = errno;
  if (flag.exchange(true)) {
    signal(number, SIG_DFL);
    raise(number);
  } else if (const char* words = words_at_interrupt.load()) {
    (void)!write(STDERR_FILENO, words, std::strlen(words));
  }
  errno = kept_errno;
}

}  // namespace

namespace {

struct sigaction catching(int flags) {
  struct sigaction action = {};
  action.sa_handler = on_interrupt;
  action.sa_flags = flags;
  sigemptyset(&action.sa_mask);
  return action;
}

// Leaves a SIGINT alone that nobody catches.
void change_flags(int flags) {
  struct sigaction now = {};
  sigaction(SIGINT, nullptr, &now);
  if (now.sa_handler != on_interrupt) return;
  const struct sigaction action = catching(flags);
  sigaction(SIGINT, &action, nullptr);
}

}  // namespace

InterruptCatcher::InterruptCatcher() {
  flag = false;
  const struct sigaction action = catching(SA_RESTART);
  sigaction(SIGINT, &action, &before_);
}

WaitsEndAtInterrupt::WaitsEndAtInterrupt() { change_flags(0); }
WaitsEndAtInterrupt::~WaitsEndAtInterrupt() { change_flags(SA_RESTART); }

InterruptCatcher::~InterruptCatcher() { sigaction(SIGINT, &before_, nullptr); }

const std::atomic<bool>& interrupt_flag() { return flag; }

bool take_interrupt() { return flag.exchange(false); }

const char* say_at_interrupt(const char* words) { return words_at_interrupt.exchange(words); }

}  // namespace nacre::cli
