// Plan: all that a seed does to the engine, drawn before it runs: boots, what threads do in them, faults, and how each ends.
//
// A part is one operation of one thread, or one arrangement of a boot. It has a seed of its own, from which the run draws
// what the part leaves open, so that a part means the same whatever is left out. Boots without parts still happen: the
// database is opened, compared and closed.
//
// Thread safety: pure functions.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "engine/miniature.h"
#include "nacre/options.h"
#include "sim/engine/content.h"

namespace nacre::sim {

enum class PartKind : uint8_t {
  // commits of a writer
  kPut,
  kErase,
  kEraseRange,
  kBatch,   // over several keyspaces
  kBlast,   // large values, enough to fill a memtable
  kShared,  // a batch on keys that others write too
  kCount,   // a transaction that counts up
  kRoll,    // a transaction that reads a range and inserts what it lacks
  kPair,    // a transaction that looks for another's key
  // reads, by any thread
  kGet,
  kMultiGet,
  kScan,
  kLook,      // a snapshot: everything in it, by every way of reading
  kHold,      // keeps a snapshot, a cursor and a value
  kLookBack,  // reads again what is held
  // the lord of keyspaces
  kToggle,  // creates a keyspace, or drops it
  kNames,   // lists them
  // housekeeping
  kFlush,
  kCompact,
  kSettle,
  kSync,
  kCheck,
  kStats,
  kSecondOpener,
  kCapacity,  // the device has so much room left
  kReadOnly,  // the file system becomes read-only, or writable again
  kPlug,      // kills the process or cuts the power
  kRestless,  // flushes and compacts again and again, with hardly a pause
  // arrangements of a boot
  kRates,     // faults at random
  kFault,     // the end, or another fault, at the Nth I/O
  kPeek,      // an open for reading before
  kDamage,    // what if a file were damaged before? Opened, read, and then put back
  kFlips,     // reads return wrong bits, once it is open
  kStranger,  // a file of somebody else appears
  kClose,     // how it is closed, if it lives so long
  kCountOfKinds
};
const char* to_string(PartKind kind);

// Threads of a boot: writers 0 to 2, then these.
inline constexpr uint32_t kFirstReader = kLord + 1;
inline constexpr uint32_t kReaders = 2;
inline constexpr uint32_t kHousekeeper = kFirstReader + kReaders;
inline constexpr uint32_t kPlugThread = kHousekeeper + 1;
inline constexpr uint32_t kRestlessThread = kPlugThread + 1;
inline constexpr uint32_t kThreads = kRestlessThread + 1;
inline constexpr uint32_t kArrangement = kThreads;  // before the threads begin

struct Part {
  PartKind kind = PartKind::kPut;
  uint32_t boot = 0;
  uint32_t thread = kArrangement;
  uint64_t seed = 0;
  Durability durability = Durability::kOs;
  uint64_t nap_ns = 0;  // before it
  bool narrow = false;  // of a writer: changes the default keyspace only
};

// One change of a commit of a writer. Spaces 0 and 1 are keyspaces that stay; 2 and 3 come and go.
struct Change {
  enum class Kind : uint8_t { kPut, kErase, kEraseRange };
  Kind kind = Kind::kPut;
  uint32_t keyspace = 0;
  uint32_t area = 0;
  uint32_t slot = 0;
  uint32_t end_slot = 0;  // of a range
  uint32_t bytes = 0;     // of a value
};
// What a commit part changes, but for transactions, which depend on what they read.
std::vector<Change> changes_of(const Part& part);

inline constexpr uint32_t kKeptKeyspaces = 2;
inline constexpr uint32_t kKeyspaces = 4;
const char* keyspace_name(uint32_t keyspace);

struct Plan {
  uint64_t seed = 0;
  std::string profile;  // never the mix: what it drew
  uint32_t boots = 0;   // the last one has no faults
  std::array<KeyFamily, kKeyspaces> families{};
  bool quiet = false;       // no other threads while a thread works: what a lone writer is promised
  std::vector<Part> parts;  // boot by boot; of a thread in order
};

const std::vector<std::string>& profile_names();  // "mix" first
Plan draw_plan(uint64_t seed, const std::string& profile);
// Of a part, for people: one line.
std::string to_line(const Plan& plan, const Part& part);
Options options_of(const Plan& plan, uint32_t boot);
engine::Miniature miniature_of(const Plan& plan, uint32_t boot);

}  // namespace nacre::sim
