// How a benchmark ends when it cannot go on: words on standard error, then at once, without destructors, since other threads
// may be in the engine.
#pragma once

#include <cstdarg>
#include <cstdio>
#include <cstdlib>

namespace bench {

enum ExitCode : int { kSuccess = 0, kUsage = 2, kFailed = 3, kWrongAnswer = 4 };

[[noreturn]] __attribute__((format(printf, 2, 3))) inline void fail(ExitCode code, const char* format, ...) {
  std::fflush(stdout);
  va_list arguments;
  va_start(arguments, format);
  std::fputs(code == kWrongAnswer ? "nacre-bench: wrong answer: " : "nacre-bench: ", stderr);
  std::vfprintf(stderr, format, arguments);
  std::fputc('\n', stderr);
  va_end(arguments);
  std::_Exit(code);
}

}  // namespace bench
