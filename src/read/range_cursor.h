// RangeCursor: ordered reading of a keyspace at one commit point, within bounds.
//
// It holds a counted view, so that nothing it reads can be freed or deleted under it however long it lives, and the
// range tombstones of all sources in one set. Bounds are checked here, once a step; below it is a VisibleCursor over one
// source per memtable and per run.
//
// Thread safety: one thread at a time.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "merge/visible_cursor.h"
#include "tree/read_view.h"

namespace nacre::read {

struct Bounds {
  std::string from;               // keys at or after it
  std::optional<std::string> to;  // keys before it; none: open

  // All keys that begin with `prefix`, within the given ones.
  void narrow_to_prefix(Bytes prefix);
  bool empty() const { return to && *to <= from; }
};

// The smallest key above all keys that begin with `prefix`; none if there is no such key.
std::optional<std::string> after_prefix(Bytes prefix);

// One source per memtable and run that may hold keys within the bounds, newest first. They borrow the view. A table that nobody
// opened yet is opened when its source comes to it: what a cursor costs does not depend on how many tables there are.
std::vector<merge::Source> sources_of(const tree::ReadView& view, const Bounds& bounds, base::MemoryAccount* account);

class RangeCursor {
 public:
  // kIo or kCorruption if a table cannot be opened. What it reads ahead is charged to `account`, which may be null.
  static Result<std::unique_ptr<RangeCursor>> open(base::IntrusivePtr<tree::ReadView> view, format::Sequence at,
                                                   Bounds bounds, base::MemoryAccount* account);

  bool valid() const { return valid_; }
  Bytes key() const { return cursor_.key(); }
  Bytes value() const { return cursor_.value(); }
  format::Sequence sequence() const { return cursor_.sequence(); }
  Result<void> status() const { return cursor_.status(); }
  // Of tables, that may hold keys within the bounds.
  uint64_t runs() const { return runs_; }

  void seek_first() { seek(bounds_.from); }
  void seek_last();
  void seek(Bytes key);
  void seek_before(Bytes key);
  void next() {
    cursor_.next();
    check_upper();
  }
  void prev() {
    cursor_.prev();
    check_lower();
  }

 private:
  RangeCursor(base::IntrusivePtr<tree::ReadView> view, Bounds bounds, format::TombstoneSet tombstones,
              merge::MergeCursor merge, uint64_t runs, format::Sequence at);
  void check_upper() { valid_ = cursor_.valid() && (!bounds_.to || cursor_.key() < Bytes(*bounds_.to)); }
  void check_lower() { valid_ = cursor_.valid() && cursor_.key() >= Bytes(bounds_.from); }

  base::IntrusivePtr<tree::ReadView> view_;
  Bounds bounds_;
  format::TombstoneSet tombstones_;
  uint64_t runs_;
  merge::VisibleCursor cursor_;
  bool valid_ = false;
};

// All range tombstones of a view that a reader at `at` may have to look at.
Result<format::TombstoneSet> collect_tombstones(const tree::ReadView& view, format::Sequence at);

}  // namespace nacre::read
