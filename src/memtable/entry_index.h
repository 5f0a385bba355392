// EntryIndex: what a memtable asks of the structure that keeps its entries in order.
//
// The kind is chosen at run time, once per memtable, and told apart by a branch that predicts perfectly: a virtual call
// per key would cost more than it looks, since it also hides the index from the compiler.
#pragma once

#include <concepts>

#include "memtable/btree_cursor.h"
#include "memtable/skip_list.h"

namespace nacre::memtable {

template <class Index>
concept EntryIndex = requires(Index index, const Index& shared, typename Index::Cursor cursor, const StoredEntry* entry,
                              typename Index::Place place, Bytes key, uint64_t word) {
  { Index::room_before_entry(word, word) } -> std::same_as<size_t>;          // of hash and trailer
  { index.find_place(entry, word) } -> std::same_as<typename Index::Place>;  // of hash; head start for insert()
  index.insert(entry, word, place);
  { shared.at_or_after(key, word) } -> std::same_as<const StoredEntry*>;
  requires std::constructible_from<typename Index::Cursor, const Index&>;
  { cursor.seek(key, word) } -> std::same_as<const StoredEntry*>;
  { cursor.seek_before(key, word) } -> std::same_as<const StoredEntry*>;
  { cursor.seek_first() } -> std::same_as<const StoredEntry*>;
  { cursor.seek_last() } -> std::same_as<const StoredEntry*>;
  { cursor.next() } -> std::same_as<const StoredEntry*>;
  { cursor.prev() } -> std::same_as<const StoredEntry*>;
};
static_assert(EntryIndex<BTree> && EntryIndex<SkipList>);

}  // namespace nacre::memtable
