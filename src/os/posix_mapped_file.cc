#include "os/posix_mapped_file.h"

#include <fcntl.h>
#include <linux/fiemap.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <string>

#include "base/assert.h"
#include "base/bits.h"
#include "base/result.h"
#include "os/pages.h"
#include "os/posix_file.h"

namespace nacre::os {

uint64_t system_page_bytes() {
  static const auto bytes = static_cast<uint64_t>(::sysconf(_SC_PAGESIZE));
  return bytes;
}

namespace {

Result<void> write_zeros(int fd, FileRef ref, uint64_t size_bytes) {
  const std::string zeros(system_page_bytes(), '\0');
  for (uint64_t offset = 0; offset < size_bytes; offset += zeros.size()) {
    const Bytes piece = Bytes(zeros).substr(0, std::min<uint64_t>(zeros.size(), size_bytes - offset));
    NACRE_TRY(write_fully(fd, piece, offset, ref));
  }
  return {};
}

}  // namespace

Result<void> take_space(int fd, FileRef ref, uint64_t size_bytes, MappedSpace space) {
  // At once, for few and long extents. A file system that cannot do it allocates as zeros are written.
  const int allocated = retry_on_eintr([&] { return ::fallocate(fd, 0, 0, static_cast<off_t>(size_bytes)); });
  if (allocated != 0 && errno != EOPNOTSUPP && errno != ENOSYS) {
    return system_error(Operation::kWrite, ref, errno);
  }
  if (allocated != 0 || space == MappedSpace::kWritten) NACRE_TRY(write_zeros(fd, ref, size_bytes));
  if (::fsync(fd) != 0) return system_error(Operation::kSync, ref, errno);
  return {};
}

uint64_t written_extents_end(int fd, uint64_t size_bytes) {
  constexpr uint32_t kExtents = 32;
  constexpr uint32_t kNotWritten = FIEMAP_EXTENT_UNWRITTEN | FIEMAP_EXTENT_DELALLOC | FIEMAP_EXTENT_UNKNOWN;
  alignas(fiemap) std::array<char, sizeof(fiemap) + kExtents * sizeof(fiemap_extent)> memory;
  uint64_t end = 0;
  while (end < size_bytes) {
    memory.fill(0);
    auto* map = reinterpret_cast<fiemap*>(memory.data());
    map->fm_start = end;
    map->fm_length = size_bytes - end;
    map->fm_extent_count = kExtents;
    if (::ioctl(fd, FS_IOC_FIEMAP, map) != 0 || map->fm_mapped_extents == 0) return end;
    for (uint32_t i = 0; i < map->fm_mapped_extents; ++i) {
      const fiemap_extent& extent = map->fm_extents[i];
      if (extent.fe_logical > end || (extent.fe_flags & kNotWritten) != 0) return end;
      end = extent.fe_logical + extent.fe_length;
    }
  }
  return size_bytes;
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
    : fd_(std::move(fd)),
      ref_(ref),
      data_(data),
      size_bytes_(size_bytes),
      guard_(guard_range(data, size_bytes)),
      written_through_(written_extents_end(fd_.get(), size_bytes)) {}

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
  const int failure = populate_pages(data_, size_bytes_);
  if (failure == 0) return {};
  if (failure == EINVAL) {  // an older kernel: the same by hand, each byte onto itself
    for (uint64_t offset = 0; offset < size_bytes_; offset += system_page_bytes()) {
      volatile char* byte = data_ + offset;
      *byte = *byte;
    }
    if (!damaged()) return {};
    return system_error(Operation::kMap, ref_, EIO);
  }
  return system_error(Operation::kMap, ref_, failure == EFAULT ? EIO : failure);  // EFAULT: it would have been a SIGBUS
}

Result<void> PosixMappedFile::sync(uint64_t begin, uint64_t end) {
  NACRE_CHECK(begin <= end && end <= size_bytes_);
  if (failure_) return *failure_;
  if (begin == end) return {};
  const uint64_t from = begin & ~(system_page_bytes() - 1);
  const uint64_t until = base::align_up(end, system_page_bytes());
  auto written = write_back(from, until);
  if (written && until > written_through_) written = write_back(from, until);
  if (!written) {
    failure_ = written.error();
    return *failure_;
  }
  if (from <= written_through_) written_through_ = std::max(written_through_, until);
  return {};
}

Result<void> PosixMappedFile::write_back(uint64_t from, uint64_t until) {
  if (::msync(data_ + from, until - from, MS_SYNC) != 0) return system_error(Operation::kSync, ref_, errno, from);
  if (damaged()) {  // asked last: what is lost must not count as synced
    return file_error(ErrorKind::kIo, Operation::kSync, ref_,
                      "the system could not keep a stored page (SIGBUS): check the device and its free space", from);
  }
  return {};
}

}  // namespace nacre::os
