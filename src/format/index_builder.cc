#include "format/index_builder.h"

#include <algorithm>

#include "base/assert.h"
#include "base/bits.h"
#include "base/coding.h"
#include "format/index.h"

namespace nacre::format {

std::string shortest_fence(Bytes last, Bytes next) {
  const size_t common = base::common_prefix(last, next);
  if (common == last.size()) return std::string(last);  // equal, or last is a prefix of next
  NACRE_CHECK(common < next.size());                    // else next lies before last
  // The first byte that differs, raised by one, is a fence if that stays below next's.
  const auto low = static_cast<uint8_t>(last[common]);
  const auto high = static_cast<uint8_t>(next[common]);
  if (low + 1 < high || common + 1 < next.size()) {
    std::string fence(last.substr(0, common + 1));
    fence.back() = static_cast<char>(low + 1);
    return fence;
  }
  // Else any later byte that can be raised.
  for (size_t at = common + 1; at < last.size(); at++) {
    if (static_cast<uint8_t>(last[at]) == 0xff) continue;
    std::string fence(last.substr(0, at + 1));
    fence.back() = static_cast<char>(static_cast<uint8_t>(last[at]) + 1);
    return fence.size() < last.size() ? fence : std::string(last);
  }
  return std::string(last);
}

void IndexBuilder::add(Bytes fence, uint64_t end_offset) {
  fences_.append(fence);
  fence_at_.push_back(fences_.size());
  block_at_.push_back(end_offset);
}

bool IndexBuilder::fits() const { return index_fits(blocks(), fences_.size(), block_at_.back()); }

Bytes IndexBuilder::fence(uint64_t block) const {
  return Bytes(fences_).substr(fence_at_[block], fence_at_[block + 1] - fence_at_[block]);
}

void IndexBuilder::append_level(uint32_t l, size_t prefix_bytes, std::string* heads, std::string* prefixes) const {
  const uint32_t elements = index_elements(blocks(), l);
  for (uint64_t first = 0; first < elements; first += kHeadsAtOnce) {
    const uint64_t end = std::min<uint64_t>(first + kHeadsAtOnce, elements);
    const auto rest = [&](uint64_t e) { return fence(index_block_of(blocks(), l, e)).substr(prefix_bytes); };
    bool ties = false;
    for (uint64_t e = first + 1; e < end; e++) ties |= base::head_of(rest(e - 1)) == base::head_of(rest(e));
    const size_t common = ties ? base::common_prefix(rest(first), rest(end - 1)) : 0;
    const auto node_prefix = static_cast<uint16_t>(std::min<size_t>(common, UINT16_MAX));
    base::append_fixed(*prefixes, node_prefix);
    for (uint64_t e = first; e < first + kHeadsAtOnce; e++) {
      base::append_fixed(*heads, e < end ? base::head_at(rest(e), node_prefix) : ~uint64_t{0});
    }
  }
}

std::string IndexBuilder::finish() const {
  const uint32_t n = blocks();
  const size_t prefix_bytes = n == 0 ? 0 : base::common_prefix(fence(0), fence(n - 1));
  std::string image;
  base::append_fixed(image, n);
  base::append_fixed(image, static_cast<uint32_t>(prefix_bytes));
  base::append_fixed(image, static_cast<uint32_t>(fences_.size() - prefix_bytes * n));
  const IndexShape shape = index_shape(n);
  base::append_fixed(image, shape.levels);
  base::append_fixed(image, block_at_[0]);
  base::append_fixed(image, shape.nodes);
  base::append_fixed(image, uint32_t{0});
  std::string prefixes;
  for (uint32_t l = shape.levels; l-- > 0;) append_level(l, prefix_bytes, &image, &prefixes);
  for (uint32_t i = 0; i <= n; i++) {
    const uint64_t offset = block_at_[i] - block_at_[0];
    base::append_fixed(image, static_cast<uint32_t>(offset));
    base::append_fixed(image, static_cast<uint16_t>(offset >> 32));
  }
  for (uint32_t i = 0; i <= n; i++) base::append_fixed(image, static_cast<uint32_t>(fence_at_[i] - prefix_bytes * i));
  image.append(prefixes);
  if (n != 0) image.append(fence(0).substr(0, prefix_bytes));
  for (uint32_t i = 0; i < n; i++) image.append(fence(i).substr(prefix_bytes));
  return image;
}

}  // namespace nacre::format
