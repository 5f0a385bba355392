#include "table/run_cursor.h"

#include <algorithm>

namespace nacre::table {

size_t RunCursor::table_for(Bytes key) const {
  const auto found = std::partition_point(tables_.begin(), tables_.end(),
                                          [key](const Table* table) { return table->properties().largest_key < key; });
  return static_cast<size_t>(found - tables_.begin());
}

// Tables touch where a range tombstone was cut at the first key of the next one: its end counts as the largest key of the
// former, though only the latter has entries of that key.
size_t RunCursor::last_table_from(Bytes key) const {
  const auto beyond = std::partition_point(tables_.begin(), tables_.end(), [key](const Table* table) {
    return !(key < Bytes(table->properties().smallest_key));
  });
  return beyond == tables_.begin() ? 0 : static_cast<size_t>(beyond - tables_.begin()) - 1;
}

void RunCursor::attach(size_t table) {
  if (table == table_) return;
  table_ = table;
  cursor_.attach(*tables_[table]);
}

// Both stop at an error, since it leaves a status that the next table would wipe out. A table may hold range tombstones
// alone, so more than one may have to be passed.
void RunCursor::enter_following() {
  while (!cursor_.valid() && cursor_.status() && table_ + 1 < tables_.size()) {
    attach(table_ + 1);
    cursor_.seek_first();
  }
}

void RunCursor::enter_preceding() {
  while (!cursor_.valid() && cursor_.status() && table_ > 0) {
    attach(table_ - 1);
    cursor_.seek_last();
  }
}

void RunCursor::seek(Bytes key, uint64_t trailer) {
  if (tables_.empty()) return;
  attach(std::min(table_for(key), tables_.size() - 1));
  cursor_.seek(key, trailer);
  while (!cursor_.valid() && cursor_.status() && table_ + 1 < tables_.size()) {
    attach(table_ + 1);
    cursor_.seek(key, trailer);  // not its first entry: that may lie before the target
  }
}

void RunCursor::seek_before(Bytes key, uint64_t trailer) {
  if (tables_.empty()) return;
  attach(last_table_from(key));
  cursor_.seek_before(key, trailer);
  while (!cursor_.valid() && cursor_.status() && table_ > 0) {
    attach(table_ - 1);
    cursor_.seek_before(key, trailer);
  }
}

void RunCursor::seek_first() {
  if (tables_.empty()) return;
  attach(0);
  cursor_.seek_first();
  enter_following();
}

void RunCursor::seek_last() {
  if (tables_.empty()) return;
  attach(tables_.size() - 1);
  cursor_.seek_last();
  enter_preceding();
}

}  // namespace nacre::table
