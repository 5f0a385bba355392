// What the kernel counted: processor time of this process, bytes that it read and wrote, bytes that the block device did.
//
// The process's own bytes (/proc/self/io) are those that it caused to be read from storage, and pages it dirtied, mapped files
// included. The device's counters (/sys/dev/block) are of everybody: nothing else should run. A directory without a block
// device of its own (tmpfs, btrfs, overlay) has none.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace bench {

struct Transferred {
  uint64_t read = 0;  // bytes
  uint64_t written = 0;
  Transferred operator-(const Transferred& before) const { return {read - before.read, written - before.written}; }
};

double cpu_seconds();  // of this process, all its threads

std::optional<Transferred> process_io();

class Device {
 public:
  explicit Device(const std::string& directory);
  std::optional<Transferred> io() const;

 private:
  std::string stat_path_;
};

// Writes out what the file system of `directory` holds back, so that the device's counters have all of it.
void sync_file_system(const std::string& directory);

}  // namespace bench
