#include "os/posix_line_file.h"

#include <unistd.h>

#include <utility>

#include <cerrno>

#include "base/result.h"

namespace nacre::os {

Result<std::unique_ptr<LineFile>> PosixLineFile::take(Fd fd, FileRef ref, uint64_t size_bytes) {
  std::unique_ptr<PosixLineFile> file(new PosixLineFile(std::move(fd), ref, size_bytes));
  char last = '\n';
  if (size_bytes != 0) {
    const auto at = static_cast<off_t>(size_bytes - 1);
    const ssize_t got = retry_on_eintr([&] { return ::pread(file->fd_.get(), &last, 1, at); });
    if (got < 0) return system_error(Operation::kRead, ref, errno, size_bytes - 1);
  }
  file->lacks_end_ = last != '\n';
  return std::unique_ptr<LineFile>(std::move(file));
}

Result<void> PosixLineFile::append(Bytes line) {
  if (std::exchange(lacks_end_, false)) NACRE_TRY(append("\n"));
  const ssize_t put = retry_on_eintr([&] { return ::write(fd_.get(), line.data(), line.size()); });
  if (put == static_cast<ssize_t>(line.size())) {
    size_bytes_ += line.size();
    return {};
  }
  const Error error = system_error(Operation::kWrite, ref_, put < 0 ? errno : ENOSPC, size_bytes_);
  if (put > 0 && ::ftruncate(fd_.get(), static_cast<off_t>(size_bytes_)) != 0) size_bytes_ += static_cast<uint64_t>(put);
  return error;
}

}  // namespace nacre::os
