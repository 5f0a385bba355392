#include "table/table_file.h"

#include "base/result.h"

namespace nacre::table {

using format::kStoredTrailerBytes;
using format::StoredBlock;
using format::StoredKind;

Error TableFile::located(Error error, uint64_t offset) const {
  error.file_kind = FileKind::kTable;
  error.file_number = identity_.number;
  error.offset = offset;
  return error;
}

Error TableFile::corrupt(uint64_t offset, const char* reason) const {
  return corruption(Operation::kRead, FileKind::kTable, identity_.number, offset, reason);
}

Result<void> TableFile::check_read(const Result<size_t>& outcome, uint64_t offset, size_t wanted) const {
  if (!outcome) return located(outcome.error(), offset);
  if (*outcome != wanted) return corrupt(offset + *outcome, "table ends too early");
  return {};
}

Result<void> TableFile::read(uint64_t offset, std::span<char> out) const {
  return check_read(file_->read(offset, out), offset, out.size());
}

Result<StoredBlock> TableFile::check_stored(Bytes stored, StoredKind kind, uint64_t offset) const {
  auto block = format::open_stored(stored, kind, identity_.checksum_seed(offset));
  if (!block) return located(block.error(), offset);
  return block;
}

Result<void> TableFile::unpack(const StoredBlock& block, std::span<char> out, uint64_t offset) const {
  const auto done = format::unpack(block, out);
  if (!done) return located(done.error(), offset);
  return {};
}

Result<std::string> TableFile::load(Extent extent, StoredKind kind) const {
  std::string raw;
  NACRE_TRY(load_to(extent, kind, [&raw](uint64_t raw_bytes) {
    raw.resize(raw_bytes);
    return std::span<char>(raw);
  }));
  return raw;
}

Result<StoredBlock> TableFile::peek(Extent extent, StoredKind kind) const {
  char trailer[kStoredTrailerBytes];
  const uint64_t payload_bytes = extent.bytes - kStoredTrailerBytes;
  NACRE_TRY(read(extent.offset + payload_bytes, trailer));
  auto block = format::peek_stored(Bytes(trailer, sizeof trailer), payload_bytes, kind);
  if (!block) return located(block.error(), extent.offset);
  return block;
}

Result<void> TableFile::load_direct(Extent extent, StoredKind kind, std::span<char> out) const {
  char trailer[kStoredTrailerBytes];
  NACRE_TRY(read(extent.offset, out));
  NACRE_TRY(read(extent.offset + out.size(), trailer));
  const auto block = format::open_stored(Bytes(out.data(), out.size()), Bytes(trailer, sizeof trailer), kind,
                                         identity_.checksum_seed(extent.offset));
  if (!block) return located(block.error(), extent.offset);
  return {};
}

}  // namespace nacre::table
