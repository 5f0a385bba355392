// RunCursor: walks the point entries of a run - tables whose keys do not overlap, in order - as TableCursor walks one.
//
// Thread safety: one thread at a time. Lifetime: borrows the tables.
#pragma once

#include "table/run_tables.h"
#include "table/table_cursor.h"

namespace nacre::table {

class RunCursor {
 public:
  // Over all tables of the run.
  RunCursor(const RunTables& tables, const CursorOptions& options)
      : RunCursor(tables, 0, tables.bounds().size(), options) {}
  // Over tables [begin, end): the others are never looked at.
  RunCursor(const RunTables& tables, size_t begin, size_t end, const CursorOptions& options)
      : tables_(&tables), begin_(begin), end_(end), cursor_(options) {}

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

  // If the current entry is all of a block that can be taken over: the cursor that stands there, till this one moves. Else null.
  const TableCursor* lone() const { return cursor_.is_lone() ? &cursor_ : nullptr; }

 private:
  static constexpr size_t kNoTable = SIZE_MAX;

  // False if the table cannot be opened: then the cursor has failed.
  bool attach(size_t table);
  bool attach_following();
  bool attach_preceding();
  void enter_following();
  void enter_preceding();

  const RunTables* tables_;
  size_t begin_;
  size_t end_;
  size_t table_ = kNoTable;
  TableCursor cursor_;
};

}  // namespace nacre::table
