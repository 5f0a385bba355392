// MergeJob: reads sorted inputs, keeps what must be kept, writes the tables of one run.
//
// Flush and compaction are this one job with other inputs. The key space may be split into parts that run in parallel,
// each with its own cursor and writer; the parts' tables together are the output, and one manifest edit installs them.
//
// Every entry read is counted and hashed (the same order-independent hash that each table records of itself): read in
// against what the inputs' records say, and kept against what the tables written say of themselves. A difference is
// corruption in memory or on disk, and stops the job before anything is installed.
//
// An entry too large to share its block is not packed again: where the codec stays the same its block is
// copied as it is stored, sequence and all, under a new checksum. What it says of itself is compared with the entry first.
//
// Cancellation and pacing come through `poll`, called every few thousand entries.
#pragma once

#include <atomic>
#include <functional>
#include <string>
#include <vector>

#include "compaction/run_writer.h"
#include "merge/merge_cursor.h"
#include "merge/version_filter.h"

namespace nacre::compaction {

struct MergeTotals {
  uint64_t entries_read = 0;
  uint64_t entries_written = 0;
  uint64_t hash_read = 0;
};

struct MergePart {
  std::string begin;  // keys at or after it
  std::string end;    // keys before it; empty: open
};

struct MergeResult {
  std::vector<format::TableRecord> tables;
  MergeTotals totals;
  std::vector<table::WarmBlocks> warm;  // of the tables
};

// One part. `cursor` is positioned by this call. `poll` returns an error to give up; may be null.
Result<MergeResult> merge_part(merge::MergeCursor cursor, merge::VersionFilter filter, RunWriterOptions writer,
                               const MergePart& part, const std::function<Result<void>()>& poll);

}  // namespace nacre::compaction
