// Memtable: the newest writes of one keyspace, in order, in memory. When it is full another one takes over and it is
// flushed to a table; it is freed when the last reader lets go of it.
//
// Three parts: an index of entries (BTree, or SkipList for comparison), a Filter in front of it that answers most lookups
// of absent keys, and a TombstoneList for range tombstones, which are kept apart from point entries. Entries live in an
// Arena that is freed whole.
//
// Invariants: nothing is ever removed or changed; a point entry (key, trailer) is inserted once; what insert() did is
// seen by every reader that learned of it from the writer (the commit protocol publishes a sequence after inserting).
// Thread safety: all calls from any thread, also all at once. Readers neither lock nor write shared memory; only
// tombstones() locks, shortly.
// Ownership: copies all bytes. Views and cursors live as long as the memtable; pin it by a reference.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>

#include "base/intrusive_ptr.h"
#include "base/memory_account.h"
#include "format/entry.h"
#include "format/tombstones.h"
#include "memtable/arena.h"
#include "memtable/cursor.h"
#include "memtable/entry_index.h"
#include "memtable/filter.h"
#include "memtable/lanes.h"
#include "memtable/tombstone_list.h"
#include "nacre/bytes.h"
#include "nacre/options.h"

namespace nacre::memtable {

struct MemtableOptions {
  MemtableKind kind = MemtableKind::kBTree;
  uint64_t capacity_bytes = uint64_t{64} << 20;  // what it is meant to hold: sizes filter and chunks; not a limit
  base::MemoryAccount* account = nullptr;        // charged with all memory; may be null; must outlive the memtable
  std::shared_ptr<ChunkPool> pool;               // of the same account; may be null
};

class Memtable : public base::RefCounted<Memtable> {
 public:
  static base::IntrusivePtr<Memtable> create(const MemtableOptions& options) {
    return base::IntrusivePtr<Memtable>(new Memtable(options));
  }

  // Begins loading what an insert of this hash will touch: worth it if there is something else to do meanwhile.
  void prefetch(uint64_t hash) { filter_.prefetch(hash); }
  // `hash` is base::hash_key(key). Key and value are within the limits of nacre/options.h.
  void insert(Bytes key, uint64_t hash, uint64_t trailer, Bytes value);
  // Erases keys in [begin, end) that have lower sequences; an empty range erases nothing.
  void insert_range_tombstone(Bytes begin, Bytes end, format::Sequence sequence);

  struct Found {
    bool found = false;
    uint64_t trailer = 0;
    Bytes value;
  };
  // The newest point entry of `key` with a sequence <= `at`, an erase included. `hash` as for insert().
  Found get(Bytes key, uint64_t hash, format::Sequence at) const;
  // The highest sequence <= `at` of a range tombstone that covers `key`; 0 if none. One load if there are none at all.
  format::Sequence covering_tombstone(Bytes key, format::Sequence at) const { return tombstones_.covering(key, at); }
  bool has_tombstones() const { return tombstones_.count() != 0; }
  // All range tombstones so far, never null. Cheap while none is added.
  std::shared_ptr<const format::TombstoneSet> tombstones() const { return tombstones_.all(); }
  // Over point entries; not positioned yet.
  MemtableCursor cursor() const;

  // What it is meant to hold, in memory_bytes().
  uint64_t capacity_bytes() const { return capacity_bytes_; }
  // What is in use, to decide when it is full: entries with what surrounds them, index nodes, filter, tombstones.
  uint64_t memory_bytes() const { return arena_.used_bytes() + tombstones_.memory_bytes(); }
  // Counts may run ahead of what readers see by the inserts under way.
  uint64_t entries() const { return lanes_.sum(&Lane::entries); }        // point entries, erases included
  uint64_t data_bytes() const { return lanes_.sum(&Lane::data_bytes); }  // keys and values, range tombstones included
  uint64_t tombstone_entries() const { return lanes_.sum(&Lane::erases) + tombstones_.count(); }  // point and range
  bool empty() const { return entries() == 0 && tombstones_.count() == 0; }

 private:
  friend class base::RefCounted<Memtable>;

  explicit Memtable(const MemtableOptions& options);
  ~Memtable() = default;

  template <class Index>
  void insert_into(Index& index, Bytes key, uint64_t hash, uint64_t trailer, Bytes value);

  const uint64_t capacity_bytes_;
  Arena arena_;
  Lanes lanes_;
  Filter filter_;
  std::optional<BTree> btree_;  // one of the two
  std::optional<SkipList> skip_list_;
  TombstoneList tombstones_;
};

}  // namespace nacre::memtable
