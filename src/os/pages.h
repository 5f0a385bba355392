// Pages: private memory straight from the kernel, for parts that must know when memory is really held.
//
// Fresh pages read as zero and take no memory until they are touched. Thread safety: all calls, from any thread.
#pragma once

#include <cstddef>

namespace nacre::os {

inline constexpr size_t kPageBytes = 4096;
inline constexpr size_t kHugePageBytes = size_t{2} << 20;

// Maps `bytes` at a multiple of `alignment` (both multiples of kPageBytes, alignment a power of two), readable and
// writable. Running out of memory or of mappings is fatal, as it is for operator new.
char* map_pages(size_t bytes, size_t alignment = kPageBytes);
void unmap_pages(char* pages, size_t bytes);

// Asks for huge pages, which save most TLB misses. A wish: ignored where the kernel has none.
void advise_huge_pages(char* pages, size_t bytes);

// Gives the memory back and keeps the mapping: the pages read as zero again, and may be touched again. Locked memory
// (mlockall) cannot be given back and keeps its contents.
void discard_pages(char* pages, size_t bytes);

}  // namespace nacre::os
