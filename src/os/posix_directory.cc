#include "os/posix_directory.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include <algorithm>

#include "base/result.h"
#include "os/directory_lock.h"
#include "os/file_ref.h"
#include "os/posix_file.h"
#include "os/posix_line_file.h"
#include "os/posix_mapped_file.h"

namespace nacre::os {

namespace {

constexpr FileRef kThisDirectory{FileKind::kDirectory, 0};
constexpr int kAlways = O_CLOEXEC | O_NOFOLLOW | O_NOCTTY;

Result<void> check_name(Operation operation, const std::string& name) {
  const bool plain = !name.empty() && name != "." && name != ".." && name.find('/') == std::string::npos &&
                     name.find('\0') == std::string::npos;
  if (plain) return {};
  return file_error(ErrorKind::kInvalidArgument, operation, FileRef{}, "not a plain file name");
}

struct OpenedFile {
  Fd fd;
  uint64_t size_bytes;
};

// `access` may create the file.
Result<OpenedFile> open_regular(int directory, const std::string& name, int access) {
  const FileRef ref = file_ref(name);
  NACRE_TRY(check_name(Operation::kOpen, name));
  // O_NONBLOCK: opening a pipe must not wait for its other end. Taken off again once we know that it is a regular
  // file, since io_uring would answer EAGAIN to every read that is not in the page cache.
  Fd fd(retry_on_eintr([&] { return ::openat(directory, name.c_str(), access | O_NONBLOCK | kAlways, 0600); }));
  if (!fd) return system_error(Operation::kOpen, ref, errno);
  struct stat status = {};
  if (::fstat(fd.get(), &status) != 0) return system_error(Operation::kOpen, ref, errno);
  if (!S_ISREG(status.st_mode)) {
    return file_error(ErrorKind::kInvalidArgument, Operation::kOpen, ref, "it is not a regular file");
  }
  if (::fcntl(fd.get(), F_SETFL, access & ~O_CREAT) != 0) return system_error(Operation::kOpen, ref, errno);
  return OpenedFile{std::move(fd), static_cast<uint64_t>(status.st_size)};
}

Result<Fd> create_file(int directory, const std::string& name, int access) {
  NACRE_TRY(check_name(Operation::kOpen, name));
  Fd fd(retry_on_eintr([&] { return ::openat(directory, name.c_str(), access | O_CREAT | O_EXCL | kAlways, 0600); }));
  if (!fd) return system_error(Operation::kOpen, file_ref(name), errno);
  return fd;
}

// On a file system that writes changed blocks to new places (btrfs), a store into the mapped file could run out of space although
// every byte was written before. This new, empty file is to be changed in place; elsewhere the flag means nothing and is refused.
void ask_to_write_in_place(int fd) {
  int flags = 0;
  if (::ioctl(fd, FS_IOC_GETFLAGS, &flags) != 0) return;
  flags |= FS_NOCOW_FL;
  (void)::ioctl(fd, FS_IOC_SETFLAGS, &flags);
}

}  // namespace

Result<std::unique_ptr<ReadableFile>> PosixDirectory::open_read(const std::string& name) {
  NACRE_TRY_ASSIGN(OpenedFile file, open_regular(fd_.get(), name, O_RDONLY));
  // Who reads in order says so, in large pieces and by will_need: what the kernel guesses from neighbouring gets is wrong.
  ::posix_fadvise(file.fd.get(), 0, 0, POSIX_FADV_RANDOM);
  return std::unique_ptr<ReadableFile>(
      std::make_unique<PosixReadableFile>(std::move(file.fd), file_ref(name), file.size_bytes));
}

Result<std::unique_ptr<WritableFile>> PosixDirectory::create(const std::string& name) {
  NACRE_TRY_ASSIGN(Fd fd, create_file(fd_.get(), name, O_WRONLY));
  return std::unique_ptr<WritableFile>(std::make_unique<PosixWritableFile>(std::move(fd), file_ref(name)));
}

Result<std::unique_ptr<MappedFile>> PosixDirectory::create_mapped(const std::string& name, uint64_t size_bytes,
                                                                  MappedSpace space) {
  const FileRef ref = file_ref(name);
  if (size_bytes == 0 || size_bytes % system_page_bytes() != 0) {
    return file_error(ErrorKind::kInvalidArgument, Operation::kMap, ref, "the size must be a whole number of pages");
  }
  NACRE_TRY_ASSIGN(Fd fd, create_file(fd_.get(), name, O_RDWR));
  ask_to_write_in_place(fd.get());
  auto file = [&]() -> Result<std::unique_ptr<MappedFile>> {
    NACRE_TRY(take_space(fd.get(), ref, size_bytes, space));
    return PosixMappedFile::map(std::move(fd), ref, size_bytes);
  }();
  if (!file) ::unlinkat(fd_.get(), name.c_str(), 0);  // half a file is of no use, and its space may be needed
  return file;
}

Result<std::unique_ptr<MappedFile>> PosixDirectory::open_mapped(const std::string& name) {
  NACRE_TRY_ASSIGN(OpenedFile file, open_regular(fd_.get(), name, O_RDWR));
  NACRE_TRY(check_mappable(file.fd.get(), file_ref(name), file.size_bytes));
  return PosixMappedFile::map(std::move(file.fd), file_ref(name), file.size_bytes);
}

Result<std::unique_ptr<LineFile>> PosixDirectory::open_lines(const std::string& name) {
  NACRE_TRY_ASSIGN(OpenedFile file, open_regular(fd_.get(), name, O_RDWR | O_APPEND | O_CREAT));
  return PosixLineFile::take(std::move(file.fd), file_ref(name), file.size_bytes);
}

Result<void> PosixDirectory::rename(const std::string& from, const std::string& to) {
  NACRE_TRY(check_name(Operation::kRename, from));
  NACRE_TRY(check_name(Operation::kRename, to));
  if (::renameat(fd_.get(), from.c_str(), fd_.get(), to.c_str()) != 0) {
    return system_error(Operation::kRename, file_ref(from), errno);
  }
  return {};
}

Result<void> PosixDirectory::remove(const std::string& name) {
  NACRE_TRY(check_name(Operation::kRemove, name));
  if (::unlinkat(fd_.get(), name.c_str(), 0) != 0) return system_error(Operation::kRemove, file_ref(name), errno);
  return {};
}

Result<std::vector<DirectoryEntry>> PosixDirectory::list() {
  // A descriptor of its own: the position in the directory belongs to the open file description.
  const int own = retry_on_eintr([&] { return ::openat(fd_.get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC); });
  if (own < 0) return system_error(Operation::kList, kThisDirectory, errno);
  const std::unique_ptr<DIR, int (*)(DIR*)> stream(::fdopendir(own), ::closedir);
  if (!stream) {
    const int reason = errno;
    ::close(own);
    return system_error(Operation::kList, kThisDirectory, reason);
  }
  std::vector<DirectoryEntry> entries;
  for (;;) {
    errno = 0;
    const dirent* entry = ::readdir(stream.get());
    if (entry == nullptr) break;
    struct stat status = {};
    if (::fstatat(own, entry->d_name, &status, AT_SYMLINK_NOFOLLOW) != 0) {
      if (errno == ENOENT) continue;  // removed meanwhile
      return system_error(Operation::kList, file_ref(entry->d_name), errno);
    }
    if (S_ISREG(status.st_mode)) entries.push_back({entry->d_name, static_cast<uint64_t>(status.st_size)});
  }
  if (errno != 0) return system_error(Operation::kList, kThisDirectory, errno);
  std::sort(entries.begin(), entries.end(),
            [](const DirectoryEntry& a, const DirectoryEntry& b) { return a.name < b.name; });
  return entries;
}

Result<void> sync_directory(int fd) {
  // EINVAL: a file system whose directories need no syncing, or cannot be synced.
  if (::fsync(fd) != 0 && errno != EINVAL) return system_error(Operation::kSync, kThisDirectory, errno);
  return {};
}

Result<void> PosixDirectory::sync() {
  sync::MutexLock lock(sync_mutex_);
  if (sync_failure_) return *sync_failure_;
  const Result<void> synced = sync_directory(fd_.get());
  if (!synced) sync_failure_ = synced.error();
  return synced;
}

Result<std::unique_ptr<DirectoryLock>> PosixDirectory::lock(const std::string& name, LockKind kind) {
  NACRE_TRY(check_name(Operation::kLock, name));
  return lock_file(fd_.get(), name, kind);
}

Result<uint64_t> PosixDirectory::free_bytes() {
  struct statvfs status = {};
  if (retry_on_eintr([&] { return ::fstatvfs(fd_.get(), &status); }) != 0) {
    return system_error(Operation::kNone, kThisDirectory, errno);
  }
  return static_cast<uint64_t>(status.f_bavail) * status.f_frsize;
}

}  // namespace nacre::os
