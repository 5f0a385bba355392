// SimFileSystem and its directories: the interfaces of nacre/runtime.h over a SimDisk.
//
// Thread safety: as the interfaces say, on simulated threads. Ownership: all share the disk. A directory belongs to
// the boot it was opened in (sim_disk.h).
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "nacre/runtime.h"
#include "sim/sim_disk.h"
#include "sync/sync.h"

namespace nacre::sim {

class SimFileSystem final : public FileSystem {
 public:
  explicit SimFileSystem(std::shared_ptr<SimDisk> disk) : disk_(std::move(disk)) {}
  Result<std::unique_ptr<Directory>> open_directory(const std::string& path, bool create) override;
  void read_batch(std::span<ReadRequest> requests) override;  // in random order

 private:
  std::shared_ptr<SimDisk> disk_;
};

class SimDirectory final : public Directory {
 public:
  SimDirectory(std::shared_ptr<SimDisk> disk, std::shared_ptr<DirectoryNode> node);
  ~SimDirectory() override;

  Result<std::unique_ptr<ReadableFile>> open_read(const std::string& name) override;
  Result<std::unique_ptr<WritableFile>> create(const std::string& name) override;
  Result<std::unique_ptr<MappedFile>> create_mapped(const std::string& name, uint64_t size_bytes,
                                                    MappedSpace space) override;
  Result<std::unique_ptr<MappedFile>> open_mapped(const std::string& name) override;
  Result<void> rename(const std::string& from, const std::string& to) override;
  Result<void> remove(const std::string& name) override;
  Result<std::vector<DirectoryEntry>> list() override;  // in random order
  Result<void> sync() override;
  Result<std::unique_ptr<DirectoryLock>> lock(const std::string& name, LockKind kind) override;
  Result<uint64_t> free_bytes() override;
  std::string path() const override { return node_->path; }

 private:
  // A site that changes the directory: refuses on a read-only disk.
  Result<SimDisk::Site> begin_change(IoKind kind, const std::string& name);
  // One that needs a descriptor.
  Result<void> have_descriptor(const SimDisk::Site& site) const;
  Result<std::shared_ptr<Inode>> link_new(const SimDisk::Site& site, const std::string& name);
  Result<std::shared_ptr<Inode>> look_up(const SimDisk::Site& site, const std::string& name);
  void unlink(const std::string& name);

  const std::shared_ptr<SimDisk> disk_;
  const std::shared_ptr<DirectoryNode> node_;
  const uint64_t boot_;
  sync::Mutex sync_mutex_;
  std::optional<Error> sync_failure_;
};

}  // namespace nacre::sim
