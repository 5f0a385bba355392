#include "memtable/btree.h"

#include <new>

#include "base/prefetch.h"

namespace nacre::memtable {
namespace {

// What follows changes a node that the caller has locked or not yet published.

// Makes the node's prefix the first `bytes` of its keys. `sample` is an entry that has it, or null if the fences do.
void set_prefix(Node& node, uint32_t bytes, const StoredEntry* sample) {
  if (bytes != node.prefix_bytes.load()) {
    const uint32_t count = node.count.load();
    for (uint32_t i = 0; i < count; i++) base::prefetch(node.entries[i].load());
    for (uint32_t i = 0; i < count; i++) node.heads[i].store(base::head_at(node.entries[i].load()->key(), bytes));
    node.prefix_bytes.store(bytes);
  }
  node.prefix_of.store(bytes == 0 ? nullptr : sample);
}

// Shortens the prefix so far that `key` has it, too.
void admit(Node& node, Bytes key) {
  const StoredEntry* sample = node.prefix_of.load();
  if (sample == nullptr) return;
  const size_t common = base::common_prefix(key, sample->key());
  if (common < node.prefix_bytes.load()) set_prefix(node, static_cast<uint32_t>(common), sample);
}

bool heads_tie(const Node& node) {
  const uint32_t count = node.count.load();
  for (uint32_t i = 1; i < count; i++) {
    if (node.heads[i - 1].load() == node.heads[i].load()) return true;
  }
  return false;
}

// After a split: lengthens the prefix if that may tell heads apart which tie now.
void improve_prefix(Node& node) {
  const StoredEntry* low = node.low;
  const StoredEntry* high = node.high.load();
  const bool fenced = low != nullptr && high != nullptr;
  const auto vouched = static_cast<uint32_t>(fenced ? base::common_prefix(low->key(), high->key()) : 0);
  if (node.prefix_bytes.load() <= vouched) node.prefix_of.store(nullptr);
  if (!heads_tie(node)) return;
  if (vouched > node.prefix_bytes.load()) {
    set_prefix(node, vouched, nullptr);
    if (!heads_tie(node)) return;
  }
  const StoredEntry* first = node.entries[0].load();
  const StoredEntry* last = node.entries[node.count.load() - 1].load();
  const auto present = static_cast<uint32_t>(base::common_prefix(first->key(), last->key()));
  if (present > node.prefix_bytes.load()) set_prefix(node, present, first);
}

// Makes an entry the only one of a leaf, whose prefix is to be of `prefix_bytes` if the key is that long.
void fill_with_one(Node& leaf, uint32_t prefix_bytes, const StoredEntry* entry) {
  const uint32_t bytes = std::min(prefix_bytes, entry->key_bytes);
  leaf.prefix_bytes.store(bytes);
  leaf.prefix_of.store(bytes == 0 ? nullptr : entry);
  leaf.clear_heads(1, leaf.count.load());
  leaf.heads[0].store(base::head_at(entry->key(), bytes));
  leaf.entries[0].store(entry);
  leaf.count.store(1);
}

// The slots from `position` on move one up.
template <class T>
void open_slot(Shared<T>* slots, uint32_t position, uint32_t count) {
  for (uint32_t i = count; i > position; i--) slots[i].store(slots[i - 1].load());
}

void insert_slot(Node& node, uint32_t position, const StoredEntry* entry) {
  admit(node, entry->key());
  const uint32_t count = node.count.load();
  open_slot(node.heads, position, count);
  sync::yield_point();
  open_slot(node.entries, position, count);
  node.heads[position].store(base::head_at(entry->key(), node.prefix_bytes.load()));
  node.entries[position].store(entry);
  node.count.store(count + 1);
}

void insert_child(InnerNode& inner, const StoredEntry* separator, Node* child) {
  const uint32_t count = inner.count.load();
  const uint32_t position = position_in(inner, count, separator->key(), separator->trailer);
  open_slot(inner.children, position + 1, count + 1);
  inner.children[position + 1].store(child);
  insert_slot(inner, position, separator);
}

// Gives up slots [from, count).
void truncate(Node& node, uint32_t from) {
  node.clear_heads(from, node.count.load());
  node.count.store(from);
}

// Copies slots [from, count) of one node to the start of a new one of the same prefix.
void copy_slots(const Node& node, uint32_t from, Node& to) {
  const uint32_t count = node.count.load();
  to.prefix_bytes.store(node.prefix_bytes.load());
  to.prefix_of.store(node.prefix_of.load());
  for (uint32_t i = from; i < count; i++) to.heads[i - from].store(node.heads[i].load());
  for (uint32_t i = from; i < count; i++) to.entries[i - from].store(node.entries[i].load());
  to.count.store(count - from);
}

// The new right node takes over the upper end of the range, from `border` on.
void divide_range(Node& left, Node& right, const StoredEntry* border) {
  right.low = border;
  right.high.store(left.high.load());
  left.high.store(border);
}

}  // namespace

BTree::BTree(Arena& arena) : arena_(arena), first_leaf_(new_leaf()) {
  root_.store(first_leaf_);
  last_leaf_.store(first_leaf_);
}

Node* BTree::new_leaf() { return new (arena_.allocate_node(sizeof(Node))) Node(0); }
InnerNode* BTree::new_inner(uint32_t level) { return new (arena_.allocate_node(sizeof(InnerNode))) InnerNode(level); }

BTree::Seen BTree::find_leaf(Bytes key, uint64_t trailer) const {
  while (true) {
    Node* node = root_.load();
    uint64_t version = node->read_begin();
    if (node != root_.load()) continue;
    while (node->level > 0) {
      const uint32_t position = position_in(*node, node->count.load(), key, trailer);
      Node* child = static_cast<InnerNode*>(node)->children[position].load();
      if (!node->unchanged(version)) break;
      child->prefetch(node->level - 1);
      const uint64_t child_version = child->read_begin();
      if (!node->unchanged(version)) break;  // else the child may have been split before we saw its version
      node = child;
      version = child_version;
    }
    if (node->level == 0) return {node, version};
  }
}

const StoredEntry* BTree::at_or_after(Bytes key, uint64_t trailer) const {
  while (true) {
    const auto [leaf, version] = find_leaf(key, trailer);
    const uint32_t count = leaf->count.load();
    const uint32_t position = position_in(*leaf, count, key, trailer);
    sync::yield_point();
    const StoredEntry* entry = position < count ? leaf->entries[position].load() : leaf->high.load();
    if (leaf->unchanged(version)) return entry;
  }
}

BTree::Place BTree::find_place(const StoredEntry* entry, uint64_t /* hash */) {
  Place place;
  if (find_right_edge(entry, &place)) return place;
  sync::yield_point();
  while (!find_by_descent(entry, &place)) sync::yield_point();
  return place;
}

// True if the entry belongs behind all others and there is room in the last leaf.
bool BTree::find_right_edge(const StoredEntry* entry, Place* place) const {
  Node* leaf = last_leaf_.load();
  sync::yield_point();
  const uint64_t version = leaf->version.load(std::memory_order_acquire);
  const uint32_t count = leaf->count.load();
  if (count == 0 || count == kSlots || (version & 1) != 0) return false;
  const StoredEntry* last = leaf->entries[count - 1].load();
  const bool behind = compare(*last, entry->key(), entry->trailer) < 0;
  if (!behind || leaf->next.load() != nullptr) return false;
  place->leaf = {leaf, version};
  place->position = count;
  return true;
}

// False: somebody changed a node on the way, or an inner node was split; start again.
bool BTree::find_by_descent(const StoredEntry* entry, Place* place) {
  Seen parent;
  Seen seen{root_.load(), 0};
  seen.version = seen.node->read_begin();
  if (seen.node != root_.load()) return false;
  while (seen.node->level > 0) {
    Node* node = seen.node;
    const uint32_t count = node->count.load();
    const uint32_t position = position_in(*node, count, entry->key(), entry->trailer);
    Node* child = static_cast<InnerNode*>(node)->children[position].load();
    if (!node->unchanged(seen.version)) return false;
    if (count == kSlots) {
      split_inner(parent, seen);
      return false;
    }
    child->prefetch(node->level - 1);
    const uint64_t child_version = child->read_begin();
    if (!node->unchanged(seen.version)) return false;
    parent = seen;
    seen = {child, child_version};
  }
  place->parent = parent;
  place->leaf = seen;
  place->position = position_in(*seen.node, seen.node->count.load(), entry->key(), entry->trailer);
  return true;
}

// False: a node of the place has changed since, and nothing was done.
bool BTree::try_insert(const StoredEntry* entry, const Place& place) {
  sync::yield_point();
  Node* leaf = place.leaf.node;
  if (leaf->count.load() < kSlots) {
    if (!leaf->try_lock(place.leaf.version)) return false;
    insert_slot(*leaf, place.position, entry);
    leaf->unlock();
    return true;
  }
  if (!lock_pair(place.parent, place.leaf)) return false;
  Node* right = split_leaf(*leaf, place.position, entry);
  sync::yield_point();
  publish_right(place.parent.node, leaf, right);
  return true;
}

// Locks a node and its parent (null: the node is the root, and stays it while its version does), or neither.
bool BTree::lock_pair(Seen parent, Seen node) {
  if (parent.node != nullptr && !parent.node->try_lock(parent.version)) return false;
  sync::yield_point();
  if (node.node->try_lock(node.version)) return true;
  if (parent.node != nullptr) parent.node->unlock_untouched(parent.version);
  return false;
}

// Makes a new right node reachable from above, and unlocks.
void BTree::publish_right(Node* parent, Node* left, Node* right) {
  if (parent != nullptr) {
    insert_child(*static_cast<InnerNode*>(parent), right->low, right);
    left->unlock();
    parent->unlock();
    return;
  }
  InnerNode* root = new_inner(left->level + 1);
  root->heads[0].store(base::head_of(right->low->key()));
  root->entries[0].store(right->low);
  root->children[0].store(left);
  root->children[1].store(right);
  root->count.store(1);
  root_.store(root);
  sync::yield_point();
  left->unlock();
}

void BTree::split_inner(Seen parent, Seen inner) {
  if (!lock_pair(parent, inner)) return;
  auto& left = *static_cast<InnerNode*>(inner.node);
  InnerNode& right = *new_inner(left.level);
  constexpr uint32_t kMiddle = kSlots / 2;
  const StoredEntry* border = left.entries[kMiddle].load();  // moves up
  copy_slots(left, kMiddle + 1, right);
  for (uint32_t i = kMiddle + 1; i <= kSlots; i++) right.children[i - kMiddle - 1].store(left.children[i].load());
  truncate(left, kMiddle);
  divide_range(left, right, border);
  improve_prefix(left);
  improve_prefix(right);
  publish_right(parent.node, &left, &right);
}

// Splits a full, locked leaf, inserts the entry into the half it belongs to, and links the new right leaf.
Node* BTree::split_leaf(Node& leaf, uint32_t position, const StoredEntry* entry) {
  Node& right = *new_leaf();
  Node* const after = leaf.next.load();
  const uint32_t prefix_bytes = leaf.prefix_bytes.load();
  if (position == kSlots && after == nullptr) {  // keys come in ascending order: leave the leaf full
    divide_range(leaf, right, entry);
    fill_with_one(right, prefix_bytes, entry);
    improve_prefix(leaf);
  } else if (position == 0 && leaf.low == nullptr) {  // in descending order
    copy_slots(leaf, 0, right);
    divide_range(leaf, right, right.entries[0].load());
    fill_with_one(leaf, prefix_bytes, entry);
    improve_prefix(right);
  } else {
    constexpr uint32_t kMiddle = kSlots / 2;
    copy_slots(leaf, kMiddle, right);
    truncate(leaf, kMiddle);
    divide_range(leaf, right, right.entries[0].load());
    if (position <= kMiddle) {
      insert_slot(leaf, position, entry);
    } else {
      insert_slot(right, position - kMiddle, entry);
    }
    improve_prefix(leaf);
    improve_prefix(right);
  }
  right.prev.store(&leaf);
  right.next.store(after);
  if (after != nullptr) after->prev.store(&right);
  sync::yield_point();
  leaf.next.store(&right);
  if (after == nullptr) last_leaf_.store(&right);
  return &right;
}

}  // namespace nacre::memtable
