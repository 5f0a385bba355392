#include "os/posix_mapped_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <string>

#include "base/assert.h"
#include "base/bits.h"
#include "base/result.h"
#include "os/posix_file.h"

#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23  // since Linux 5.14
#endif

namespace nacre::os {

uint64_t system_page_bytes() {
  static const auto bytes = static_cast<uint64_t>(::sysconf(_SC_PAGESIZE));
  return bytes;
}

Result<void> allocate_and_zero(int fd, FileRef ref, uint64_t size_bytes) {
  // At once, for few and long extents. A file system that cannot do it allocates as the zeros are written.
  const int allocated = retry_on_eintr([&] { return ::fallocate(fd, 0, 0, static_cast<off_t>(size_bytes)); });
  if (allocated != 0 && errno != EOPNOTSUPP && errno != ENOSYS) {
    return system_error(Operation::kWrite, ref, errno);
  }
  const std::string zeros(system_page_bytes(), '\0');
  for (uint64_t offset = 0; offset < size_bytes; offset += zeros.size()) {
    const Bytes piece = Bytes(zeros).substr(0, std::min<uint64_t>(zeros.size(), size_bytes - offset));
    NACRE_TRY(write_fully(fd, piece, offset, ref));
  }
  if (::fsync(fd) != 0) return system_error(Operation::kSync, ref, errno);
  return {};
}

Result<void> check_mappable(int fd, FileRef ref, uint64_t size_bytes) {
  if (size_bytes == 0 || size_bytes % system_page_bytes() != 0) {
    return file_error(ErrorKind::kCorruption, Operation::kMap, ref,
                      "its size is not a whole number of pages: it was cut off, or never finished", size_bytes);
  }
  // A file system that does not know its holes says that the first one is the end.
  const off_t hole = ::lseek(fd, 0, SEEK_HOLE);
  if (hole < 0) return system_error(Operation::kMap, ref, errno);
  if (static_cast<uint64_t>(hole) < size_bytes) {
    return file_error(ErrorKind::kCorruption, Operation::kMap, ref,
                      "it has a hole: it was never finished, or was copied without its zeros",
                      static_cast<uint64_t>(hole));
  }
  return {};
}

PosixMappedFile::PosixMappedFile(Fd fd, FileRef ref, char* data, uint64_t size_bytes)
    : fd_(std::move(fd)), ref_(ref), data_(data), size_bytes_(size_bytes), guard_(guard_range(data, size_bytes)) {}

PosixMappedFile::~PosixMappedFile() {
  unguard_range(guard_);
  ::munmap(data_, size_bytes_);
}

Result<std::unique_ptr<MappedFile>> PosixMappedFile::map(Fd fd, FileRef ref, uint64_t size_bytes) {
  void* address = ::mmap(nullptr, size_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd.get(), 0);
  if (address == MAP_FAILED) return system_error(Operation::kMap, ref, errno);
  std::unique_ptr<PosixMappedFile> file(
      new PosixMappedFile(std::move(fd), ref, static_cast<char*>(address), size_bytes));
  NACRE_TRY(file->make_ready());
  return std::unique_ptr<MappedFile>(std::move(file));
}

// Maps every page writable now, so that no store has to wait for a page fault.
Result<void> PosixMappedFile::make_ready() {
  if (::madvise(data_, size_bytes_, MADV_POPULATE_WRITE) == 0) return {};
  if (errno == EINVAL) {  // an older kernel: the same by hand, each byte onto itself
    for (uint64_t offset = 0; offset < size_bytes_; offset += system_page_bytes()) {
      volatile char* byte = data_ + offset;
      *byte = *byte;
    }
    if (!damaged()) return {};
    return system_error(Operation::kMap, ref_, EIO);
  }
  return system_error(Operation::kMap, ref_, errno == EFAULT ? EIO : errno);  // EFAULT: it would have been a SIGBUS
}

Result<void> PosixMappedFile::sync(uint64_t begin, uint64_t end) {
  NACRE_CHECK(begin <= end && end <= size_bytes_);
  if (failure_) return *failure_;
  if (begin == end) return {};
  const uint64_t from = begin & ~(system_page_bytes() - 1);
  const uint64_t until = base::align_up(end, system_page_bytes());
  if (::msync(data_ + from, until - from, MS_SYNC) != 0) {
    failure_ = system_error(Operation::kSync, ref_, errno, begin);
  } else if (damaged()) {  // asked last: what is lost must not count as synced
    failure_ =
        file_error(ErrorKind::kIo, Operation::kSync, ref_,
                   "the system could not keep a stored page (SIGBUS): check the device and its free space", begin);
  }
  if (failure_) return *failure_;
  return {};
}

}  // namespace nacre::os
