// StoredEntry: an entry as it lies in a memtable's arena, where it never moves and never changes.
//
//   | trailer 8 | value_bytes 4 | key_bytes 4 | key | value |     at a multiple of 8
//
// Indexes hold pointers to it. It is complete before any pointer to it is published, and lives as long as the memtable.
// Thread safety: immutable.
#pragma once

#include <cstdint>
#include <cstring>

#include "base/prefetch.h"
#include "format/entry.h"

namespace nacre::memtable {

struct StoredEntry {
  uint64_t trailer;
  uint32_t value_bytes;
  uint32_t key_bytes;

  const char* key_data() const { return reinterpret_cast<const char*>(this + 1); }
  Bytes key() const { return {key_data(), key_bytes}; }
  Bytes value() const { return {key_data() + key_bytes, value_bytes}; }

  static size_t bytes_for(Bytes key, Bytes value) { return sizeof(StoredEntry) + key.size() + value.size(); }

  // Writes an entry into `bytes_for(key, value)` bytes at `to`.
  static StoredEntry* write(char* to, Bytes key, uint64_t trailer, Bytes value) {
    auto* entry = reinterpret_cast<StoredEntry*>(to);
    entry->trailer = trailer;
    entry->value_bytes = static_cast<uint32_t>(value.size());
    entry->key_bytes = static_cast<uint32_t>(key.size());
    char* data = to + sizeof(StoredEntry);
    if (!key.empty()) std::memcpy(data, key.data(), key.size());
    if (!value.empty()) std::memcpy(data + key.size(), value.data(), value.size());
    return entry;
  }
};
static_assert(sizeof(StoredEntry) == 16);

// Negative, zero or positive as the entry lies before, at or after (key, trailer) in internal order.
inline int compare(const StoredEntry& entry, Bytes key, uint64_t trailer) {
  return format::compare_internal(entry.key(), entry.trailer, key, trailer);
}

// Fetches the header, the key and the start of the value of an entry that will be read soon. Any pointer does, null too.
inline void prefetch(const StoredEntry* entry) {
  base::prefetch(entry);
  base::prefetch(reinterpret_cast<const void*>(reinterpret_cast<uintptr_t>(entry) + 64));
}

}  // namespace nacre::memtable
