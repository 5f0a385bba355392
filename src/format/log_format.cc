#include "format/log_format.h"

#include <atomic>
#include <cstring>

#include "base/assert.h"
#include "base/coding.h"

namespace nacre::format {

namespace {

constexpr uint64_t kMagic = 0x676f4c657263614eULL;  // "NacreLog" as it lies
constexpr uint64_t kIdentityBytes = 64;
constexpr uint64_t kIdentitySeed = 0x6c6f672d6964656eULL;
constexpr uint64_t kPlacementSeed = 0x6c6f672d706c6163ULL;
constexpr uint64_t kMarkSeed = 0x6c6f672d6d61726bULL;
constexpr uint32_t kNoDistance = 0xffffffff;
constexpr uint64_t kKnownFeatures = 0;

uint64_t placement_checksum(const char* placement, uint64_t salt) {
  return base::checksum64({placement, kLogPlacementBytes - 8}, base::mix64(salt, kPlacementSeed));
}

uint64_t mark_checksum(uint64_t salt, uint64_t synced_through) {
  return base::mix64(base::mix64(salt, kMarkSeed), synced_through);
}

uint64_t record_checksum(Bytes record, uint64_t salt, uint64_t offset) {
  return base::checksum64(record.substr(8), base::mix64(salt, offset));
}

}  // namespace

std::string encode_segment_identity(const SegmentIdentity& identity) {
  std::string page;
  page.reserve(kLogHeaderBytes);
  base::append_fixed<uint64_t>(page, kMagic);
  base::append_fixed<uint32_t>(page, kLogVersion);
  base::append_fixed<uint32_t>(page, 0);
  base::append_fixed<uint64_t>(page, kKnownFeatures);
  page.append(identity.uuid.view());
  base::append_fixed<uint64_t>(page, identity.number);
  base::append_fixed<uint64_t>(page, identity.salt);
  base::append_fixed<uint64_t>(page, base::checksum64(page, kIdentitySeed));
  page.resize(kLogHeaderPageBytes, '\0');
  return page + page;
}

void store_segment_placement(char* area, uint64_t salt, const SegmentPlacement& placement) {
  for (char* to : {area + kLogPlacementOffset, area + kLogHeaderPageBytes + kLogPlacementOffset}) {
    base::store<uint64_t>(to, placement.base_lsn);
    base::store<uint64_t>(to + 8, placement.predecessor_number);
    base::store<uint64_t>(to + 16, placement.predecessor_salt);
    base::store<uint64_t>(to + 24, placement.synced_through);
    base::store<uint64_t>(to + 32, placement_checksum(to, salt));
  }
}

void store_segment_mark(char* area, uint64_t salt, uint64_t synced_through) {
  char* to = area + kLogMarkOffset;
  base::store<uint64_t>(to, synced_through);
  base::store<uint64_t>(to + 8, mark_checksum(salt, synced_through));
}

namespace {

Result<SegmentIdentity> decode_identity(Bytes page) {
  base::Decoder decoder(page.substr(0, kIdentityBytes));
  const auto magic = decoder.fixed<uint64_t>();
  const auto version = decoder.fixed<uint32_t>();
  const auto reserved = decoder.fixed<uint32_t>();
  const auto features = decoder.fixed<uint64_t>();
  SegmentIdentity identity;
  identity.uuid = Uuid::load(decoder.bytes(kUuidBytes).data());
  identity.number = decoder.fixed<uint64_t>();
  identity.salt = decoder.fixed<uint64_t>();
  const auto checksum = decoder.fixed<uint64_t>();
  if (magic != kMagic) return malformed("not a log segment: wrong magic");
  if (checksum != base::checksum64(page.substr(0, kIdentityBytes - 8), kIdentitySeed)) {
    return malformed("a log segment's header is damaged");
  }
  if (version != kLogVersion || reserved != 0 || (features & ~kKnownFeatures) != 0) {
    return Error{.kind = ErrorKind::kUnsupported,
                 .operation = Operation::kDecode,
                 .reason = "the log segment was written by a newer release"};
  }
  return identity;
}

// Nothing if there is none, or one of an earlier use.
std::optional<SegmentPlacement> load_placement(Bytes page, uint64_t salt) {
  const char* from = page.data() + kLogPlacementOffset;
  if (base::load<uint64_t>(from + 32) != placement_checksum(from, salt)) return std::nullopt;
  const SegmentPlacement placement{.base_lsn = base::load<uint64_t>(from),
                                   .predecessor_number = base::load<uint64_t>(from + 8),
                                   .predecessor_salt = base::load<uint64_t>(from + 16),
                                   .synced_through = base::load<uint64_t>(from + 24)};
  if (placement.base_lsn > kMaxLsn || placement.synced_through > placement.base_lsn) return std::nullopt;
  if (placement.base_lsn % kLogAlignment != 0) return std::nullopt;
  return placement;
}

uint64_t load_mark(Bytes page, uint64_t salt) {
  const auto synced_through = base::load<uint64_t>(page.data() + kLogMarkOffset);
  const auto checksum = base::load<uint64_t>(page.data() + kLogMarkOffset + 8);
  return checksum == mark_checksum(salt, synced_through) && synced_through <= kMaxLsn ? synced_through : 0;
}

}  // namespace

Result<SegmentHeader> decode_segment_header(Bytes area) {
  if (area.find_first_not_of('\0') == Bytes::npos) return SegmentHeader();  // its making was cut off
  if (area.size() < kLogHeaderBytes) return malformed("a log segment is shorter than its header");
  const Bytes first = area.substr(0, kLogHeaderPageBytes);
  const Bytes second = area.substr(kLogHeaderPageBytes, kLogHeaderPageBytes);
  const auto identity = decode_identity(first);
  const auto copy = decode_identity(second);
  for (const auto& each : {identity, copy}) {
    if (!each && each.error().kind == ErrorKind::kUnsupported) return each.error();
  }
  if (!identity && !copy) return identity.error();
  // A crash while the header of a released file was written for another use: no record in it is needed.
  if (identity && copy && *identity != *copy) return SegmentHeader();
  SegmentHeader header{.identity = identity ? *identity : *copy};
  const uint64_t salt = header.identity->salt;
  header.placement = load_placement(first, salt);
  if (!header.placement) header.placement = load_placement(second, salt);
  header.mark = load_mark(first, salt);
  return header;
}

uint64_t LogRecordHeader::synced_through(uint64_t lsn) const {
  const uint64_t back = uint64_t{synced_distance} * kLogAlignment;
  return synced_distance == kNoDistance || back > lsn ? 0 : lsn - back;
}

uint32_t synced_distance(uint64_t lsn, uint64_t synced_through) {
  NACRE_DCHECK(synced_through <= lsn);
  const uint64_t units = (lsn - synced_through) / kLogAlignment;
  return units < kNoDistance ? static_cast<uint32_t>(units) : kNoDistance;
}

void seal_log_record(char* record, const LogRecordHeader& header, uint64_t salt, uint64_t offset) {
  NACRE_DCHECK(header.first_sequence <= kMaxSequence && header.payload_bytes <= kMaxLogPayloadBytes);
  const uint64_t record_bytes = header.record_bytes();
  const uint64_t end_of_payload = kLogRecordHeaderBytes + header.payload_bytes;
  const uint64_t padding = record_bytes - end_of_payload;
  std::memset(record + end_of_payload, 0, padding);
  base::store<uint32_t>(record + 8, log_tag(salt));
  base::store<uint32_t>(record + 12, static_cast<uint32_t>((record_bytes - kLogRecordHeaderBytes) / kLogAlignment));
  base::store<uint64_t>(record + 16, header.first_sequence << 8 | static_cast<uint64_t>(header.kind) << 4 | padding);
  base::store<uint32_t>(record + 24, header.count);
  base::store<uint32_t>(record + 28, header.synced_distance);
  const uint64_t checksum = record_checksum({record, record_bytes}, salt, offset);
  std::atomic_ref(*reinterpret_cast<uint64_t*>(record)).store(checksum, std::memory_order_release);
}

std::optional<LogRecordHeader> parse_log_record(const char* header, uint32_t tag) {
  if (base::load<uint32_t>(header + 8) != tag) return std::nullopt;
  const uint64_t stored_bytes = uint64_t{base::load<uint32_t>(header + 12)} * kLogAlignment;
  const auto packed = base::load<uint64_t>(header + 16);
  const uint64_t padding = packed & 15;
  const uint64_t kind = packed >> 4 & 15;
  if (padding >= kLogAlignment || padding > stored_bytes) return std::nullopt;
  if (kind > static_cast<uint64_t>(LogRecordKind::kClosing)) return std::nullopt;
  return LogRecordHeader{.kind = static_cast<LogRecordKind>(kind),
                         .payload_bytes = stored_bytes - padding,
                         .first_sequence = packed >> 8,
                         .count = base::load<uint32_t>(header + 24),
                         .synced_distance = base::load<uint32_t>(header + 28)};
}

bool check_log_record(Bytes record, uint64_t salt, uint64_t offset) {
  return base::load<uint64_t>(record.data()) == record_checksum(record, salt, offset);
}

}  // namespace nacre::format
