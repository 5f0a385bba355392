// HeapMeter: how much of the heap (operator new) all threads of the process held at most at one time since reset().
//
// It replaces the global operator new and delete, so it counts every container and object of the program, and nothing that comes from
// malloc or mmap. In a program with sanitizers the memory is still theirs: bounds and lifetimes are checked as ever.
// Thread safety: all calls.
#pragma once

#include <cstdint>

namespace nacre::fuzz {

class HeapMeter {
 public:
  // The peak counts from what is held now.
  static void reset();
  static uint64_t peak_bytes();
};

}  // namespace nacre::fuzz
