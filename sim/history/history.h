// History: what the threads of one boot asked of a store, when, and what they were told.
//
// Everything that an application can do is an *operation* that must seem to happen at one instant within its interval: it
// sees some keys and writes others. So one form serves all:
//
//   get, contains, multi_get, scan   the call; what was absent is seen as well
//   put, erase, erase_range, batch   the call
//   snapshot                         the interval in which it was taken, and all that was ever read at it
//   cursor                           the interval in which it was made, and all that it ever showed
//   transaction                      two: its begin, with what it read; its commit, with what it read and wrote.
//                                    So what it read must be one commit point at its begin, even if it is refused later, and
//                                    must hold when it commits
//   create, drop                     the call; see below
//   sync, flush, close               nothing seen, nothing written, but durable: whatever ended before must survive
//
// Keys are small numbers, in the order of the store, through all keyspaces. Ranges are spelled out key by key. Every put
// has its own version, so what is read names its writer.
//
// A keyspace that comes and goes has a key of its own: its *existence*. Its versions are incarnations. A creation sees it absent and
// writes a version; a drop sees it there, and erases it with every key of the keyspace at one instant. Whoever uses a handle saw
// its incarnation, if the answer is good; if it is kNotFound, any other one or none: such a write is refused, and beside it stands
// what its answer saw (kRefusal).
//
// An operation with an unknown outcome (an error in doubt, or none before the machine died) has no return: it may take
// effect at any later instant of its boot, or never. Between two boots the store may lose what is not durable, but only so
// that a prefix is left.
//
// Thread safety: plain values.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "nacre/options.h"

namespace nacre::history {

using Key = uint32_t;
using Version = uint32_t;
inline constexpr Version kAbsent = 0;
inline constexpr Version kAnyVersion = ~Version{0};          // what `contains` tells of a key that is there
inline constexpr Version kNobodysVersion = kAnyVersion - 1;  // bytes that no write has
inline constexpr uint64_t kNever = ~uint64_t{0};

struct KeyVersion {
  Key key = 0;
  Version version = kAbsent;
  bool other = false;  // of what was seen: anything but this version
  bool operator==(const KeyVersion&) const = default;
};

enum class Kind : uint8_t {
  kGet,
  kContains,
  kMultiGet,
  kScan,
  kCursor,
  kSnapshot,
  kPut,
  kErase,
  kEraseRange,
  kBatch,
  kBegin,
  kCommit,
  kCreate,
  kDrop,
  kRefusal,  // an answer that says that a keyspace is not there, or is
  kSync,
  kFlush,
  kClose,
};
const char* to_string(Kind kind);

enum class Outcome : uint8_t {
  kDone,
  kRefused,  // an error that says that nothing was applied: nobody may see it
  kInDoubt,
};

struct Operation {
  Kind kind = Kind::kGet;
  uint32_t thread = 0;
  uint64_t invoked = 0;
  uint64_t returned = kNever;
  Outcome outcome = Outcome::kDone;
  Durability durability = Durability::kMemory;  // what it has survived if it is done
  std::vector<KeyVersion> seen;
  std::vector<KeyVersion> written;  // each key once; kAbsent: erased
};

// How a boot ended.
enum class End : uint8_t { kNone, kKill, kPowerCut };

// One life of the store, from an open to its end.
struct Boot {
  uint32_t keys = 0;
  std::vector<Version> opened;  // the version of each key at the open
  std::vector<Operation> operations;
  End end = End::kNone;
  std::optional<std::vector<KeyVersion>> survived;  // what the next open found; none: nobody looked
};

}  // namespace nacre::history
