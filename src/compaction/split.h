// Cutting a merge into parts of the key space that hold about the same bytes, so that several threads share it.
//
// Borders are taken from the indexes of the inputs, not from where their tables begin: flushes into an empty tree all begin at the
// smallest key, and would leave the largest merge there is to one thread.
#pragma once

#include <functional>
#include <span>
#include <vector>

#include "compaction/merge_job.h"
#include "sync/epoch.h"
#include "table/run_tables.h"

namespace nacre::compaction {

// At least one part and at most `parts`, which follow on each other and together are the whole key space. Opens all tables of the
// runs; if they are few, their indexes are read, unless cached. An error of that is the answer, and what `poll` (asked once a
// table; may be null) returns to give up.
Result<std::vector<MergePart>> split_merge(std::span<const table::RunTables* const> runs, uint64_t parts,
                                           sync::EpochDomain& epochs, base::MemoryAccount* account,
                                           const std::function<Result<void>()>& poll);

}  // namespace nacre::compaction
