#include "base/checksum.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace nacre::base {

uint64_t checksum64(Bytes bytes, uint64_t seed) { return XXH3_64bits_withSeed(bytes.data(), bytes.size(), seed); }

uint64_t hash_key(Bytes key) { return XXH3_64bits(key.data(), key.size()); }

}  // namespace nacre::base
