// MemoryLimit: a control group that holds a process and the page cache of its files to a number of bytes, for runs whose data do
// not fit into memory. Works with the memory controller of cgroup v2, or of v1 where that has it. Needs root.
//
// Thread safety: one thread. The processes in the group must have ended before it goes.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace bench {

class MemoryLimit {
 public:
  explicit MemoryLimit(
      uint64_t bytes);  // ends the process with words if it may not, or the kernel has no such controller
  ~MemoryLimit();
  MemoryLimit(const MemoryLimit&) = delete;
  MemoryLimit& operator=(const MemoryLimit&) = delete;

  // Puts the calling process into the group: between fork and exec. False: it failed, errno says why.
  bool enter() const;
  // The most that was charged to the group, page cache included.
  std::optional<uint64_t> peak_bytes() const;

 private:
  bool v2_ = false;
  std::string directory_;
};

}  // namespace bench
