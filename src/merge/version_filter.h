// VersionFilter: which versions of a key a flush or a compaction must keep. Pure: no I/O, no clock.
//
// Snapshots cut the sequences into stripes: two versions of a key in one stripe are seen by the same readers, so only the
// newer can ever be read. With snapshots 10 and 20, the stripes are [0, 10], (10, 20], (20, ...).
//
//   kept     the newest version of a key in each stripe, unless a range tombstone of the same stripe covers it
//   dropped  everything else; at the bottom also erases that the oldest stripe ends with, for there is nothing older to hide
//   zeroed   at the bottom, the sequence of a put in the oldest stripe: everybody sees it, and equal trailers take no room. A caller
//            to whom that saves nothing may leave it
//
// The readers' horizon is part of the snapshots: the caller adds the sequence visible when the job began, so that a read
// that began earlier (and holds the older files) or begins later is right either way.
//
// Zeroing is safe with range tombstones: at the bottom those of the oldest stripe are dropped, and those of newer stripes
// are newer than any zeroed entry was.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "format/entry.h"
#include "format/tombstones.h"

namespace nacre::merge {

class VersionFilter {
 public:
  // `snapshots`: ascending, all that may be read at. `bottom`: no older data of the keys exists elsewhere. `tombstones`:
  // those of the input, borrowed; null if none.
  VersionFilter(std::vector<format::Sequence> snapshots, bool bottom, const format::TombstoneSet* tombstones);

  // Asked for every entry in internal order. The trailer to write, or nothing to drop the entry.
  std::optional<uint64_t> keep(Bytes key, uint64_t trailer);

  // The range tombstones of the input that must go on, of the part [begin, end) of the key space; an empty bound is open.
  std::vector<format::RangeTombstone> keep_tombstones(Bytes begin, Bytes end) const;

 private:
  size_t stripe_of(format::Sequence sequence) const;

  std::vector<format::Sequence> snapshots_;
  bool bottom_;
  const format::TombstoneSet* tombstones_;
  std::string key_;  // the key of the last entry asked for
  bool has_key_ = false;
  size_t last_stripe_ = 0;  // the stripe of its last version
};

}  // namespace nacre::merge
