// FilterBuilder: makes the image of a table's filter (filter.h draws it) from the hashes of its keys.
//
// Thread safety: one thread at a time. Holds 8 bytes a key until finish().
#pragma once

#include <cstdint>

#include "os/pages.h"

namespace nacre::format {

class FilterBuilder {
 public:
  // 0: no filter is wanted, and adding costs nothing. At most kMaxFilterBitsPerKey.
  static constexpr float kMaxFilterBitsPerKey = 32;
  explicit FilterBuilder(float bits_per_key);

  // `key_hash` is base::hash_key. A key that is added twice takes the room of two.
  void add(uint64_t key_hash) {
    if (bits_per_key_ > 0) hashes_.push_back(key_hash);
  }
  uint64_t image_bytes() const;
  uint64_t memory_bytes() const { return 8 * hashes_.capacity(); }
  // Empty if there is nothing to filter.
  os::LargeString finish() const;

 private:
  uint32_t lines() const;

  const float bits_per_key_;
  os::LargeVector<uint64_t> hashes_;
};

}  // namespace nacre::format
