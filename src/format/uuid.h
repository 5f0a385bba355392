// Uuid: the 16 random bytes that a database draws when it is created and writes into every file, so that a file of
// another database is refused instead of read. TableIdentity: the same and the file's number: what a table is.
//
// Plain values; stored as their 16 bytes, in order.
#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <string>

#include "base/checksum.h"
#include "base/coding.h"

namespace nacre::format {

inline constexpr size_t kUuidBytes = 16;

struct Uuid {
  std::array<uint8_t, kUuidBytes> bytes{};

  // A version 4 UUID of 128 random bits, 6 of which the version and the variant overwrite.
  static Uuid from_random(uint64_t first, uint64_t second);
  // Reads kUuidBytes bytes.
  static Uuid load(const char* from) {
    Uuid uuid;
    std::memcpy(uuid.bytes.data(), from, kUuidBytes);
    return uuid;
  }

  bool is_nil() const { return *this == Uuid{}; }
  Bytes view() const { return {reinterpret_cast<const char*>(bytes.data()), kUuidBytes}; }
  // One word of it all, for the seeds of checksums. Stored through them: never change it.
  uint64_t folded() const {
    return base::mix64(base::load<uint64_t>(bytes.data()), base::load<uint64_t>(bytes.data() + 8));
  }
  std::string to_string() const;  // 8-4-4-4-12 hex digits

  friend bool operator==(const Uuid&, const Uuid&) = default;
};

struct TableIdentity {
  Uuid uuid;
  uint64_t number = 0;

  // What the checksum of the table's bytes at `offset` is seeded with: right bytes in a wrong place do not pass.
  uint64_t checksum_seed(uint64_t offset) const { return base::mix64(base::mix64(uuid.folded(), number), offset); }

  friend bool operator==(const TableIdentity&, const TableIdentity&) = default;
};

}  // namespace nacre::format
