// SkipList: the other index of a memtable, simple enough to be the reference that the B+tree is tested against.
//
// Entries are its nodes: the tower of links and the key's head lie in front of the entry, in one piece of arena memory.
//
//   | link h-1 | ... | link 1 | link 0 | head | StoredEntry ... |      link i: the next entry of height above i
//
// Insert finds its neighbours on every level and links bottom-up, each level with one compare-and-swap; who loses looks
// again from the neighbour it had. An entry is in the list from the moment it is linked at level 0; upper links only
// shorten the way. There is no removal. Heights are drawn from hash and trailer, so a run can be repeated.
// (Herlihy and Shavit, "The Art of Multiprocessor Programming", 14.4; LevelDB and RocksDB place the tower likewise.)
//
// Thread safety: all calls; nobody locks. Ownership: towers lie in the arena, in front of their entries.
#pragma once

#include <atomic>
#include <cstdint>

#include "memtable/arena.h"
#include "memtable/stored_entry.h"

namespace nacre::memtable {

class SkipListCursor;

class SkipList {
  static constexpr uint32_t kHeightMax = 12;  // a quarter of each level goes on: good for 16 M entries

 public:
  using Cursor = SkipListCursor;

  explicit SkipList(Arena& arena);
  SkipList(const SkipList&) = delete;
  SkipList& operator=(const SkipList&) = delete;

  // Bytes that the index needs in front of an entry: 8 for the head, 8 for each link.
  static size_t room_before_entry(uint64_t hash, uint64_t trailer) { return 8 + 8 * size_t{height_of(hash, trailer)}; }
  // Where an entry belongs: its neighbours on every level, as they were.
  class Place {
    friend class SkipList;
    const StoredEntry* left[kHeightMax];
    const StoredEntry* right[kHeightMax];
    uint32_t height;
  };
  // Reads its way to where the entry belongs; `hash` is what room_before_entry() was asked with.
  Place find_place(const StoredEntry* entry, uint64_t hash);
  // Makes the entry visible. Its (key, trailer) is in no entry inserted before.
  void insert(const StoredEntry* entry, uint64_t hash, Place place);
  // The first entry at or after (key, trailer) in internal order; null if there is none.
  const StoredEntry* at_or_after(Bytes key, uint64_t trailer) const;

 private:
  friend class SkipListCursor;
  using Link = std::atomic<const StoredEntry*>;

  struct Target {  // what is searched for, with its head at hand
    Bytes key;
    uint64_t trailer;
    uint64_t head;
  };

  static uint32_t height_of(uint64_t hash, uint64_t trailer);
  static Link& link(const StoredEntry* entry, uint32_t level) {
    return reinterpret_cast<Link*>(const_cast<StoredEntry*>(entry))[-2 - static_cast<int>(level)];
  }
  static uint64_t& head(const StoredEntry* entry) {
    return reinterpret_cast<uint64_t*>(const_cast<StoredEntry*>(entry))[-1];
  }

  static bool is_before(const StoredEntry* entry, const Target& target);
  // Goes right on one level from `from`, which lies before the target, to the last entry that does. `*after` is an entry
  // known not to lie before it (or null), and becomes the one that stopped the walk.
  static const StoredEntry* walk(const StoredEntry* from, uint32_t level, const Target& target,
                                 const StoredEntry** after);
  const StoredEntry* last_before(Bytes key, uint64_t trailer) const;  // null if there is none
  const StoredEntry* last() const;
  const StoredEntry* first() const { return link(start_, 0).load(std::memory_order_acquire); }

  const StoredEntry* start_;  // before all; has a tower of full height and no key
};

// Walks a SkipList in both directions while others insert. Going left searches from the top: the links lead right only.
class SkipListCursor {
 public:
  explicit SkipListCursor(const SkipList& list) : list_(&list) {}

  // Each returns the entry it arrived at, null if there is none. next() and prev() need one to start from.
  const StoredEntry* seek(Bytes key, uint64_t trailer) { return at_ = list_->at_or_after(key, trailer); }
  const StoredEntry* seek_before(Bytes key, uint64_t trailer) { return at_ = list_->last_before(key, trailer); }
  const StoredEntry* seek_first() { return at_ = list_->first(); }
  const StoredEntry* seek_last() { return at_ = list_->last(); }
  const StoredEntry* next() { return at_ = SkipList::link(at_, 0).load(std::memory_order_acquire); }
  const StoredEntry* prev() { return at_ = list_->last_before(at_->key(), at_->trailer); }

 private:
  const SkipList* list_;
  const StoredEntry* at_ = nullptr;
};

}  // namespace nacre::memtable
