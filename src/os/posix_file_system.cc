#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "base/result.h"
#include "os/fd.h"
#include "os/file_ref.h"
#include "os/posix.h"
#include "os/posix_directory.h"
#include "os/read_batch.h"

namespace nacre::os {

namespace {

constexpr FileRef kDirectory{FileKind::kDirectory, 0};

// "a/b/" and "a/b" lie in "a"; "b" lies in "."; "/b" lies in "/".
std::string parent_of(const std::string& path) {
  const size_t last = path.find_last_not_of('/');
  const size_t slash = last == std::string::npos ? std::string::npos : path.rfind('/', last);
  if (slash == std::string::npos) return last == std::string::npos ? "/" : ".";
  const size_t end = path.find_last_not_of('/', slash);
  return end == std::string::npos ? "/" : path.substr(0, end + 1);
}

// Makes the entry of the directory in its parent durable.
Result<void> sync_parent(const std::string& path, const Fd& directory) {
  const Fd parent(retry_on_eintr([&] { return ::open(parent_of(path).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC); }));
  if (parent) return sync_directory(parent.get());
  if (errno != EACCES && errno != EPERM) return system_error(Operation::kSync, kDirectory, errno);
  // We may enter the parent and not read it: then the whole file system is synced instead.
  if (::syncfs(directory.get()) != 0) return system_error(Operation::kSync, kDirectory, errno);
  return {};
}

class PosixFileSystem final : public FileSystem {
 public:
  // The path is the user's own, so links in it are followed; inside the directory none are.
  Result<std::unique_ptr<Directory>> open_directory(const std::string& path, bool create) override {
    if (path.empty() || path.find('\0') != std::string::npos) {
      return file_error(ErrorKind::kInvalidArgument, Operation::kOpen, kDirectory, "not a path of a directory");
    }
    if (create && ::mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) {
      return system_error(Operation::kOpen, kDirectory, errno);
    }
    Fd fd(retry_on_eintr([&] { return ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC); }));
    if (!fd) return system_error(Operation::kOpen, kDirectory, errno);
    // Also when it was there: whoever made it may have died before this step.
    if (create) NACRE_TRY(sync_parent(path, fd));
    return std::unique_ptr<Directory>(std::make_unique<PosixDirectory>(std::move(fd), path));
  }

  void read_batch(std::span<ReadRequest> requests) override { os::read_batch(requests); }
};

}  // namespace

std::shared_ptr<FileSystem> posix_file_system() {
  // Never destroyed: files and databases of static duration may still use it.
  static const auto* instance = new std::shared_ptr<FileSystem>(std::make_shared<PosixFileSystem>());
  return *instance;
}

}  // namespace nacre::os
