// MemtableCursor: walks the point entries of a memtable in internal order, both ways, while others insert.
//
// After a seek it passes every entry that was in the memtable at the time of the seek, in order, each once; of entries
// inserted later it may pass some. Moving past an end makes it invalid; an invalid cursor must be positioned anew.
//
// Thread safety: one thread at a time. Ownership: borrows the memtable; views live as long as that.
#pragma once

#include <variant>

#include "base/assert.h"
#include "base/bits.h"
#include "memtable/entry_index.h"

namespace nacre::memtable {

class MemtableCursor {
 public:
  explicit MemtableCursor(const BTree& tree) : cursor_(BTreeCursor(tree)) {}
  explicit MemtableCursor(const SkipList& list) : cursor_(SkipListCursor(list)) {}

  bool valid() const { return entry_ != nullptr; }

  // To the first entry at or after (key, trailer).
  void seek(Bytes key, uint64_t trailer) {
    move([&](auto& cursor) { return cursor.seek(key, trailer); });
  }
  // To the last entry strictly before (key, trailer).
  void seek_before(Bytes key, uint64_t trailer) {
    move([&](auto& cursor) { return cursor.seek_before(key, trailer); });
  }
  void seek_first() {
    move([](auto& cursor) { return cursor.seek_first(); });
  }
  void seek_last() {
    move([](auto& cursor) { return cursor.seek_last(); });
  }

  // The rest requires valid().
  void next() {
    NACRE_DCHECK(valid());
    move([](auto& cursor) { return cursor.next(); });
  }
  void prev() {
    NACRE_DCHECK(valid());
    move([](auto& cursor) { return cursor.prev(); });
  }
  Bytes key() const { return entry_->key(); }
  uint64_t head() const { return base::head_of(entry_->key()); }
  uint64_t trailer() const { return entry_->trailer; }
  Bytes value() const { return entry_->value(); }

 private:
  template <class Step>
  void move(Step&& step) {
    if (auto* btree = std::get_if<BTreeCursor>(&cursor_)) [[likely]] {
      entry_ = step(*btree);
    } else {
      entry_ = step(*std::get_if<SkipListCursor>(&cursor_));
    }
  }

  const StoredEntry* entry_ = nullptr;
  std::variant<BTreeCursor, SkipListCursor> cursor_;
};

}  // namespace nacre::memtable
