#include "memtable/arena.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "base/assert.h"
#include "base/bits.h"
#include "os/pages.h"

namespace nacre::memtable {
namespace {

constexpr size_t kSmallestSpan = 4096;
constexpr size_t kLargestSpan = size_t{64} << 10;
constexpr size_t kSmallestChunk = size_t{16} << 10;
constexpr size_t kFirstChunk = size_t{64} << 10;  // a cold memtable holds no more of a kind than this

size_t scaled(uint64_t capacity_bytes, uint64_t share, size_t least, size_t most) {
  const uint64_t wanted = std::bit_floor(std::max<uint64_t>(capacity_bytes / share, 1));
  return static_cast<size_t>(std::clamp<uint64_t>(wanted, least, most));
}

}  // namespace

Arena::Arena(uint64_t capacity_bytes, base::MemoryAccount* account, std::shared_ptr<ChunkPool> pool)
    : account_(account),
      pool_(std::move(pool)),
      span_bytes_(scaled(capacity_bytes, 512, kSmallestSpan, kLargestSpan)),
      chunk_bytes_max_(scaled(capacity_bytes, 16, kSmallestChunk, os::kHugePageBytes)) {
  entries_.next_bytes = std::min(kFirstChunk, chunk_bytes_max_);
  nodes_.next_bytes = entries_.next_bytes;
}

Arena::~Arena() {
  uint64_t unmapped_bytes = 0;
  for (const Mapping& mapping : mappings_) {
    if (pool_ != nullptr && mapping.bytes == chunk_bytes_max_ && pool_->keep(mapping.pages, mapping.bytes)) continue;
    os::unmap_pages(mapping.pages, mapping.bytes);
    unmapped_bytes += mapping.bytes;
  }
  if (account_ != nullptr) account_->release(base::MemoryPart::kMemtable, unmapped_bytes);
}

char* Arena::map(size_t bytes) {
  const bool huge = bytes >= os::kHugePageBytes;
  if (account_ != nullptr) account_->charge(base::MemoryPart::kMemtable, bytes);
  mapped_bytes_.fetch_add(bytes, std::memory_order_relaxed);
  char* pages = os::map_pages(bytes, huge ? os::kHugePageBytes : os::kPageBytes);
  if (huge) os::advise_huge_pages(pages, bytes);
  mappings_.push_back({pages, bytes});
  return pages;
}

char* Arena::next_chunk(ChunkStream& stream) {
  const bool first = stream.end == nullptr;
  char* pages = pool_ != nullptr && !first ? pool_->take(chunk_bytes_max_) : nullptr;
  if (pages == nullptr) return map(stream.next_bytes);
  stream.next_bytes = chunk_bytes_max_;
  mapped_bytes_.fetch_add(chunk_bytes_max_, std::memory_order_relaxed);
  mappings_.push_back({pages, chunk_bytes_max_});
  if (&stream == &nodes_) std::memset(pages, 0, chunk_bytes_max_);
  return pages;
}

char* Arena::cut(ChunkStream& stream, size_t bytes) {
  bytes = base::align_up(bytes, 64);
  if (static_cast<size_t>(stream.end - stream.at) < bytes) {
    if (stream.next_bytes < bytes) stream.next_bytes = chunk_bytes_max_;
    stream.at = next_chunk(stream);
    stream.end = stream.at + stream.next_bytes;
    stream.next_bytes = std::min(8 * stream.next_bytes, chunk_bytes_max_);
  }
  char* result = stream.at;
  stream.at += bytes;
  used_bytes_.fetch_add(bytes, std::memory_order_relaxed);
  return result;
}

char* Arena::allocate_slow(Lane& lane, size_t bytes) {
  if (bytes > chunk_bytes_max_ / 4) return allocate_alone(bytes);
  {
    sync::MutexLock lock(mutex_);
    if (bytes > span_bytes_ / 4) return cut(entries_, bytes);
    lane.at = cut(entries_, span_bytes_);
  }
  lane.end = lane.at + span_bytes_;
  char* result = lane.at;
  lane.at += bytes;
  return result;
}

char* Arena::allocate_node(size_t bytes) {
  static_assert(kSmallestChunk >= 4096);
  NACRE_DCHECK(bytes <= 4096);
  sync::MutexLock lock(mutex_);
  return cut(nodes_, bytes);
}

char* Arena::allocate_large(size_t bytes) {
  if (bytes > chunk_bytes_max_ / 2) return allocate_alone(bytes);
  sync::MutexLock lock(mutex_);
  return cut(nodes_, bytes);
}

char* Arena::allocate_alone(size_t bytes) {
  const size_t rounded = base::align_up(bytes, os::kPageBytes);
  sync::MutexLock lock(mutex_);
  used_bytes_.fetch_add(rounded, std::memory_order_relaxed);
  return map(rounded);
}

}  // namespace nacre::memtable
