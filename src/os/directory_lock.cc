#include "os/directory_lock.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <map>
#include <utility>

#include "base/result.h"
#include "os/fd.h"
#include "os/file_ref.h"
#include "os/process.h"
#include "sync/sync.h"

namespace nacre::os {

namespace {

using FileIdentity = std::pair<dev_t, ino_t>;

// The lock files held by this process, and how: by one writer, or by so many readers.
struct Registry {
  static constexpr uint32_t kWriter = UINT32_MAX;
  sync::Mutex mutex;
  std::map<FileIdentity, uint32_t> held NACRE_GUARDED_BY(mutex);
};

Registry& registry() {
  static constinit PerProcess<Registry> per_process;
  return per_process.get([] { return Registry(); });
}

bool set_lock(int fd, short type) {
  struct flock request = {};
  request.l_type = type;
  request.l_whence = SEEK_SET;  // start 0, length 0: the whole file
  return retry_on_eintr([&] { return ::fcntl(fd, F_OFD_SETLK, &request); }) == 0;
}

// An entry of the registry, taken out when it goes out of scope.
class RegistryEntry {
 public:
  static std::unique_ptr<RegistryEntry> enter(const FileIdentity& identity, LockKind kind) {
    Registry& all = registry();
    sync::MutexLock lock(all.mutex);
    uint32_t& holders = all.held[identity];
    if (holders != 0 && (kind == LockKind::kWrite || holders == Registry::kWriter)) return nullptr;
    holders = kind == LockKind::kWrite ? Registry::kWriter : holders + 1;
    return std::unique_ptr<RegistryEntry>(new RegistryEntry(identity));
  }
  ~RegistryEntry() {
    if (generation_ != process_generation()) return;
    Registry& all = registry();
    sync::MutexLock lock(all.mutex);
    uint32_t& holders = all.held[identity_];
    holders = holders == Registry::kWriter ? 0 : holders - 1;
    if (holders == 0) all.held.erase(identity_);
  }

 private:
  explicit RegistryEntry(const FileIdentity& identity) : identity_(identity), generation_(process_generation()) {}

  const FileIdentity identity_;
  const uint64_t generation_;
};

class PosixDirectoryLock final : public DirectoryLock {
 public:
  PosixDirectoryLock(Fd fd, std::unique_ptr<RegistryEntry> entry)
      : entry_(std::move(entry)), fd_(std::move(fd)), generation_(process_generation()) {}
  ~PosixDirectoryLock() override {
    if (generation_ == process_generation()) set_lock(fd_.get(), F_UNLCK);
  }

 private:
  const std::unique_ptr<RegistryEntry> entry_;  // gone last: nobody here may try before the file is unlocked
  const Fd fd_;
  const uint64_t generation_;
};

}  // namespace

Result<std::unique_ptr<DirectoryLock>> lock_file(int directory, const std::string& name, LockKind kind) {
  const FileRef ref = file_ref(name);
  const int access = kind == LockKind::kWrite ? O_RDWR | O_CREAT : O_RDONLY;
  for (;;) {
    Fd fd(retry_on_eintr(
        [&] { return ::openat(directory, name.c_str(), access | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY, 0600); }));
    if (!fd) return system_error(Operation::kLock, ref, errno);
    struct stat opened = {};
    if (::fstat(fd.get(), &opened) != 0) return system_error(Operation::kLock, ref, errno);
    if (!S_ISREG(opened.st_mode)) {
      return file_error(ErrorKind::kInvalidArgument, Operation::kLock, ref, "it is not a regular file");
    }

    auto entry = RegistryEntry::enter({opened.st_dev, opened.st_ino}, kind);
    if (entry == nullptr) {
      return file_error(ErrorKind::kBusy, Operation::kLock, ref,
                        "this process has the database open already: close it first");
    }
    if (!set_lock(fd.get(), kind == LockKind::kWrite ? F_WRLCK : F_RDLCK)) {
      if (errno == EAGAIN || errno == EACCES) {
        return file_error(ErrorKind::kBusy, Operation::kLock, ref,
                          "another process has the database open: close it there first");
      }
      return system_error(Operation::kLock, ref, errno);
    }

    struct stat named = {};
    if (::fstatat(directory, name.c_str(), &named, AT_SYMLINK_NOFOLLOW) == 0 && named.st_dev == opened.st_dev &&
        named.st_ino == opened.st_ino) {
      return std::unique_ptr<DirectoryLock>(std::make_unique<PosixDirectoryLock>(std::move(fd), std::move(entry)));
    }
    // Replaced or removed between opening and locking: what we hold guards nothing.
  }
}

Result<bool> has_writer(const std::string& path) {
  const FileRef ref{FileKind::kLock, 0};
  const Fd fd(
      retry_on_eintr([&] { return ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY | O_NONBLOCK); }));
  if (!fd) {
    if (errno == ENOENT) return false;
    return system_error(Operation::kLock, ref, errno);
  }
  struct flock request = {};
  request.l_type = F_RDLCK;  // what a writer's lock would refuse
  request.l_whence = SEEK_SET;
  if (retry_on_eintr([&] { return ::fcntl(fd.get(), F_OFD_GETLK, &request); }) != 0)
    return system_error(Operation::kLock, ref, errno);
  return request.l_type != F_UNLCK;
}

}  // namespace nacre::os
