#include "bench/measure/space.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <vector>

namespace bench {

namespace {

namespace fs = std::filesystem;

// Files may go while they are looked at: what cannot be opened counts as nothing.
template <class Visit>
void for_each_file(const std::string& directory, Visit visit) {
  std::error_code error;
  for (fs::recursive_directory_iterator at(directory, error), end; !error && at != end; at.increment(error)) {
    std::error_code gone;
    if (at->is_regular_file(gone)) visit(at->path().string());
  }
}

// Of the part [begin, end) of a file; begin lies on a page.
uint64_t resident_bytes(int fd, uint64_t begin, uint64_t end) {
  constexpr uint64_t kAtOnce = uint64_t{1} << 30;
  const auto page = static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
  std::vector<unsigned char> pages;
  uint64_t resident = 0;
  for (uint64_t offset = begin; offset < end; offset += kAtOnce) {
    const uint64_t length = std::min(kAtOnce, end - offset);
    void* const mapped = mmap(nullptr, length, PROT_READ, MAP_SHARED, fd, static_cast<off_t>(offset));
    if (mapped == MAP_FAILED) continue;
    pages.assign((length + page - 1) / page, 0);
    if (mincore(mapped, length, pages.data()) == 0) {
      resident += page * static_cast<uint64_t>(
                             std::count_if(pages.begin(), pages.end(), [](unsigned char p) { return (p & 1) != 0; }));
    }
    munmap(mapped, length);
  }
  return resident;
}

}  // namespace

uint64_t allocated_bytes(const std::string& directory) {
  constexpr uint64_t kBlock = 512;
  uint64_t bytes = 0;
  for_each_file(directory, [&](const std::string& path) {
    struct stat status{};
    if (stat(path.c_str(), &status) == 0) bytes += static_cast<uint64_t>(status.st_blocks) * kBlock;
  });
  return bytes;
}

uint64_t page_cache_bytes(const std::string& directory) {
  uint64_t bytes = 0;
  for_each_file(directory, [&](const std::string& path) {
    const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (fd < 0) return;
    // A sparse file (LMDB's is hundreds of GiB long) has no pages where nothing was written: only its data is looked at.
    for (off_t data = lseek(fd, 0, SEEK_DATA); data >= 0;) {
      const off_t hole = lseek(fd, data, SEEK_HOLE);
      bytes += resident_bytes(fd, static_cast<uint64_t>(data), static_cast<uint64_t>(hole));
      data = lseek(fd, hole, SEEK_DATA);
    }
    close(fd);
  });
  return bytes;
}

}  // namespace bench
