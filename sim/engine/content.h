// Content: the keys that a workload uses and the values it stores, both told by small numbers.
//
// A keyspace's keys are laid out in *areas*, each a contiguous piece of the key space with `kSlots` slots: one area for each
// stream of commits, whose keys nobody else writes, and areas that several share. So a range over an area touches nobody
// else's keys. What keys look like is the keyspace's *family*: each is unkind to another part of the engine.
//
// A value is made from its id and its size alone, so that it need not be kept to be recognised.
//
// Thread safety: pure functions.
#pragma once

#include <cstdint>
#include <string>

#include "nacre/bytes.h"

namespace nacre::sim {

inline constexpr uint32_t kWriters = 3;
inline constexpr uint32_t kLord = 3;  // the stream that creates and drops keyspaces
inline constexpr uint32_t kStreams = 4;
inline constexpr uint32_t kSlots = 32;

// The areas of streams come first, numbered as they are.
inline constexpr uint32_t kCommonArea = 4;  // any writer puts, erases, and erases ranges of it
inline constexpr uint32_t kLedgerArea = 5;  // transactions count up what they read
inline constexpr uint32_t kRollArea = 6;    // transactions insert what the range lacks
inline constexpr uint32_t kPairArea = 7;    // two keys of which transactions let one at most be there
inline constexpr uint32_t kAreas = 8;
inline constexpr uint32_t kCommonSlots = 8;
inline constexpr uint32_t kLedgerSlots = 2;
inline constexpr uint32_t kRollSlots = 8 * kWriters;

enum class KeyFamily : uint8_t {
  kShort,       // a few bytes; slot 0 of area 0 is the empty key
  kLongPrefix,  // hundreds of bytes in common
  kEqualHeads,  // the same first eight bytes
  kBinary,      // zeros and bytes above 127
  kLong,        // up to 3 KiB
  kCount
};
const char* to_string(KeyFamily family);

// Ascending in (area, slot); `slot` may be kSlots: the end of the area.
std::string key_of(KeyFamily family, uint32_t area, uint32_t slot);
// What all keys of the area begin with and no other key does, but for the empty key.
std::string prefix_of(KeyFamily family, uint32_t area);

// What is, or is not, stored at a place.
struct Content {
  bool present = false;
  uint64_t id = 0;
  uint32_t bytes = 0;
  std::string text;  // in place of id and bytes, if not empty

  bool shows(Bytes value) const;
};
std::string value_of(const Content& content);

}  // namespace nacre::sim
