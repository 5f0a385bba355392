#include "format/filter_builder.h"

#include <algorithm>
#include <cmath>

#include "base/assert.h"
#include "base/coding.h"
#include "format/filter.h"

namespace nacre::format {
namespace {

// Fewest false positives, measured from 2 to 20 bits: a little under the ln 2 of an unblocked filter, as lines fill unevenly.
uint32_t probes_for(float bits_per_key) {
  return std::clamp(static_cast<uint32_t>(std::lround(bits_per_key * 0.6F)), 1U, kMaxProbes);
}

}  // namespace

FilterBuilder::FilterBuilder(float bits_per_key) : bits_per_key_(bits_per_key) {
  NACRE_CHECK(bits_per_key >= 0 && bits_per_key <= kMaxFilterBitsPerKey);
}

uint32_t FilterBuilder::lines() const {
  const double bits = std::ceil(static_cast<double>(hashes_.size()) * static_cast<double>(bits_per_key_));
  return static_cast<uint32_t>(std::min(std::ceil(bits / (8 * kFilterLineBytes)), 4e9));
}

uint64_t FilterBuilder::image_bytes() const {
  return hashes_.empty() ? 0 : kFilterHeaderBytes + kFilterLineBytes * uint64_t{lines()};
}

os::LargeString FilterBuilder::finish() const {
  os::LargeString image(image_bytes(), '\0');
  if (image.empty()) return image;
  const uint32_t probes = probes_for(bits_per_key_);
  const uint32_t line_count = lines();
  base::store(image.data(), line_count);
  base::store(image.data() + 4, probes);
  char* const first_line = image.data() + kFilterHeaderBytes;
  for (const uint64_t hash : hashes_) {
    char* line = first_line + kFilterLineBytes * base::fast_range(static_cast<uint32_t>(hash >> 32), line_count);
    each_filter_bit(hash, probes, [line](uint32_t bit) {
      line[bit / 8] = static_cast<char>(static_cast<uint8_t>(line[bit / 8]) | 1U << (bit % 8));
      return true;
    });
  }
  return image;
}

}  // namespace nacre::format
