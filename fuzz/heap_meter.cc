#include "fuzz/heap_meter.h"

#include <malloc.h>

#include <atomic>
#include <cstdlib>
#include <new>

namespace {

std::atomic<uint64_t> held{0};
std::atomic<uint64_t> held_at_reset{0};
std::atomic<uint64_t> peak{0};

void* counted(void* memory) {
  if (memory == nullptr) std::abort();
  const uint64_t bytes = malloc_usable_size(memory);
  const uint64_t now = held.fetch_add(bytes, std::memory_order_relaxed) + bytes;
  uint64_t seen = peak.load(std::memory_order_relaxed);
  while (seen < now && !peak.compare_exchange_weak(seen, now, std::memory_order_relaxed)) {
  }
  return memory;
}

void give_back(void* memory) {
  if (memory == nullptr) return;
  held.fetch_sub(malloc_usable_size(memory), std::memory_order_relaxed);
  std::free(memory);
}

void* allocate_aligned(size_t bytes, std::align_val_t alignment) {
  const auto multiple = static_cast<size_t>(alignment);
  return counted(std::aligned_alloc(multiple, (bytes + multiple - 1) / multiple * multiple));
}

}  // namespace

void* operator new(size_t bytes) { return counted(std::malloc(bytes == 0 ? 1 : bytes)); }
void* operator new[](size_t bytes) { return counted(std::malloc(bytes == 0 ? 1 : bytes)); }
void* operator new(size_t bytes, std::align_val_t alignment) { return allocate_aligned(bytes, alignment); }
void* operator new[](size_t bytes, std::align_val_t alignment) { return allocate_aligned(bytes, alignment); }
void* operator new(size_t bytes, const std::nothrow_t&) noexcept { return operator new(bytes); }
void* operator new[](size_t bytes, const std::nothrow_t&) noexcept { return operator new(bytes); }
void operator delete(void* memory) noexcept { give_back(memory); }
void operator delete[](void* memory) noexcept { give_back(memory); }
void operator delete(void* memory, size_t) noexcept { give_back(memory); }
void operator delete[](void* memory, size_t) noexcept { give_back(memory); }
void operator delete(void* memory, std::align_val_t) noexcept { give_back(memory); }
void operator delete[](void* memory, std::align_val_t) noexcept { give_back(memory); }
void operator delete(void* memory, size_t, std::align_val_t) noexcept { give_back(memory); }
void operator delete[](void* memory, size_t, std::align_val_t) noexcept { give_back(memory); }

namespace nacre::fuzz {

void HeapMeter::reset() {
  const uint64_t now = held.load(std::memory_order_relaxed);
  held_at_reset.store(now, std::memory_order_relaxed);
  peak.store(now, std::memory_order_relaxed);
}

uint64_t HeapMeter::peak_bytes() {
  const uint64_t most = peak.load(std::memory_order_relaxed);
  const uint64_t begin = held_at_reset.load(std::memory_order_relaxed);
  return most > begin ? most - begin : 0;
}

}  // namespace nacre::fuzz
