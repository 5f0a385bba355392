#include "cache/row_cache.h"

#include <cstdlib>
#include <cstring>
#include <new>
#include <utility>

#include "base/bits.h"
#include "base/checksum.h"

namespace nacre::cache {
namespace {

constexpr uint64_t kAllocatorBytes = 16;  // what malloc adds to an allocation, about
constexpr uint64_t kLargestRowShare = 8;
constexpr size_t kBucketsLookedAtMax = 4;  // times all buckets, before an insertion is given up

}  // namespace

Row::Row(RowCache& owner, uint64_t table, uint64_t hash, uint64_t trailer, Bytes key, Bytes value)
    : table_(table),
      hash_(hash),
      trailer_(trailer),
      owner_(owner),
      key_bytes_(static_cast<uint32_t>(key.size())),
      value_bytes_(static_cast<uint32_t>(value.size())) {
  auto* const data = reinterpret_cast<char*>(this + 1);
  if (!key.empty()) std::memcpy(data, key.data(), key.size());
  if (!value.empty()) std::memcpy(data + key.size(), value.data(), value.size());
  owner_.account_.charge(base::MemoryPart::kCache, bytes_for(key, value));
}

uint64_t Row::bytes_for(Bytes key, Bytes value) {
  return base::align_up(sizeof(Row) + key.size() + value.size() + kAllocatorBytes, kAllocatorBytes);
}

Row* Row::make(RowCache& owner, uint64_t table, uint64_t hash, uint64_t trailer, Bytes key, Bytes value) {
  void* const memory = ::operator new(sizeof(Row) + key.size() + value.size());
  return new (memory) Row(owner, table, hash, trailer, key, value);
}

void Row::last_reference_gone() {
  owner_.account_.release(base::MemoryPart::kCache, bytes_for(key(), value()));
  this->~Row();
  ::operator delete(this);
}

RowCache::RowCache(uint64_t capacity_bytes, base::MemoryAccount& account)
    : shard_bytes_max_(capacity_bytes / kShards), account_(account) {
  for (Shard& shard : shards_) {
    sync::MutexLock lock(shard.mutex);
    shard.buckets.resize(kFirstBuckets);
    shard.counts.held_bytes = kFirstBuckets * sizeof(Row*);
    account_.charge(base::MemoryPart::kCache, shard.counts.held_bytes);
  }
}

const Row* RowCache::pin(base::IntrusivePtr<const Row> row) {
  row->owner_.pinned_.fetch_add(1, std::memory_order_relaxed);
  return row.release();
}

void RowCache::unpin(const Row* row) {
  RowCache& owner = row->owner_;
  row->drop_reference();
  owner.pinned_.fetch_sub(1, std::memory_order_release);  // last: from here on the cache may go
}

RowCache::~RowCache() {
  for (Shard& shard : shards_) {
    std::vector<base::IntrusivePtr<Row>> gone;
    sync::MutexLock lock(shard.mutex);
    for (Row* row : shard.buckets) {
      while (row != nullptr) gone.push_back(base::IntrusivePtr<Row>::adopt(std::exchange(row, row->next_)));
    }
    account_.release(base::MemoryPart::kCache, shard.buckets.size() * sizeof(Row*));
  }
}

// The top bits choose the shard, the lower ones the bucket.
uint64_t RowCache::mix(uint64_t table, uint64_t hash) { return base::mix64(hash, table); }

// Where the pointer to the row of that key is, or the null pointer that ends its bucket's chain.
Row** RowCache::place_of(Shard& shard, uint64_t mixed, uint64_t table, Bytes key) {
  Row** place = &shard.buckets[mixed & (shard.buckets.size() - 1)];
  while (*place != nullptr && ((*place)->hash_ != mixed || (*place)->table_ != table || (*place)->key() != key)) {
    place = &(*place)->next_;
  }
  return place;
}

base::IntrusivePtr<const Row> RowCache::find(uint64_t table, Bytes key, uint64_t hash, format::Sequence at) {
  const uint64_t mixed = mix(table, hash);
  Shard& shard = shard_of(mixed);
  sync::MutexLock lock(shard.mutex);
  Row* const row = *place_of(shard, mixed, table, key);
  if (row == nullptr || format::sequence_of(row->trailer_) > at) {
    shard.counts.misses++;
    return nullptr;
  }
  shard.counts.hits++;
  row->used_ = true;
  return base::IntrusivePtr<const Row>(row);
}

void RowCache::insert(uint64_t table, Bytes key, uint64_t hash, uint64_t trailer, Bytes value) {
  const uint64_t bytes = Row::bytes_for(key, value);
  if (bytes > shard_bytes_max_ / kLargestRowShare) return;
  const uint64_t mixed = mix(table, hash);
  Shard& shard = shard_of(mixed);
  std::vector<base::IntrusivePtr<Row>> gone;  // freed without the lock
  sync::MutexLock lock(shard.mutex);
  if (*place_of(shard, mixed, table, key) != nullptr) return;
  evict_to(shard, shard_bytes_max_ - bytes, gone);
  if (shard.counts.held_bytes > shard_bytes_max_ - bytes) return;
  if (shard.counts.rows >= shard.buckets.size()) grow(shard);
  Row** const place = place_of(shard, mixed, table, key);
  *place = base::IntrusivePtr<Row>(Row::make(*this, table, mixed, trailer, key, value)).release();
  shard.counts.rows++;
  shard.counts.insertions++;
  shard.counts.held_bytes += bytes;
}

void RowCache::evict_to(Shard& shard, uint64_t bytes_max, std::vector<base::IntrusivePtr<Row>>& gone) {
  // Marks are cleared on the way, so the second time round finds rows to evict.
  for (size_t looked = 0; looked < kBucketsLookedAtMax * shard.buckets.size() && shard.counts.held_bytes > bytes_max;
       looked++) {
    Row** place = &shard.buckets[shard.hand++ & (shard.buckets.size() - 1)];
    while (*place != nullptr) {
      Row* const row = *place;
      if (std::exchange(row->used_, false)) {
        place = &row->next_;
        continue;
      }
      *place = row->next_;
      shard.counts.rows--;
      shard.counts.evictions++;
      shard.counts.held_bytes -= Row::bytes_for(row->key(), row->value());
      gone.push_back(base::IntrusivePtr<Row>::adopt(row));
    }
  }
}

void RowCache::grow(Shard& shard) {
  const uint64_t more_bytes = shard.buckets.size() * sizeof(Row*);
  if (shard.counts.held_bytes + more_bytes > shard_bytes_max_) return;  // rather longer chains than fewer rows
  std::vector<Row*> old(shard.buckets.size() * 2);
  old.swap(shard.buckets);
  for (Row* row : old) {
    while (row != nullptr) {
      Row*& head = shard.buckets[row->hash_ & (shard.buckets.size() - 1)];
      Row* const next = std::exchange(row->next_, head);
      head = row;
      row = next;
    }
  }
  shard.counts.held_bytes += more_bytes;
  account_.charge(base::MemoryPart::kCache, more_bytes);
}

RowCacheStats RowCache::stats() const {
  RowCacheStats sum;
  sum.capacity_bytes = shard_bytes_max_ * kShards;
  for (const Shard& shard : shards_) {
    sync::MutexLock lock(shard.mutex);
    sum.held_bytes += shard.counts.held_bytes;
    sum.rows += shard.counts.rows;
    sum.hits += shard.counts.hits;
    sum.misses += shard.counts.misses;
    sum.insertions += shard.counts.insertions;
    sum.evictions += shard.counts.evictions;
  }
  return sum;
}

}  // namespace nacre::cache
