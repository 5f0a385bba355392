// Run: tables in key order that do not overlap, so that at most one of them can hold a given key.
//
// A run is the unit of the read path: every get asks each run "which table?", so that question is answered from dense
// arrays without touching the tables. The keys of a run's tables share a prefix (often a long one: "user:0000..."); it
// is stripped, and of what follows the first 8 bytes are kept as one word, the *head*. Heads of the largest keys are
// searched branch-free, heads of the smallest keys then tell most misses; full keys are compared only where heads are
// equal. The layout follows the same idea as the columns of a block (format/block.h).
//
//   prefix          common prefix of all bounds of all tables
//   largest_heads   head_at(largest key of table i, prefix length), ascending
//   smallest_heads  head_at(smallest key of table i, prefix length), ascending
//   tables          counted references
//
// Bounds: a table covers [smallest, largest], or [smallest, largest) when it is marked so (its last word is a range
// tombstone). Two neighbours may then meet in one key, which belongs to the right one.
//
// A Run is a small value: copies share the arrays, so deriving a version from another costs one count for each run that
// stays as it is. Pointers and spans handed out live as long as some copy of the Run does.
//
// Thread safety: immutable.
#pragma once

#include <span>
#include <vector>

#include "base/bits.h"
#include "tree/table_meta.h"

namespace nacre::tree {

struct Totals {
  uint64_t tables = 0;
  uint64_t file_bytes = 0;
  uint64_t data_bytes = 0;
  uint64_t entries = 0;
  uint64_t erases = 0;
  uint64_t range_tombstones = 0;

  void add(const format::TableRecord& table);
  void add(const Totals& other);
  friend bool operator==(const Totals&, const Totals&) = default;
};

class Run {
 public:
  // `tables` in any order, at least one. kInvalidArgument if two of them overlap.
  static Result<Run> make(uint32_t level, uint64_t id, std::vector<base::IntrusivePtr<TableMeta>> tables);

  uint32_t level() const { return level_; }
  uint64_t id() const { return id_; }
  std::span<const base::IntrusivePtr<TableMeta>> tables() const { return body_->tables; }
  std::span<const uint64_t> numbers() const { return body_->numbers; }  // of the tables, in their order
  const Totals& totals() const { return body_->totals; }
  Bytes smallest_key() const { return tables().front()->smallest_key(); }
  Bytes largest_key() const { return tables().back()->largest_key(); }
  bool is_same_as(const Run& other) const { return body_ == other.body_; }  // shares its tables

  // The one table that covers `key`, or null.
  const TableMeta* find(Bytes key) const;
  // Index of the first table that covers `key` or lies after it; tables().size() if there is none. Scans start here.
  size_t first_reaching(Bytes key) const;
  // Index of the first table that begins after `key` (at or after it), or tables().size().
  size_t first_beginning_after(Bytes key) const;
  size_t first_beginning_at(Bytes key) const;
  // The tables that cover some key of [first, last], or of [first, last) with `last_exclusive`.
  std::span<const base::IntrusivePtr<TableMeta>> overlapping(Bytes first, Bytes last, bool last_exclusive) const;

 private:
  struct Body : base::RefCounted<Body> {
    std::string prefix;
    std::vector<uint64_t> largest_heads;
    std::vector<uint64_t> smallest_heads;
    std::vector<base::IntrusivePtr<TableMeta>> tables;
    std::vector<uint64_t> numbers;
    Totals totals;
    base::MemoryCharge charge;
  };

  Run(uint32_t level, uint64_t id, base::IntrusivePtr<const Body> body)
      : level_(level), id_(id), body_(std::move(body)) {}

  // Negative, zero or positive as `key` sorts before, has or sorts after the prefix.
  static int against_prefix(const Body& body, Bytes key);
  template <class IsBefore>
  size_t first_not(std::span<const uint64_t> heads, Bytes key, IsBefore is_before) const;

  uint32_t level_;
  uint64_t id_;
  base::IntrusivePtr<const Body> body_;
};

}  // namespace nacre::tree
