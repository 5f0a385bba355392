#include "bench/measure/memory.h"

#include <fstream>
#include <string>

namespace bench {

Memory memory_now() {
  constexpr uint64_t kKiB = 1024;
  std::ifstream in("/proc/self/status");
  Memory memory;
  std::string name;
  while (in >> name) {
    uint64_t* const field = name == "VmRSS:"     ? &memory.resident
                            : name == "RssAnon:" ? &memory.anonymous
                            : name == "VmHWM:"   ? &memory.resident_peak
                                                 : nullptr;
    if (uint64_t kib = 0; field != nullptr && in >> kib) *field = kib * kKiB;
    std::getline(in, name);
  }
  return memory;
}

bool reset_memory_peak() {
  std::ofstream out("/proc/self/clear_refs");
  out << 5 << std::flush;
  return out.good();
}

}  // namespace bench
