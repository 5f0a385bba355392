#include "bench/run/child.h"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>

#include "bench/failure.h"

namespace bench {

namespace {

[[noreturn]] void become(const std::vector<std::string>& arguments, const MemoryLimit* limit, int output) {
  if (limit != nullptr && !limit->enter()) fail(kFailed, "cannot enter the control group: %s", std::strerror(errno));
  if (dup2(output, STDOUT_FILENO) < 0) fail(kFailed, "dup2: %s", std::strerror(errno));
  std::vector<char*> argv{const_cast<char*>("nacre-bench")};
  for (const std::string& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);
  execv("/proc/self/exe", argv.data());
  fail(kFailed, "cannot run this program again: %s", std::strerror(errno));
}

void for_each_line(int fd, const std::function<void(const std::string&)>& on_line) {
  std::FILE* in = fdopen(fd, "r");
  std::string line;
  for (int c = std::fgetc(in); c != EOF; c = std::fgetc(in)) {
    if (c != '\n') {
      line += static_cast<char>(c);
      continue;
    }
    on_line(line);
    line.clear();
  }
  std::fclose(in);
}

void expect_success(int status, const MemoryLimit* limit) {
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return;
  if (WIFEXITED(status)) std::_Exit(WEXITSTATUS(status));  // it has said why
  const int signal = WTERMSIG(status);
  fail(kFailed, "a run was ended by signal %d (%s)%s", signal, strsignal(signal),
       limit != nullptr && signal == SIGKILL ? ": it needed more than --memory-limit" : "");
}

}  // namespace

void run_child(const std::vector<std::string>& arguments, const MemoryLimit* limit,
               const std::function<void(const std::string&)>& on_line) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) fail(kFailed, "pipe: %s", std::strerror(errno));
  std::fflush(nullptr);
  const pid_t child = fork();
  if (child < 0) fail(kFailed, "fork: %s", std::strerror(errno));
  if (child == 0) become(arguments, limit, ends[1]);
  close(ends[1]);
  for_each_line(ends[0], on_line);
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  expect_success(status, limit);
}

}  // namespace bench
