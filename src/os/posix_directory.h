// PosixDirectory: the files of one directory, always reached through its open descriptor.
//
// Names are resolved by openat relative to the descriptor, so the directory may be renamed while open and no path is
// built. Whoever can write into the directory must not be able to lead us elsewhere: names with slashes are refused,
// symbolic links are not followed, anything but a regular file is refused (a pipe would hang us), new files get mode
// 0600 and must not exist. All descriptors are closed on exec.
//
// Thread safety: all of it. Owns the descriptor; files opened from it live on their own.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "nacre/runtime.h"
#include "os/fd.h"
#include "sync/sync.h"

namespace nacre::os {

class PosixDirectory final : public Directory {
 public:
  PosixDirectory(Fd fd, std::string path) : fd_(std::move(fd)), path_(std::move(path)) {}

  Result<std::unique_ptr<ReadableFile>> open_read(const std::string& name) override;
  Result<std::unique_ptr<WritableFile>> create(const std::string& name) override;
  Result<std::unique_ptr<MappedFile>> create_mapped(const std::string& name, uint64_t size_bytes,
                                                    MappedSpace space) override;
  Result<std::unique_ptr<MappedFile>> open_mapped(const std::string& name) override;
  Result<std::unique_ptr<LineFile>> open_lines(const std::string& name) override;
  Result<void> rename(const std::string& from, const std::string& to) override;
  Result<void> remove(const std::string& name) override;
  Result<std::vector<DirectoryEntry>> list() override;  // ordered by name
  Result<void> sync() override;
  Result<std::unique_ptr<DirectoryLock>> lock(const std::string& name, LockKind kind) override;
  Result<uint64_t> free_bytes() override;
  std::string path() const override { return path_; }

 private:
  const Fd fd_;
  const std::string path_;
  sync::Mutex sync_mutex_;
  std::optional<Error> sync_failure_ NACRE_GUARDED_BY(sync_mutex_);
};

// Makes the entries of an open directory durable.
Result<void> sync_directory(int fd);

}  // namespace nacre::os
