#include "cli/byte_source.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "cli/interrupt.h"

namespace nacre::cli {

std::unique_ptr<FileSource> FileSource::open(const std::string& file, const Interrupt& interrupt) {
  const bool standard = file.empty() || file == "-";
  const int descriptor = standard ? STDIN_FILENO : ::open(file.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return nullptr;
  std::unique_ptr<FileSource> source(new FileSource(descriptor, interrupt));
  struct stat status{};
  if (fstat(descriptor, &status) != 0) return nullptr;
  if (S_ISDIR(status.st_mode)) {
    source.reset();
    errno = EISDIR;
    return nullptr;
  }
  source->regular_ = S_ISREG(status.st_mode);
  if (source->regular_) {
    const off_t at = ::lseek(descriptor, 0, SEEK_CUR);
    source->size_bytes_ = static_cast<uint64_t>(status.st_size > at ? status.st_size - at : 0);
    (void)posix_fadvise(descriptor, 0, 0, POSIX_FADV_SEQUENTIAL);
  }
  return source;
}

FileSource::FileSource(int descriptor, const Interrupt& interrupt) : descriptor_(descriptor), interrupt_(interrupt) {}

FileSource::~FileSource() {
  if (descriptor_ != STDIN_FILENO) ::close(descriptor_);
}

// False: interrupted. A file on a disk is always ready, and a pipe may never be: the signal wakes the wait.
bool FileSource::wait_for_bytes() {
  int patience_ms = idle_ ? 0 : -1;
  while (!interrupt_.noted() && !regular_) {
    pollfd both[2] = {{.fd = descriptor_, .events = POLLIN, .revents = 0},
                      {.fd = interrupt_.wake_descriptor(), .events = POLLIN, .revents = 0}};
    const int ready = ::poll(both, 2, patience_ms);
    if (ready > 0 && both[0].revents != 0) break;
    if (ready == 0) idle_();
    patience_ms = -1;
  }
  return !interrupt_.noted();
}

size_t FileSource::read(char* out, size_t room) {
  while (state_ == State::kOpen) {
    if (!wait_for_bytes()) {
      state_ = State::kInterrupted;
      break;
    }
    const ssize_t got = ::read(descriptor_, out, room);
    if (got > 0) return static_cast<size_t>(got);
    if (got == 0) {
      state_ = State::kEnd;
    } else if (errno != EINTR && errno != EAGAIN) {
      error_number_ = errno;
      state_ = State::kFailed;
    }
  }
  return 0;
}

bool FileSource::is_file_of(int descriptor) const {
  struct stat here{};
  struct stat there{};
  return fstat(descriptor_, &here) == 0 && fstat(descriptor, &there) == 0 && S_ISREG(here.st_mode) &&
         here.st_dev == there.st_dev && here.st_ino == there.st_ino;
}

}  // namespace nacre::cli
