// The hash of one entry. Summed up over a table it does not depend on the order of adding, so a compaction can check
// that what it wrote is what it read less what it dropped. Stored in blocks and tables: never change it.
#pragma once

#include "base/checksum.h"
#include "format/entry.h"

namespace nacre::format {

// `key_hash` is base::hash_key of the key.
inline uint64_t entry_hash(uint64_t key_hash, uint64_t trailer, uint64_t value_hash) {
  return base::mix64(base::mix64(key_hash, trailer), value_hash);
}
inline uint64_t value_hash(Bytes value) { return base::checksum64(value, 0); }
inline uint64_t entry_hash(uint64_t key_hash, uint64_t trailer, Bytes value) {
  return entry_hash(key_hash, trailer, value_hash(value));
}

}  // namespace nacre::format
