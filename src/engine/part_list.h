// merge_in_parts: several threads work off a list of merge parts; the caller is one of them.
//
// Helpers are asked for through the executor and may come late or never: every part that nobody has taken yet is done
// by the caller, so this waits only for parts that are being worked on. After an error no further part is begun, and the
// first error is returned; `results` then has what the parts that did finish have written, for the caller to remove.
//
// Thread safety: one call, its own threads.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "compaction/merge_job.h"
#include "nacre/runtime.h"
#include "sync/sync.h"

namespace nacre::engine {

using MergeOnePart = std::function<Result<compaction::MergeResult>(const compaction::MergePart&)>;

Result<void> merge_in_parts(Executor& executor, std::vector<compaction::MergePart> parts, const MergeOnePart& merge,
                            std::vector<compaction::MergeResult>* results);

}  // namespace nacre::engine
