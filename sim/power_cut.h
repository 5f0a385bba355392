// What survives a power cut: the profiles, from kind to cruel.
//
//   kNothing     only what was synced
//   kPrefix      all pending operations of the disk in the order they were issued, up to one cut
//   kTorn        the same, and the write at the cut is torn: any subset of its sectors, and within a sector any of its
//                8-byte words; so are stores to a mapping that were not reported yet
//   kPosixMin    what POSIX permits: any subset of dirty sectors of any file, any subset of directory operations (so a
//                later rename without an earlier one), sizes on their own (zeros where the data is missing)
//   kEverything  all of it, as after an orderly shutdown
//
// A lying or failing fsync is not a profile but a fault of the sync itself (faults.h); any profile may follow it.
// Whatever was synced honestly survives under every profile, byte for byte.
#pragma once

#include <cstdint>
#include <optional>

#include "base/prng.h"
#include "sim/disk_model.h"

namespace nacre::sim {

enum class CrashProfile : uint8_t { kNothing, kPrefix, kTorn, kPosixMin, kEverything };
const char* to_string(CrashProfile profile);

struct CutReport {
  uint64_t pending = 0;  // operations that were not durable
  uint64_t kept = 0;     // of these, those that survived whole
};

// Decides and applies what gets through, then leaves the state as the next boot finds it. With `subset`, exactly the
// pending operations whose bit is set survive, counted from the oldest, for exhaustive tests; the profile is then not
// used.
CutReport cut_power(DiskState& state, CrashProfile profile, base::Prng& prng, std::optional<uint64_t> subset = {});

// How many operations are pending on the whole disk.
uint64_t pending_operations(const DiskState& state);

}  // namespace nacre::sim
