// multi_get: many keys at one sequence, their waits overlapped.
//
// Source by source, newest first, as point_get does for one key; but within a source the lookups of all keys that are
// not yet decided go through their stages together (table/probe.h): cache misses of the processor overlap, and the
// blocks that are not in memory are read in one batch.
//
// Thread safety and lifetime: as for point_get.
#pragma once

#include <span>

#include "read/point_get.h"

namespace nacre::read {

struct MultiGetRequest {
  std::span<const Bytes> keys;
  format::Sequence at = 0;
  table::Guess guess = table::Guess::kAbsent;  // of the last run
  FileSystem& file_system;
};

// Fills lookups[i] for keys[i]. An error of any key is the answer for all.
Result<void> multi_get(const tree::ReadView& view, const MultiGetRequest& request, std::span<Lookup> lookups);

}  // namespace nacre::read
