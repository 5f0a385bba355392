// The production world: Linux files, clocks, background threads and randomness behind the interfaces of
// nacre/runtime.h.
//
// This folder and sync/ are the only places with system calls. Everything above asks a Runtime; these functions make
// the parts of the standard one.
//
// Thread safety: all of it, from any thread. Ownership: components are shared; none holds another.
#pragma once

#include <cstdint>
#include <memory>

#include "nacre/runtime.h"

namespace nacre::os {

// Files through the kernel; one object for the whole process. See posix_directory.h for how names are opened,
// posix_file.h and posix_mapped_file.h for how bytes reach the device, read_batch.h for parallel reads.
std::shared_ptr<FileSystem> posix_file_system();

std::shared_ptr<Clock> posix_clock();

// A pool that runs up to `threads` (at least 1) calm jobs and as many urgent ones at a time; see executor.cc for its
// scheduling classes. Destruction finishes every job that was submitted, and those that these submit.
std::shared_ptr<Executor> make_executor(uint32_t threads);

// A sink that drops everything.
std::shared_ptr<EventSink> dropping_sink();

// One thread a core that this process may run on; at least 1.
uint32_t usable_cores();

// Never zero. From the kernel's generator.
uint64_t random_seed_from_system();

}  // namespace nacre::os
