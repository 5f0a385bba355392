// Segment: one file of the write-ahead log as the writing side holds it. StickyFailure: the log's memory of a failed
// sync.
//
// A segment lives through: prepared (named, headed, synced, not yet part of the log) - placed (the log goes on in it) -
// closed (the log goes on in the next one) - released (no record in it is needed), after which its file is used again
// under a new name, number and salt, or removed.
//
// Ownership: shared, since a sync in progress keeps the mapping of a segment that is released meanwhile.
// Thread safety: see each member.
#pragma once

#include <atomic>
#include <cerrno>
#include <cstdint>
#include <memory>
#include <optional>

#include "base/assert.h"
#include "base/memory_account.h"
#include "format/log_format.h"
#include "nacre/runtime.h"
#include "sync/sync.h"

namespace nacre::wal {

// Remembers the first failure, for ever. After a failed sync the kernel may show bytes that the device does not have,
// so a second attempt that succeeds proves nothing: every later call must answer with the first error.
class StickyFailure {
 public:
  bool is_set() const { return set_.load(std::memory_order_acquire); }

  // Returns the first error ever set. Always kIo: room that comes back mends nothing, and commits may be in doubt.
  Error set(Error error) {
    error.kind = ErrorKind::kIo;
    sync::MutexLock lock(mutex_);
    if (!error_) error_ = error;
    set_.store(true, std::memory_order_release);
    return *error_;
  }

  // Only when set.
  Error error() const {
    sync::MutexLock lock(mutex_);
    NACRE_CHECK(error_.has_value());
    return *error_;
  }

 private:
  std::atomic<bool> set_{false};
  mutable sync::Mutex mutex_;
  std::optional<Error> error_ NACRE_GUARDED_BY(mutex_);
};

// Where the mapping was lost (a SIGBUS that the file turned into a flag).
inline Error lost_mapping(uint64_t number) {
  return Error{.kind = ErrorKind::kIo,
               .operation = Operation::kWrite,
               .file_kind = FileKind::kLog,
               .system_errno = EIO,
               .file_number = number,
               .reason = "the kernel could not keep a page of the mapped log: reopen the database"};
}

struct Segment {
  static constexpr uint64_t kOpen = UINT64_MAX;

  // Fixed from placement on.
  format::SegmentIdentity identity;
  uint64_t size_bytes = 0;
  uint64_t base_lsn = 0;

  // The mapping; null while not mapped. Dropped only when every byte is synced or needed no more.
  std::unique_ptr<MappedFile> file;
  char* data = nullptr;
  base::MemoryCharge charge;

  bool lost_page = false;  // a mapping that was dropped had lost one: the file is not fit for use again

  std::atomic<uint64_t> end_lsn{kOpen};       // set once, when closed
  std::atomic<bool> placement_synced{false};  // set under Wal's sync mutex

  uint64_t offset_of(uint64_t lsn) const { return format::kLogHeaderBytes + (lsn - base_lsn); }
  // How much of the file holds records, the closing one included; the closing one always has room.
  uint64_t room_for_records() const { return size_bytes - format::kLogRecordHeaderBytes; }

  void map(std::unique_ptr<MappedFile> mapped, base::MemoryAccount* account) {
    file = std::move(mapped);
    data = file->data();
    size_bytes = file->size_bytes();
    charge = base::MemoryCharge(account, base::MemoryPart::kLog, size_bytes);
  }
  // Nobody may be storing or syncing.
  std::unique_ptr<MappedFile> unmap() {
    data = nullptr;
    charge = {};
    lost_page |= file != nullptr && file->damaged();
    return std::move(file);
  }
};

}  // namespace nacre::wal
