#include "bench/run/cgroup.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <sstream>

#include "bench/failure.h"

namespace bench {

namespace {

struct Controller {
  std::string mount;
  bool v2 = false;
};

bool lists_memory(const std::string& path) {
  std::ifstream in(path);
  for (std::string name; in >> name;) {
    if (name == "memory") return true;
  }
  return false;
}

// Where the memory controller is mounted: in the unified hierarchy, or in one of its own.
std::optional<Controller> find_controller() {
  std::ifstream mounts("/proc/self/mounts");
  std::optional<Controller> v1;
  for (std::string line; std::getline(mounts, line);) {
    std::istringstream fields(line);
    std::string device, mount, type, options;
    fields >> device >> mount >> type >> options;
    if (type == "cgroup2" && lists_memory(mount + "/cgroup.controllers")) return Controller{mount, true};
    if (type == "cgroup" && ("," + options + ",").find(",memory,") != std::string::npos) v1 = Controller{mount, false};
  }
  return v1;
}

bool write_file(const std::string& path, const std::string& text) {
  const int fd = open(path.c_str(), O_WRONLY | O_CLOEXEC);
  if (fd < 0) return false;
  const bool written = write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size());
  const int error = errno;
  close(fd);
  errno = error;
  return written;
}

}  // namespace

MemoryLimit::MemoryLimit(uint64_t bytes) {
  if (geteuid() != 0) fail(kUsage, "--memory-limit makes a control group, which needs root");
  const std::optional<Controller> controller = find_controller();
  if (!controller) fail(kUsage, "--memory-limit: no memory controller is mounted, neither in cgroup v2 nor in v1");
  v2_ = controller->v2;
  // In a hierarchy of v2 the controller must be handed down first; where it already is, this changes nothing.
  if (v2_) write_file(controller->mount + "/cgroup.subtree_control", "+memory");
  directory_ = controller->mount + "/nacre-bench-" + std::to_string(getpid());
  const std::string limit = directory_ + (v2_ ? "/memory.max" : "/memory.limit_in_bytes");
  if (mkdir(directory_.c_str(), 0755) != 0) {
    fail(kUsage, "--memory-limit: cannot make %s: %s", directory_.c_str(), std::strerror(errno));
  }
  if (!write_file(limit, std::to_string(bytes))) {
    const int error = errno;
    rmdir(directory_.c_str());
    fail(kUsage, "--memory-limit: cannot write %s: %s", limit.c_str(), std::strerror(error));
  }
  // What is swapped out is not limited memory; in v1 the two are limited together.
  write_file(directory_ + (v2_ ? "/memory.swap.max" : "/memory.memsw.limit_in_bytes"),
             v2_ ? "0" : std::to_string(bytes));
}

MemoryLimit::~MemoryLimit() { rmdir(directory_.c_str()); }

bool MemoryLimit::enter() const { return write_file(directory_ + "/cgroup.procs", "0"); }

std::optional<uint64_t> MemoryLimit::peak_bytes() const {
  std::ifstream in(directory_ + (v2_ ? "/memory.peak" : "/memory.max_usage_in_bytes"));
  uint64_t bytes = 0;
  if (!(in >> bytes)) return std::nullopt;
  return bytes;
}

}  // namespace bench
