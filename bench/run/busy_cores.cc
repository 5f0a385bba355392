#include "bench/run/busy_cores.h"

#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>

#include "bench/failure.h"

namespace bench {

namespace {

[[noreturn]] void compute(pid_t parent) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  volatile uint64_t count = 0;
  while (count != 0 || getppid() == parent) count = count + 1;  // the parent may have gone before prctl()
  _exit(0);
}

}  // namespace

BusyCores::BusyCores(uint32_t cores) {
  const pid_t parent = getpid();
  for (uint32_t i = 0; i < cores; i++) {
    const pid_t child = fork();
    if (child < 0) fail(kFailed, "fork: %s", std::strerror(errno));
    if (child == 0) compute(parent);
    children_.push_back(child);
  }
}

BusyCores::~BusyCores() {
  for (const pid_t child : children_) {
    kill(child, SIGKILL);
    while (waitpid(child, nullptr, 0) < 0 && errno == EINTR) {
    }
  }
}

}  // namespace bench
