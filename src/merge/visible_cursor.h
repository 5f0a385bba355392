// VisibleCursor: what a reader at one sequence sees of a merge: at most one entry a key, no erased keys.
//
// Of the versions of a key, the one that counts is the newest whose sequence is at most the reader's. If it is an erase,
// or a range tombstone that the reader can see covers it, the key is not there.
//
// Forward, the merge stands on the entry shown. Backward, versions come oldest first, so the newest visible one is known
// only when the merge has gone past the key, and stands before it. The key is copied; the value stays where it is, for a
// cached source keeps the block that it leaves last. Only a value behind which there are newer versions that the
// reader does not see is copied.
//
// The sources are cached ones: a streaming one overwrites what it leaves.
//
// What is not there must not be crawled over without end: hidden entries are skipped only up to the reader's bounds.
//
// Thread safety: one thread at a time. The tombstones and the bounds are borrowed.
#pragma once

#include <string>

#include "base/key_buffer.h"
#include "format/tombstones.h"
#include "merge/merge_cursor.h"

namespace nacre::merge {

class VisibleCursor {
 public:
  // `tombstones` may be null: there are none in any source. The search for something visible stops at the bounds: keys
  // before `lower` or at or after `upper` (null: open) need not be found.
  VisibleCursor(MergeCursor merge, format::Sequence at, const format::TombstoneSet* tombstones, Bytes lower,
                const std::string* upper)
      : merge_(std::move(merge)), at_(at), tombstones_(tombstones), lower_(lower), upper_(upper) {}

  VisibleCursor(const VisibleCursor&) = delete;  // value_ may lie in copy_
  VisibleCursor& operator=(const VisibleCursor&) = delete;

  bool valid() const { return valid_; }
  Bytes key() const { return backward_ ? key_.view() : merge_.key(); }
  Bytes value() const { return backward_ ? value_ : merge_.value(); }
  format::Sequence sequence() const { return backward_ ? sequence_ : format::sequence_of(merge_.trailer()); }
  Result<void> status() const { return merge_.status(); }

  void seek_first();
  void seek_last();
  void seek(Bytes key);         // the first visible entry at or after
  void seek_before(Bytes key);  // the last visible entry before
  void next();                  // needs valid()
  void prev();                  // needs valid()

 private:
  void find_forward(bool skip_key);
  void find_backward();
  bool shows(Bytes key, uint64_t trailer) const;
  void skip_versions();

  MergeCursor merge_;
  format::Sequence at_;
  const format::TombstoneSet* tombstones_;
  Bytes lower_;
  const std::string* upper_;
  bool valid_ = false;
  bool backward_ = false;
  base::KeyBuffer key_;  // forward: scratch for the key to skip; backward: the entry shown
  Bytes value_;          // backward only
  std::string copy_;
  format::Sequence sequence_ = 0;
};

}  // namespace nacre::merge
