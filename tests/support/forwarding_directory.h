// ForwardingDirectory: does as another directory does. Tests override what they disturb.
//
// Thread safety: as the other's.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "nacre/runtime.h"

namespace nacre::tests {

class ForwardingDirectory : public Directory {
 public:
  explicit ForwardingDirectory(std::unique_ptr<Directory> below) : below_(std::move(below)) {}

  Result<std::unique_ptr<ReadableFile>> open_read(const std::string& name) override { return below_->open_read(name); }
  Result<std::unique_ptr<WritableFile>> create(const std::string& name) override { return below_->create(name); }
  Result<std::unique_ptr<MappedFile>> create_mapped(const std::string& name, uint64_t size_bytes,
                                                    MappedSpace space) override {
    return below_->create_mapped(name, size_bytes, space);
  }
  Result<std::unique_ptr<MappedFile>> open_mapped(const std::string& name) override {
    return below_->open_mapped(name);
  }
  Result<std::unique_ptr<LineFile>> open_lines(const std::string& name) override { return below_->open_lines(name); }
  Result<void> rename(const std::string& from, const std::string& to) override { return below_->rename(from, to); }
  Result<void> remove(const std::string& name) override { return below_->remove(name); }
  Result<std::vector<DirectoryEntry>> list() override { return below_->list(); }
  Result<void> sync() override { return below_->sync(); }
  Result<std::unique_ptr<DirectoryLock>> lock(const std::string& name, LockKind kind) override {
    return below_->lock(name, kind);
  }
  Result<uint64_t> free_bytes() override { return below_->free_bytes(); }
  std::string path() const override { return below_->path(); }

 protected:
  Directory& below() { return *below_; }

 private:
  const std::unique_ptr<Directory> below_;
};

}  // namespace nacre::tests
