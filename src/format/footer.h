// Footer and TableProperties: the fixed end of a table file, and what the table says of itself.
//
//   table := data blocks, [tombstones], [filter], index, properties, footer      (all but the footer: stored_block.h)
//
//   footer, the last 128 bytes
//     0   8   where the tombstones begin; here the data blocks, which begin at 0, end
//     8   8   where the filter begins
//    16   8   where the index begins
//    24   8   where the properties begin; they end where the footer begins
//    32   8   file bytes, the footer included
//    40   8   features that a reader must know
//    48  16   uuid of the database
//    64   8   number of the table
//    72   4   id of the keyspace
//    76  28   0
//   104   4   format version, 1
//   108   4   0
//   112   8   checksum of bytes 0 to 111
//   120   8   magic "NacreTbl"
//
// The keyspace is for who finds a table without its manifest; whoever has the manifest need not look.
//
// Parts lie one behind the other, so the beginnings say the sizes as well; one that is missing has the size 0.
//
//   properties := the numbers of TableProperties in order, as varints (the hash and the filter bits: fixed; file bytes left out),
//                 sized smallest key, sized largest key
//
// Thread safety: plain values and pure functions; decoders read hostile bytes.
#pragma once

#include <optional>
#include <string>

#include "format/entry.h"
#include "format/uuid.h"
#include "nacre/error.h"
#include "nacre/options.h"

namespace nacre::format {

inline constexpr size_t kFooterBytes = 128;
inline constexpr uint32_t kTableVersion = 1;

// A bit is set if the table holds what a reader can only understand that knows the bit.
enum TableFeature : uint64_t { kFeatureLz4 = 1, kFeatureZstd = 2, kFeatureRangeTombstones = 4 };
inline constexpr uint64_t kKnownTableFeatures = kFeatureLz4 | kFeatureZstd | kFeatureRangeTombstones;

struct Footer {
  uint64_t tombstones_at = 0;
  uint64_t filter_at = 0;
  uint64_t index_at = 0;
  uint64_t properties_at = 0;
  uint64_t file_bytes = 0;
  uint64_t features = 0;
  TableIdentity identity;
  uint32_t keyspace = 0;  // id

  uint64_t footer_at() const { return file_bytes - kFooterBytes; }
};

std::string encode_footer(const Footer& footer);
// `bytes` is the last kFooterBytes of a file of `file_bytes`. kUnsupported for a newer version or an unknown feature,
// kCorruption if it is damaged, or was cut off, or is of another database or table than `expected`.
Result<Footer> decode_footer(Bytes bytes, uint64_t file_bytes, const TableIdentity& expected);

// Which table a file says it is; nothing if its end is no whole footer of a version that is known.
std::optional<TableIdentity> peek_identity(Bytes bytes);

struct TableProperties {
  uint64_t entries = 0;  // without range tombstones
  uint64_t erases = 0;   // of these, erases
  uint64_t range_tombstones = 0;
  uint64_t key_bytes = 0;  // of all entries
  uint64_t value_bytes = 0;
  uint64_t raw_bytes = 0;  // of the data blocks, unpacked
  uint64_t data_blocks = 0;
  uint64_t file_bytes = 0;                       // not stored here: the footer has it
  uint32_t block_bytes = 0;                      // no block of more than one entry is larger when unpacked
  Compression compression = Compression::kNone;  // what was asked for; each block says what it got
  float filter_bits_per_key = 0;
  // Of entries and range tombstones together; both 0 if there is nothing.
  Sequence smallest_sequence = 0;
  Sequence largest_sequence = 0;
  uint64_t entries_hash = 0;  // sum of entry_hash()
  // Everything in the table lies in [smallest_key, largest_key]. If the end of the last range tombstone lies behind the last
  // entry then it is the largest key, though the tombstone ends before it.
  std::string smallest_key;
  std::string largest_key;
};

std::string encode_properties(const TableProperties& properties);
Result<TableProperties> decode_properties(Bytes bytes);

}  // namespace nacre::format
