// TombstoneSet: the range tombstones of one memtable, table or merge, ready for lookups.
//
// Tombstones as written may overlap in any way. A set holds them as *fragments*: disjoint key ranges in order, each with
// the sequences of all tombstones that cover it, newest first. "What erases this key at this sequence" is then one
// search over fragment ends and one over sequences, and a merge walks fragments as it walks entries.
//
// Cutting n tombstones into fragments can repeat each sequence n times ("erase everything before t", again and again,
// with a rising t). So sequences lie in a pool that starts with all distinct ones, newest first; a fragment whose
// sequences are neighbours there - it is so for rising, sliding and nested ranges - points into that part, and only
// other lists are spelled out behind it.
//
// Encoded (inside a checksummed block; integers are varints):
//
//   set      = sequence_count, sequence * sequence_count,      the pool
//              fragment_count, fragment * fragment_count       in key order
//   fragment = first << 1 | touches, count,                    sequences [first, first + count) of the pool, descending
//              [begin_bytes, begin]  unless touches            touches: begins where the one before it ends
//              end_bytes, end
//
// Invariants: begin < end in a fragment; each begins at or after the end of the one before; touching fragments differ in
// their sequences; sequences of a fragment are strictly descending and at most kMaxSequence.
// Thread safety: immutable. Ownership: owns all its bytes; views that it returns live as long as it does (moving it
// keeps them valid).
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "format/entry.h"
#include "nacre/error.h"

namespace nacre::format {

class TombstoneSet {
 public:
  struct Fragment {
    Bytes begin;
    Bytes end;                            // exclusive
    std::span<const Sequence> sequences;  // at least one, strictly descending
  };

  TombstoneSet() = default;
  TombstoneSet(TombstoneSet&&) noexcept = default;
  TombstoneSet& operator=(TombstoneSet&&) noexcept = default;
  TombstoneSet(const TombstoneSet&) = delete;
  TombstoneSet& operator=(const TombstoneSet&) = delete;

  // In any order; copies the bytes. Those with begin >= end erase nothing and are left out. O(n log n), and O(n) more
  // for each fragment whose sequences are no neighbours.
  static TombstoneSet build(std::span<const RangeTombstone> tombstones);

  bool empty() const { return fragments_.empty(); }
  size_t size() const { return fragments_.size(); }  // fragments
  const Fragment& fragment(size_t i) const { return fragments_[i]; }

  // The highest sequence <= `at` among the tombstones that cover `key`; 0 if there is none.
  Sequence covering(Bytes key, Sequence at) const;
  // The first fragment that ends after `key`: the one that holds it or the next one to the right; size() if none.
  size_t first_ending_after(Bytes key) const;

  // Adds the fewest tombstones that build() would make this set of. The views point into this set.
  void append_tombstones(std::vector<RangeTombstone>* out) const;

  void encode(std::string& out) const;
  // Reads hostile bytes: kCorruption unless the invariants above hold. Allocates a small multiple of `bytes`.
  static Result<TombstoneSet> decode(Bytes bytes);

  uint64_t memory_bytes() const;

 private:
  void add_fragment(Fragment fragment);  // joined with the last one where it only continues that

  std::vector<char> keys_;           // all boundary keys, back to back
  std::vector<Sequence> sequences_;  // the pool
  std::vector<Fragment> fragments_;
  std::vector<uint64_t> end_heads_;  // of fragments_[i].end, for the search
};

}  // namespace nacre::format
