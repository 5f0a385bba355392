#include "table/run_cursor.h"

#include <algorithm>

namespace nacre::table {

bool RunCursor::attach(size_t table) {
  if (table == table_) return true;
  const auto opened = tables_->open(table);
  if (!opened) {
    table_ = kNoTable;
    cursor_.fail(opened.error());
    return false;
  }
  table_ = table;
  cursor_.attach(**opened);
  return true;
}

// On to the next table if this one has no more; both stop at an error, since it leaves a status that the next table would
// wipe out. A table may hold range tombstones alone, so more than one may have to be passed.
bool RunCursor::attach_following() {
  return !cursor_.valid() && cursor_.status() && table_ + 1 < end_ && attach(table_ + 1);
}

bool RunCursor::attach_preceding() {
  return !cursor_.valid() && cursor_.status() && table_ > begin_ && attach(table_ - 1);
}

void RunCursor::enter_following() {
  while (attach_following()) cursor_.seek_first();
}

void RunCursor::enter_preceding() {
  while (attach_preceding()) cursor_.seek_last();
}

void RunCursor::seek(Bytes key, uint64_t trailer) {
  if (begin_ == end_) return;
  if (!attach(std::clamp(tables_->bounds().first_reaching(key), begin_, end_ - 1))) return;
  cursor_.seek(key, trailer);
  while (attach_following()) cursor_.seek(key, trailer);  // not its first entry: that may lie before the target
}

// Tables touch where a range tombstone was cut at the first key of the next one: its end counts as the largest key of the
// former, though only the latter has entries of that key.
void RunCursor::seek_before(Bytes key, uint64_t trailer) {
  if (begin_ == end_) return;
  const size_t beyond = tables_->bounds().first_beginning_after(key);
  if (!attach(std::clamp(beyond, begin_ + 1, end_) - 1)) return;
  cursor_.seek_before(key, trailer);
  while (attach_preceding()) cursor_.seek_before(key, trailer);
}

void RunCursor::seek_first() {
  if (begin_ == end_ || !attach(begin_)) return;
  cursor_.seek_first();
  enter_following();
}

void RunCursor::seek_last() {
  if (begin_ == end_ || !attach(end_ - 1)) return;
  cursor_.seek_last();
  enter_preceding();
}

}  // namespace nacre::table
