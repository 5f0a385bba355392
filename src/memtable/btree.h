// BTree: the default index of a memtable. See btree_node.h for the nodes and for how readers and writers meet.
//
// Why a B+tree: an insert of a random key into a skip list costs a dependent cache miss per level, some 2.5 us in a
// memtable of 64 MiB; here the inner nodes stay in cache and one leaf is missed.
//
// Insert. Ascending keys: the rightmost leaf is remembered, and a key above its last one is appended there without a
// descent. Others descend; every full inner node met is split at once, with its parent locked, so that a parent always has
// room for one more separator; then the leaf is locked, and split if it is full. Locks are taken top-down, tried and
// never waited for: who fails starts again from the root. A leaf that overflows at an end of the tree is not halved but
// starts a new leaf, so keys that come in order fill their leaves.
//
// Invariants: entries are never removed, and nodes only move entries to a new right sibling; leaves are linked both ways in
// order; the first leaf stays the first.
// Thread safety: all calls; readers never lock and never write. Ownership: nodes lie in the arena.
#pragma once

#include "memtable/arena.h"
#include "memtable/btree_node.h"
#include "memtable/stored_entry.h"

namespace nacre::memtable {

class BTreeCursor;

class BTree {
  struct Seen {  // a node as a reader saw it
    Node* node = nullptr;
    uint64_t version = 0;
  };

 public:
  using Cursor = BTreeCursor;

  explicit BTree(Arena& arena);
  BTree(const BTree&) = delete;
  BTree& operator=(const BTree&) = delete;

  // Where an entry belongs. Good until the nodes it names change, which insert() notices.
  class Place {
    friend class BTree;
    Seen parent;  // of the leaf; null if the leaf is the root
    Seen leaf;
    uint32_t position = 0;
  };

  // Bytes that the index needs in front of an entry.
  static size_t room_before_entry(uint64_t /* hash */, uint64_t /* trailer */) { return 0; }
  // Reads its way to where the entry belongs: the slow part of an insert, which changes nothing yet.
  Place find_place(const StoredEntry* entry, uint64_t /* hash */);
  // Makes the entry visible. Its (key, trailer) is in no entry inserted before.
  void insert(const StoredEntry* entry, uint64_t hash, Place place) {
    while (!try_insert(entry, place)) place = find_place(entry, hash);
  }
  // The first entry at or after (key, trailer) in internal order; null if there is none.
  const StoredEntry* at_or_after(Bytes key, uint64_t trailer) const;

 private:
  friend class BTreeCursor;

  bool find_right_edge(const StoredEntry* entry, Place* place) const;
  bool find_by_descent(const StoredEntry* entry, Place* place);
  bool try_insert(const StoredEntry* entry, const Place& place);
  void split_inner(Seen parent, Seen inner);
  static bool lock_pair(Seen parent, Seen node);
  void publish_right(Node* parent, Node* left, Node* right);
  Node* split_leaf(Node& leaf, uint32_t position, const StoredEntry* entry);
  Node* new_leaf();
  InnerNode* new_inner(uint32_t level);

  Seen find_leaf(Bytes key, uint64_t trailer) const;

  Arena& arena_;
  Shared<Node*> root_;
  Shared<Node*> last_leaf_;  // or one that was the last a moment ago
  Node* first_leaf_;
};

}  // namespace nacre::memtable
