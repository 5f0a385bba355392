// What this process holds of memory, as the kernel counts it.
#pragma once

#include <cstdint>

namespace bench {

struct Memory {
  uint64_t resident = 0;       // all, mapped files included
  uint64_t anonymous = 0;      // heap and stacks
  uint64_t resident_peak = 0;  // since reset_memory_peak()
};

Memory memory_now();
// False: the kernel does not let us; the peak is then that of the whole process.
bool reset_memory_peak();

}  // namespace bench
