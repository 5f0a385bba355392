// TombstoneList: the range tombstones of a memtable, which come one by one and are asked for all the time.
//
// Rebuilding one TombstoneSet per tombstone would cost O(n^2); keeping a plain list would make every read O(n). So the
// list is a logarithmic structure (Bentley and Saxe, 1980): up to 16 newest tombstones as they came, and before them sets of
// 16, 32, 64, ... A full tail becomes a set, and sets that are not larger than it are built anew together with it. A
// lookup asks at most log2(n / 16) sets and the tail.
//
// Readers of covering() take no lock: they load a pointer to a `Cover`, which names the sets and holds the tail. A cover
// that was replaced, and sets that were merged, stay until the list goes, since a reader may stand in them: O(n log n) bytes
// over the life of a memtable, all counted in memory_bytes(), so that tombstones fill a memtable like entries do.
//
// Invariant: what insert() added is covered for every reader that learned of its sequence from the writer afterwards.
// Thread safety: all calls.
// Ownership: borrows the bytes of keys, which must outlive it; owns the sets.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <vector>

#include "base/memory_account.h"
#include "format/tombstones.h"
#include "sync/sync.h"

namespace nacre::memtable {

class TombstoneList {
 public:
  // `account` may be null; it must outlive the list.
  explicit TombstoneList(base::MemoryAccount* account) : account_(account) {}
  ~TombstoneList();
  TombstoneList(const TombstoneList&) = delete;
  TombstoneList& operator=(const TombstoneList&) = delete;

  void insert(const format::RangeTombstone& tombstone);

  // The highest sequence <= `at` among the tombstones that cover `key`, 0 if there is none. One load if the list is empty.
  format::Sequence covering(Bytes key, format::Sequence at) const {
    const Cover* cover = newest_.load(std::memory_order_acquire);
    return cover == nullptr ? 0 : cover->covering(key, at);
  }

  // All of them as one set, built when asked for and kept until another tombstone comes.
  std::shared_ptr<const format::TombstoneSet> all() const;

  uint64_t count() const { return count_.load(std::memory_order_relaxed); }
  uint64_t memory_bytes() const { return memory_bytes_.load(std::memory_order_relaxed); }

 private:
  static constexpr uint32_t kTail = 16;

  struct Cover {
    std::vector<const format::TombstoneSet*> sets;
    std::array<format::RangeTombstone, kTail> tail;
    std::atomic<uint32_t> tail_count{0};

    format::Sequence covering(Bytes key, format::Sequence at) const;
  };
  struct Level {
    const format::TombstoneSet* set;
    size_t begin;  // its tombstones: from here in tombstones_ to the next level's
  };

  Cover* replace_cover() NACRE_REQUIRES(mutex_);
  void merge_tail() NACRE_REQUIRES(mutex_);
  void count_memory(uint64_t bytes);

  base::MemoryAccount* const account_;
  std::atomic<const Cover*> newest_{nullptr};
  std::atomic<uint64_t> count_{0};
  std::atomic<uint64_t> memory_bytes_{0};

  mutable sync::Mutex mutex_;
  std::vector<format::RangeTombstone> tombstones_ NACRE_GUARDED_BY(mutex_);  // all, as they came
  std::vector<Level> levels_ NACRE_GUARDED_BY(mutex_);                       // each more than the next one
  std::vector<std::unique_ptr<Cover>> covers_ NACRE_GUARDED_BY(mutex_);
  std::vector<std::unique_ptr<const format::TombstoneSet>> sets_ NACRE_GUARDED_BY(mutex_);
  mutable std::shared_ptr<const format::TombstoneSet> all_ NACRE_GUARDED_BY(mutex_);
  mutable size_t all_count_ NACRE_GUARDED_BY(mutex_) = 0;
};

}  // namespace nacre::memtable
