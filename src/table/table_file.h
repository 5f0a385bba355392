// TableFile: an open table file and its name in errors. Reads stored blocks and checks them.
//
// Everything that is wrong with the file is reported as kCorruption with the table's number and an offset.
// Thread safety: immutable; all calls from any thread.
#pragma once

#include <memory>
#include <span>
#include <string>

#include "base/result.h"
#include "format/footer.h"
#include "format/index.h"
#include "format/stored_block.h"
#include "nacre/runtime.h"

namespace nacre::table {

using Extent = format::IndexView::Extent;

class TableFile {
 public:
  TableFile(std::unique_ptr<ReadableFile> file, const format::TableIdentity& identity)
      : file_(std::move(file)), identity_(identity) {}

  ReadableFile& file() const { return *file_; }
  uint64_t number() const { return identity_.number; }

  // Fills all of `out`.
  Result<void> read(uint64_t offset, std::span<char> out) const;
  // The same judgement on the outcome of a read that somebody else made.
  Result<void> check_read(const Result<size_t>& outcome, uint64_t offset, size_t wanted) const;
  // Checks the stored block that was read from `offset`.
  Result<format::StoredBlock> check_stored(Bytes stored, format::StoredKind kind, uint64_t offset) const;
  // Reads, checks and unpacks a block.
  Result<std::string> load(Extent extent, format::StoredKind kind) const;

  // Reads, checks and unpacks a block to the place that place(raw_bytes), a std::span<char> of that size, names. Blocks
  // larger than kDirectBytes that are not compressed are read to that place without a detour.
  template <class Place>
  Result<void> load_to(Extent extent, format::StoredKind kind, Place place) const {
    if (extent.bytes > kDirectBytes) {
      NACRE_TRY_ASSIGN(const format::StoredBlock peeked, peek(extent, kind));
      if (peeked.compression == Compression::kNone) {
        return load_direct(extent, kind, place(peeked.raw_bytes));
      }
    }
    const auto stored = std::make_unique_for_overwrite<char[]>(extent.bytes);
    NACRE_TRY(read(extent.offset, {stored.get(), extent.bytes}));
    NACRE_TRY_ASSIGN(const format::StoredBlock block, check_stored({stored.get(), extent.bytes}, kind, extent.offset));
    return unpack(block, place(block.raw_bytes), extent.offset);
  }
  Result<void> unpack(const format::StoredBlock& block, std::span<char> out, uint64_t offset) const;

  // Says where in which file.
  Error located(Error error, uint64_t offset) const;
  Error corrupt(uint64_t offset, const char* reason) const;

  static constexpr uint64_t kDirectBytes = uint64_t{1} << 20;

 private:
  Result<format::StoredBlock> peek(Extent extent, format::StoredKind kind) const;
  Result<void> load_direct(Extent extent, format::StoredKind kind, std::span<char> out) const;

  std::unique_ptr<ReadableFile> file_;
  format::TableIdentity identity_;
};

}  // namespace nacre::table
