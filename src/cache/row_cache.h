// RowCache: single entries that tables returned, for keys so hot that even finding their block is too much.
//
// It maps (table, key) to the newest entry of that key in that table. Tables never change and their numbers are never
// used again, so an entry is true for ever and nothing needs to be invalidated: rows of tables that are gone are never asked
// for and leave by CLOCK.
//
// Sixteen shards by the key's hash, each with a mutex, a chained hash table and its share of the bytes. The clock's hand goes
// over the buckets, so a row needs no list links and a hit writes only its own mark. A row larger than 1/8 of a shard's share
// is not kept.
//
// Rejected: lock-free lookup like that of the Cache. A lookup here replaces a whole table lookup, and shards make waiting
// rare; epochs would have to hold back every evicted row.
//
// Memory is charged to MemoryPart::kCache while it lives: a row that was evicted but is still referenced stays charged.
//
// Thread safety: everything, from any thread. Lifetime: the account outlives the RowCache and every row.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <vector>

#include "base/intrusive_ptr.h"
#include "base/memory_account.h"
#include "format/entry.h"
#include "nacre/bytes.h"
#include "sync/sync.h"

namespace nacre::cache {

class RowCache;

// One immutable entry; its bytes live as long as a reference to it.
class Row : public base::RefCounted<Row> {
 public:
  Bytes key() const { return {reinterpret_cast<const char*>(this + 1), key_bytes_}; }
  Bytes value() const { return {reinterpret_cast<const char*>(this + 1) + key_bytes_, value_bytes_}; }
  uint64_t table() const { return table_; }
  uint64_t trailer() const { return trailer_; }

  void last_reference_gone();  // for RefCounted

 private:
  friend class RowCache;
  Row(RowCache& owner, uint64_t table, uint64_t hash, uint64_t trailer, Bytes key, Bytes value);
  static Row* make(RowCache& owner, uint64_t table, uint64_t hash, uint64_t trailer, Bytes key, Bytes value);
  static uint64_t bytes_for(Bytes key, Bytes value);

  uint64_t table_;
  uint64_t hash_;
  uint64_t trailer_;
  RowCache& owner_;
  Row* next_ = nullptr;  // in its bucket; guarded by the shard's mutex, as is used_
  uint32_t key_bytes_;
  uint32_t value_bytes_;
  bool used_ = false;
};

struct RowCacheStats {
  uint64_t capacity_bytes = 0;
  uint64_t held_bytes = 0;  // rows in the cache and the hash tables
  uint64_t rows = 0;
  uint64_t hits = 0;
  uint64_t misses = 0;
  uint64_t insertions = 0;
  uint64_t evictions = 0;
};

class RowCache {
 public:
  RowCache(uint64_t capacity_bytes, base::MemoryAccount& account);
  ~RowCache();
  RowCache(const RowCache&) = delete;
  RowCache& operator=(const RowCache&) = delete;

  // The newest entry of `key` in the table, if it is known and visible at `at`; else null, and the table must be asked.
  // `hash` is base::hash_key(key).
  base::IntrusivePtr<const Row> find(uint64_t table, Bytes key, uint64_t hash, format::Sequence at);

  // Remembers an entry. It must be the newest one of `key` in the table: what a lookup finds at a sequence that is not
  // below the table's largest. Copies the bytes. An entry that is known already is left as it is.
  void insert(uint64_t table, Bytes key, uint64_t hash, uint64_t trailer, Bytes value);

  // A row that a user holds is counted until unpin(): the cache must outlive it.
  static const Row* pin(base::IntrusivePtr<const Row> row);
  static void unpin(const Row* row);
  uint64_t pinned_rows() const { return pinned_.load(std::memory_order_acquire); }

  RowCacheStats stats() const;

 private:
  friend class Row;
  static constexpr size_t kShards = 16;
  static constexpr size_t kFirstBuckets = 64;

  struct alignas(64) Shard {
    mutable sync::Mutex mutex;
    std::vector<Row*> buckets NACRE_GUARDED_BY(mutex);  // a power of two of them; each counts one reference
    size_t hand NACRE_GUARDED_BY(mutex) = 0;            // the bucket that CLOCK looks at next
    RowCacheStats counts NACRE_GUARDED_BY(mutex);
  };

  static uint64_t mix(uint64_t table, uint64_t hash);
  Shard& shard_of(uint64_t mixed) { return shards_[mixed >> 60]; }
  static Row** place_of(Shard& shard, uint64_t mixed, uint64_t table, Bytes key) NACRE_REQUIRES(shard.mutex);
  void evict_to(Shard& shard, uint64_t bytes_max, std::vector<base::IntrusivePtr<Row>>& gone)
      NACRE_REQUIRES(shard.mutex);
  void grow(Shard& shard) NACRE_REQUIRES(shard.mutex);

  const uint64_t shard_bytes_max_;
  base::MemoryAccount& account_;
  std::atomic<uint64_t> pinned_{0};
  std::array<Shard, kShards> shards_;
};

}  // namespace nacre::cache
