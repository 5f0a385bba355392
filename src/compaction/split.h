// Cutting a merge into parts of the key space that hold about the same bytes, so that several threads share it.
//
// Borders are taken from the indexes of the inputs, not from where their tables begin: flushes into an empty tree all begin at the
// smallest key, and would leave the largest merge there is to one thread.
#pragma once

#include <span>
#include <vector>

#include "compaction/merge_job.h"
#include "sync/epoch.h"
#include "table/run_tables.h"

namespace nacre::compaction {

// At least one part and at most `parts`, which follow on each other and together are the whole key space. Opens all tables of the
// runs, whose indexes are read if they are not cached; an error of that is the answer.
Result<std::vector<MergePart>> split_merge(std::span<const table::RunTables* const> runs, uint64_t parts,
                                           sync::EpochDomain& epochs);

}  // namespace nacre::compaction
