#include "os/posix_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <new>

#include "base/bits.h"
#include "base/result.h"
#include "os/process.h"
#include "os/read_wait.h"

namespace nacre::os {

namespace {

constexpr size_t kBufferBytes = size_t{256} << 10;
constexpr size_t kBufferAlignment = 4096;
constexpr size_t kLargestCall = size_t{1} << 30;  // the kernel moves at most 2 GiB - 4 KiB a call

}  // namespace

Result<size_t> PosixReadableFile::read(uint64_t offset, std::span<char> out) {
  const ReadWait wait;
  size_t done = 0;
  while (done < out.size()) {
    const size_t want = std::min(out.size() - done, kLargestCall);
    const ssize_t got =
        retry_on_eintr([&] { return ::pread(fd_.get(), out.data() + done, want, static_cast<off_t>(offset + done)); });
    if (got < 0) return read_error(errno, offset + done);
    if (got == 0) break;  // the end of the file
    done += static_cast<size_t>(got);
  }
  return done;
}

void PosixReadableFile::will_need(uint64_t offset, uint64_t bytes) {
  ::posix_fadvise(fd_.get(), static_cast<off_t>(offset), static_cast<off_t>(bytes), POSIX_FADV_WILLNEED);
}

Result<void> write_fully(int fd, Bytes data, uint64_t offset, FileRef ref) {
  while (!data.empty()) {
    const size_t want = std::min(data.size(), kLargestCall);
    const ssize_t put = retry_on_eintr([&] { return ::pwrite(fd, data.data(), want, static_cast<off_t>(offset)); });
    if (put < 0) return system_error(Operation::kWrite, ref, errno, offset);
    if (put == 0) return system_error(Operation::kWrite, ref, EIO, offset);  // no progress and no reason
    data.remove_prefix(static_cast<size_t>(put));
    offset += static_cast<uint64_t>(put);
  }
  return {};
}

void PosixWritableFile::FreeBuffer::operator()(char* buffer) const {
  ::operator delete(buffer, std::align_val_t{kBufferAlignment});
}

PosixWritableFile::PosixWritableFile(Fd fd, FileRef ref)
    : fd_(std::move(fd)), ref_(ref), generation_(process_generation()) {}

PosixWritableFile::~PosixWritableFile() {
  if (generation_ != process_generation()) return;  // a forked child: the bytes are the parent's to write
  (void)flush();                                    // nobody is left to tell; who needs the bytes has called sync()
}

Error PosixWritableFile::fail(Error error) {
  if (!failure_) failure_ = error;
  return *failure_;
}

Result<void> PosixWritableFile::write_through(Bytes data) {
  if (auto result = write_fully(fd_.get(), data, written_bytes_, ref_); !result) return fail(result.error());
  written_bytes_ += data.size();
  return {};
}

Result<void> PosixWritableFile::flush() {
  if (failure_) return *failure_;
  if (buffered_bytes_ == 0) return {};
  const Bytes data(buffer_.get(), buffered_bytes_);
  NACRE_TRY(write_through(data));
  buffered_bytes_ = 0;
  return {};
}

Result<void> PosixWritableFile::append(Bytes data) {
  if (failure_) return *failure_;
  // Whole buffers go out at multiples of the buffer's size, straight from the caller when ours is empty.
  while (!data.empty()) {
    const size_t room = kBufferBytes - (written_bytes_ + buffered_bytes_) % kBufferBytes;
    if (buffered_bytes_ == 0 && data.size() >= room) {
      const size_t direct = room + (data.size() - room) / kBufferBytes * kBufferBytes;
      NACRE_TRY(write_through(data.substr(0, direct)));
      data.remove_prefix(direct);
      continue;
    }
    if (!buffer_) {
      buffer_.reset(static_cast<char*>(::operator new(kBufferBytes, std::align_val_t{kBufferAlignment})));
    }
    const size_t take = std::min(room, data.size());
    std::memcpy(buffer_.get() + buffered_bytes_, data.data(), take);
    buffered_bytes_ += take;
    data.remove_prefix(take);
    if (take == room) NACRE_TRY(flush());
  }
  return {};
}

void PosixWritableFile::start_writeback() {
  if (!flush()) return;  // remembered: the next append or sync returns it
  const uint64_t until = written_bytes_ & ~uint64_t{kBufferAlignment - 1};  // the last page will be written again
  if (until <= writeback_from_) return;
  ::sync_file_range(fd_.get(), static_cast<off64_t>(writeback_from_), static_cast<off64_t>(until - writeback_from_),
                    SYNC_FILE_RANGE_WRITE);
  writeback_from_ = until;
}

Result<void> PosixWritableFile::sync() {
  NACRE_TRY(flush());
  // Twice: a journal that stops while the first one waits for it can be left without the news that the blocks are written; that
  // one succeeds nonetheless, and the next fails (posix_mapped_file.h tells it whole).
  // Not retried on EINTR: an interrupted fdatasync has done an unknown part of its work and consumed what it found.
  for (int time = 0; time < 2; ++time) {
    if (::fdatasync(fd_.get()) != 0) return fail(system_error(Operation::kSync, ref_, errno, 0));
  }
  return {};
}

}  // namespace nacre::os
