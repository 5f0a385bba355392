// Files mapped shared into memory: what a log segment is.
//
// A store costs a memory copy and survives the process at once, as a write() does at a hundred times the price. What
// has to hold, and how:
//   - A store never runs out of space: every byte is allocated (fallocate) at creation. Holes make open_mapped refuse a
//     file: somebody died in create_mapped, or copied it sparsely. A file system that copies on write (btrfs, some of
//     XFS's modes) may still need space later: that is what the SIGBUS guard is for.
//   - MappedSpace::kWritten: zeros are written and synced, so the extents are ordinary written ones. Overwriting then
//     changes no metadata, and a sync is one data write and one flush.
//   - MappedSpace::kReserved: the extents stay unwritten until their pages are; that spares a log that nobody syncs half of
//     its writes. A sync of such a page must also record in the journal that its extent is written. When the journal
//     stops in this instant (an error of the device, EXT4_IOC_SHUTDOWN), ext4 leaves that out and the sync that waits for it
//     still succeeds: what it acknowledged is zeros after the next mount (Linux 6.18; tests/kernel/shutdown_test.cc). Any later
//     sync fails. So pages that may be unwritten are synced twice, and the second answer counts. FIEMAP tells which may be.
//   - sync() is msync over the range. It and fdatasync are equally fast (p50 85 to 105 us here, the file written
//     before), but fdatasync also writes the pages that were only made ready.
//   - Zeros are written one page a call, not in large pieces. The page cache keeps what one call wrote as one folio,
//     and a sync writes whole folios: after 1 MiB calls each 140-byte commit wrote 1,024 KiB and took 297 us; after
//     64 KiB calls 64 KiB, 122 us; after 4 KiB calls 4.2 KiB, 85 us. The price at creation is about 1 us a page, in
//     the background.
//   - The mapping is not populated for reading (MAP_POPULATE): each first store would still fault, 4.2 us a page. It
//     is made writable ahead (MADV_POPULATE_WRITE, or a store to each page where the kernel is older than 5.14):
//     appends of 140 bytes then take 5 ns each and never fault, against 50 ns with a 1.4 us fault at each page. Pages
//     made ready that way count as dirty and are written once more if they are not stored to within the kernel's
//     expiry time (30 s). After a sync a page is write-protected again, and the next store to it faults once (2.7
//     us). So a segment used again is best closed and opened again with open_mapped, in the background, which makes
//     it ready anew.
//
// Thread safety: data() is plain memory, for the users to share as they agree; sync() is for one caller at a time;
// damaged() is for all. Ownership: the object owns descriptor, mapping and guard.
#pragma once

#include <memory>
#include <optional>

#include "nacre/runtime.h"
#include "os/fd.h"
#include "os/file_ref.h"
#include "os/sigbus.h"

namespace nacre::os {

class PosixMappedFile final : public MappedFile {
 public:
  // Maps `fd`, opened for reading and writing, of a file of `size_bytes` (whole pages, at least one) without holes.
  static Result<std::unique_ptr<MappedFile>> map(Fd fd, FileRef ref, uint64_t size_bytes);
  ~PosixMappedFile() override;
  PosixMappedFile(const PosixMappedFile&) = delete;
  PosixMappedFile& operator=(const PosixMappedFile&) = delete;

  char* data() override { return data_; }
  uint64_t size_bytes() const override { return size_bytes_; }
  Result<void> sync(uint64_t begin, uint64_t end) override;
  bool damaged() const override { return guard_->damaged.load(std::memory_order_acquire); }
  void stored(uint64_t, uint64_t) override {}

 private:
  PosixMappedFile(Fd fd, FileRef ref, char* data, uint64_t size_bytes);
  Result<void> make_ready();
  Result<void> write_back(uint64_t from, uint64_t until);

  const Fd fd_;
  const FileRef ref_;
  char* const data_;
  const uint64_t size_bytes_;
  GuardedRange* const guard_;
  uint64_t written_through_;      // the extents before it are written ones, for sure
  std::optional<Error> failure_;  // of a sync: final
};

// Allocates `fd`, new and empty, writes it with zeros if they are asked for, and syncs it.
Result<void> take_space(int fd, FileRef ref, uint64_t size_bytes, MappedSpace space);
// Before this offset all extents of the file are written ones. 0 where the file system does not say.
uint64_t written_extents_end(int fd, uint64_t size_bytes);
// Refuses a file that cannot be mapped for storing: empty, not of whole pages, or with holes.
Result<void> check_mappable(int fd, FileRef ref, uint64_t size_bytes);

uint64_t system_page_bytes();

}  // namespace nacre::os
