#include "os/pages.h"

#include <sys/mman.h>

#include <cerrno>
#include <cstdint>

#include "base/assert.h"
#include "base/bits.h"

#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23  // since Linux 5.14
#endif

namespace nacre::os {

char* map_pages(size_t bytes, size_t alignment) {
  NACRE_CHECK(bytes > 0 && bytes % kPageBytes == 0 && alignment >= kPageBytes && base::is_power_of_two(alignment));
  const size_t slack = alignment - kPageBytes;  // room to move up to the next multiple of the alignment
  NACRE_CHECK(bytes + slack >= bytes);
  void* mapped =
      mmap(nullptr, bytes + slack, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  NACRE_CHECK(mapped != MAP_FAILED);
  char* const start = static_cast<char*>(mapped);
  const auto address = reinterpret_cast<uintptr_t>(start);
  char* const pages = start + (base::align_up(address, alignment) - address);
  if (pages != start) unmap_pages(start, static_cast<size_t>(pages - start));
  const size_t after = slack - static_cast<size_t>(pages - start);
  if (after != 0) unmap_pages(pages + bytes, after);
  return pages;
}

void unmap_pages(char* pages, size_t bytes) { NACRE_CHECK(munmap(pages, bytes) == 0); }

void advise_huge_pages(char* pages, size_t bytes) { static_cast<void>(madvise(pages, bytes, MADV_HUGEPAGE)); }

int populate_pages(char* pages, size_t bytes) { return madvise(pages, bytes, MADV_POPULATE_WRITE) == 0 ? 0 : errno; }

void discard_pages(char* pages, size_t bytes) { static_cast<void>(madvise(pages, bytes, MADV_DONTNEED)); }

}  // namespace nacre::os
