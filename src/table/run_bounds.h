// RunBounds: the bounds of tables that do not overlap, in dense arrays, so that the question "which table?" touches no table.
//
// The keys of a run's tables share a prefix (often a long one: "user:0000..."); it is stripped, and of what follows the first
// 8 bytes are kept as one word, the *head*. Heads of the largest keys are searched branch-free, heads of the smallest keys
// then tell most misses; full keys are compared only where heads are equal. The layout follows the same idea as the
// columns of a block (format/block.h).
//
//   prefix          common prefix of all bounds of all tables
//   largest_heads   head_at(largest key of table i, prefix length), ascending
//   smallest_heads  head_at(smallest key of table i, prefix length), ascending
//   tables          the bounds themselves
//
// A table covers [smallest, largest], or [smallest, largest) when it is marked so (its last word is a range tombstone). Two
// neighbours may then meet in one key, which belongs to the right one.
//
// Thread safety: immutable. Lifetime: borrows the keys.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "base/bits.h"
#include "nacre/bytes.h"

namespace nacre::table {

struct TableBounds {
  Bytes smallest;
  Bytes largest;
  bool largest_exclusive = false;

  // False if the table says nothing about `key` or any key after it.
  bool reaches(Bytes key) const {
    const int order = key.compare(largest);
    return order < 0 || (order == 0 && !largest_exclusive);
  }
};

class RunBounds {
 public:
  RunBounds() = default;
  // In order: each one ends before the next begins.
  explicit RunBounds(std::vector<TableBounds> tables);

  size_t size() const { return tables_.size(); }
  // The one table that covers `key`; size() if there is none.
  size_t find(Bytes key) const;
  // The first table that covers `key` or lies after it; size() if there is none. Scans start here.
  size_t first_reaching(Bytes key) const;
  // The first table that begins after `key` (at or after it); size() if there is none.
  size_t first_beginning_after(Bytes key) const;
  size_t first_beginning_at(Bytes key) const;
  uint64_t memory_bytes() const;

 private:
  int against_prefix(Bytes key) const;
  template <class IsBefore>
  size_t first_not(std::span<const uint64_t> heads, Bytes key, IsBefore is_before) const;

  std::string prefix_;
  std::vector<uint64_t> largest_heads_;
  std::vector<uint64_t> smallest_heads_;
  std::vector<TableBounds> tables_;
};

}  // namespace nacre::table
