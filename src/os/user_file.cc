#include "os/user_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "os/fd.h"
#include "os/file_ref.h"

namespace nacre::os {

Result<std::string> read_user_file(const std::string& path, size_t most_bytes) {
  constexpr size_t kPiece = size_t{16} << 10;
  const Fd fd(retry_on_eintr([&] { return ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY); }));
  if (!fd) return system_error(Operation::kOpen, {}, errno);
  std::string text;
  while (text.size() < most_bytes) {
    const size_t before = text.size();
    text.resize(std::min(before + kPiece, most_bytes));
    const ssize_t got = retry_on_eintr([&] { return ::read(fd.get(), text.data() + before, text.size() - before); });
    if (got < 0) return system_error(Operation::kRead, {}, errno);
    text.resize(before + static_cast<size_t>(got));
    if (got == 0) break;
  }
  return text;
}

}  // namespace nacre::os
