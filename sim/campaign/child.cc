#include "sim/campaign/child.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <utility>

#include "base/assert.h"
#include "base/coding.h"

namespace nacre::sim {

namespace {

constexpr size_t kLastWordsBytes = 4096;

void write_all(int descriptor, Bytes bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(descriptor, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) ::_exit(1);  // nobody listens any more
    bytes.remove_prefix(static_cast<size_t>(written));
  }
}

uint64_t nanoseconds(const timeval& time) {
  return static_cast<uint64_t>(time.tv_sec) * 1'000'000'000 + static_cast<uint64_t>(time.tv_usec) * 1000;
}

}  // namespace

Child::Child(const std::function<void(const Say&)>& body) : last_word_(std::chrono::steady_clock::now()) {
  int ends[2];
  NACRE_CHECK(::pipe2(ends, O_CLOEXEC) == 0);
  words_ = ::memfd_create("last words", MFD_CLOEXEC);
  NACRE_CHECK(words_ >= 0);
  std::fflush(nullptr);  // else what is buffered is printed twice
  const pid_t parent = ::getpid();
  pid_ = ::fork();
  NACRE_CHECK(pid_ >= 0);
  if (pid_ == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != parent) ::_exit(1);  // it died before the line above
    ::close(ends[0]);
    be_the_child(body, ends[1]);
  }
  ::close(ends[1]);
  pipe_ = ends[0];
}

Child::~Child() {
  if (pid_ > 0) {
    kill();
    (void)end();
  }
  ::close(pipe_);
  ::close(words_);
}

void Child::be_the_child(const std::function<void(const Say&)>& body, int pipe) {
  ::dup2(words_, STDERR_FILENO);
  ::signal(SIGPROF, SIG_DFL);
  body([pipe](Bytes message) {
    std::string framed;
    base::append_fixed(framed, static_cast<uint64_t>(message.size()));
    framed += message;
    write_all(pipe, framed);
  });
  std::fflush(stdout);
  ::_exit(0);  // no destructors, no atexit: those belong to the parent
}

void Child::limit_this(std::chrono::milliseconds cpu) {
  itimerval timer{};
  timer.it_value.tv_sec = static_cast<time_t>(cpu.count() / 1000);
  timer.it_value.tv_usec = static_cast<suseconds_t>(cpu.count() % 1000 * 1000);
  ::setitimer(ITIMER_PROF, &timer, nullptr);
  if (::ftruncate(STDERR_FILENO, 0) == 0) ::lseek(STDERR_FILENO, 0, SEEK_SET);
}

bool Child::listen(int timeout_ms) {
  pollfd readable{.fd = pipe_, .events = POLLIN, .revents = 0};
  const int ready = ::poll(&readable, 1, timeout_ms);
  if (ready <= 0) return true;  // nothing yet, or a signal
  char buffer[65536];
  const ssize_t bytes = ::read(pipe_, buffer, sizeof buffer);
  if (bytes < 0 && errno == EINTR) return true;
  if (bytes <= 0) return false;
  last_word_ = std::chrono::steady_clock::now();
  received_.append(buffer, static_cast<size_t>(bytes));
  constexpr size_t kLengthBytes = sizeof(uint64_t);
  while (received_.size() >= kLengthBytes) {
    const auto length = base::load<uint64_t>(received_.data());
    if (received_.size() - kLengthBytes < length) break;
    heard_.push_back(received_.substr(kLengthBytes, length));
    received_.erase(0, kLengthBytes + length);
  }
  return true;
}

std::vector<std::string> Child::heard() { return std::exchange(heard_, {}); }

void Child::kill() {
  killed_ = true;
  ::kill(pid_, SIGKILL);
}

Child::End Child::end() {
  NACRE_CHECK(pid_ > 0);
  int status = 0;
  rusage used{};
  while (::wait4(pid_, &status, 0, &used) < 0 && errno == EINTR) {
  }
  pid_ = -1;
  End end{.cpu_ns = nanoseconds(used.ru_utime) + nanoseconds(used.ru_stime)};
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) {
    end.clean = true;
  } else if (WIFEXITED(status)) {
    end.words = "exit code " + std::to_string(WEXITSTATUS(status)) + ": " + last_words();
  } else if (killed_ || WTERMSIG(status) == SIGPROF) {
    end.hung = true;
    end.words = (killed_ ? "no word for too long: " : "no end within its processor time: ") + last_words();
  } else {
    end.words =
        "signal " + std::to_string(WTERMSIG(status)) + ", " + ::strsignal(WTERMSIG(status)) + ": " + last_words();
  }
  return end;
}

std::string Child::last_words() const {
  const off_t size = ::lseek(words_, 0, SEEK_END);
  const off_t from = std::max<off_t>(0, size - static_cast<off_t>(kLastWordsBytes));
  std::string words(static_cast<size_t>(size - from), '\0');
  const ssize_t bytes = ::pread(words_, words.data(), words.size(), from);
  words.resize(static_cast<size_t>(std::max<ssize_t>(0, bytes)));
  return words;
}

}  // namespace nacre::sim
