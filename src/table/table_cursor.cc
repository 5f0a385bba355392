#include "table/table_cursor.h"

#include "base/result.h"

namespace nacre::table {

void TableCursor::attach(const Table& table) {
  leave();
  status_ = {};
  table_ = &table;
  source_.attach(table);
}

void TableCursor::leave() {
  cursor_.clear();
  block_ = kNoBlock;
}

bool TableCursor::fail(const Error& error) {
  leave();
  source_.release();
  status_ = error;
  return false;
}

bool TableCursor::load(uint32_t block, bool for_search) {
  if (block == block_) return true;
  auto view = for_search ? source_.load_for_search(block) : source_.load(block);
  if (!view) return fail(view.error());
  cursor_.reset(*view);
  block_ = block;
  return true;
}

// Block numbers beyond either end (of the unsigned kind: -1) leave the cursor invalid.
void TableCursor::enter(uint32_t block, Side side) {
  if (block >= table_->blocks()) {
    leave();
    return;
  }
  if (side == Side::kFirst) {
    source_.let_go();
  } else if (block != block_) {
    source_.hold();
  }
  if (load(block, false)) cursor_.move_to(side == Side::kFirst ? 0 : cursor_.view().entries() - 1);
}

bool TableCursor::find_block(Bytes key, uint32_t* block) {
  status_ = {};
  sync::EpochDomain::Guard guard(table_->cache().domain());
  const auto found = table_->block_for(key);
  if (!found) return fail(found.error());
  *block = *found;
  return true;
}

void TableCursor::seek(Bytes key, uint64_t trailer) {
  source_.let_go();
  steps_to_prefetch_ = 0;
  uint32_t block = 0;
  if (!find_block(key, &block)) return;
  // The versions of one key may fill several blocks, of which this is the first.
  for (; block < table_->blocks(); block++) {
    if (!load(block, true)) return;
    const uint32_t at = cursor_.view().lower_bound(key, trailer);
    if (at == cursor_.view().entries()) continue;
    // Of the value of an entry that has its block to itself nothing is asked for: a merge of many sources looks at one of theirs.
    if (is_alone()) return static_cast<void>(cursor_.move_to(at));
    cursor_.view().prefetch_values(at);
    cursor_.move_to(at);
    steps_to_prefetch_ = kStepsToPrefetch;
    if (at + kStepsToPrefetch > cursor_.view().entries()) source_.prefetch(block + 1);
    return;
  }
  leave();
}

void TableCursor::seek_before(Bytes key, uint64_t trailer) {
  source_.let_go();
  uint32_t block = 0;
  if (!find_block(key, &block)) return;
  for (; block < table_->blocks(); block++) {
    if (!load(block, true)) return;
    const uint32_t at = cursor_.view().lower_bound(key, trailer);
    if (at == cursor_.view().entries()) continue;
    if (at > 0) {
      cursor_.view().prefetch_values_before(at);
      cursor_.move_to(at - 1);
      steps_to_prefetch_ = kStepsToPrefetch;
      if (at < kStepsToPrefetch) source_.prefetch(block - 1);
    } else {
      enter(block - 1, Side::kLast);
    }
    return;
  }
  enter(table_->blocks() - 1, Side::kLast);
}

void TableCursor::seek_first() {
  status_ = {};
  enter(0, Side::kFirst);
}

void TableCursor::seek_last() {
  status_ = {};
  enter(table_->blocks() - 1, Side::kLast);
}

Result<void> TableCursor::check_lone(uint64_t key_hash, uint64_t entry_hash) const {
  const format::BlockView& view = cursor_.view();
  if (view.entries_hash() == entry_hash && view.tag(0) == format::tag_of(key_hash)) return source_.check_again();
  return table_->file().corrupt(source_.extent().offset, "an entry is not the one that its block was made for");
}

}  // namespace nacre::table
