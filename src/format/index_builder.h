// IndexBuilder: makes the image of a table's index (index.h draws it) from the fences of its blocks.
//
// Thread safety: one thread at a time. Ownership: copies the fences.
#pragma once

#include <string>
#include <vector>

#include "nacre/bytes.h"

namespace nacre::format {

// A short key f with last <= f < next, for last < next. If last == next (versions of one key in two blocks): last.
std::string shortest_fence(Bytes last, Bytes next);

class IndexBuilder {
 public:
  // Block 0 begins at `first_offset` of the file.
  explicit IndexBuilder(uint64_t first_offset) : fence_at_(1, 0), block_at_(1, first_offset) {}

  // The next block ends at `end_offset`, and `fence` lies between it and the one that follows. Fences do not descend.
  void add(Bytes fence, uint64_t end_offset);
  uint32_t blocks() const { return static_cast<uint32_t>(block_at_.size() - 1); }
  // False when a limit of the format is passed: the table must end before.
  bool fits() const;
  // Of what finish() would make now, a little too high.
  uint64_t estimated_bytes() const { return 640 + fences_.size() + uint64_t{20} * block_at_.size(); }
  uint64_t memory_bytes() const { return fences_.capacity() + 8 * (fence_at_.capacity() + block_at_.capacity()); }

  std::string finish() const;

 private:
  Bytes fence(uint64_t block) const;
  void append_level(uint32_t l, size_t prefix_bytes, std::string* heads, std::string* prefixes) const;

  std::string fences_;
  std::vector<uint64_t> fence_at_;
  std::vector<uint64_t> block_at_;
};

}  // namespace nacre::format
