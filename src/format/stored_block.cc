#include "format/stored_block.h"

#include "base/assert.h"
#include "base/checksum.h"
#include "base/coding.h"
#include "base/result.h"

namespace nacre::format {
namespace {

uint64_t payload_checksum(Bytes payload, const char* trailer, uint64_t seed) {
  return base::checksum64(payload, base::mix64(seed, base::load<uint64_t>(trailer)));
}

}  // namespace

StoredTrailer stored_trailer(const StoredBlock& block, StoredKind kind, uint64_t seed) {
  StoredTrailer trailer{};
  base::store(trailer.data(), static_cast<uint32_t>(block.raw_bytes));
  trailer[4] = static_cast<char>(block.compression);
  trailer[5] = static_cast<char>(kind);
  base::store(trailer.data() + 8, payload_checksum(block.payload, trailer.data(), seed));
  return trailer;
}

void append_stored_trailer(os::LargeString* out, size_t payload_at, StoredKind kind, Compression compression,
                           uint64_t raw_bytes, uint64_t seed) {
  NACRE_DCHECK(payload_at <= out->size());
  const StoredBlock block{
      .payload = Bytes(*out).substr(payload_at), .compression = compression, .raw_bytes = raw_bytes};
  const StoredTrailer trailer = stored_trailer(block, kind, seed);
  out->append(trailer.data(), trailer.size());
}

Result<StoredBlock> peek_stored(Bytes trailer, uint64_t payload_bytes, StoredKind kind) {
  if (trailer.size() != kStoredTrailerBytes) return malformed("block is cut off");
  StoredBlock block;
  block.raw_bytes = base::load<uint32_t>(trailer.data());
  block.compression = static_cast<Compression>(trailer[4]);
  if (trailer[5] != static_cast<char>(kind)) return malformed("block is of another kind");
  if (trailer[6] != 0 || trailer[7] != 0) return malformed("block trailer has bits that mean nothing");
  if (!is_known(block.compression)) {
    return Error{.kind = ErrorKind::kUnsupported,
                 .operation = Operation::kDecompress,
                 .reason = "unknown compression of a block"};
  }
  if (block.compression == Compression::kNone) {
    if (block.raw_bytes != static_cast<uint32_t>(payload_bytes))
      return malformed("uncompressed block is not of the size it says");
    block.raw_bytes = payload_bytes;
  } else if (block.raw_bytes > kMaxCompressedRawBytes || payload_bytes > kMaxCompressedRawBytes) {
    return malformed("compressed block is larger than any can be");
  }
  return block;
}

Result<StoredBlock> open_stored(Bytes payload, Bytes trailer, StoredKind kind, uint64_t seed) {
  if (trailer.size() != kStoredTrailerBytes) return malformed("block is cut off");
  if (payload_checksum(payload, trailer.data(), seed) != base::load<uint64_t>(trailer.data() + 8)) {
    return malformed("block checksum mismatch");
  }
  NACRE_TRY_ASSIGN(StoredBlock block, peek_stored(trailer, payload.size(), kind));
  block.payload = payload;
  return block;
}

Result<StoredBlock> open_stored(Bytes stored, StoredKind kind, uint64_t seed) {
  if (stored.size() < kStoredTrailerBytes) return malformed("block is cut off");
  const size_t payload_bytes = stored.size() - kStoredTrailerBytes;
  return open_stored(stored.substr(0, payload_bytes), stored.substr(payload_bytes), kind, seed);
}

}  // namespace nacre::format
