#include "base/checksum.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace nacre::base {

#if defined(NACRE_CHECKSUM_AVX2)  // CMakeLists.txt: where the other file is compiled

uint64_t checksum64_avx2(const char* data, size_t bytes, uint64_t seed);  // checksum_avx2.cc

namespace {

constexpr size_t kLongBytes = 512;  // below, wider registers gain less than a call costs
const bool has_avx2 = __builtin_cpu_supports("avx2") != 0;

}  // namespace

uint64_t checksum64(Bytes bytes, uint64_t seed) {
  if (bytes.size() >= kLongBytes && has_avx2) return checksum64_avx2(bytes.data(), bytes.size(), seed);
  return XXH3_64bits_withSeed(bytes.data(), bytes.size(), seed);
}

#else

uint64_t checksum64(Bytes bytes, uint64_t seed) { return XXH3_64bits_withSeed(bytes.data(), bytes.size(), seed); }

#endif

uint64_t hash_key(Bytes key) { return XXH3_64bits(key.data(), key.size()); }

}  // namespace nacre::base
