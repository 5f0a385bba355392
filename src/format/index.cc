#include "format/index.h"

#include <algorithm>

#include "base/prefetch.h"
#include "base/result.h"
#include "format/equal_bytes.h"
#include "nacre/options.h"

namespace nacre::format {
namespace {

constexpr size_t kNodeBytes = 8 * kHeadsAtOnce;

void prefetch_node(const void* nodes, uint32_t node) {
  const char* of_node = static_cast<const char*>(nodes) + kNodeBytes * node;
  base::prefetch(of_node);
  base::prefetch(of_node + 64);
}

}  // namespace

IndexView::IndexView(Bytes image)
    : image_(image.data()),
      blocks_(base::load<uint32_t>(image_)),
      levels_(base::load<uint32_t>(image_ + 12)),
      prefix_bytes_(base::load<uint32_t>(image_ + 4)) {
  const uint64_t nodes = base::load<uint32_t>(image_ + 24);
  block_offsets_ = image_ + kIndexHeaderBytes + kNodeBytes * nodes;
  fence_offsets_ = block_offsets_ + 6 * (uint64_t{blocks_} + 1);
  node_prefixes_ = fence_offsets_ + 4 * (uint64_t{blocks_} + 1);
  fences_ = node_prefixes_ + 2 * nodes + prefix_bytes_;
}

bool IndexView::begins_with_prefix(Bytes key) const {
  return key.size() >= prefix_bytes_ && equal_bytes(key.data(), prefix().data(), prefix_bytes_);
}

uint32_t IndexView::lower_bound(Bytes key, const void* words) const {
  if (!begins_with_prefix(key)) [[unlikely]]
    return lower_bound_in(0, key);
  const Bytes rest(key.data() + prefix_bytes_, key.size() - prefix_bytes_);
  const uint64_t head = base::head_of(rest);
  const uint32_t leaf = descend(rest, head);
  if (words != nullptr) prefetch_node(words, leaf);
  return search_leaf(leaf, rest, head);
}

uint32_t IndexView::leaf_for(Bytes key, const void* words) const {
  if (!begins_with_prefix(key)) [[unlikely]]
    return 0;
  const Bytes rest(key.data() + prefix_bytes_, key.size() - prefix_bytes_);
  const uint32_t leaf = descend(rest, base::head_of(rest));
  prefetch_node(block_offsets_ - kNodeBytes * leaves(), leaf);
  if (words != nullptr) prefetch_node(words, leaf);
  return leaf;
}

uint32_t IndexView::lower_bound_in(uint32_t leaf, Bytes key) const {
  if (!begins_with_prefix(key)) [[unlikely]] {
    return prefix().compare(key.substr(0, prefix_bytes_)) < 0 ? blocks_ : 0;
  }
  const Bytes rest(key.data() + prefix_bytes_, key.size() - prefix_bytes_);
  return search_leaf(leaf, rest, base::head_of(rest));
}

// From the highest level down to the leaf; leaves() if all fences are less than the key.
uint32_t IndexView::descend(Bytes rest, uint64_t head) const {
  const char* heads = image_ + kIndexHeaderBytes;
  const char* node_prefixes = node_prefixes_;
  uint64_t node = 0;
  for (uint32_t l = levels_; l-- > 1;) {
    const uint32_t nodes = index_nodes(blocks_, l);
    node = node * kHeadsAtOnce + position(l, node, heads, node_prefixes, rest, head);
    if (node >= index_elements(blocks_, l))
      return leaves();  // only in the highest level: below, the last element is not less than the key
    heads += kNodeBytes * nodes;
    node_prefixes += size_t{2} * nodes;
  }
  return static_cast<uint32_t>(node);
}

uint32_t IndexView::search_leaf(uint32_t leaf, Bytes rest, uint64_t head) const {
  if (leaf >= leaves()) return blocks_;
  const char* heads = block_offsets_ - kNodeBytes * leaves();
  const char* node_prefixes = fences_ - prefix_bytes_ - size_t{2} * leaves();
  const uint64_t block = uint64_t{leaf} * kHeadsAtOnce + position(0, leaf, heads, node_prefixes, rest, head);
  return block < blocks_ ? static_cast<uint32_t>(block) : blocks_;
}

// How many elements of a node of level `l` are less than the key. `heads` and `node_prefixes` are those of the level.
uint32_t IndexView::position(uint32_t l, uint64_t node, const char* heads, const char* node_prefixes, Bytes rest,
                             uint64_t head) const {
  const char* here = heads + kNodeBytes * node;
  const size_t node_prefix = base::load<uint16_t>(node_prefixes + 2 * node);
  const uint32_t smaller = count_smaller(here, head);
  const bool ties = smaller < kHeadsAtOnce && base::load<uint64_t>(here + size_t{8} * smaller) == head;
  if (node_prefix != 0 || ties) [[unlikely]]
    return position_in_node(rest, l, node, here, node_prefix);
  return smaller;
}

// How many elements of the node are less than the key, of which `rest` lies behind the common prefix.
uint32_t IndexView::position_in_node(Bytes rest, uint32_t l, uint64_t node, const char* heads,
                                     size_t node_prefix) const {
  const uint64_t first = node * kHeadsAtOnce;
  const Bytes node_begins = fence_rest(index_block_of(blocks_, l, first)).substr(0, node_prefix);
  const int order = node_begins.compare(rest.substr(0, node_prefix));
  if (order != 0) return order < 0 ? kHeadsAtOnce : 0;
  const uint64_t head = base::head_at(rest, node_prefix);
  const uint64_t elements = index_elements(blocks_, l);
  uint32_t position = count_smaller(heads, head);
  while (position < kHeadsAtOnce && first + position < elements &&
         base::load<uint64_t>(heads + size_t{8} * position) == head &&
         fence_rest(index_block_of(blocks_, l, first + position)) < rest) {
    position++;
  }
  return position;
}

Result<IndexView> IndexView::parse(Bytes image) {
  if (image.size() < kIndexHeaderBytes) return malformed("table index is shorter than its header");
  const auto blocks = base::load<uint32_t>(image.data());
  const auto prefix_bytes = base::load<uint32_t>(image.data() + 4);
  const auto fence_bytes = base::load<uint32_t>(image.data() + 8);
  if (base::load<uint32_t>(image.data() + 28) != 0) return malformed("table index has bits that mean nothing");
  if (blocks > kMaxBlocks || prefix_bytes > kMaxKeyBytes) return malformed("table index is of no possible size");
  const IndexShape shape = index_shape(blocks);
  if (base::load<uint32_t>(image.data() + 12) != shape.levels ||
      base::load<uint32_t>(image.data() + 24) != shape.nodes) {
    return malformed("table index has another number of nodes than its blocks make");
  }
  const uint64_t size = kIndexHeaderBytes + (kNodeBytes + 2) * uint64_t{shape.nodes} + 10 * (uint64_t{blocks} + 1) +
                        uint64_t{prefix_bytes} + fence_bytes;
  if (size != image.size()) return malformed("table index is not of the size that its numbers make");
  const IndexView view(image);
  if (!view.offsets_hold(fence_bytes)) return malformed("table index has blocks or fences out of order");
  if (!view.tree_holds()) return malformed("table index is not the tree of its fences");
  return view;
}

bool IndexView::offsets_hold(uint64_t fence_bytes) const {
  if (offset(0) != 0 || base::load<uint32_t>(fence_offsets_) != 0) return false;
  if (base::load<uint32_t>(fence_offsets_ + size_t{4} * blocks_) != fence_bytes) return false;
  if (base::load<uint64_t>(image_ + 16) > kMaxTableBytes) return false;
  for (uint32_t i = 0; i < blocks_; i++) {
    const auto begin = base::load<uint32_t>(fence_offsets_ + size_t{4} * i);
    const auto end = base::load<uint32_t>(fence_offsets_ + size_t{4} * i + 4);
    if (begin > end || end > fence_bytes || end - begin + prefix_bytes_ > kMaxKeyBytes) return false;
    if (offset(i) >= offset(i + 1)) return false;
    if (i != 0 && fence_rest(i) < fence_rest(i - 1)) return false;
  }
  return true;
}

bool IndexView::tree_holds() const {
  const char* heads = image_ + kIndexHeaderBytes;
  const char* node_prefixes = node_prefixes_;
  for (uint32_t l = levels_; l-- > 0;) {
    const uint32_t elements = index_elements(blocks_, l);
    const uint32_t nodes = index_nodes(blocks_, l);
    for (uint64_t node = 0; node < nodes; node++) {
      const size_t node_prefix = base::load<uint16_t>(node_prefixes + 2 * node);
      const uint64_t first = node * kHeadsAtOnce;
      const uint64_t last = std::min<uint64_t>(first + kHeadsAtOnce, elements) - 1;
      if (node_prefix != 0) {
        const Bytes low = fence_rest(index_block_of(blocks_, l, first));
        const Bytes high = fence_rest(index_block_of(blocks_, l, last));
        if (base::common_prefix(low, high) < node_prefix) return false;
      }
      for (uint64_t e = first; e < first + kHeadsAtOnce; e++) {
        const uint64_t head =
            e <= last ? base::head_at(fence_rest(index_block_of(blocks_, l, e)), node_prefix) : ~uint64_t{0};
        if (base::load<uint64_t>(heads + 8 * e) != head) return false;
      }
    }
    heads += kNodeBytes * nodes;
    node_prefixes += size_t{2} * nodes;
  }
  return true;
}

}  // namespace nacre::format
