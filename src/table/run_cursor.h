// RunCursor: walks the point entries of a run - tables whose keys do not overlap, in order - as TableCursor walks one.
//
// Thread safety: one thread at a time. Lifetime: borrows the tables and the array that names them.
#pragma once

#include <span>

#include "table/table_cursor.h"

namespace nacre::table {

class RunCursor {
 public:
  RunCursor(std::span<Table* const> tables, const CursorOptions& options) : tables_(tables), cursor_(options) {}

  bool valid() const { return cursor_.valid(); }
  Result<void> status() const { return cursor_.status(); }

  void seek(Bytes key, uint64_t trailer);
  void seek_before(Bytes key, uint64_t trailer);
  void seek_first();
  void seek_last();
  void next() {
    cursor_.next();
    if (!cursor_.valid()) [[unlikely]]
      enter_following();
  }
  void prev() {
    cursor_.prev();
    if (!cursor_.valid()) [[unlikely]]
      enter_preceding();
  }

  Bytes key() const { return cursor_.key(); }
  uint64_t head() const { return cursor_.head(); }
  uint64_t trailer() const { return cursor_.trailer(); }
  Bytes value() const { return cursor_.value(); }

  // The cursor of the table that this one is in, if valid: for taking over blocks.
  TableCursor& table_cursor() { return cursor_; }
  // After table_cursor().next_block(): on to the next table if that was the last block.
  void settle_forward() {
    if (!cursor_.valid()) enter_following();
  }

 private:
  static constexpr size_t kNoTable = SIZE_MAX;

  // The first table that does not end before `key`; tables_.size() if none.
  size_t table_for(Bytes key) const;
  size_t last_table_from(Bytes key) const;
  void attach(size_t table);
  void enter_following();
  void enter_preceding();

  std::span<Table* const> tables_;
  size_t table_ = kNoTable;
  TableCursor cursor_;
};

}  // namespace nacre::table
