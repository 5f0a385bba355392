// VersionEdit: one change to what the tree consists of, and its bytes.
//
//   payload := { sized edit } repeated          sized x := varint length, x
//   edit    := { varint tag, sized value } repeated, tags from 1 ascending, only lists repeat a tag
//
// Tags, and how the format grows: an even tag must be understood, a reader that does not know it answers kUnsupported;
// an odd tag may be skipped. The same holds for the fields at the end of table and keyspace records.
//
//     2 keyspace id, varint (default 0)     12 a table removed: varint number
//     4 keyspace created: record            14 log floor: varint lsn, varint segment number
//     6 keyspace dropped, empty             16 next file number, varint   20 next run id, varint
//     8 flushed through, varint             18 last sequence, varint      22 file numbers below are reserved, varint
//    10 a table added: record              24 next keyspace id, varint   28 log synced through, varint
//    30 keyspace has other options: record  26 file numbers [first, end) are foreign: varint first, varint end
//
//   table    := varint level, run, number, file bytes, data bytes, entries, erases, range tombstones, smallest
//               sequence, largest sequence | u64 entries hash | u8 compression | u8 flags (1: largest key exclusive) |
//               sized smallest key | sized largest key | fields
//   keyspace := varint id | sized name | u8 order (0: bytewise) | choices | fields
//   options  := choices | fields
//   choices  := u8 compression | u8 bottom compression | u8 shape | varint filter bits per key | varint block bytes
//   fields   := { varint tag, sized value } repeated, up to the end of the record; version 1 has none
//
// The decoder takes hostile bytes: it reads inside its input only, holds memory in proportion to it, and checks every
// field's range; whether an edit fits the tree it is applied to is tree/ 's to say.
//
// Thread safety: plain values and pure functions.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/coding.h"
#include "base/result.h"
#include "format/entry.h"
#include "format/log_format.h"
#include "nacre/options.h"

namespace nacre::format {

inline constexpr uint32_t kMaxLevels = 8;  // levels are 0 to 7
inline constexpr size_t kMaxKeyspaceNameBytes = 255;
// Above what any file number, run id or log position reaches, and low enough that none of them can overflow.
inline constexpr uint64_t kMaxCounter = uint64_t{1} << 62;
// No database gave out so many: a file that says more is damaged. Low enough that a closing record (log_format.h), which has 56
// bits for the number of a file, holds every number that is given out from here on.
inline constexpr uint64_t kMaxSoundFileNumber = uint64_t{1} << 54;
inline constexpr uint32_t kMaxFilterBitsPerKey = 24;
inline constexpr uint32_t kDefaultKeyspace = 0;
inline constexpr const char* kDefaultKeyspaceName = "default";

// What the manifest knows of a table: enough to plan reads and compactions without opening it. Where the table stands
// in the tree is not part of it: a table may move without changing.
struct TableRecord {
  uint64_t number = 0;
  uint64_t file_bytes = 0;
  uint64_t data_bytes = 0;  // keys and values, uncompressed
  uint64_t entries = 0;     // point entries, erases included
  uint64_t erases = 0;
  uint64_t range_tombstones = 0;
  Sequence smallest_sequence = 0;
  Sequence largest_sequence = 0;
  uint64_t entries_hash = 0;
  Compression compression = Compression::kNone;
  // The table says something about keys in [smallest_key, largest_key] only, or in [smallest_key, largest_key) when
  // its last word is a range tombstone that ends at largest_key.
  bool largest_exclusive = false;
  std::string smallest_key;
  std::string largest_key;

  friend bool operator==(const TableRecord&, const TableRecord&) = default;
};

// A table and its place. Which order places have is said in tree/version.h.
struct PlacedTable {
  uint32_t level = 0;
  uint64_t run = 0;
  TableRecord table;

  friend bool operator==(const PlacedTable&, const PlacedTable&) = default;
};

enum class KeyOrder : uint8_t { kBytewise = 0 };

struct KeyspaceRecord {
  uint32_t id = 0;
  std::string name;
  KeyOrder order = KeyOrder::kBytewise;
  KeyspaceOptions options;

  friend bool operator==(const KeyspaceRecord&, const KeyspaceRecord&) = default;
};

// File numbers [first, end).
struct NumberRange {
  uint64_t first = 0;
  uint64_t end = 0;

  friend bool operator==(const NumberRange&, const NumberRange&) = default;
};

// A change to the tree. Edits of one commit take effect together.
struct VersionEdit {
  // What the next six are about. With `created`, its id.
  uint32_t keyspace = kDefaultKeyspace;
  std::optional<KeyspaceRecord> created;
  bool dropped = false;
  std::optional<KeyspaceOptions> options;   // instead of those that the keyspace had
  std::optional<Sequence> flushed_through;  // all writes of the keyspace up to here are in its tables
  std::vector<PlacedTable> added;
  std::vector<uint64_t> removed;  // taken away before `added` is put in: a table in both has moved

  // Of the whole database. All only rise; a lower value than the present one changes nothing.
  std::optional<LogFloor> log_floor;         // the log below this position is not needed
  std::optional<uint64_t> next_file_number;  // numbers below have been given out
  std::optional<Sequence> last_sequence;     // sequences up to here are used or burned
  std::optional<uint64_t> next_run_id;
  std::optional<uint64_t> reserved_file_number;  // files with numbers below are the database's own
  std::optional<uint64_t> next_keyspace_id;      // ids are never used again
  std::vector<NumberRange> foreign_numbers;      // numbers that were passed over: files of others bear them
  // The log was synced through here before the edit was made, since the edit must not outlast it: a log that ends below
  // was not kept by the device.
  std::optional<uint64_t> log_synced_through;

  friend bool operator==(const VersionEdit&, const VersionEdit&) = default;
};

std::string encode_edits(std::span<const VersionEdit> edits);

// Decodes a payload edit by edit, so that only one is held at a time.
class EditReader {
 public:
  explicit EditReader(Bytes payload) : decoder_(payload) {}
  // False at the end. After an error, do not go on.
  Result<bool> next(VersionEdit* edit);

 private:
  base::Decoder decoder_;
};

}  // namespace nacre::format
