// The open files of a SimDisk.
//
// A SimWritableFile holds appended bytes back in the process, as the production one does: kill -9 loses them, and an
// error shows when the buffer goes out. Like there, the first failure of a writable or mapped file is final.
//
// Closing a file in the middle of a call is what production would answer with a crash, or worse: here it fails a check.
//
// Thread safety: as the interfaces of nacre/runtime.h say, on simulated threads. Ownership: each shares the disk and
// its inode; all belong to the boot they were opened in (sim_disk.h).
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "base/assert.h"
#include "nacre/runtime.h"
#include "os/file_ref.h"
#include "sim/sim_disk.h"

namespace nacre::sim {

// What all open files share: the count of handles, by which the space of a removed file is given back.
class OpenInode {
 public:
  OpenInode(std::shared_ptr<SimDisk> its_disk, std::shared_ptr<Inode> its_inode, os::FileRef its_ref)
      : disk(std::move(its_disk)), inode(std::move(its_inode)), ref(its_ref), boot(disk->boot()) {
    ++inode->handles;
    disk->descriptor_opened();
  }
  ~OpenInode() {
    NACRE_CHECK(used_ == 0);  // else: closed by one thread while another is in a call of it
    disk->closed(boot, *inode);
  }
  OpenInode(const OpenInode&) = delete;
  OpenInode& operator=(const OpenInode&) = delete;

  // Held by every call for as long as it runs.
  class Use {
   public:
    explicit Use(OpenInode& open) : open_(open) { open_.used_++; }
    ~Use() { open_.used_--; }
    Use(const Use&) = delete;
    Use& operator=(const Use&) = delete;

   private:
    OpenInode& open_;
  };

  const std::shared_ptr<SimDisk> disk;
  const std::shared_ptr<Inode> inode;
  const os::FileRef ref;
  const uint64_t boot;

 private:
  uint32_t used_ = 0;
};

class SimReadableFile final : public ReadableFile {
 public:
  SimReadableFile(std::shared_ptr<SimDisk> disk, std::shared_ptr<Inode> inode, os::FileRef ref)
      : open_(std::move(disk), std::move(inode), ref), size_bytes_(open_.inode->size()) {}
  Result<size_t> read(uint64_t offset, std::span<char> out) override;
  uint64_t size_bytes() const override { return size_bytes_; }
  void will_need(uint64_t, uint64_t) override {}

 private:
  OpenInode open_;
  const uint64_t size_bytes_;  // when it was opened
};

class SimWritableFile final : public WritableFile {
 public:
  SimWritableFile(std::shared_ptr<SimDisk> disk, std::shared_ptr<Inode> inode, os::FileRef ref)
      : open_(std::move(disk), std::move(inode), ref) {}
  ~SimWritableFile() override;
  Result<void> append(Bytes data) override;
  Result<void> sync() override;
  void start_writeback() override;
  uint64_t size_bytes() const override { return written_bytes_ + buffer_.size(); }

 private:
  Result<void> flush();
  Result<void> write_out();
  Error fail(const Error& error);

  OpenInode open_;
  std::string buffer_;
  uint64_t written_bytes_ = 0;
  std::optional<Error> failure_;
};

class SimMappedFile final : public MappedFile {
 public:
  SimMappedFile(std::shared_ptr<SimDisk> disk, std::shared_ptr<Inode> inode, os::FileRef ref)
      : open_(std::move(disk), std::move(inode), ref), memory_(open_.inode->visible) {}
  char* data() override { return memory_->data(); }
  uint64_t size_bytes() const override { return memory_->size(); }
  Result<void> sync(uint64_t begin, uint64_t end) override;
  bool damaged() const override { return damaged_; }
  void stored(uint64_t begin, uint64_t end) override;

 private:
  OpenInode open_;
  const std::shared_ptr<Buffer> memory_;  // no longer the file's once the process is dead
  bool damaged_ = false;
  std::optional<Error> failure_;
};

}  // namespace nacre::sim
