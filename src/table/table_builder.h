// TableBuilder: writes a table file (format/footer.h draws it) from entries that come in internal order.
//
// Entries fill a block; a full block is compressed and sealed into a buffer; the buffer goes to the file in appends of
// kAppendBytes. The fence behind a block is chosen when the first key of the next one is known. Filter, index and
// properties grow in memory and follow at the end.
//
// Thread safety: one thread at a time. Ownership: borrows the file, which must be new and empty; copies everything else.
// After an error the builder and the file must be given up.
#pragma once

#include <optional>
#include <string>

#include "base/memory_account.h"
#include "format/block.h"
#include "format/block_builder.h"
#include "format/block_cursor.h"
#include "format/compress.h"
#include "format/filter_builder.h"
#include "format/footer.h"
#include "format/index_builder.h"
#include "format/stored_block.h"
#include "format/tombstones.h"
#include "nacre/runtime.h"
#include "table/warm_blocks.h"

namespace nacre::table {

using format::TableIdentity;
using format::TableProperties;

struct TableBuilderOptions {
  TableIdentity id;
  uint32_t keyspace = 0;  // id: the table says whose it is
  Compression compression = Compression::kLz4;
  uint32_t block_bytes = 8192;     // 1,024 to 65,536: of a block in memory; a larger entry gets a block of its own
  float filter_bits_per_key = 10;  // 0: no filter
  int zstd_level = 3;              // 1 to 19
  base::MemoryAccount* account = nullptr;  // what the builder holds is charged to kCompaction; may be null
  WarmBlocks* warm = nullptr;              // gets each block that a reader may ask for; may be null
};

class TableBuilder {
 public:
  static constexpr size_t kAppendBytes = size_t{512} << 10;

  TableBuilder(WritableFile& file, const TableBuilderOptions& options);
  TableBuilder(const TableBuilder&) = delete;
  TableBuilder& operator=(const TableBuilder&) = delete;

  // kCorruption if the entry does not come after the one before it: what it was read from is not what a table can be.
  Result<void> add(Bytes key, uint64_t trailer, Bytes value) { return add(key, base::hash_key(key), trailer, value); }
  // For callers that know base::hash_key(key).
  Result<void> add(Bytes key, uint64_t key_hash, uint64_t trailer, Bytes value);

  // Takes over a block of another table without unpacking and packing it. `view` is the same block, unpacked; all its
  // entries must come after what was added before. Ends the block that is being filled: it may be a small one.
  Result<void> add_block(const format::StoredBlock& stored, const format::BlockView& view);

  // Once at most, at any time before finish(). The set is encoded, not kept.
  void set_tombstones(const format::TombstoneSet& tombstones);

  // What the file would come to if it were finished now, a little too high: the block being filled counts unpacked.
  uint64_t estimated_bytes() const;
  // What the file has for certain: finished blocks, as they are stored.
  uint64_t stored_bytes() const { return offset(); }
  uint64_t entries() const { return properties_.entries; }
  // Bytes in the block that is being filled.
  uint64_t pending_bytes() const { return block_.image_bytes(); }
  bool empty() const { return properties_.entries == 0 && tombstones_.empty(); }

  // Writes the rest. Does not sync.
  Result<TableProperties> finish();

 private:
  Result<void> check_order(Bytes key, uint64_t trailer) const;
  void count_entry(Bytes key, uint64_t key_hash, uint64_t trailer);
  void close_fence(Bytes next_key);
  Result<void> flush_block();
  Result<void> append_lone_block(Bytes key, uint64_t key_hash, uint64_t trailer, Bytes value);
  Result<void> end_block(Bytes last_key, uint64_t last_trailer);
  Result<void> append_part(Bytes raw, format::StoredKind kind, format::Compressor& compressor);
  Result<void> append_as_stored(const format::StoredBlock& block);
  Result<void> write_out(size_t at_least);
  void note_codec(Compression codec);
  void recharge();

  uint64_t offset() const { return written_bytes_ + out_.size(); }

  WritableFile& file_;
  const TableBuilderOptions options_;
  format::BlockBuilder block_;
  format::Compressor compressor_;
  format::FilterBuilder filter_;
  format::IndexBuilder index_;
  format::BlockCursor copied_;  // over a block that is taken over
  TableProperties properties_;
  std::string tombstones_;       // encoded
  std::string tombstone_begin_;  // of the first
  std::string tombstone_end_;    // of the last
  uint64_t features_ = 0;
  std::optional<uint64_t> last_hash_;  // of the last key: versions of one key count once in the filter

  os::LargeString image_;  // of the block just finished
  os::LargeString out_;    // what is not yet in the file
  uint64_t written_bytes_ = 0;
  std::string last_key_;  // of the last finished block
  uint64_t last_trailer_ = 0;
  bool fence_open_ = false;  // the last finished block has no fence yet
  uint64_t block_end_ = 0;   // where it ends
  base::MemoryCharge charge_;
};

}  // namespace nacre::table
