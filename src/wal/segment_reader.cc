#include "wal/segment_reader.h"

#include <algorithm>
#include <cstring>

#include "base/bits.h"
#include "base/coding.h"

namespace nacre::wal {

namespace {

constexpr uint64_t kBufferBytes = uint64_t{1} << 20;
// A search may compute checksums over this many times the file before it is called unreasonable.
constexpr uint64_t kSearchFactor = 8;

}  // namespace

Result<Bytes> SegmentReader::fill(uint64_t offset, uint64_t bytes) {
  if (offset >= file_bytes_) return Bytes();
  bytes = std::min(bytes, file_bytes_ - offset);
  if (offset < window_begin_ || offset > window_end_) window_begin_ = window_end_ = offset;
  const uint64_t kept = window_end_ - offset;  // of the window, to the front of the buffer
  const char* from = buffer_.get() + (offset - window_begin_);
  if (bytes > buffer_bytes_) {
    const uint64_t wanted = std::min(std::max(bytes, kBufferBytes), file_bytes_);
    auto larger = std::make_unique_for_overwrite<char[]>(wanted);
    std::copy_n(from, kept, larger.get());
    buffer_ = std::move(larger);
    buffer_bytes_ = wanted;
  } else {
    std::memmove(buffer_.get(), from, kept);
  }
  window_begin_ = offset;
  const uint64_t room = std::min(buffer_bytes_ - (window_end_ - window_begin_), file_bytes_ - window_end_);
  if (room > 0) {
    const std::span<char> out(buffer_.get() + (window_end_ - window_begin_), room);
    NACRE_TRY_ASSIGN(const size_t got, file_->read(window_end_, out));
    bytes_read_ += got;
    window_end_ += got;
    if (got < room) return located(became_shorter(window_end_), FileKind::kLog, file_number_);
  }
  return Bytes(buffer_.get(), std::min(bytes, window_end_ - window_begin_));
}

Result<Bytes> SegmentReader::view_ahead(uint64_t offset) {
  NACRE_TRY_ASSIGN(const Bytes header, view(offset, format::kLogRecordHeaderBytes));
  if (header.size() < format::kLogRecordHeaderBytes) return Bytes();
  return Bytes(header.data(), window_end_ - offset);
}

Result<std::optional<SegmentReader::Record>> SegmentReader::read(uint64_t offset) {
  looked_begun_ = false;
  NACRE_TRY_ASSIGN(Bytes bytes, view(offset, format::kLogRecordHeaderBytes));
  if (bytes.size() < format::kLogRecordHeaderBytes) return std::nullopt;
  looked_begun_ = base::load<uint32_t>(bytes.data() + 8) == tag_;
  const auto header = format::parse_log_record(bytes.data(), tag_);
  if (!header || header->record_bytes() > file_bytes_ - offset) return std::nullopt;
  NACRE_TRY_ASSIGN(bytes, view(offset, header->record_bytes()));
  if (bytes.size() < header->record_bytes() || !format::check_log_record(bytes, salt_, offset)) return std::nullopt;
  return Record{*header, bytes.substr(format::kLogRecordHeaderBytes, header->payload_bytes)};
}

Result<void> SegmentReader::search(uint64_t offset,
                                   const std::function<void(uint64_t, const format::LogRecordHeader&)>& found) {
  uint64_t budget = std::max(file_bytes_, kBufferBytes) * kSearchFactor;
  offset = base::align_up(offset, format::kLogAlignment);
  while (true) {
    NACRE_TRY_ASSIGN(const Bytes bytes, view_ahead(offset));
    if (bytes.empty()) return {};
    uint64_t at = 0;
    const uint64_t last = bytes.size() - format::kLogRecordHeaderBytes;
    while (at <= last && base::load<uint32_t>(bytes.data() + at + 8) != tag_) at += format::kLogAlignment;
    offset += at;
    if (at > last) continue;
    const auto header = format::parse_log_record(bytes.data() + at, tag_);
    NACRE_TRY_ASSIGN(const auto record, read(offset));
    if (record) {
      found(offset, record->header);
      offset += record->header.record_bytes();
      continue;
    }
    const uint64_t cost = header ? std::min(header->record_bytes(), file_bytes_) : format::kLogRecordHeaderBytes;
    if (cost > budget) return malformed("a log segment is full of damaged records", offset);
    budget -= cost;
    offset += format::kLogAlignment;
  }
}

}  // namespace nacre::wal
