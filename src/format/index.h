// IndexView: finds the data block that may hold a key: a static B+tree over the fences between a table's blocks.
//
// The *fence* of block i is the shortest key that is not less than any key in it and less than all keys in block i + 1. (If
// the versions of one key go on in the next block, the fence is that key. The last fence is the last key.) So the first
// block that may hold an entry at or after (key, any trailer) is the first one whose fence is not less than the key.
//
//    0   4   blocks n
//    4   4   prefix bytes p: what all fences begin with
//    8   4   fence bytes f: of all fences together, without the prefix
//   12   4   levels
//   16   8   where block 0 begins in the file
//   24   4   nodes of all levels together
//   28   4   0
//   32       heads: for each level, the highest first, 16 numbers a node; unused ones at the end are all ones
//     6(n+1) block offsets: where each block begins, counted from block 0, and where the last one ends; 48 bits
//     4(n+1) fence offsets: where each fence begins in the fences, and where the last one ends
//            node prefixes: 2 bytes a node, for each level, the highest first
//        p   prefix
//        f   fences, without the prefix
//
// Level 0 has an element for each fence. A level of more than one node has another above it, with an element for each of
// its nodes: the node's last element. So element e of level l is the fence of block min((e + 1) * 16^l, n) - 1, its
// children are node e of level l - 1, and nothing needs a pointer.
//
// An element is represented by its head behind the node prefix. That is empty unless heads of the node would tie without
// one; then it is what the node's elements have in common, so keys with long common beginnings still differ in
// their heads. Only where heads tie the fence itself is compared. Key, fences and node prefixes are all counted from
// behind the common prefix p.
//
// A search looks at one node a level: two cache lines, both asked for at once, in which it counts the smaller heads
// without a branch (simd.h).
//
// parse() checks all of it once, when the index is loaded: O(blocks + fence bytes). Thread safety: immutable. Lifetime:
// points into the image; searches are quickest if kIndexHeaderBytes behind its start is a multiple of 64.
#pragma once

#include "base/bits.h"
#include "base/coding.h"
#include "format/simd.h"
#include "nacre/bytes.h"
#include "nacre/error.h"

namespace nacre::format {

inline constexpr uint32_t kMaxBlocks = uint32_t{1} << 28;
inline constexpr uint64_t kMaxFenceBytes = UINT32_MAX;
inline constexpr uint64_t kMaxTableBytes = (uint64_t{1} << 48) - 1;
constexpr bool index_fits(uint64_t blocks, uint64_t fence_bytes, uint64_t table_bytes) {
  return blocks <= kMaxBlocks && fence_bytes <= kMaxFenceBytes && table_bytes <= kMaxTableBytes;
}
inline constexpr size_t kIndexHeaderBytes = 32;

// How many elements level `l` has over so many blocks, which is how many nodes the level below it has.
constexpr uint32_t index_elements(uint32_t blocks, uint32_t l) {
  return static_cast<uint32_t>((blocks + (uint64_t{1} << (4 * l)) - 1) >> (4 * l));
}
constexpr uint32_t index_nodes(uint32_t blocks, uint32_t l) { return index_elements(blocks, l + 1); }
struct IndexShape {
  uint32_t levels = 0;
  uint32_t nodes = 0;  // of all levels
};
constexpr IndexShape index_shape(uint32_t blocks) {
  IndexShape shape;
  while (blocks != 0 && (shape.levels == 0 || index_elements(blocks, shape.levels) > 1)) {
    shape.nodes += index_nodes(blocks, shape.levels++);
  }
  return shape;
}
// The block whose fence element `e` of level `l` stands for.
constexpr uint32_t index_block_of(uint32_t blocks, uint32_t l, uint64_t e) {
  const uint64_t behind = (e + 1) << (4 * l);
  return static_cast<uint32_t>(behind < blocks ? behind : blocks) - 1;
}

class IndexView {
 public:
  struct Extent {
    uint64_t offset;  // in the file
    uint64_t bytes;
  };

  IndexView() = default;  // to be assigned before use
  // Reads hostile bytes: kCorruption unless the tree is the one that its fences make, and the blocks lie in order.
  static Result<IndexView> parse(Bytes image);
  // For an image that parse() accepted.
  explicit IndexView(Bytes image);

  uint32_t blocks() const { return blocks_; }
  // The first block whose fence is not less than `key`; blocks() if there is none.
  // `words`, if not null, has 8 bytes a block: those of the node in which the search will end are asked for meanwhile.
  uint32_t lower_bound(Bytes key, const void* words = nullptr) const;
  // The same in two steps, for who has other things to do while memory is waited for: the leaf (the node of level 0) in which
  // the search ends, whose heads and words (unless null) are asked for; and what it finds there.
  uint32_t leaf_for(Bytes key, const void* words) const;
  uint32_t lower_bound_in(uint32_t leaf, Bytes key) const;
  Extent extent(uint32_t block) const {
    const uint64_t begin = offset(block);
    return {this->begin() + begin, offset(block + 1) - begin};
  }
  // Where the first block begins and the last one ends.
  uint64_t begin() const { return base::load<uint64_t>(image_ + 16); }
  uint64_t end() const { return begin() + offset(blocks_); }
  // The fence of `block` is prefix() followed by fence_rest().
  Bytes prefix() const { return {fences_ - prefix_bytes_, prefix_bytes_}; }
  Bytes fence_rest(uint32_t block) const {
    const auto begin = base::load<uint32_t>(fence_offsets_ + size_t{4} * block);
    return {fences_ + begin, base::load<uint32_t>(fence_offsets_ + size_t{4} * block + 4) - begin};
  }

 private:
  uint64_t offset(uint32_t i) const {
    return base::load<uint32_t>(block_offsets_ + size_t{6} * i) |
           uint64_t{base::load<uint16_t>(block_offsets_ + size_t{6} * i + 4)} << 32;
  }
  bool begins_with_prefix(Bytes key) const;
  // `rest` is the key behind the common prefix, `head` its head.
  uint32_t descend(Bytes rest, uint64_t head) const;
  uint32_t search_leaf(uint32_t leaf, Bytes rest, uint64_t head) const;
  uint32_t position(uint32_t l, uint64_t node, const char* heads, const char* node_prefixes, Bytes rest,
                    uint64_t head) const;
  uint32_t position_in_node(Bytes rest, uint32_t l, uint64_t node, const char* heads, size_t node_prefix) const;
  uint32_t leaves() const { return index_nodes(blocks_, 0); }
  bool offsets_hold(uint64_t fence_bytes) const;
  bool tree_holds() const;

  const char* image_ = nullptr;
  const char* block_offsets_ = nullptr;
  const char* fence_offsets_ = nullptr;
  const char* node_prefixes_ = nullptr;
  const char* fences_ = nullptr;
  uint32_t blocks_ = 0;
  uint32_t levels_ = 0;
  uint32_t prefix_bytes_ = 0;
};

}  // namespace nacre::format
