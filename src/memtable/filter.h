// Filter: says for most keys that were never inserted that they were not, at the price of one cache miss.
//
// A Bloom filter whose bits of one key all lie in one 64-bit word (a "register-blocked" Bloom filter: Lang, Neumann,
// Kemper and Boncz, "Performance-Optimal Filtering", VLDB 2019), so an insert is one atomic `or` and a lookup one load.
// It is sized at 1/64 of the memtable's capacity: 20 bits a key and 0.2% false answers when entries average 116 bytes
// of data, 7 bits and 10% when they have 16.
//
// The memtable of a cold keyspace should not hold a filter for its capacity. So the first keys go to a small first stage
// (64 KiB, good for 4 MiB of memtable, and at home in the L2 cache); when that is full, the second stage of the whole
// size is made, and takes all further keys. A lookup asks both.
//
// Invariant: bits are only set. A reader that learned of an entry through any release/acquire pair after its insert
// sees its bits.
// Thread safety: all calls. Ownership: the words belong to the arena, which must outlive the filter.
#pragma once

#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>

#include "base/prefetch.h"
#include "memtable/arena.h"
#include "sync/sync.h"

namespace nacre::memtable {

class Filter {
 public:
  static constexpr uint64_t kCapacityShare = 64;

  Filter(Arena& arena, uint64_t capacity_bytes);
  Filter(const Filter&) = delete;
  Filter& operator=(const Filter&) = delete;

  // Fetches the key's word for insert().
  void prefetch(uint64_t hash) const { newest_.load(std::memory_order_acquire)->prefetch(hash); }

  void insert(uint64_t hash) {
    Stage* stage = newest_.load(std::memory_order_acquire);
    if (stage == &first_ && arena_.used_bytes() > first_is_good_for_) [[unlikely]]
      stage = add_stage();
    stage->insert(hash);
  }

  bool may_contain(uint64_t hash) const {
    if (first_.may_contain(hash)) return true;
    const Stage* stage = newest_.load(std::memory_order_acquire);
    return stage != &first_ && stage->may_contain(hash);
  }

 private:
  class Stage {
   public:
    void use(char* zeros, uint64_t bytes) {
      words_ = reinterpret_cast<std::atomic<uint64_t>*>(zeros);
      shift_ = 64 - static_cast<uint32_t>(std::countr_zero(bytes / sizeof(uint64_t)));
    }
    void prefetch(uint64_t hash) const { base::prefetch_to_write(&word(hash)); }
    void insert(uint64_t hash) {
      const uint64_t bits = bits_of(hash);
      std::atomic<uint64_t>& target = word(hash);
      if ((target.load(std::memory_order_relaxed) & bits) != bits) target.fetch_or(bits, std::memory_order_relaxed);
    }
    bool may_contain(uint64_t hash) const {
      const uint64_t bits = bits_of(hash);
      return (word(hash).load(std::memory_order_relaxed) & bits) == bits;
    }

   private:
    std::atomic<uint64_t>& word(uint64_t hash) const { return words_[hash >> shift_]; }  // by the upper bits
    // Five bits, chosen by the lower half of the hash.
    static uint64_t bits_of(uint64_t hash) {
      return uint64_t{1} << (hash & 63) | uint64_t{1} << (hash >> 6 & 63) | uint64_t{1} << (hash >> 12 & 63) |
             uint64_t{1} << (hash >> 18 & 63) | uint64_t{1} << (hash >> 24 & 63);
    }

    std::atomic<uint64_t>* words_ = nullptr;
    uint32_t shift_ = 0;
  };

  Stage* add_stage();

  Arena& arena_;
  const uint64_t bytes_;              // of the whole size
  const uint64_t first_is_good_for_;  // used bytes of the arena
  Stage first_;
  std::atomic<Stage*> newest_;
  sync::Mutex mutex_;
  Stage second_ NACRE_GUARDED_BY(mutex_);  // until it is published in newest_
};

}  // namespace nacre::memtable
