// Entry: one version of one key, the unit that memtables, tables and merges pass around.
//
// Order of entries (the "internal order"): user key ascending bytewise, then trailer descending, so that the newest
// version of a key comes first.
//
//   trailer (64 bits) = sequence << 8 | kind
//
// A sequence numbers each write of the database (56 bits; 0 is never given to a write, and stands for "older than every
// snapshot" in the bottom level). A lookup at sequence s seeks (key, trailer_for_lookup(s)).
#pragma once

#include <cstdint>

#include "nacre/bytes.h"

namespace nacre::format {

using Sequence = uint64_t;
inline constexpr Sequence kMaxSequence = (Sequence{1} << 56) - 1;
// No database reaches it: at ten million writes a second it takes a century. A file that says more is damaged; so whoever opens a
// database has as many left, and no sum of a sequence and a count leaves the 56 bits.
inline constexpr Sequence kMaxSoundSequence = kMaxSequence / 2;

// Stored: never renumber. Kinds that this build does not know are refused (kUnsupported).
enum class EntryKind : uint8_t {
  kErase = 0,
  kPut = 1,
  kRangeErase = 2,   // key = begin, value = end (exclusive); kept apart from point entries
  kMerge = 3,        // reserved
  kValueRef = 4,     // reserved: the value lives in a value log
  kPutExpiring = 5,  // reserved
};
inline constexpr uint8_t kHighestKnownKind = static_cast<uint8_t>(EntryKind::kRangeErase);

constexpr uint64_t make_trailer(Sequence sequence, EntryKind kind) {
  return (sequence << 8) | static_cast<uint64_t>(kind);
}
constexpr uint64_t trailer_for_lookup(Sequence sequence) { return (sequence << 8) | 0xff; }
constexpr Sequence sequence_of(uint64_t trailer) { return trailer >> 8; }
constexpr EntryKind kind_of(uint64_t trailer) { return static_cast<EntryKind>(trailer & 0xff); }

struct Entry {
  Bytes key;
  uint64_t trailer = 0;
  Bytes value;
};

// Negative, zero or positive as (a, a_trailer) lies before, at or after (b, b_trailer) in internal order.
inline int compare_internal(Bytes a, uint64_t a_trailer, Bytes b, uint64_t b_trailer) {
  if (const int order = a.compare(b); order != 0) return order;
  return a_trailer > b_trailer ? -1 : (a_trailer < b_trailer ? 1 : 0);
}

// Keys in [begin, end) with a sequence below `sequence` are erased.
struct RangeTombstone {
  Bytes begin;
  Bytes end;
  Sequence sequence = 0;
};

}  // namespace nacre::format
