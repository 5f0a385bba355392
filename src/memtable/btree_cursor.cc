#include "memtable/btree_cursor.h"

namespace nacre::memtable {

// The caller checks the leaf's version.
void BTreeCursor::copy(const Node& leaf) {
  leaf_ = &leaf;
  next_ = leaf.next.load();
  count_ = leaf.count.load();
  for (uint32_t i = 0; i < count_; i++) entries_[i] = leaf.entries[i].load();
}

void BTreeCursor::prefetch_forward() const {
  for (uint32_t i = position_ + 1; i < count_ && i <= position_ + kAhead; i++) prefetch(entries_[i]);
}

void BTreeCursor::prefetch_backward() const {
  for (uint32_t i = position_; i > 0 && i + kAhead > position_; i--) prefetch(entries_[i - 1]);
}

const StoredEntry* BTreeCursor::seek(Bytes key, uint64_t trailer) {
  while (true) {
    const auto [leaf, version] = tree_->find_leaf(key, trailer);
    copy(*leaf);
    position_ = position_in<Bound::kLower>(*leaf, count_, key, trailer);
    if (leaf->unchanged(version)) break;
  }
  if (position_ >= count_) return enter_next();
  prefetch_forward();
  return entries_[position_];
}

const StoredEntry* BTreeCursor::seek_before(Bytes key, uint64_t trailer) {
  while (true) {
    const auto [leaf, version] = tree_->find_leaf(key, trailer);
    copy(*leaf);
    position_ = position_in<Bound::kLower>(*leaf, count_, key, trailer);
    if (leaf->unchanged(version)) break;
  }
  if (position_ == 0) return enter_previous();
  position_--;
  prefetch_backward();
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
  prefetch_backward();
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
  prefetch_forward();
  return entries_[0];
}

const StoredEntry* BTreeCursor::enter_previous() {
  const Node* const right = leaf_;
  const Node* leaf = right->prev.load();
  if (leaf == nullptr) return nullptr;
  while (true) {
    const uint64_t version = leaf->read_begin();
    copy(*leaf);
    if (!leaf->unchanged(version)) continue;
    if (next_ == right) break;
    leaf = next_;  // split since: what lies directly before is further right
  }
  position_ = count_ - 1;
  if (const Node* further = leaf_->prev.load(); further != nullptr) further->prefetch_entries();
  prefetch_backward();
  return entries_[position_];
}

}  // namespace nacre::memtable
