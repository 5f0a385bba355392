// FakeDirectory: a directory in memory for the tests of the log, which can be made to fail, to lose power and to be
// damaged.
//
// A file is what the process sees and what the device has; sync() carries pages over. Creations, renames and removals
// are pending until the directory is synced. power_cut() keeps, by the seed, any subset of the pending operations (in
// their order) and any subset of the 512-byte sectors that differ.
//
// Thread safety: all, but for power_cut() and the fields that set faults.
#pragma once

#include <cerrno>
#include <cstring>
#include <map>
#include <memory>
#include <new>
#include <string>
#include <vector>

#include "base/bits.h"
#include "base/prng.h"
#include "base/result.h"
#include "nacre/runtime.h"
#include "sync/sync.h"

namespace nacre::wal {

class FakeDirectory final : public Directory {
  static constexpr uint64_t kPage = 4096;
  static constexpr uint64_t kSector = 512;

  struct FreePages {
    void operator()(char* pages) const { ::operator delete(pages, std::align_val_t{kPage}); }
  };
  struct File {
    explicit File(uint64_t bytes) : size(bytes), seen(allocate(bytes)), device(bytes, '\0') {}
    static char* allocate(uint64_t bytes) {
      auto* pages = static_cast<char*>(::operator new(base::align_up(bytes + 1, kPage), std::align_val_t{kPage}));
      std::memset(pages, 0, bytes);
      return pages;
    }
    uint64_t size;
    std::unique_ptr<char, FreePages> seen;
    std::string device;
    bool damaged = false;
  };
  using FilePtr = std::shared_ptr<File>;

 public:
  // Faults. A countdown of n lets n - 1 calls pass and fails the n-th; 0: never.
  uint64_t free_space = UINT64_MAX;  // what create_mapped may still take; removals give back
  uint64_t fail_file_sync = 0;
  uint64_t fail_directory_sync = 0;
  uint64_t fail_rename = 0;
  uint64_t fail_remove = 0;
  uint64_t fail_open = 0;  // to read, or to map again
  uint64_t fail_list = 0;
  uint64_t fail_read = 0;
  bool fail_for_good = false;        // what has failed goes on failing
  uint64_t files_end = UINT64_MAX;   // where reads end, whatever the size of the file was when it was opened
  uint64_t read_limit = UINT64_MAX;  // bytes of a file beyond it fail to read
  bool copy_at_sync = true;          // false: syncs carry nothing over, so that threads may store meanwhile

  // Counts.
  uint64_t file_syncs = 0;
  uint64_t directory_syncs = 0;
  uint64_t pages_synced = 0;
  std::vector<MappedSpace> created;

  Result<std::unique_ptr<ReadableFile>> open_read(const std::string& name) override {
    sync::MutexLock lock(mutex_);
    if (due(fail_open)) return Error{.kind = ErrorKind::kIo, .operation = Operation::kOpen, .system_errno = EIO};
    const auto found = files_.find(name);
    if (found == files_.end()) return Error{.kind = ErrorKind::kNotFound, .operation = Operation::kOpen};
    return std::make_unique<Readable>(*this, found->second);
  }
  Result<std::unique_ptr<WritableFile>> create(const std::string&) override {
    return Error{.kind = ErrorKind::kUnsupported};
  }
  Result<std::unique_ptr<MappedFile>> create_mapped(const std::string& name, uint64_t bytes,
                                                    MappedSpace space) override {
    sync::MutexLock lock(mutex_);
    created.push_back(space);
    if (files_.contains(name)) return Error{.kind = ErrorKind::kIo, .system_errno = EEXIST};
    if (bytes > free_space) return Error{.kind = ErrorKind::kNoSpace, .operation = Operation::kWrite};
    free_space -= bytes;
    auto file = std::make_shared<File>(bytes);
    files_[name] = file;
    pending_.push_back({name, "", file});
    return std::make_unique<Mapped>(*this, file);
  }
  Result<std::unique_ptr<MappedFile>> open_mapped(const std::string& name) override {
    sync::MutexLock lock(mutex_);
    if (due(fail_open)) return Error{.kind = ErrorKind::kIo, .operation = Operation::kOpen, .system_errno = EIO};
    const auto found = files_.find(name);
    if (found == files_.end()) return Error{.kind = ErrorKind::kNotFound, .operation = Operation::kOpen};
    return std::make_unique<Mapped>(*this, found->second);
  }
  Result<void> rename(const std::string& from, const std::string& to) override {
    sync::MutexLock lock(mutex_);
    if (due(fail_rename)) return Error{.kind = ErrorKind::kIo, .operation = Operation::kRename, .system_errno = EIO};
    apply(files_, {to, from, nullptr});
    pending_.push_back({to, from, nullptr});
    return {};
  }
  Result<void> remove(const std::string& name) override {
    sync::MutexLock lock(mutex_);
    if (due(fail_remove)) return Error{.kind = ErrorKind::kIo, .operation = Operation::kRemove, .system_errno = EIO};
    const auto found = files_.find(name);
    if (found == files_.end()) return Error{.kind = ErrorKind::kNotFound, .operation = Operation::kRemove};
    if (free_space != UINT64_MAX) free_space += found->second->size;
    apply(files_, {"", name, nullptr});
    pending_.push_back({"", name, nullptr});
    return {};
  }
  Result<std::vector<DirectoryEntry>> list() override {
    sync::MutexLock lock(mutex_);
    if (due(fail_list)) return Error{.kind = ErrorKind::kIo, .operation = Operation::kList, .system_errno = EIO};
    std::vector<DirectoryEntry> entries;
    for (const auto& [name, file] : files_) entries.push_back({name, file->size});
    return entries;
  }
  Result<void> sync() override {
    sync::MutexLock lock(mutex_);
    ++directory_syncs;
    if (due(fail_directory_sync))
      return Error{.kind = ErrorKind::kIo, .operation = Operation::kSync, .system_errno = EIO};
    pending_.clear();
    durable_ = files_;
    return {};
  }
  Result<std::unique_ptr<DirectoryLock>> lock(const std::string&, LockKind) override {
    return std::make_unique<DirectoryLock>();
  }
  Result<uint64_t> free_bytes() override { return free_space; }
  std::string path() const override { return "fake"; }

  // The machine stops; what it finds when it starts again. Mapped files must be gone. `kept_percent`: of what was not
  // synced.
  void power_cut(base::Prng& prng, uint64_t kept_percent) {
    sync::MutexLock lock(mutex_);
    files_ = durable_;
    for (const Change& change : pending_) {
      if (prng.below(100) < kept_percent) apply(files_, change);
    }
    pending_.clear();
    durable_ = files_;
    for (const auto& [name, file] : files_) {
      for (uint64_t at = 0; at < file->size; at += kSector) {
        const uint64_t bytes = std::min(kSector, file->size - at);
        if (std::memcmp(file->seen.get() + at, file->device.data() + at, bytes) == 0) continue;
        if (prng.below(100) < kept_percent) {
          file->device.replace(at, bytes, file->seen.get() + at, bytes);
        } else {
          std::memcpy(file->seen.get() + at, file->device.data() + at, bytes);
        }
      }
    }
  }

  // Puts a file there as it would be found, or takes one away.
  void put(const std::string& name, const std::string& bytes) {
    sync::MutexLock lock(mutex_);
    auto file = std::make_shared<File>(bytes.size());
    std::memcpy(file->seen.get(), bytes.data(), bytes.size());
    file->device = bytes;
    files_[name] = durable_[name] = file;
  }
  std::string contents(const std::string& name) {
    sync::MutexLock lock(mutex_);
    const FilePtr& file = files_.at(name);
    return std::string(file->seen.get(), file->size);
  }
  void erase(const std::string& name) {
    sync::MutexLock lock(mutex_);
    files_.erase(name);
    durable_.erase(name);
  }
  bool has(const std::string& name) {
    sync::MutexLock lock(mutex_);
    return files_.contains(name);
  }
  void lose_mapping(const std::string& name) {
    sync::MutexLock lock(mutex_);
    files_.at(name)->damaged = true;
  }
  // All files as they are seen now, to be put back later.
  std::map<std::string, std::string> snapshot() {
    sync::MutexLock lock(mutex_);
    std::map<std::string, std::string> all;
    for (const auto& [name, file] : files_) all[name] = std::string(file->seen.get(), file->size);
    return all;
  }
  void restore(const std::map<std::string, std::string>& all) {
    {
      sync::MutexLock lock(mutex_);
      files_.clear();
      durable_.clear();
      pending_.clear();
    }
    for (const auto& [name, bytes] : all) put(name, bytes);
  }

 private:
  struct Change {  // created: no `from`; removed: no `to`
    std::string to;
    std::string from;
    FilePtr file;
  };

  class Readable final : public ReadableFile {
   public:
    Readable(FakeDirectory& directory, FilePtr file) : directory_(directory), file_(std::move(file)) {}
    Result<size_t> read(uint64_t offset, std::span<char> out) override {
      sync::MutexLock lock(directory_.mutex_);
      if (directory_.due(directory_.fail_read) || offset + out.size() > directory_.read_limit) {
        return Error{.kind = ErrorKind::kIo, .operation = Operation::kRead, .system_errno = EIO};
      }
      const uint64_t end = std::min(file_->size, directory_.files_end);
      if (offset >= end) return size_t{0};
      const size_t bytes = std::min<uint64_t>(out.size(), end - offset);
      std::memcpy(out.data(), file_->seen.get() + offset, bytes);
      return bytes;
    }
    uint64_t size_bytes() const override { return file_->size; }
    void will_need(uint64_t, uint64_t) override {}

   private:
    FakeDirectory& directory_;
    FilePtr file_;
  };

  class Mapped final : public MappedFile {
   public:
    Mapped(FakeDirectory& directory, FilePtr file) : directory_(directory), file_(std::move(file)) {}
    char* data() override { return file_->seen.get(); }
    uint64_t size_bytes() const override { return file_->size; }
    Result<void> sync(uint64_t begin, uint64_t end) override {
      sync::MutexLock lock(directory_.mutex_);
      ++directory_.file_syncs;
      if (directory_.due(directory_.fail_file_sync)) {
        return Error{.kind = ErrorKind::kIo, .operation = Operation::kSync, .system_errno = EIO};
      }
      begin &= ~(kPage - 1);
      end = std::min(base::align_up(end, kPage), file_->size);
      directory_.pages_synced += (end - begin) / kPage;
      if (directory_.copy_at_sync) file_->device.replace(begin, end - begin, file_->seen.get() + begin, end - begin);
      return {};
    }
    bool damaged() const override { return file_->damaged; }
    void stored(uint64_t, uint64_t) override {}

   private:
    FakeDirectory& directory_;
    FilePtr file_;
  };

  bool due(uint64_t& countdown) const {
    if (countdown != 1) {
      countdown -= countdown != 0 ? 1 : 0;
      return false;
    }
    if (!fail_for_good) countdown = 0;
    return true;
  }
  static void apply(std::map<std::string, FilePtr>& files, const Change& change) {
    if (change.from.empty()) {
      files[change.to] = change.file;
      return;
    }
    const auto found = files.find(change.from);
    if (found == files.end()) return;
    FilePtr file = found->second;
    files.erase(found);
    if (!change.to.empty()) files[change.to] = file;
  }

  sync::Mutex mutex_;
  std::map<std::string, FilePtr> files_;
  std::map<std::string, FilePtr> durable_;
  std::vector<Change> pending_;
};

}  // namespace nacre::wal
