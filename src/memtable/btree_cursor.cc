#include "memtable/btree_cursor.h"

namespace nacre::memtable {

// The caller checks the leaf's version.
void BTreeCursor::copy(const Node& leaf) {
  leaf_ = &leaf;
  next_ = leaf.next.load();
  prev_ = leaf.prev.load();
  count_ = leaf.count.load();
  sync::yield_point();
  for (uint32_t i = 0; i < count_; i++) entries_[i] = leaf.entries[i].load();
}

// Copies the leaf that (key, trailer) belongs to and finds the first entry there that is not before it.
void BTreeCursor::copy_at(Bytes key, uint64_t trailer) {
  while (true) {
    const auto [leaf, version] = tree_->find_leaf(key, trailer);
    copy(*leaf);
    position_ = position_in(*leaf, count_, key, trailer);
    if (leaf->unchanged(version)) return;
  }
}

const StoredEntry* BTreeCursor::seek(Bytes key, uint64_t trailer) {
  copy_at(key, trailer);
  if (position_ >= count_) return enter_next();
  for (uint32_t i = position_; i < std::min(count_, position_ + kAhead); i++) prefetch(entries_[i]);
  return entries_[position_];
}

const StoredEntry* BTreeCursor::seek_before(Bytes key, uint64_t trailer) {
  copy_at(key, trailer);
  if (position_ == 0) return enter_previous();
  position_--;
  for (uint32_t i = position_ + 1; i-- > 0 && i + kAhead > position_;) prefetch(entries_[i]);
  return entries_[position_];
}

const StoredEntry* BTreeCursor::seek_first() {
  next_ = tree_->first_leaf_;
  return enter_next();
}

const StoredEntry* BTreeCursor::seek_last() {
  const Node* leaf = tree_->last_leaf_.load();
  while (true) {
    const uint64_t version = leaf->read_begin();
    copy(*leaf);
    if (!leaf->unchanged(version)) continue;
    if (next_ == nullptr) break;
    leaf = next_;
  }
  if (count_ == 0) return nullptr;
  position_ = count_ - 1;
  return entries_[position_];
}

const StoredEntry* BTreeCursor::enter_next() {
  const Node* leaf = next_;
  if (leaf == nullptr) return nullptr;
  while (true) {
    const uint64_t version = leaf->read_begin();
    copy(*leaf);
    if (leaf->unchanged(version)) break;
  }
  if (count_ == 0) return nullptr;  // only the one leaf of an empty tree is empty
  position_ = 0;
  if (next_ != nullptr) next_->prefetch_entries();
  prefetch_ahead();
  return entries_[position_];
}

const StoredEntry* BTreeCursor::enter_previous() {
  const Node* const right = leaf_;
  const Node* leaf = prev_;
  if (leaf == nullptr) return nullptr;
  while (true) {
    const uint64_t version = leaf->read_begin();
    copy(*leaf);
    if (!leaf->unchanged(version)) continue;
    if (next_ == right) break;
    leaf = next_;  // split since: what lies directly before is further right
  }
  position_ = count_ - 1;
  if (prev_ != nullptr) prev_->prefetch_entries();
  prefetch_behind();
  return entries_[position_];
}

}  // namespace nacre::memtable
