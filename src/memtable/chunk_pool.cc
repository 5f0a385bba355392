#include "memtable/chunk_pool.h"

#include <algorithm>

#include "os/pages.h"

namespace nacre::memtable {

char* ChunkPool::take(size_t bytes) {
  sync::MutexLock lock(mutex_);
  const auto at =
      std::find_if(chunks_.rbegin(), chunks_.rend(), [bytes](const Chunk& chunk) { return chunk.bytes == bytes; });
  if (at == chunks_.rend()) return nullptr;
  char* const pages = at->pages;
  *at = chunks_.back();
  chunks_.pop_back();
  bytes_ -= bytes;
  return pages;
}

bool ChunkPool::keep(char* pages, size_t bytes) {
  sync::MutexLock lock(mutex_);
  while (bytes_ + bytes > bytes_max_) {
    const auto other =
        std::find_if(chunks_.begin(), chunks_.end(), [bytes](const Chunk& chunk) { return chunk.bytes != bytes; });
    if (other == chunks_.end()) return false;
    drop(*other);
    bytes_ -= other->bytes;
    *other = chunks_.back();
    chunks_.pop_back();
  }
  chunks_.push_back({pages, bytes});
  bytes_ += bytes;
  return true;
}

void ChunkPool::drop(const Chunk& chunk) {
  os::unmap_pages(chunk.pages, chunk.bytes);
  if (account_ != nullptr) account_->release(base::MemoryPart::kMemtable, chunk.bytes);
}

void ChunkPool::clear() {
  std::vector<Chunk> chunks;
  {
    sync::MutexLock lock(mutex_);
    chunks.swap(chunks_);
    bytes_ = 0;
  }
  for (const Chunk& chunk : chunks) drop(chunk);
}

}  // namespace nacre::memtable
