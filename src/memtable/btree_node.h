// The nodes of the memtable's B+tree: their layout, how they are searched, and how racing readers stay sane.
//
//   | version 8 | count 4 | prefix_bytes 4 | prefix_of 8 | next 8 | prev 8 | low 8 | high 8 | level 4, pad 4 |   64 bytes
//   | heads: 64 words        one per slot, ascending: the key's 8 bytes after the node's prefix; unused: all ones |
//   | entries: 64 pointers   a leaf's entries; an inner node's separators                                     |
//   | children: 65 pointers  inner nodes only: child i holds what lies at or after separator i - 1 and before i |
//
// A node covers entries from `low` (inclusive; null: from the start) to `high` (exclusive; null: to the end) in internal
// order. Both are entries, which never move, so a fence is one pointer. A separator is the first entry of the subtree to
// its right, and no entry is ever removed: the entry after the last of a leaf is its `high`.
//
// Prefix. All keys of a node begin with the same `prefix_bytes` bytes; heads start after them, so that keys with long
// shared beginnings still differ in their heads. If both fences have the prefix, every key that a search brings here has
// it too. If only the present entries have it (nodes at the edges of the tree have no two fences), `prefix_of` names an
// entry to compare with, and inserting a key without it shortens it. The prefix grows only at a split, and only
// if heads tie: recomputing heads reads every entry of the node.
//
// Optimistic lock coupling (Leis, Haubenschild, Neumann, "Optimistic Lock Coupling", 2019). `version` is odd while a
// writer holds the node and grows with each change. A reader loads it, reads what it wants, and uses the answer only if
// the version is still the same; it writes nothing. What makes this free of undefined behaviour:
//   - every field that a writer may change under a reader is atomic, stored with release and loaded with acquire: the
//     check of the version therefore cannot move before the loads, and whoever sees a changed field sees the odd version;
//   - a pointer, however stale, leads to a complete node or entry: they are written before the pointer is stored, and
//     freed only with the whole memtable; slots below any count ever stored are filled.
// On x86-64 these loads and stores are plain moves.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>

#include "base/bits.h"
#include "base/prefetch.h"
#include "memtable/stored_entry.h"
#include "sync/sync.h"

namespace nacre::memtable {

// A field that readers may read while a writer changes it.
template <class T>
class Shared {
 public:
  T load() const { return value_.load(std::memory_order_acquire); }
  void store(T value) { value_.store(value, std::memory_order_release); }

 private:
  std::atomic<T> value_{};
};

inline constexpr uint32_t kSlots = 64;
inline constexpr uint64_t kUnusedHead = ~uint64_t{0};  // so that a search need not know the count

struct alignas(64) Node {
  std::atomic<uint64_t> version{0};
  Shared<uint32_t> count;
  Shared<uint32_t> prefix_bytes;
  Shared<const StoredEntry*> prefix_of;  // null: the fences vouch for the prefix, or it is empty
  Shared<Node*> next;                    // leaves only, as prev; may be read at any time
  Shared<Node*> prev;                    // changed by whoever splits the left neighbour
  const StoredEntry* low = nullptr;      // never changes
  Shared<const StoredEntry*> high;
  uint32_t level = 0;  // 0: a leaf; never changes
  Shared<uint64_t> heads[kSlots];
  Shared<const StoredEntry*> entries[kSlots];

  explicit Node(uint32_t its_level) : level(its_level) { clear_heads(0, kSlots); }

  void clear_heads(uint32_t from, uint32_t to) {
    for (uint32_t i = from; i < to; i++) heads[i].store(kUnusedHead);
  }

  // Waits until no writer holds the node; returns its version.
  uint64_t read_begin() const {
    uint64_t seen = version.load(std::memory_order_acquire);
    for (uint32_t turn = 0; (seen & 1) != 0; turn++) {
      sync::spin_turn(turn);
      seen = version.load(std::memory_order_acquire);
    }
    return seen;
  }
  // True when nothing changed since read_begin() returned `seen`.
  bool unchanged(uint64_t seen) const {
    sync::yield_point();
    return version.load(std::memory_order_relaxed) == seen;
  }
  // Locks the node if it has not changed since read_begin() returned `seen`.
  bool try_lock(uint64_t seen) {
    return version.compare_exchange_strong(seen, seen + 1, std::memory_order_acquire, std::memory_order_relaxed);
  }
  void unlock() { version.store(version.load(std::memory_order_relaxed) + 1, std::memory_order_release); }
  // After try_lock(seen), when nothing was changed.
  void unlock_untouched(uint64_t seen) { version.store(seen, std::memory_order_release); }

  // Fetches what a search or an insert will read: all of a leaf, since the pointer of the slot that is found would
  // be one more dependent miss; of an inner node the children instead of the separators. The caller knows the level;
  // asking the node would wait for it.
  void prefetch(uint32_t its_level) const {
    const char* line = reinterpret_cast<const char*>(this);
    for (size_t at = 0; at < offsetof_entries(); at += 64) base::prefetch(line + at);
    const size_t second = its_level == 0 ? offsetof_entries() : sizeof(Node);
    for (size_t at = second; at < second + 64 * sizeof(void*); at += 64) base::prefetch(line + at);
  }
  // Fetches the header and the entry pointers, for a cursor.
  void prefetch_entries() const {
    const char* line = reinterpret_cast<const char*>(this);
    base::prefetch(line);
    for (size_t at = offsetof_entries(); at < sizeof(Node); at += 64) base::prefetch(line + at);
  }
  static constexpr size_t offsetof_entries() { return 64 + sizeof(uint64_t) * kSlots; }
};
static_assert(sizeof(Node) == Node::offsetof_entries() + sizeof(void*) * kSlots);

struct InnerNode : Node {
  Shared<Node*> children[kSlots + 1];

  explicit InnerNode(uint32_t its_level) : Node(its_level) {}
};

// How many heads lie below `head`. Looks at the last of each line of eight heads, then at one line: sixteen independent
// comparisons and no branch, where a binary search is a chain of six loads (with jumps, mispredicted every other time).
inline uint32_t heads_below(const Node& node, uint64_t head) {
  constexpr uint32_t kLine = 8;
  uint32_t lines = 0;
  for (uint32_t i = kLine - 1; i < kSlots; i += kLine) lines += node.heads[i].load() < head ? 1 : 0;
  const uint32_t first = std::min(lines, kSlots / kLine - 1) * kLine;
  uint32_t below = first;
  for (uint32_t i = 0; i < kLine; i++) below += node.heads[first + i].load() < head ? 1 : 0;
  return below;
}

// How many of the node's first `count` entries lie before (key, trailer). Of an inner node it is also the child to go to:
// a target equal to a separator leads to the left of it, past the last entry there, whose successor is the separator.
// For readers the answer means something only if the node is unchanged afterwards.
inline uint32_t position_in(const Node& node, uint32_t count, Bytes key, uint64_t trailer) {
  const uint32_t prefix_bytes = node.prefix_bytes.load();
  if (const StoredEntry* sample = node.prefix_of.load(); sample != nullptr) {
    const Bytes prefix(sample->key_data(), std::min(prefix_bytes, sample->key_bytes));
    if (const int order = key.compare(0, prefix.size(), prefix); order != 0) return order < 0 ? 0 : count;
  }
  const uint64_t head = base::head_at(key, prefix_bytes);
  uint32_t first = std::min(heads_below(node, head), count);
  uint32_t last = first;
  while (last < count && node.heads[last].load() == head) last++;
  while (first < last) {  // equal heads: whole keys decide
    const uint32_t middle = first + (last - first) / 2;
    if (compare(*node.entries[middle].load(), key, trailer) < 0) {
      first = middle + 1;
    } else {
      last = middle;
    }
  }
  return first;
}

}  // namespace nacre::memtable
