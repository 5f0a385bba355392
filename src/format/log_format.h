// The bytes of a write-ahead log segment.
//
//   segment := header area of 8,192 bytes, then records, 8-byte aligned, to the end of the file
//
//   header area: two pages of 4,096 bytes, alike; the mark stands in the first only
//     0  identity, 64 bytes                     512  placement, 40 bytes           1024  mark, 16 bytes
//       0  8  magic "NacreLog"                    0  8  base lsn                      0  8  synced through
//       8  4  format version, 1                   8  8  predecessor's number          8  8  checksum
//      12  4  0                                  16  8  predecessor's salt
//      16  8  features that a reader must know   24  8  synced through
//      24 16  uuid of the database               32  8  checksum
//      40  8  number of this segment
//      48  8  salt
//      56  8  checksum
//
//   record, 32 bytes and the payload
//     0  8  checksum of all that follows, padding included
//     8  4  tag: of the segment's salt
//    12  4  payload bytes / 8, rounded up
//    16  8  first sequence << 8 | kind << 4 | padding bytes (0 to 7, zeros, behind the payload)
//    24  4  count of operations
//    28  4  distance back to where the log is known synced, in 8-byte units
//    32  n  payload and padding
//
// An lsn is a byte offset in the endless logical log: the record at byte o of a segment has the lsn base + o - 8192.
// Spare room at a segment's end has no lsns, so a segment's base is its predecessor's end.
//
// Why it is like this:
//   - Segments are reused. The salt, drawn anew for each use, seeds every checksum together with the byte's place in
//     the file, so that neither a record of an earlier use nor a record in a wrong place is taken for one of now. The
//     tag is the salt again where a scan can see it without computing a checksum.
//   - Identity, placement and mark lie in sectors of their own since they are written at three times: the identity when
//     the segment is prepared (and synced before it is used), the placement when the log goes on in it (and synced with
//     its first records), the mark after each sync (and never synced itself). A crash can cost a placement or a mark
//     and never an identity.
//   - Identity and placement are there twice, in two pages, each with its checksum: no damage of one place can make a
//     segment that the log needs look like one that was never used.
//   - What was synced: every record, placement and mark says through which lsn the log was known synced when it was
//     written. Damage below the greatest such word that survives is corruption; damage above it is a torn tail.
//   - The distance is saturated at 32 GiB, from where on it says nothing; placements then still do.
//   - A closing record ends a segment. Its sequence field holds the number of the segment in which the log goes on, or
//     0 where the log was closed for good; so a missing last segment is noticed as a missing middle one is.
//   - 32 bytes a record: the count and the synced-through offset cost 8 bytes, not 12, since a distance fits 32 bits.
//
// Decoders take hostile bytes and read inside their input only. Thread safety: plain values and pure functions.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/checksum.h"
#include "base/result.h"
#include "format/entry.h"
#include "format/uuid.h"

namespace nacre::format {

inline constexpr uint32_t kLogVersion = 1;
inline constexpr uint64_t kLogHeaderPageBytes = 4096;
inline constexpr uint64_t kLogHeaderBytes = 2 * kLogHeaderPageBytes;
inline constexpr uint64_t kLogPlacementOffset = 512;
inline constexpr uint64_t kLogMarkOffset = 1024;
inline constexpr uint64_t kLogRecordHeaderBytes = 32;
inline constexpr uint64_t kLogAlignment = 8;
inline constexpr uint64_t kMaxLogPayloadBytes = uint64_t{0xffffffff} * kLogAlignment;
// No lsn reaches it, so that sums of a few lsns and sizes cannot overflow.
inline constexpr uint64_t kMaxLsn = uint64_t{1} << 60;
// No segment ends beyond it: a log gets there by damage only (or in 18 years, at a gigabyte a second), and goes on no further.
inline constexpr uint64_t kMaxSoundLsn = kMaxLsn / 2;
// Where the log of a new database should begin: 0 is kept to mean "no log yet".
inline constexpr uint64_t kFirstLsn = kLogHeaderBytes;

// What tells a use of a segment from every other.
struct SegmentIdentity {
  Uuid uuid;
  uint64_t number = 0;
  uint64_t salt = 0;

  friend bool operator==(const SegmentIdentity&, const SegmentIdentity&) = default;
};

// Where a segment stands in the log.
struct SegmentPlacement {
  uint64_t base_lsn = 0;
  uint64_t predecessor_number = 0;  // 0: the log begins here
  uint64_t predecessor_salt = 0;
  uint64_t synced_through = 0;

  friend bool operator==(const SegmentPlacement&, const SegmentPlacement&) = default;
};

// From where on the log is needed, and the number of the segment that holds this place: what the manifest says of the log.
struct LogFloor {
  uint64_t lsn = 0;  // 0: there is no log yet
  uint64_t segment = 0;

  friend bool operator==(const LogFloor&, const LogFloor&) = default;
};

// What a header area says.
struct SegmentHeader {
  std::optional<SegmentIdentity> identity;    // nothing: the making of the file, or its change of use, was cut off
  std::optional<SegmentPlacement> placement;  // nothing: not a part of the log yet
  uint64_t mark = 0;                          // synced through; 0: there is none
};

// A whole header area with this identity, no placement and no mark.
std::string encode_segment_identity(const SegmentIdentity& identity);

inline constexpr uint64_t kLogPlacementBytes = 40;
// Writes the placement into both pages of the header area at `area`.
void store_segment_placement(char* area, uint64_t salt, const SegmentPlacement& placement);

inline constexpr uint64_t kLogMarkBytes = 16;
// Writes the mark; while it runs, and if it is cut off, there is none.
void store_segment_mark(char* area, uint64_t salt, uint64_t synced_through);

// `area` is what a file has of the first kLogHeaderBytes. One whole copy of each part suffices. kCorruption if the bytes are
// no header, kUnsupported if a page is of a newer version, or requires a feature that this build does not know.
Result<SegmentHeader> decode_segment_header(Bytes area);

enum class LogRecordKind : uint8_t { kBatch = 0, kClosing = 1 };

struct LogRecordHeader {
  LogRecordKind kind = LogRecordKind::kBatch;
  uint64_t payload_bytes = 0;
  Sequence first_sequence = 0;  // of a closing record: the next segment's number, or 0
  uint32_t count = 0;
  uint32_t synced_distance = 0;

  uint64_t record_bytes() const {
    return kLogRecordHeaderBytes + (payload_bytes + kLogAlignment - 1) / kLogAlignment * kLogAlignment;
  }
  // Through where the log was known synced when the record at `lsn` was claimed; 0 if the record does not say.
  uint64_t synced_through(uint64_t lsn) const;
};

uint32_t synced_distance(uint64_t lsn, uint64_t synced_through);

// Never 0, so that zeros carry no tag.
constexpr uint32_t log_tag(uint64_t salt) { return static_cast<uint32_t>(base::mix64(salt, 0x746167)) | 1; }

// Room that a record of this payload takes.
constexpr uint64_t log_record_bytes(uint64_t payload_bytes) {
  return kLogRecordHeaderBytes + (payload_bytes + kLogAlignment - 1) / kLogAlignment * kLogAlignment;
}

// Writes the header and the padding around the payload, which lies at `record` + kLogRecordHeaderBytes, the checksum
// last (release). `offset`: of the record in its file.
void seal_log_record(char* record, const LogRecordHeader& header, uint64_t salt, uint64_t offset);

// The two halves of reading a record. The first looks at the 32 bytes of a header: nothing if the tag or a field is
// wrong.
std::optional<LogRecordHeader> parse_log_record(const char* header, uint32_t tag);
// The second checks `record`, all record_bytes() of it.
bool check_log_record(Bytes record, uint64_t salt, uint64_t offset);

}  // namespace nacre::format
