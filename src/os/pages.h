// Pages: private memory straight from the kernel, for parts that must know when memory is really held.
//
// Fresh pages read as zero and take no memory until they are touched. Thread safety: all calls, from any thread.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

namespace nacre::os {

inline constexpr size_t kPageBytes = 4096;
inline constexpr size_t kHugePageBytes = size_t{2} << 20;

// Maps `bytes` at a multiple of `alignment` (both multiples of kPageBytes, alignment a power of two), readable and
// writable. Running out of memory or of mappings is fatal, as it is for operator new.
char* map_pages(size_t bytes, size_t alignment = kPageBytes);
void unmap_pages(char* pages, size_t bytes);

// Asks for huge pages, which save most TLB misses. A wish: ignored where the kernel has none.
void advise_huge_pages(char* pages, size_t bytes);

// Has the kernel give all of the memory now, writable, not page by page when it is touched. 0, or an errno: EINVAL where the kernel
// cannot (before 5.14), EFAULT where touching a page would be a SIGBUS.
int populate_pages(char* pages, size_t bytes);

// Gives the memory back and keeps the mapping: the pages read as zero again, and may be touched again. Locked memory
// (mlockall) cannot be given back and keeps its contents.
void discard_pages(char* pages, size_t bytes);

// An allocator for containers that may grow large and go soon: 64 KiB and more come in pages and return to the kernel when
// they are freed. malloc keeps such memory in the heap of the thread, where no account sees it and no other thread uses it.
template <class T>
class PageAllocator {
 public:
  using value_type = T;
  static constexpr size_t kLeastBytes = size_t{64} << 10;

  PageAllocator() = default;
  template <class U>
  PageAllocator(const PageAllocator<U>& /* other */) {}  // NOLINT(google-explicit-constructor): as the standard asks

  T* allocate(size_t count) {
    if (count * sizeof(T) < kLeastBytes) return std::allocator<T>().allocate(count);
    return reinterpret_cast<T*>(map_pages(in_pages(count)));
  }
  void deallocate(T* memory, size_t count) {
    if (count * sizeof(T) < kLeastBytes) return std::allocator<T>().deallocate(memory, count);
    unmap_pages(reinterpret_cast<char*>(memory), in_pages(count));
  }
  friend bool operator==(const PageAllocator&, const PageAllocator&) { return true; }

 private:
  static size_t in_pages(size_t count) { return (count * sizeof(T) + kPageBytes - 1) / kPageBytes * kPageBytes; }
};

using LargeString = std::basic_string<char, std::char_traits<char>, PageAllocator<char>>;
template <class T>
using LargeVector = std::vector<T, PageAllocator<T>>;

}  // namespace nacre::os
