#include "memtable/memtable.h"

#include "base/assert.h"

namespace nacre::memtable {

Memtable::Memtable(const MemtableOptions& options)
    : capacity_bytes_(options.capacity_bytes),
      arena_(options.capacity_bytes, options.account, options.pool),
      filter_(arena_, options.capacity_bytes),
      tombstones_(options.account) {
  if (options.kind == MemtableKind::kBTree) {
    btree_.emplace(arena_);
  } else {
    skip_list_.emplace(arena_);
  }
}

template <class Index>
void Memtable::insert_into(Index& index, Bytes key, uint64_t hash, uint64_t trailer, Bytes value) {
  prefetch(hash);
  const size_t room = Index::room_before_entry(hash, trailer);
  char* memory = lanes_.with_lane([&](Lane& lane) {
    lane.entries.add(1);
    lane.data_bytes.add(key.size() + value.size());
    if (format::kind_of(trailer) == format::EntryKind::kErase) lane.erases.add(1);
    return arena_.allocate(lane, room + StoredEntry::bytes_for(key, value));
  });
  const StoredEntry* entry = StoredEntry::write(memory + room, key, trailer, value);
  // The filter must know the key before the entry can be found. Marking it is a locked instruction, which would make the
  // search for the place wait for the filter's cache miss, so the search goes first.
  const auto place = index.find_place(entry, hash);
  filter_.insert(hash);
  index.insert(entry, hash, place);
}

void Memtable::insert(Bytes key, uint64_t hash, uint64_t trailer, Bytes value) {
  NACRE_DCHECK(key.size() <= kMaxKeyBytes && value.size() <= kMaxValueBytes);
  if (btree_) [[likely]] {
    insert_into(*btree_, key, hash, trailer, value);
  } else {
    insert_into(*skip_list_, key, hash, trailer, value);
  }
}

void Memtable::insert_range_tombstone(Bytes begin, Bytes end, format::Sequence sequence) {
  char* memory = lanes_.with_lane([&](Lane& lane) {
    lane.data_bytes.add(begin.size() + end.size());
    return arena_.allocate(lane, begin.size() + end.size());
  });
  begin.copy(memory, begin.size());
  end.copy(memory + begin.size(), end.size());
  tombstones_.insert({Bytes(memory, begin.size()), Bytes(memory + begin.size(), end.size()), sequence});
}

Memtable::Found Memtable::get(Bytes key, uint64_t hash, format::Sequence at) const {
  if (!filter_.may_contain(hash)) return {};
  const uint64_t trailer = format::trailer_for_lookup(at);
  const StoredEntry* entry = btree_ ? btree_->at_or_after(key, trailer) : skip_list_->at_or_after(key, trailer);
  if (entry == nullptr || entry->key() != key) return {};
  return {true, entry->trailer, entry->value()};
}

MemtableCursor Memtable::cursor() const { return btree_ ? MemtableCursor(*btree_) : MemtableCursor(*skip_list_); }

}  // namespace nacre::memtable
