#include "wal/wal.h"

#include <algorithm>
#include <vector>

#include "base/bits.h"
#include "base/prefetch.h"
#include "base/result.h"

namespace nacre::wal {

namespace {

constexpr uint64_t kPageBytes = 4096;
constexpr uint64_t kSmallestSegmentBytes = 4 * kPageBytes;
// The next segment is prepared when this share of the current one is used. A quarter: while files are new, the log
// fills at half the speed at which the device takes zeros, and a half would come late.
constexpr uint64_t kPrepareAtShare = 4;

// A segment that nobody will sync need not be written before it is filled.
MappedSpace space_for(bool synced) { return synced ? MappedSpace::kWritten : MappedSpace::kReserved; }

}  // namespace

Wal::Wal(Directory& directory, std::function<uint64_t()> next_number, const Options& options, uint64_t start_lsn)
    : options_(options),
      end_lsn_(start_lsn),
      synced_through_(start_lsn),
      supply_(directory,
              {.uuid = options.uuid,
               .salt_seed = options.salt_seed,
               .max_segment_bytes = options.max_segment_bytes,
               .kept_segments = options.kept_segments,
               .account = options.account,
               .next_number = std::move(next_number),
               .on_prepared = options.on_prepared},
              sync_mutex_, failure_),
      target_bytes_(options.first_segment_bytes) {}

Wal::~Wal() = default;

Result<std::unique_ptr<Wal>> Wal::create(Directory& directory, std::function<uint64_t()> next_number,
                                         const Options& options, uint64_t start_lsn) {
  NACRE_CHECK(options.first_segment_bytes >= kSmallestSegmentBytes && options.first_segment_bytes % kPageBytes == 0);
  NACRE_CHECK(options.max_segment_bytes >= options.first_segment_bytes && options.max_segment_bytes % kPageBytes == 0);
  NACRE_CHECK(start_lsn >= format::kFirstLsn && start_lsn % format::kLogAlignment == 0 && start_lsn < format::kMaxLsn);
  std::unique_ptr<Wal> log(new Wal(directory, std::move(next_number), options, start_lsn));
  const uint64_t bytes = options.first_segment_bytes;
  NACRE_TRY(log->check_positions(bytes));
  NACRE_TRY_ASSIGN(auto segment, log->supply_.prepare(bytes, bytes, MappedSpace::kWritten, SegmentSupply::Hurry::kNo));
  log->grow_target();
  log->place(segment, nullptr);
  NACRE_TRY(log->sync_placement(*segment));
  return log;
}

Result<Wal::Claim> Wal::claim(uint64_t payload_bytes, format::Sequence first_sequence, uint32_t count) {
  NACRE_DCHECK(first_sequence <= format::kMaxSequence);
  if (failure_.is_set()) [[unlikely]]
    return failure_.error();
  if (closed_) [[unlikely]] {
    return Error{.kind = ErrorKind::kClosed,
                 .operation = Operation::kCommit,
                 .file_kind = FileKind::kLog,
                 .reason = "the log was closed"};
  }
  if (payload_bytes > format::kMaxLogPayloadBytes) [[unlikely]] {
    return invalid_argument(Operation::kCommit, "a batch is too large for one log record");
  }
  const uint64_t record_bytes = format::log_record_bytes(payload_bytes);
  if (record_bytes > limit_ - offset_) [[unlikely]]
    NACRE_TRY(rotate(record_bytes));

  const uint64_t lsn = end_lsn_.load(std::memory_order_relaxed);
  const Claim claim{.to = current_->data + offset_ + format::kLogRecordHeaderBytes,
                    .segment = current_,
                    .lsn = lsn,
                    .end_lsn = lsn + record_bytes,
                    .header = {.payload_bytes = payload_bytes,
                               .first_sequence = first_sequence,
                               .count = count,
                               .synced_distance = format::synced_distance(lsn, synced_through())}};
  offset_ += record_bytes;
  base::prefetch_for_appending(current_->data + offset_);
  end_lsn_.store(claim.end_lsn, std::memory_order_release);
  unsealed_.add(lsn);
  sync::yield_point();  // the range is taken, and the caller has not noted yet who needs it
  return claim;
}

void Wal::seal(const Claim& claim) {
  Segment& segment = *claim.segment;
  char* record = claim.to - format::kLogRecordHeaderBytes;
  const uint64_t offset = segment.offset_of(claim.lsn);
  format::seal_log_record(record, claim.header, segment.identity.salt, offset);
  if constexpr (sync::kSimulated) segment.file->stored(offset, offset + claim.header.record_bytes());
  unsealed_.remove(claim.lsn);
  sync::yield_point();
  if (segment.file->damaged()) [[unlikely]]
    failure_.set(lost_mapping(segment.identity.number));
}

// A segment that would reach too far could not be read again.
Result<void> Wal::check_positions(uint64_t least_bytes) const {
  const uint64_t bytes = std::max(options_.max_segment_bytes, least_bytes);
  if (end_lsn_.load(std::memory_order_relaxed) + bytes <= format::kMaxSoundLsn) return {};
  return corruption(Operation::kCommit, FileKind::kLog, 0, 0, "the log's positions are used up");
}

// Nothing changes unless a segment is at hand; then nothing can fail.
Result<void> Wal::rotate(uint64_t record_bytes) {
  const uint64_t least_bytes =
      base::align_up(format::kLogHeaderBytes + record_bytes + format::kLogRecordHeaderBytes, kPageBytes);
  NACRE_TRY(check_positions(least_bytes));
  std::shared_ptr<Segment> next = take_next(least_bytes);
  if (next == nullptr) {
    NACRE_TRY_ASSIGN(next, prepare_late(least_bytes));
  }
  const format::SegmentIdentity predecessor = current_->identity;
  close_current(next->identity.number);
  place(std::move(next), &predecessor);
  sync::MutexLock lock(list_mutex_);
  ++rotations_;
  return {};
}

std::shared_ptr<Segment> Wal::take_next(uint64_t least_bytes) {
  sync::MutexLock lock(list_mutex_);
  if (next_ == nullptr || next_->size_bytes < least_bytes) return nullptr;
  next_ready_.store(false, std::memory_order_relaxed);
  return std::move(next_);
}

// Does not wait for a preparation in progress: that may be writing a large file for long, a small one is made at once.
Result<std::shared_ptr<Segment>> Wal::prepare_late(uint64_t least_bytes) {
  late_preparations_.fetch_add(1, std::memory_order_relaxed);
  const MappedSpace space = space_for(synced_lately_.load(std::memory_order_relaxed));
  return supply_.prepare(least_bytes, std::max(least_bytes, options_.first_segment_bytes), space,
                         SegmentSupply::Hurry::kYes);
}

uint64_t Wal::target_bytes() const {
  sync::MutexLock lock(list_mutex_);
  return target_bytes_;
}

void Wal::grow_target() {
  sync::MutexLock lock(list_mutex_);
  target_bytes_ = std::min(target_bytes_ * 2, options_.max_segment_bytes);
}

void Wal::close_current(uint64_t successor_number) {
  const uint64_t end = end_lsn_.load(std::memory_order_relaxed);
  const format::LogRecordHeader closing{.kind = format::LogRecordKind::kClosing,
                                        .first_sequence = successor_number,
                                        .synced_distance = format::synced_distance(end, synced_through())};
  format::seal_log_record(current_->data + offset_, closing, current_->identity.salt, offset_);
  current_->file->stored(offset_, offset_ + closing.record_bytes());
  current_->end_lsn.store(end, std::memory_order_release);
  sync::yield_point();
}

void Wal::place(std::shared_ptr<Segment> segment, const format::SegmentIdentity* predecessor) {
  segment->base_lsn = end_lsn_.load(std::memory_order_relaxed);
  const format::SegmentPlacement placement{.base_lsn = segment->base_lsn,
                                           .predecessor_number = predecessor != nullptr ? predecessor->number : 0,
                                           .predecessor_salt = predecessor != nullptr ? predecessor->salt : 0,
                                           .synced_through = synced_through()};
  format::store_segment_placement(segment->data, segment->identity.salt, placement);
  for (const uint64_t page : {uint64_t{0}, format::kLogHeaderPageBytes}) {
    const uint64_t at = page + format::kLogPlacementOffset;
    segment->file->stored(at, at + format::kLogPlacementBytes);
  }
  sync::yield_point();
  current_ = segment.get();
  offset_ = format::kLogHeaderBytes;
  limit_ = segment->room_for_records();
  prepare_at_lsn_.store(segment->base_lsn + segment->size_bytes / kPrepareAtShare, std::memory_order_relaxed);
  sync::MutexLock lock(list_mutex_);
  live_.push_back(std::move(segment));
}

Result<void> Wal::sync(uint64_t through_lsn) {
  sync::MutexLock lock(sync_mutex_);
  if (failure_.is_set()) return failure_.error();
  if (through_lsn <= synced_through_.load(std::memory_order_relaxed)) return {};
  NACRE_CHECK(through_lsn <= end_lsn());
  NACRE_CHECK(unsealed_.none_below(through_lsn));
  synced_lately_.store(true, std::memory_order_relaxed);
  return sync_records(through_lsn);
}

Result<void> Wal::sync_records(uint64_t through_lsn) {
  struct Part {
    std::shared_ptr<Segment> segment;
    uint64_t end;
  };
  const uint64_t synced = synced_through_.load(std::memory_order_relaxed);
  std::vector<Part> parts;
  {
    sync::MutexLock list_lock(list_mutex_);
    for (const auto& segment : live_) {
      const uint64_t end_lsn = segment->end_lsn.load(std::memory_order_acquire);
      if (end_lsn <= synced || segment->base_lsn >= through_lsn) continue;
      const bool whole = end_lsn <= through_lsn;  // then with its closing record
      parts.push_back({segment, whole ? segment->offset_of(end_lsn) + format::kLogRecordHeaderBytes
                                      : segment->offset_of(through_lsn)});
    }
  }
  for (const Part& part : parts) {  // oldest first: what is durable stays close to a prefix
    const bool placed = part.segment->placement_synced.load(std::memory_order_relaxed);
    const uint64_t begin = placed ? part.segment->offset_of(std::max(synced, part.segment->base_lsn)) : 0;
    NACRE_TRY(sync_range(*part.segment, begin, part.end));
    part.segment->placement_synced.store(true, std::memory_order_release);
  }
  if (!parts.empty()) {
    Segment& last = *parts.back().segment;
    format::store_segment_mark(last.data, last.identity.salt, through_lsn);
    last.file->stored(format::kLogMarkOffset, format::kLogMarkOffset + format::kLogMarkBytes);
  }
  sync::yield_point();
  synced_through_.store(through_lsn, std::memory_order_release);  // from here on the segments may be unmapped
  return {};
}

Result<void> Wal::sync_range(Segment& segment, uint64_t begin, uint64_t end) {
  if (auto synced = segment.file->sync(begin, end); !synced) {
    return failure_.set(located(synced.error(), FileKind::kLog, segment.identity.number));
  }
  if (segment.file->damaged()) return failure_.set(lost_mapping(segment.identity.number));
  return {};
}

Result<void> Wal::sync_placement(Segment& segment) {
  sync::MutexLock lock(sync_mutex_);
  if (failure_.is_set()) return failure_.error();
  if (segment.placement_synced.load(std::memory_order_relaxed)) return {};
  if (segment.file == nullptr) return {};  // released meanwhile: a later one is in force
  NACRE_TRY(sync_range(segment, 0, format::kLogHeaderBytes));
  segment.placement_synced.store(true, std::memory_order_release);
  return {};
}

Result<format::LogFloor> Wal::floor_at(uint64_t lsn) {
  NACRE_CHECK(unsealed_.none_below(lsn));
  std::shared_ptr<Segment> holder;
  {
    sync::MutexLock lock(list_mutex_);
    for (const auto& segment : live_) {
      if (holder == nullptr || segment->base_lsn <= lsn) holder = segment;
    }
  }
  NACRE_TRY(sync_placement(*holder));
  return format::LogFloor{.lsn = std::max(lsn, holder->base_lsn), .segment = holder->identity.number};
}

Result<void> Wal::release_before(const format::LogFloor& floor) {
  std::vector<std::shared_ptr<Segment>> released;
  uint64_t useful_bytes = 0;
  {
    sync::MutexLock lock(list_mutex_);
    if (failure_.is_set()) return failure_.error();
    const auto holder = std::find_if(live_.begin(), live_.end(), [&floor](const auto& segment) {
      return segment->identity.number == floor.segment;
    });
    if (holder == live_.end()) return {};  // another has released more
    NACRE_CHECK(unsealed_.none_below(floor.lsn));
    released.assign(live_.begin(), holder);
    live_.erase(live_.begin(), holder);
    useful_bytes = target_bytes_;
  }
  std::vector<std::unique_ptr<MappedFile>> unmapped;  // outside the lock, since unmapping takes long
  {
    sync::MutexLock lock(sync_mutex_);  // a placement may be synced that began before
    for (const auto& segment : released) {
      // The pages of a synced file fault at the next store; opening it again makes them ready.
      if (segment->file != nullptr && segment->end_lsn.load(std::memory_order_acquire) <= synced_through())
        unmapped.push_back(segment->unmap());
    }
  }
  Result<void> outcome;
  for (auto& segment : released) {
    if (auto given = supply_.give_back(std::move(segment), useful_bytes); !given && outcome) {
      outcome = given;  // a file that could not be removed costs space only: go on
    }
  }
  return outcome;
}

Result<void> Wal::prepare_next() {
  sync::MutexLock lock(prepare_mutex_);
  if (failure_.is_set()) return failure_.error();
  unmap_synced();
  if (next_ready_.load(std::memory_order_relaxed)) return {};
  const uint64_t bytes = supply_.saves_space() ? options_.first_segment_bytes : target_bytes();
  NACRE_TRY_ASSIGN(auto segment, supply_.prepare(bytes / 2, bytes,
                                                 space_for(synced_lately_.exchange(false, std::memory_order_relaxed)),
                                                 SegmentSupply::Hurry::kNo));
  grow_target();
  sync::MutexLock list_lock(list_mutex_);
  next_ = std::move(segment);
  next_ready_.store(true, std::memory_order_relaxed);
  return {};
}

void Wal::unmap_synced() {
  std::vector<std::unique_ptr<MappedFile>> unmapped;  // outside the locks, since unmapping takes long
  sync::MutexLock lock(sync_mutex_);
  sync::MutexLock list_lock(list_mutex_);
  for (const auto& segment : live_) {
    if (segment->end_lsn.load(std::memory_order_acquire) > synced_through()) break;
    if (segment->file != nullptr) unmapped.push_back(segment->unmap());
  }
}

Result<void> Wal::close() {
  if (failure_.is_set()) return failure_.error();
  if (closed_) return {};
  NACRE_CHECK(unsealed_.none_below(end_lsn()));
  closed_ = true;
  sync::MutexLock lock(sync_mutex_);
  close_current(0);
  if (synced_through() < end_lsn()) return sync_records(end_lsn());  // the closing record with them
  return sync_range(*current_, offset_, offset_ + format::kLogRecordHeaderBytes);
}

Wal::Stats Wal::stats() const {
  sync::MutexLock lock(list_mutex_);
  Stats stats{.live_segments = live_.size(),
              .kept_segments = supply_.kept(),
              .rotations = rotations_,
              .created = supply_.created(),
              .recycled = supply_.recycled(),
              .removed = supply_.removed(),
              .late_preparations = late_preparations_.load(std::memory_order_relaxed)};
  for (const auto& segment : live_) stats.live_bytes += segment->size_bytes;
  return stats;
}

}  // namespace nacre::wal
