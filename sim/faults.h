// Faults: which I/O goes wrong, and how.
//
// Every operation on the simulated disk is a *site*; sites are counted over a run, by kind and in all. A planned fault
// hits the Nth site of the kinds it names, once or from then on; rates hit sites at random. A sweep runs a workload
// once to learn how many sites it has, then once for each site and effect.
//
// Thread safety: none, one OS thread.
#pragma once

#include <array>
#include <cerrno>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "base/prng.h"
#include "sim/power_cut.h"

namespace nacre::sim {

enum class IoKind : uint8_t {
  kOpenDirectory,
  kOpenRead,
  kCreate,
  kCreateMapped,
  kOpenMapped,
  kRename,
  kRemove,
  kList,
  kSyncDirectory,
  kLock,
  kRead,
  kWrite,  // a buffer of a WritableFile goes to the file
  kSyncFile,
  kSyncMapped,
  kStore,  // MappedFile::stored
  kCount,
};
const char* to_string(IoKind kind);

using IoKinds = uint32_t;  // a set
constexpr IoKinds only(IoKind kind) { return IoKinds{1} << static_cast<uint32_t>(kind); }
inline constexpr IoKinds kEveryIo = only(IoKind::kCount) - 1;
inline constexpr IoKinds kSyncs = only(IoKind::kSyncFile) | only(IoKind::kSyncMapped) | only(IoKind::kSyncDirectory);
inline constexpr IoKinds kReads = only(IoKind::kRead);
inline constexpr IoKinds kWrites = only(IoKind::kWrite);

// What the system can answer to it when it fails, the device's own error (EIO) first. EINTR is among them only where
// production lets it through: a sync is never tried again. Reads, writes and opens are, below these interfaces
// (src/os/interrupted_test.cc).
std::span<const int32_t> errors_of(IoKind kind);
// Instead of an error number: one that this kind of I/O can answer, drawn at each hit.
inline constexpr int32_t kAnyError = 0;

enum class FaultEffect : uint8_t {
  kNone,
  kError,      // fails with error_number and does nothing; a sync loses pages; a store loses its clean pages (SIGBUS)
  kShort,      // a read returns less than the file has; a write writes a part, then fails
  kFlip,       // a read returns one wrong bit; the file is as it was
  kMisdirect,  // a write lands elsewhere, in this file or another
  kLie,        // a sync answers OK and makes nothing durable
  kStall,      // takes stall_ns (DiskOptions), then goes on
  kReadOnly,  // from here on the file system refuses changes (EROFS), as a kernel does that met an error in it; this I/O
              // goes on, and fails if it is one
  kRot,       // a bit of some durable sector of a file that nobody writes turns over, for good; this I/O goes on
  kPowerCut,       // the machine loses power before the operation takes effect
  kPowerCutAfter,  // the same, after it, before anybody learns of it
  kKill,           // the process is killed before the operation takes effect: what is in the page cache stays
  kKillAfter,
  kCount,
};
const char* to_string(FaultEffect effect);
IoKinds kinds_of(FaultEffect effect);  // where it can happen

struct PlannedFault {
  uint64_t nth = 1;          // counted from 1 among the sites of `kinds` after the plan was made
  IoKinds kinds = kEveryIo;  // narrowed to those where the effect can happen
  FaultEffect effect = FaultEffect::kError;
  int32_t error_number = EIO;                    // or kAnyError
  bool for_good = false;                         // every later site of `kinds` as well
  CrashProfile profile = CrashProfile::kPrefix;  // of a power cut
  std::optional<uint64_t> subset;                // of a power cut: see cut_power
};

// Each: one site in so many, 0 never.
struct FaultRates {
  uint32_t read_error = 0;
  uint32_t read_short = 0;
  uint32_t read_flip = 0;
  uint32_t write_error = 0;
  uint32_t write_short = 0;
  uint32_t write_misdirected = 0;
  uint32_t sync_error = 0;
  uint32_t sync_lie = 0;
  uint32_t name_error = 0;  // open, create, rename, remove, list, lock
  uint32_t store_damage = 0;
  uint32_t stall = 0;          // any I/O but a store
  uint32_t rot = 0;            // the same
  int32_t error_number = EIO;  // or kAnyError
};

// What happens at one site.
struct Fate {
  FaultEffect effect = FaultEffect::kNone;
  int32_t error_number = 0;
  CrashProfile profile = CrashProfile::kPrefix;
  std::optional<uint64_t> subset;
};

class Faults {
 public:
  explicit Faults(uint64_t seed) : prng_(seed) {}

  void plan(PlannedFault fault);
  void set_rates(const FaultRates& rates) { rates_ = rates; }
  // Forgets all plans and rates; the counts stay.
  void clear();

  // Counts a site and decides what happens there.
  Fate next(IoKind kind);

  uint64_t sites() const { return all_sites_; }
  uint64_t sites(IoKind kind) const { return sites_[static_cast<size_t>(kind)]; }
  uint64_t injected(FaultEffect effect) const { return injected_[static_cast<size_t>(effect)]; }

 private:
  struct Planned {
    PlannedFault fault;
    uint64_t seen = 0;
  };

  Fate at_random(IoKind kind);
  int32_t error_number(IoKind kind, int32_t asked);

  base::Prng prng_;
  std::vector<Planned> plans_;
  FaultRates rates_;
  uint64_t all_sites_ = 0;
  std::array<uint64_t, static_cast<size_t>(IoKind::kCount)> sites_{};
  std::array<uint64_t, static_cast<size_t>(FaultEffect::kCount)> injected_{};
};

}  // namespace nacre::sim
