#include "memtable/skip_list.h"

#include <bit>

#include "base/bits.h"
#include "base/checksum.h"
#include "sync/sync.h"

namespace nacre::memtable {

uint32_t SkipList::height_of(uint64_t hash, uint64_t trailer) {
  const uint64_t bits = base::mix64(hash, trailer) | uint64_t{1} << (2 * (kHeightMax - 1));  // bounds the zeros below
  return 1 + static_cast<uint32_t>(std::countr_zero(bits)) / 2;
}

SkipList::SkipList(Arena& arena) {
  constexpr size_t kTowerBytes = 8 + 8 * kHeightMax;
  char* memory = arena.allocate_node(kTowerBytes + sizeof(StoredEntry));
  start_ = StoredEntry::write(memory + kTowerBytes, {}, 0, {});
}

bool SkipList::is_before(const StoredEntry* entry, const Target& target) {
  const uint64_t entry_head = head(entry);
  if (entry_head != target.head) return entry_head < target.head;
  return compare(*entry, target.key, target.trailer) < 0;
}

const StoredEntry* SkipList::walk(const StoredEntry* from, uint32_t level, const Target& target,
                                  const StoredEntry** after) {
  const StoredEntry* next = link(from, level).load(std::memory_order_acquire);
  while (next != nullptr && next != *after && is_before(next, target)) {
    from = next;
    next = link(from, level).load(std::memory_order_acquire);
  }
  *after = next;
  return from;
}

SkipList::Place SkipList::find_place(const StoredEntry* entry, uint64_t hash) {
  const Target target{entry->key(), entry->trailer, base::head_of(entry->key())};
  head(entry) = target.head;
  Place place;
  place.height = height_of(hash, entry->trailer);
  const StoredEntry* from = start_;
  const StoredEntry* after = nullptr;
  for (uint32_t level = kHeightMax; level-- > 0;) {
    from = walk(from, level, target, &after);
    place.left[level] = from;
    place.right[level] = after;
  }
  return place;
}

void SkipList::insert(const StoredEntry* entry, uint64_t /* hash */, Place place) {
  const Target target{entry->key(), entry->trailer, head(entry)};
  for (uint32_t level = 0; level < place.height; level++) {
    const StoredEntry*& left = place.left[level];
    const StoredEntry*& right = place.right[level];
    sync::yield_point();
    link(entry, level).store(right, std::memory_order_relaxed);
    while (!link(left, level)
                .compare_exchange_strong(right, entry, std::memory_order_release, std::memory_order_relaxed)) {
      right = nullptr;  // somebody linked an entry here: it may lie on either side of ours
      left = walk(left, level, target, &right);
      link(entry, level).store(right, std::memory_order_relaxed);
    }
  }
}

const StoredEntry* SkipList::last_before(Bytes key, uint64_t trailer) const {
  const Target target{key, trailer, base::head_of(key)};
  const StoredEntry* from = start_;
  const StoredEntry* after = nullptr;
  for (uint32_t level = kHeightMax; level-- > 0;) from = walk(from, level, target, &after);
  return from != start_ ? from : nullptr;
}

const StoredEntry* SkipList::at_or_after(Bytes key, uint64_t trailer) const {
  const Target target{key, trailer, base::head_of(key)};
  const StoredEntry* from = start_;
  const StoredEntry* after = nullptr;
  for (uint32_t level = kHeightMax; level-- > 0;) from = walk(from, level, target, &after);
  return after;
}

const StoredEntry* SkipList::last() const {
  const StoredEntry* from = start_;
  for (uint32_t level = kHeightMax; level-- > 0;) {
    while (const StoredEntry* next = link(from, level).load(std::memory_order_acquire)) from = next;
  }
  return from != start_ ? from : nullptr;
}

}  // namespace nacre::memtable
