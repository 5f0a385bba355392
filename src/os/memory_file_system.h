// MemoryFileSystem: one directory of files in memory, behind the interfaces of nacre/runtime.h. Included by fuzzers and tests only.
//
// It does what a file system does that never fails: what is written is there at once, syncs do nothing. image() takes all files at one
// instant, as the death of the process would leave them; another file system can be made of them. The simulator (sim/) has the
// full disk model.
//
// Memory of files comes from malloc, so that a count of operator new does not see it. Thread safety: all calls.
#pragma once

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/bits.h"
#include "base/result.h"
#include "nacre/runtime.h"
#include "os/pages.h"
#include "sync/sync.h"

namespace nacre::os {

class MemoryFileSystem final : public FileSystem {
 public:
  using Image = std::map<std::string, std::string>;  // name, contents

  MemoryFileSystem() = default;
  explicit MemoryFileSystem(const Image& image) {
    for (const auto& [name, contents] : image) files_[name] = std::make_shared<File>(contents);
  }

  Image image() const {
    sync::MutexLock lock(mutex_);
    Image all;
    for (const auto& [name, file] : files_) all[name] = file->contents();
    return all;
  }

  Result<std::unique_ptr<Directory>> open_directory(const std::string& /* path */, bool /* create */) override {
    return std::unique_ptr<Directory>(new MemoryDirectory(*this));
  }
  void read_batch(std::span<ReadRequest> requests) override {
    for (ReadRequest& request : requests) request.result = request.file->read(request.offset, request.out);
  }

 private:
  // Grows at its end only; what is mapped does not grow. Page-aligned, as a mapping is.
  struct File {
    explicit File(Bytes bytes) { append(bytes); }
    explicit File(uint64_t zeros) {
      reserve(std::max<uint64_t>(zeros, 1));
      std::memset(data, 0, zeros);
      size = zeros;
    }
    ~File() { std::free(data); }
    File(const File&) = delete;
    File& operator=(const File&) = delete;

    void reserve(uint64_t bytes) {
      if (bytes <= room) return;
      const uint64_t larger = base::align_up(std::max(bytes, 2 * room), kPageBytes);
      auto* memory = static_cast<char*>(std::aligned_alloc(kPageBytes, larger));
      if (size != 0) std::memcpy(memory, data, size);
      std::free(data);
      data = memory;
      room = larger;
    }
    void append(Bytes bytes) {
      reserve(std::max<uint64_t>(size + bytes.size(), 1));
      if (!bytes.empty()) std::memcpy(data + size, bytes.data(), bytes.size());
      size += bytes.size();
    }
    std::string contents() const { return {data, size}; }

    char* data = nullptr;
    uint64_t size = 0;
    uint64_t room = 0;
  };
  using FilePtr = std::shared_ptr<File>;

  class Readable final : public ReadableFile {
   public:
    Readable(MemoryFileSystem& system, FilePtr file) : system_(system), file_(std::move(file)) {}
    Result<size_t> read(uint64_t offset, std::span<char> out) override {
      sync::MutexLock lock(system_.mutex_);
      if (offset >= file_->size) return size_t{0};
      const size_t bytes = std::min<uint64_t>(out.size(), file_->size - offset);
      std::memcpy(out.data(), file_->data + offset, bytes);
      return bytes;
    }
    uint64_t size_bytes() const override {
      sync::MutexLock lock(system_.mutex_);
      return file_->size;
    }
    void will_need(uint64_t, uint64_t) override {}

   private:
    MemoryFileSystem& system_;
    const FilePtr file_;
  };

  class Writable final : public WritableFile {
   public:
    Writable(MemoryFileSystem& system, FilePtr file) : system_(system), file_(std::move(file)) {}
    Result<void> append(Bytes data) override {
      sync::MutexLock lock(system_.mutex_);
      file_->append(data);
      return {};
    }
    Result<void> sync() override { return {}; }
    void start_writeback() override {}
    uint64_t size_bytes() const override { return file_->size; }

   private:
    MemoryFileSystem& system_;
    const FilePtr file_;
  };

  class Mapped final : public MappedFile {
   public:
    explicit Mapped(FilePtr file) : file_(std::move(file)) {}
    char* data() override { return file_->data; }
    uint64_t size_bytes() const override { return file_->size; }
    Result<void> sync(uint64_t, uint64_t) override { return {}; }
    bool damaged() const override { return false; }
    void stored(uint64_t, uint64_t) override {}

   private:
    const FilePtr file_;
  };

  class Lock final : public DirectoryLock {
   public:
    explicit Lock(MemoryFileSystem& system) : system_(system) {}
    ~Lock() override {
      sync::MutexLock lock(system_.mutex_);
      system_.locked_ = false;
    }

   private:
    MemoryFileSystem& system_;
  };

  class MemoryDirectory final : public Directory {
   public:
    explicit MemoryDirectory(MemoryFileSystem& system) : system_(system) {}

    Result<std::unique_ptr<ReadableFile>> open_read(const std::string& name) override {
      NACRE_TRY_ASSIGN(FilePtr file, find(name, Operation::kOpen));
      return std::unique_ptr<ReadableFile>(new Readable(system_, std::move(file)));
    }
    Result<std::unique_ptr<WritableFile>> create(const std::string& name) override {
      NACRE_TRY_ASSIGN(FilePtr file, add(name, 0));
      return std::unique_ptr<WritableFile>(new Writable(system_, std::move(file)));
    }
    Result<std::unique_ptr<MappedFile>> create_mapped(const std::string& name, uint64_t size_bytes,
                                                      MappedSpace) override {
      NACRE_TRY_ASSIGN(FilePtr file, add(name, size_bytes));
      return std::unique_ptr<MappedFile>(new Mapped(std::move(file)));
    }
    Result<std::unique_ptr<MappedFile>> open_mapped(const std::string& name) override {
      NACRE_TRY_ASSIGN(FilePtr file, find(name, Operation::kMap));
      return std::unique_ptr<MappedFile>(new Mapped(std::move(file)));
    }
    Result<void> rename(const std::string& from, const std::string& to) override {
      NACRE_TRY_ASSIGN(FilePtr file, find(from, Operation::kRename));
      sync::MutexLock lock(system_.mutex_);
      system_.files_[to] = std::move(file);
      system_.files_.erase(from);
      return {};
    }
    Result<void> remove(const std::string& name) override {
      sync::MutexLock lock(system_.mutex_);
      if (system_.files_.erase(name) == 0) return missing(Operation::kRemove);
      return {};
    }
    Result<std::vector<DirectoryEntry>> list() override {
      sync::MutexLock lock(system_.mutex_);
      std::vector<DirectoryEntry> entries;
      for (const auto& [name, file] : system_.files_) entries.push_back({.name = name, .size_bytes = file->size});
      return entries;
    }
    Result<void> sync() override { return {}; }
    Result<std::unique_ptr<DirectoryLock>> lock(const std::string& name, LockKind kind) override {
      sync::MutexLock lock(system_.mutex_);
      if (kind == LockKind::kRead && !system_.files_.contains(name)) return missing(Operation::kLock);
      if (system_.locked_) return Error{.kind = ErrorKind::kBusy, .operation = Operation::kLock};
      if (!system_.files_.contains(name)) system_.files_[name] = std::make_shared<File>(Bytes());
      system_.locked_ = true;
      return std::unique_ptr<DirectoryLock>(new Lock(system_));
    }
    Result<uint64_t> free_bytes() override { return uint64_t{1} << 40; }
    std::string path() const override { return "memory"; }

   private:
    static Error missing(Operation operation) { return Error{.kind = ErrorKind::kNotFound, .operation = operation}; }

    Result<FilePtr> find(const std::string& name, Operation operation) {
      sync::MutexLock lock(system_.mutex_);
      const auto at = system_.files_.find(name);
      if (at == system_.files_.end()) return missing(operation);
      return at->second;
    }
    Result<FilePtr> add(const std::string& name, uint64_t size_bytes) {
      auto file = std::make_shared<File>(size_bytes);
      sync::MutexLock lock(system_.mutex_);
      if (!system_.files_.emplace(name, file).second) {
        return Error{.kind = ErrorKind::kIo, .operation = Operation::kOpen, .system_errno = EEXIST};
      }
      return file;
    }

    MemoryFileSystem& system_;
  };

  mutable sync::Mutex mutex_;
  std::map<std::string, FilePtr> files_ NACRE_GUARDED_BY(mutex_);
  bool locked_ NACRE_GUARDED_BY(mutex_) = false;
};

}  // namespace nacre::os
