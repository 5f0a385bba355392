#include "sim/sim_files.h"

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "base/assert.h"
#include "base/checksum.h"
#include "base/result.h"
#include "sync/simulated_scheduler.h"

namespace nacre::sim {

Result<size_t> SimReadableFile::read(uint64_t offset, std::span<char> out) {
  const OpenInode::Use use(open_);
  SimDisk& disk = *open_.disk;
  NACRE_TRY_ASSIGN(const SimDisk::Site site, disk.begin(open_.boot, IoKind::kRead, open_.ref, offset, out.size()));
  const Buffer& content = *open_.inode->visible;
  size_t bytes = offset < content.size() ? std::min<size_t>(out.size(), content.size() - offset) : 0;
  if (site.fate.effect == FaultEffect::kShort && bytes != 0) bytes = disk.prng().below(bytes);
  if (bytes != 0) std::memcpy(out.data(), content.data() + offset, bytes);
  if (site.fate.effect == FaultEffect::kFlip && bytes != 0) {
    out[disk.prng().below(bytes)] ^= static_cast<char>(1U << disk.prng().below(8));
  }
  NACRE_TRY(disk.end(open_.boot, site));
  return bytes;
}

SimWritableFile::~SimWritableFile() { (void)flush(); }  // a dead process writes nothing

Error SimWritableFile::fail(const Error& error) {
  if (!failure_) failure_ = error;
  return *failure_;
}

Result<void> SimWritableFile::append(Bytes data) {
  const OpenInode::Use use(open_);
  if (failure_) return *failure_;
  if (!open_.disk->alive(open_.boot)) return fail(open_.disk->dead(IoKind::kWrite, open_.ref));
  buffer_.append(data);
  if (buffer_.size() > open_.disk->options().write_buffer_bytes) return flush();
  sync::Scheduler::instance().yield(sync::Point::kIo);
  return {};
}

Result<void> SimWritableFile::flush() {
  if (failure_) return *failure_;
  if (buffer_.empty()) return {};
  if (auto written = write_out(); !written) return fail(written.error());
  return {};
}

// One write of the whole buffer: as much as faults and free space let through.
Result<void> SimWritableFile::write_out() {
  SimDisk& disk = *open_.disk;
  NACRE_TRY_ASSIGN(const SimDisk::Site site,
                   disk.begin(open_.boot, IoKind::kWrite, open_.ref, written_bytes_, buffer_.size()));
  sync::Scheduler::instance().trace(base::checksum64(buffer_, written_bytes_));
  uint64_t bytes = disk.read_only() ? 0 : buffer_.size();
  int32_t failed = disk.read_only() ? EROFS : 0;
  if (site.fate.effect == FaultEffect::kShort && bytes != 0) {
    bytes = disk.prng().below(bytes);
    failed = site.fate.error_number;
  }
  if (const uint64_t granted = disk.charge(*open_.inode, bytes); granted < bytes) {
    bytes = granted;
    failed = disk.full_errno();
  }
  if (bytes != 0) {
    open_.inode->append(Bytes(buffer_).substr(0, bytes), disk.take_order());
    if (site.fate.effect == FaultEffect::kMisdirect) disk.misdirect(open_.inode, open_.inode->pending.back());
  }
  written_bytes_ += bytes;
  buffer_.erase(0, bytes);
  NACRE_TRY(disk.end(open_.boot, site));
  if (failed != 0) return disk.error(site, failed);
  return {};
}

void SimWritableFile::start_writeback() { (void)flush(); }  // remembered: the next append or sync returns it

Result<void> SimWritableFile::sync() {
  const OpenInode::Use use(open_);
  NACRE_TRY(flush());
  SimDisk& disk = *open_.disk;
  auto begun = disk.begin(open_.boot, IoKind::kSyncFile, open_.ref, 0, written_bytes_);
  if (!begun) return fail(begun.error());
  const SimDisk::Site& site = *begun;
  if (site.fate.effect == FaultEffect::kError) {
    open_.inode->fail_sync_all(disk.prng());
    return fail(disk.error(site, site.fate.error_number));
  }
  if (disk.read_only() && !open_.inode->pending.empty()) {
    open_.inode->fail_sync_all(disk.prng());
    return fail(disk.error(site, EROFS));
  }
  if (site.fate.effect != FaultEffect::kLie) open_.inode->sync_all();
  if (auto ended = disk.end(open_.boot, site); !ended) return fail(ended.error());
  return {};
}

Result<void> SimMappedFile::sync(uint64_t begin, uint64_t end) {
  const OpenInode::Use use(open_);
  NACRE_CHECK(begin <= end && end <= size_bytes());
  if (failure_) return *failure_;
  if (begin == end) return {};
  SimDisk& disk = *open_.disk;
  auto begun = disk.begin(open_.boot, IoKind::kSyncMapped, open_.ref, begin, end - begin);
  if (!begun) {
    failure_ = begun.error();
    return *failure_;
  }
  const SimDisk::Site& site = *begun;
  if (site.fate.effect == FaultEffect::kError) {
    open_.inode->fail_sync_range(begin, end, disk.prng());
    failure_ = disk.error(site, site.fate.error_number);
    return *failure_;
  }
  if (disk.read_only() && open_.inode->dirty_within(begin, end)) {
    open_.inode->fail_sync_range(begin, end, disk.prng());
    failure_ = disk.error(site, EROFS);
    return *failure_;
  }
  if (site.fate.effect != FaultEffect::kLie) {
    sync::Scheduler::instance().trace(base::checksum64(Bytes(data() + begin, end - begin), begin));
    open_.inode->sync_range(begin, end);
  }
  if (auto ended = disk.end(open_.boot, site); !ended) {
    failure_ = ended.error();
  } else if (damaged_) {
    failure_ =
        os::file_error(ErrorKind::kIo, Operation::kSync, open_.ref, "a stored page was lost (simulated SIGBUS)", begin);
  }
  if (failure_) return *failure_;
  return {};
}

void SimMappedFile::stored(uint64_t begin, uint64_t end) {
  const OpenInode::Use use(open_);
  NACRE_CHECK(begin <= end && end <= size_bytes());
  SimDisk& disk = *open_.disk;
  Inode& inode = *open_.inode;
  // The bytes are in the mapping already, so they are pending before anything else can happen.
  if (disk.alive(open_.boot) && begin != end) {
    inode.pending.push_back({.order = disk.take_order(), .offset = begin, .bytes = end - begin, .lands_in = nullptr});
  }
  const auto site = disk.begin(open_.boot, IoKind::kStore, open_.ref, begin, end - begin);
  if (!site) return;  // dead: nobody will see what is stored from now on
  const uint64_t first = begin / kPageBytes * kPageBytes;
  const uint64_t last = (end + kPageBytes - 1) / kPageBytes * kPageBytes;
  // A page that holds what the disk lacks is writable: no store to it faults, and what was stored there before survives.
  const bool clean = std::none_of(inode.pending.begin(), inode.pending.end(), [&](const PendingWrite& other) {
    const bool is_this = other.offset == begin && other.bytes == end - begin;
    return !is_this && other.offset < last && first < other.offset + other.bytes;
  });
  if (site->fate.effect == FaultEffect::kError && clean) {
    damaged_ = true;
    for (uint64_t sector = first / kSectorBytes; sector < last / kSectorBytes; ++sector) inode.detached.insert(sector);
  }
  (void)disk.end(open_.boot, *site);
}

}  // namespace nacre::sim
