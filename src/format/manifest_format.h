// The bytes of a manifest and of CURRENT: what the tree consists of, as a snapshot and the edits that followed.
//
//   manifest := header, then { record, mark } repeated
//
//   header, 64 bytes                              record                            mark
//     0   8  magic "NacreMft"                       0  4  payload bytes n (> 0)       0  4  0
//     8   4  format version, 1                      4  8  checksum                    4  8  checksum
//    12   4  0                                     12  n  payload
//    16   8  features that a reader must know
//    24   8  features that a reader may ignore
//    32  16  uuid of the database
//    48   8  number of this manifest
//    56   8  checksum of bytes 0 to 55
//
// A record is one atomic group of edits and is synced before anybody is told that it holds. The mark behind it is
// written after that sync and is not itself synced: it is evidence that the record was acknowledged. The checksum of a
// record or mark is seeded with the database, the manifest's number, its offset and its length, so a record in a wrong
// place is no record.
//
// What damage means (ManifestReader). Only the bytes behind the last sync may be torn by a crash: the last record if it
// was never acknowledged, and marks. So, where the bytes are not what they should be:
//   - a mark is unreadable and a valid record follows it: nothing is lost, reading goes on;
//   - something valid follows anywhere behind: what is damaged was acknowledged - corruption;
//   - nothing valid follows: a torn tail, dropped and reported.
// A flipped bit in any acknowledged record is therefore found, the last one included, because its mark follows. (Limit:
// a file that lost its end together with the marks there is a shorter valid file.)
//
// The payload is a list of edits (version_edit.h).
//
//   CURRENT  := "MANIFEST-000005 <uuid, 8-4-4-4-12 hex> <checksum of what precedes the last space, 16 hex>\n"
//
// All decoders take hostile bytes: they read inside their input only, and hold memory in proportion to it.
// Thread safety: plain values and pure functions.
#pragma once

#include <optional>
#include <string>

#include "base/result.h"
#include "format/uuid.h"
#include "format/version_edit.h"

namespace nacre::format {

inline constexpr uint32_t kManifestVersion = 1;
inline constexpr size_t kManifestHeaderBytes = 64;
inline constexpr size_t kManifestRecordHeaderBytes = 12;
inline constexpr uint64_t kMaxManifestRecordBytes = uint64_t{1} << 30;
inline constexpr uint64_t kMaxCurrentBytes = 256;

struct ManifestHeader {
  uint32_t version = kManifestVersion;
  uint64_t required_features = 0;
  uint64_t optional_features = 0;
  Uuid uuid;
  uint64_t number = 0;
};

std::string encode_manifest_header(const ManifestHeader& header);
// kUnsupported for a newer version or a required feature that this build does not know.
Result<ManifestHeader> decode_manifest_header(Bytes file);

// Appends the record (or, with an empty payload, the mark) that belongs at byte `offset` of the manifest.
void append_manifest_record(std::string& out, const ManifestHeader& header, uint64_t offset, Bytes payload);

// Walks the records of a whole manifest. Views live as long as `file`.
class ManifestReader {
 public:
  // `header` was decoded from `file`.
  ManifestReader(Bytes file, const ManifestHeader& header);

  // The payload of the next record, or nothing at the end. An error is corruption; its offset is in the file.
  Result<std::optional<Bytes>> next();

  // After an error of next(): goes on at the first valid record or mark behind the damage, and returns where that is. Nothing if
  // there is none, or if finding it would take unreasonably long. What the damage held stays unknown: for salvage only.
  std::optional<uint64_t> resume();

  // Where the record that next() returned begins.
  uint64_t record_offset() const { return record_offset_; }
  // At the end: where the readable part ends, and how many bytes lie torn behind it (0 for a clean end).
  uint64_t end_offset() const { return offset_; }
  uint64_t torn_bytes() const { return torn_ ? file_.size() - offset_ : 0; }
  // Whether the last record that was read is followed by its mark.
  bool last_acknowledged() const { return last_acknowledged_; }

 private:
  std::optional<Bytes> record_at(uint64_t offset) const;
  Result<bool> pass_mark();
  Result<void> require_torn_tail();
  std::optional<uint64_t> first_valid_after(uint64_t offset, bool* gave_up) const;

  Bytes file_;
  uint64_t seed_;
  uint64_t offset_ = kManifestHeaderBytes;
  uint64_t record_offset_ = 0;
  bool mark_expected_ = false;
  bool last_acknowledged_ = false;
  bool torn_ = false;
};

struct CurrentFile {
  uint64_t manifest_number = 0;
  Uuid uuid;
};

std::string encode_current(const CurrentFile& current);
// kInvalidArgument if it is the CURRENT of another kind of engine, kCorruption if it is damaged.
Result<CurrentFile> decode_current(Bytes text);

}  // namespace nacre::format
