// Which library this is and how it was made: for a report of a bug, and for whoever asks what he runs with.
//
// Thread safety: all of it.
#pragma once

#include <string>

#include "nacre/export.h"

namespace nacre {

// Words for people; only `version` has a form that a program may rely on.
struct LibraryFacts {
  std::string version;   // "0.1.0"
  std::string compiler;  // "GCC 12.2.0"
  std::string build;     // "Release, debug checks off"
  std::string codecs;    // "lz4 1.9.4, zstd 1.5.4": those that are loaded
  std::string io_uring;  // whether the kernel grants it to this process
};

// Asks the kernel for an io_uring once.
NACRE_API LibraryFacts library_facts() noexcept;

}  // namespace nacre
