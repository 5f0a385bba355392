// How much of what lies in sorted runs is dead: entries whose key a newer run holds as well. From a sample, for who must know
// whether a merge would give back enough space to be worth its price.
//
// Keys are taken at even distances from every run but the oldest, and looked for in the runs below. Whatever its number of
// versions, each entry but the newest of its key is the next one below exactly one other; so the share of keys that are found
// below, in a run of so many entries, is the share of so many that it has made dead. With 128 keys the standard deviation is 0.03 at 1/8, 0.04 at 1/4.
// What range tombstones cover is not counted.
#pragma once

#include <functional>
#include <span>

#include "nacre/error.h"
#include "sync/epoch.h"
#include "table/run_tables.h"

namespace nacre::compaction {

// 0 to 1; 0 of nothing. `runs` come newest first; all tables of them are opened. `poll` returns an error to give up; may be null.
Result<double> sampled_dead_share(std::span<const table::RunTables* const> runs, sync::EpochDomain& epochs,
                                  const std::function<Result<void>()>& poll);

}  // namespace nacre::compaction
