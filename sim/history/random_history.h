// RandomHistory: histories that must be accepted, and such with one planted anomaly that must not.
//
// A sequential store runs operations one after the other; each gets an interval around its instant, so that those of
// different threads overlap. What each saw is what the store held at that instant, so an order exists: the one that was run.
// A planted anomaly changes one answer so that no order can exist, whatever overlaps; the reasons are with each.
//
// Thread safety: pure functions.
#pragma once

#include <cstdint>
#include <optional>

#include "base/prng.h"
#include "sim/history/history.h"

namespace nacre::history {

struct RandomHistoryOptions {
  uint32_t keys = 8;
  uint32_t threads = 5;
  uint32_t operations = 120;
  uint64_t overlap = 6;  // an interval reaches over about so many instants to either side
  bool erases = true;
  uint32_t passing =
      0;  // of the keys, so many of the last are of a keyspace that comes and goes; its existence is one more key
};

Boot random_history(base::Prng& prng, const RandomHistoryOptions& options);

enum class Anomaly : uint8_t {
  kStaleRead,          // a value that was overwritten before the read began
  kReadFromTheFuture,  // a value whose write began after the read had ended
  kHalfABatch,         // one key of a batch new, another one from before it
  kMovingSnapshot,     // one key with two values
  kMissedKey,          // a key that was there all the time is absent
  kLostUpdate,         // two transactions read the same value and both replaced it
  kRefusedWriteSeen,
  kNobodysBytes,
  kLostDurableWrite,       // the next open lacks what was acknowledged as durable
  kTornPrefix,             // the next open has a write and lacks one that ended before it began
  kWriteLostByRecreation,  // a keyspace is there, but not what was written into it
  kOldIncarnation,         // what a keyspace held before it was dropped is read after that
  kHalfABatchAroundADrop,  // a batch was refused since one of its keyspaces was dropped; the rest of it is seen
  kDropUndone,             // the next open has a keyspace whose drop was acknowledged
  kCreationLost,           // the next open lacks a keyspace whose creation was acknowledged
  kCount,
};
const char* to_string(Anomaly anomaly);

// None if the history has no place for it.
std::optional<Boot> plant(const Boot& boot, Anomaly anomaly, base::Prng& prng);

}  // namespace nacre::history
