// Arena: the memory of one memtable. It only grows, and is given back whole.
//
// Memory comes from the kernel in chunks; chunks for entries are cut into spans, one at a time per writing thread (a
// Lane), and a thread bumps a pointer inside its span: no lock, no shared cache line. Index nodes come from chunks of
// their own, so that they lie together on few (huge) pages.
//
//   chunk (up to 2 MiB)  | span | span | span | ...           a lane's span  | entry | entry | unused ->
//
// Sizes follow the capacity that the memtable is meant for: chunks start small, so that the memtable of a cold keyspace
// holds little, and grow eightfold up to capacity / 16 or one huge page of 2 MiB, whichever is less. The second one is of full size if
// there is one to be used again: the pages of smaller ones are touched for the first time. A request larger than a
// quarter of a span is cut from the chunk itself, one larger than a quarter of the largest chunk gets a mapping of its
// own: so nothing is too large, and no more than a quarter is wasted.
//
// All but entries reads as zero when handed out; memory for entries may hold anything, since full-sized
// chunks come from a ChunkPool if there is one. Chunks are charged to MemoryPart::kMemtable when mapped.
// Thread safety: all calls, with a lane as Lanes hands it out.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "base/memory_account.h"
#include "base/prefetch.h"
#include "memtable/chunk_pool.h"
#include "memtable/lanes.h"
#include "sync/sync.h"

namespace nacre::memtable {

class Arena {
 public:
  // `account` may be null; it must outlive the arena. `pool` may be null; it has the same account.
  Arena(uint64_t capacity_bytes, base::MemoryAccount* account, std::shared_ptr<ChunkPool> pool = nullptr);
  ~Arena();
  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;

  // At a multiple of 8; lives as long as the arena.
  char* allocate(Lane& lane, size_t bytes) {
    const size_t aligned = (bytes + 7) & ~size_t{7};
    if (aligned <= static_cast<size_t>(lane.end - lane.at)) [[likely]] {
      char* result = lane.at;
      lane.at += aligned;
      base::prefetch_for_appending(lane.at);
      return result;
    }
    return allocate_slow(lane, aligned);
  }

  // At a multiple of 64, from the chunks of index nodes. `bytes` is at most 4,096.
  char* allocate_node(size_t bytes);
  // At a multiple of 64, from the chunks of index nodes if it fits there twice, else alone.
  char* allocate_large(size_t bytes);
  // At a multiple of 64, a mapping of its own, on huge pages if it is large enough to fill one.
  char* allocate_alone(size_t bytes);

  // What was handed out: whole spans, large entries, nodes, and mappings of their own.
  uint64_t used_bytes() const { return used_bytes_.load(std::memory_order_relaxed); }
  // What was mapped: what the account was charged.
  uint64_t mapped_bytes() const { return mapped_bytes_.load(std::memory_order_relaxed); }

 private:
  struct Mapping {
    char* pages;
    size_t bytes;
  };
  struct ChunkStream {  // the unused rest of the newest chunk, and the size of the next one
    char* at = nullptr;
    char* end = nullptr;
    size_t next_bytes = 0;
  };

  char* allocate_slow(Lane& lane, size_t bytes);
  char* cut(ChunkStream& stream, size_t bytes) NACRE_REQUIRES(mutex_);
  char* next_chunk(ChunkStream& stream) NACRE_REQUIRES(mutex_);
  char* map(size_t bytes) NACRE_REQUIRES(mutex_);

  base::MemoryAccount* const account_;
  const std::shared_ptr<ChunkPool> pool_;
  const size_t span_bytes_;
  const size_t chunk_bytes_max_;
  std::atomic<uint64_t> used_bytes_{0};
  std::atomic<uint64_t> mapped_bytes_{0};

  sync::Mutex mutex_;
  ChunkStream entries_ NACRE_GUARDED_BY(mutex_);
  ChunkStream nodes_ NACRE_GUARDED_BY(mutex_);
  std::vector<Mapping> mappings_ NACRE_GUARDED_BY(mutex_);
};

}  // namespace nacre::memtable
