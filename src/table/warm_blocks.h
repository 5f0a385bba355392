// WarmBlocks: the blocks of a table that is being written, kept in memory of the cache, to be put into the table's slots once it
// can be read.
//
// A merge takes entries from tables whose blocks lie in the cache to tables of which none does. Readers would miss each block
// once: a read, a checksum and a decompression, several microseconds, where a copy of what is at hand anyway takes less than one.
//
// Thread safety: one thread at a time; Warming is shared by the writers of one job. Lifetime: the cache outlives it.
#pragma once

#include <atomic>
#include <cstdint>
#include <utility>
#include <vector>

#include "cache/cache.h"
#include "nacre/bytes.h"

namespace nacre::table {

class Table;

// What the tables of one job may take of the cache.
struct Warming {
  Warming(cache::Cache& into, uint64_t bytes) : cache(into), room_bytes(static_cast<int64_t>(bytes)) {}

  cache::Cache& cache;
  std::atomic<int64_t> room_bytes;
};

class WarmBlocks {
 public:
  // Of the table with this number.
  WarmBlocks(Warming& warming, uint64_t number) : warming_(warming), number_(number) {}

  uint64_t number() const { return number_; }
  // Copies the block, unless the room is used up.
  void add(uint32_t block, Bytes image);
  // Once: what is cached already stays.
  void publish(const Table& table);

 private:
  Warming& warming_;
  const uint64_t number_;
  std::vector<std::pair<uint32_t, cache::Cache::Draft>> drafts_;
};

}  // namespace nacre::table
