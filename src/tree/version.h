// Version: what one keyspace consists of at one moment, as an immutable list of sorted runs.
//
// The order of runs, newest first, is (level ascending, run id descending): runs[i] is newer than runs[j] for i < j,
// the bottom run is last. "Newer" is a promise about every single key: whatever a newer run says of a key was written
// after whatever an older run says of it. A reader may therefore stop at the first run that knows the key. Edits keep
// the promise by where they put tables:
//   - a flush makes a run that stands before every run whose key range it meets: a level above, or in the top level an
//     id above;
//   - a merge into a level below makes (or adds to) a run there whose id is above those it meets in that level;
//   - a merge that stays in its level takes over the id of its newest input run.
// A run is created by the first table added under its (level, id) and is gone when its last table is. An id stands in
// one level only.
//
// Checked when a version is derived (a violation is an error, never a state): tables of a run do not overlap; removed
// tables were there; added ones were not; bounds and sequences are in order; nothing is newer than the keyspace's
// flushed-through sequence; an edit that flushes adds only entries newer than the sequence flushed before, in runs that
// stand before what they meet. Sequences of merged tables cannot be checked against each other table by table: two
// tables may overlap in range, share no key, and hold sequences in any order.
//
// Thread safety: immutable, counted.
#pragma once

#include <vector>

#include "tree/run.h"

namespace nacre::tree {

class Version : public base::RefCounted<Version> {
 public:
  explicit Version(std::vector<Run> runs);

  const std::vector<Run>& runs() const { return runs_; }
  const Totals& totals() const { return totals_; }
  bool empty() const { return runs_.empty(); }
  // The run with this id, or null.
  const Run* run(uint64_t id) const;
  // The table with this number, or null.
  const TableMeta* table(uint64_t number) const;
  // Index in runs() behind the last run of the levels above `level` (levels 0 to level - 1).
  size_t first_run_of_level(uint32_t level) const;

 private:
  std::vector<Run> runs_;
  Totals totals_;
};

// Tables that an edit took out of a version. They are out for good once the whole commit is durable and none of its
// edits has put them in again.
using Displaced = std::vector<base::IntrusivePtr<TableMeta>>;

// What derive_version must know besides the version and the edit.
struct DeriveContext {
  std::shared_ptr<TableHome> home;      // of tables that are new
  format::Sequence flushed_before = 0;  // the keyspace's flushed-through sequence before the edit
  format::Sequence flushed_after = 0;   // and after it
  bool is_flush = false;
};

// The version that `edit` makes of `base`. A table whose number stands among `displaced` is put back as the same
// object. kInvalidArgument if the edit does not fit; `displaced` is then of no use.
Result<base::IntrusivePtr<Version>> derive_version(const Version& base, const format::VersionEdit& edit,
                                                   const DeriveContext& context, Displaced& displaced);

}  // namespace nacre::tree
