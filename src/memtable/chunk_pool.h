// ChunkPool: chunks of memtables that are gone, for the next ones. A fresh page costs a fault and its clearing at the
// first write, in the writer's time (measured: 0.2 us of a 0.9 us put), and returning it interrupts every core.
//
// Holds at most what one memtable needs, charged to MemoryPart::kMemtable like chunks in use; clear() gives it back.
// Thread safety: all calls, from any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/memory_account.h"
#include "sync/sync.h"

namespace nacre::memtable {

class ChunkPool {
 public:
  // `account` may be null; it must outlive the pool.
  ChunkPool(uint64_t bytes_max, base::MemoryAccount* account) : bytes_max_(bytes_max), account_(account) {}
  ~ChunkPool() { clear(); }
  ChunkPool(const ChunkPool&) = delete;
  ChunkPool& operator=(const ChunkPool&) = delete;

  // A chunk of this size whose contents are anything, or null. Its charge goes over to the caller.
  char* take(size_t bytes);
  // Takes over a chunk and its charge; false, and nothing is taken, if the pool is full of chunks of this size. Others give way: memtables
  // have grown since.
  bool keep(char* pages, size_t bytes);
  void clear();

 private:
  struct Chunk {
    char* pages;
    size_t bytes;
  };

  void drop(const Chunk& chunk);

  const uint64_t bytes_max_;
  base::MemoryAccount* const account_;
  sync::Mutex mutex_;
  std::vector<Chunk> chunks_ NACRE_GUARDED_BY(mutex_);
  uint64_t bytes_ NACRE_GUARDED_BY(mutex_) = 0;
};

}  // namespace nacre::memtable
