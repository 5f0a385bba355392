#include "salvage/unmarked_files.h"

#include "base/result.h"
#include "format/file_names.h"

namespace nacre::salvage {

namespace {

class UnmarkedDirectory final : public Directory {
 public:
  explicit UnmarkedDirectory(std::unique_ptr<Directory> within) : within_(std::move(within)) {}

  Result<std::vector<DirectoryEntry>> list() override {
    NACRE_TRY_ASSIGN(auto entries, within_->list());
    std::erase_if(entries, [](const DirectoryEntry& entry) { return entry.name == format::kRepairMarkName; });
    return entries;
  }

  Result<std::unique_ptr<ReadableFile>> open_read(const std::string& name) override { return within_->open_read(name); }
  Result<std::unique_ptr<WritableFile>> create(const std::string& name) override { return within_->create(name); }
  Result<std::unique_ptr<MappedFile>> create_mapped(const std::string& name, uint64_t size_bytes,
                                                    MappedSpace space) override {
    return within_->create_mapped(name, size_bytes, space);
  }
  Result<std::unique_ptr<MappedFile>> open_mapped(const std::string& name) override {
    return within_->open_mapped(name);
  }
  Result<std::unique_ptr<LineFile>> open_lines(const std::string& name) override { return within_->open_lines(name); }
  Result<void> rename(const std::string& from, const std::string& to) override { return within_->rename(from, to); }
  Result<void> remove(const std::string& name) override { return within_->remove(name); }
  Result<void> sync() override { return within_->sync(); }
  Result<std::unique_ptr<DirectoryLock>> lock(const std::string& name, LockKind kind) override {
    return within_->lock(name, kind);
  }
  Result<uint64_t> free_bytes() override { return within_->free_bytes(); }
  std::string path() const override { return within_->path(); }

 private:
  const std::unique_ptr<Directory> within_;
};

class UnmarkedFiles final : public FileSystem {
 public:
  explicit UnmarkedFiles(std::shared_ptr<FileSystem> within) : within_(std::move(within)) {}

  Result<std::unique_ptr<Directory>> open_directory(const std::string& path, bool create) override {
    NACRE_TRY_ASSIGN(auto directory, within_->open_directory(path, create));
    return std::unique_ptr<Directory>(std::make_unique<UnmarkedDirectory>(std::move(directory)));
  }
  void read_batch(std::span<ReadRequest> requests) override { within_->read_batch(requests); }

 private:
  const std::shared_ptr<FileSystem> within_;
};

}  // namespace

std::shared_ptr<FileSystem> without_repair_marks(std::shared_ptr<FileSystem> within) {
  return std::make_shared<UnmarkedFiles>(std::move(within));
}

}  // namespace nacre::salvage
