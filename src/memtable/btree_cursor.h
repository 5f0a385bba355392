// BTreeCursor: walks a BTree in both directions while others insert.
//
// On entering a leaf it copies the leaf's entry pointers, checked against the leaf's version; steps inside a leaf touch
// nothing that is shared. It may miss entries inserted after it copied their leaf, never older ones: a leaf's lower fence
// never moves, so the copies of neighbouring leaves neither overlap nor leave a gap.
//
// Going left, the leaf before this one is where `prev` leads, or to the right of that if it was split since.
//
// Thread safety: one thread at a time. Ownership: borrows the tree.
#pragma once

#include "memtable/btree.h"

namespace nacre::memtable {

class BTreeCursor {
 public:
  explicit BTreeCursor(const BTree& tree) : tree_(&tree) {}

  // Each returns the entry it arrived at, null if there is none. next() and prev() need one to start from.
  const StoredEntry* seek(Bytes key, uint64_t trailer);
  const StoredEntry* seek_before(Bytes key, uint64_t trailer);
  const StoredEntry* seek_first();
  const StoredEntry* seek_last();
  const StoredEntry* next() {
    if (++position_ >= count_) return enter_next();
    prefetch_ahead();
    return entries_[position_];
  }
  const StoredEntry* prev() {
    if (position_ == 0) return enter_previous();
    position_--;
    prefetch_behind();
    return entries_[position_];
  }

 private:
  static constexpr uint32_t kAhead = 8;  // how many steps early an entry is fetched

  void copy(const Node& leaf);
  void copy_at(Bytes key, uint64_t trailer);
  const StoredEntry* enter_next();
  const StoredEntry* enter_previous();
  // Fetch the entry kAhead steps from here, if need be from the neighbouring leaf: its pointers are read unchecked, which
  // does no harm, since a wrong one is only a useless prefetch.
  void prefetch_ahead() const {
    const uint32_t wanted = position_ + kAhead;
    if (wanted < count_) {
      prefetch(entries_[wanted]);
    } else if (next_ != nullptr) {
      prefetch(next_->entries[wanted - count_].load());
    }
  }
  void prefetch_behind() const {
    if (position_ >= kAhead) {
      prefetch(entries_[position_ - kAhead]);
    } else if (prev_ != nullptr) {
      prefetch(prev_->entries[(prev_->count.load() + position_ - kAhead) % kSlots].load());
    }
  }

  const BTree* tree_;
  const Node* leaf_ = nullptr;  // whose entries were copied
  const Node* next_ = nullptr;  // its right neighbour at that time
  const Node* prev_ = nullptr;  // its left neighbour, or one further left
  uint32_t count_ = 0;
  uint32_t position_ = 0;
  const StoredEntry* entries_[kSlots] = {};
};

}  // namespace nacre::memtable
