#include "bench/measure/counters.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <fstream>

namespace bench {

double cpu_seconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

std::optional<Transferred> process_io() {
  std::ifstream in("/proc/self/io");
  Transferred out;
  int found = 0;
  std::string name;
  for (uint64_t value = 0; in >> name >> value;) {
    if (name == "read_bytes:") out.read = value, found++;
    if (name == "write_bytes:") out.written = value, found++;
  }
  if (found != 2) return std::nullopt;
  return out;
}

Device::Device(const std::string& directory) {
  struct stat status{};
  if (stat(directory.c_str(), &status) != 0) return;
  stat_path_ =
      "/sys/dev/block/" + std::to_string(major(status.st_dev)) + ":" + std::to_string(minor(status.st_dev)) + "/stat";
}

std::optional<Transferred> Device::io() const {
  constexpr uint64_t kSector = 512;
  std::ifstream in(stat_path_);
  uint64_t reads = 0, reads_merged = 0, sectors_read = 0, read_ms = 0, writes = 0, writes_merged = 0,
           sectors_written = 0;
  if (!(in >> reads >> reads_merged >> sectors_read >> read_ms >> writes >> writes_merged >> sectors_written)) {
    return std::nullopt;
  }
  return Transferred{.read = sectors_read * kSector, .written = sectors_written * kSector};
}

void sync_file_system(const std::string& directory) {
  const int fd = open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return;
  syncfs(fd);
  close(fd);
}

}  // namespace bench
