// TableCursor: walks the point entries of one table in internal order, both ways.
//
// The surface is that of all cursors (memtable, table, run), so that merges are templates over them. Moving within a
// block costs a few nanoseconds; a block is left and entered by one pin and one unpin.
//
// valid() is false before the first positioning, beyond either end, and after an error, which status() then tells. next()
// and prev() need a valid cursor.
//
// Thread safety: one thread at a time. Lifetime: borrows the table. key() lives until the cursor moves; value() until it
// leaves the block, which it pins (cached) or holds (streaming). Cached and backward it lives one block longer, also where
// that is in another table: who reads backward has to look at what lies before an entry to know whether it counts.
#pragma once

#include "format/block_cursor.h"
#include "table/block_source.h"

namespace nacre::table {

class TableCursor {
 public:
  explicit TableCursor(const CursorOptions& options) : source_(options) {}  // to be attached
  TableCursor(const Table& table, const CursorOptions& options) : source_(options) { attach(table); }

  // Goes over to another table, not positioned; keeps its buffers.
  void attach(const Table& table);
  // Invalid from now on, with this status, until it is positioned anew. False.
  bool fail(const Error& error);

  bool valid() const { return cursor_.valid(); }
  Result<void> status() const { return status_; }

  void seek(Bytes key, uint64_t trailer);         // to the first entry at or after
  void seek_before(Bytes key, uint64_t trailer);  // to the last entry before
  void seek_first();
  void seek_last();
  void next() {
    if (!cursor_.next()) [[unlikely]] {
      enter(block_ + 1, Side::kFirst);
    } else if (steps_to_prefetch_ != 0) {
      steps_to_prefetch_--;
      cursor_.view().prefetch_value_ahead(cursor_.index() + kValuesAhead);
    }
  }
  void prev() {
    if (!cursor_.prev()) [[unlikely]] {
      enter(block_ - 1, Side::kLast);
    } else if (steps_to_prefetch_ != 0) {
      steps_to_prefetch_--;
      cursor_.view().prefetch_value_ahead(cursor_.index() - kValuesAhead);
    }
  }

  Bytes key() const { return cursor_.key(); }
  uint64_t head() const { return cursor_.head(); }
  uint64_t trailer() const { return cursor_.trailer(); }
  Bytes value() const { return cursor_.value(); }

  // --- For compaction, streaming and valid: to take over whole blocks. ---

  // The entry is all of its block, which can be taken over as it is stored.
  bool is_lone() const { return source_.streams() && is_alone(); }
  // kCorruption unless the block says of itself what its one entry gives, base::hash_key() and format::entry_hash(), and its stored
  // bytes are still those that were read.
  Result<void> check_lone(uint64_t key_hash, uint64_t entry_hash) const;
  // With which codec the table was written. A block that it made no smaller is stored without.
  Compression codec() const { return table_->properties().compression; }
  const format::BlockView& block() const { return cursor_.view(); }
  const format::StoredBlock& stored_block() const { return source_.stored(); }

 private:
  enum class Side : uint8_t { kFirst, kLast };
  static constexpr uint32_t kNoBlock = UINT32_MAX;
  // After a seek memory is asked for before the processor can see where we go; later it sees by itself.
  static constexpr uint32_t kValuesAhead = 8;
  static constexpr uint32_t kStepsToPrefetch = 16;

  // The entry has its block to itself.
  bool is_alone() const { return cursor_.view().entries() == 1; }
  void enter(uint32_t block, Side side);
  bool load(uint32_t block, bool for_search);
  bool find_block(Bytes key, uint32_t* block);
  void leave();

  const Table* table_ = nullptr;
  uint32_t block_ = kNoBlock;  // the one that cursor_ looks at
  BlockSource source_;
  format::BlockCursor cursor_;
  Result<void> status_;
  uint32_t steps_to_prefetch_ = 0;
};

}  // namespace nacre::table
