// decide: what one source says about a key, and whether that settles it. Shared by all kinds of gets.
#pragma once

#include "read/point_get.h"

namespace nacre::read {

// `found` and `trailer`: the source's newest entry at or below the reader's sequence. `covering`: the newest range
// tombstone of the source over the key, 0 if none. True: nothing older needs to be asked; the value is the caller's to
// fill in if lookup->present.
inline bool decide(bool found, uint64_t trailer, format::Sequence covering, Lookup* lookup) {
  if (found && format::sequence_of(trailer) >= covering) {
    lookup->sequence = format::sequence_of(trailer);
    lookup->present = format::kind_of(trailer) == format::EntryKind::kPut;
    return true;
  }
  if (covering != 0) {
    lookup->sequence = covering;
    return true;
  }
  return false;
}

}  // namespace nacre::read
