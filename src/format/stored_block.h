// Stored blocks: how any block of a table - data, index, filter, tombstones, properties - lies in the file.
//
//   stored block := payload, trailer
//
//   trailer, 16 bytes
//     0   4  size of the raw block (its low 32 bits; only an uncompressed block, whose size is known anyway, has more)
//     4   1  Compression of the payload
//     5   1  StoredKind
//     6   2  0
//     8   8  checksum of the payload
//
// The checksum is seeded with the table's identity, the block's offset (TableIdentity::checksum_seed) and bytes 0 to 7 of
// the trailer, so a block that was misplaced, or that belongs to another table, is caught as surely as a flipped bit. A
// block can be copied to another table without unpacking it: the payload stays, the trailer is made anew.
//
// Thread safety: pure functions.
#pragma once

#include <array>
#include <span>
#include <string>

#include "format/compress.h"
#include "nacre/bytes.h"
#include "nacre/error.h"
#include "os/pages.h"

namespace nacre::format {

inline constexpr size_t kStoredTrailerBytes = 16;

enum class StoredKind : uint8_t { kData = 1, kIndex = 2, kFilter = 3, kTombstones = 4, kProperties = 5 };

struct StoredBlock {
  Bytes payload;
  Compression compression = Compression::kNone;
  uint64_t raw_bytes = 0;
};

using StoredTrailer = std::array<char, kStoredTrailerBytes>;
StoredTrailer stored_trailer(const StoredBlock& block, StoredKind kind, uint64_t seed);
// Closes the stored block whose payload is all of `out` from `payload_at` on.
void append_stored_trailer(os::LargeString* out, size_t payload_at, StoredKind kind, Compression compression,
                           uint64_t raw_bytes, uint64_t seed);

// Checks a whole stored block; reads hostile bytes. The payload points into `stored`.
Result<StoredBlock> open_stored(Bytes stored, StoredKind kind, uint64_t seed);
// The same for a payload and a trailer that lie apart.
Result<StoredBlock> open_stored(Bytes payload, Bytes trailer, StoredKind kind, uint64_t seed);

// What the trailer alone says of a block with so many bytes of payload, which is nothing that the checksum has proved.
// For readers that want to know where to put the payload before they read it.
Result<StoredBlock> peek_stored(Bytes trailer, uint64_t payload_bytes, StoredKind kind);

// Unpacks into `out`, which has room for exactly raw_bytes.
inline Result<void> unpack(const StoredBlock& block, std::span<char> out) {
  return decompress(block.compression, block.payload, out);
}

}  // namespace nacre::format
