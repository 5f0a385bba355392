// Fd: an owned file descriptor. Movable; destruction closes it. Not thread-safe beyond what the kernel gives.
#pragma once

#include <unistd.h>

#include <cerrno>
#include <utility>

namespace nacre::os {

class Fd {
 public:
  Fd() = default;
  explicit Fd(int number) : number_(number) {}
  Fd(Fd&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  Fd& operator=(Fd&& other) noexcept {
    std::swap(number_, other.number_);
    return *this;
  }
  ~Fd() {
    // Never retried: after EINTR Linux has closed it, and the number may be another thread's by now.
    if (number_ >= 0) ::close(number_);
  }

  int get() const { return number_; }
  explicit operator bool() const { return number_ >= 0; }

 private:
  int number_ = -1;
};

// Repeats a system call until a signal no longer interrupts it.
template <class Call>
auto retry_on_eintr(Call call) {
  decltype(call()) result;
  do {
    result = call();
  } while (result == -1 && errno == EINTR);
  return result;
}

}  // namespace nacre::os
