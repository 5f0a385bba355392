// TreeState: all that the manifest says, at one moment: every keyspace with its version, and the database's counters.
//
// It changes by whole edits only, in the same way whether an edit is new or read back from a manifest, and its snapshot
// is a list of edits that make it again from nothing. Copying is cheap (one count a keyspace), so a commit works on a
// copy and installs it when the edit is durable.
//
// Rules of edits. In one edit the order is: counters, create, drop, options, remove, add. Keyspace ids only rise, so none is
// used twice; names are unique; the default keyspace (id 0, "default") cannot be dropped. A table number stands in the
// tree at most once, over all keyspaces, and is below the next file number. Counters never fall. A keyspace's
// flushed-through sequence never falls either, and an edit that would lower it is refused: its flush came out of order.
//
// Thread safety: a plain value.
#pragma once

#include <map>
#include <span>

#include "tree/version.h"

namespace nacre::tree {

struct KeyspaceState {
  format::KeyspaceRecord record;
  format::Sequence flushed_through = 0;  // every write of the keyspace up to here is in its tables
  base::IntrusivePtr<Version> version;
};

struct TreeState {
  std::map<uint32_t, KeyspaceState> keyspaces;
  format::LogFloor log_floor;       // the log below this position is not needed
  uint64_t log_synced_through = 0;  // the log was synced through here
  uint64_t next_file_number = 1;
  uint64_t reserved_file_number = 0;   // files with numbers below are the database's own
  format::Sequence last_sequence = 0;  // at least every sequence of every table
  uint64_t next_run_id = 1;
  uint64_t next_keyspace_id = 0;
  std::vector<format::NumberRange> foreign_numbers;  // below reserved_file_number, but never ours

  // kInvalidArgument (kNotFound: its keyspace is gone) if the edit does not fit; the state is then of no use. Tables
  // that leave go to `displaced`.
  Result<void> apply(const format::VersionEdit& edit, const std::shared_ptr<TableHome>& home, Displaced& displaced);

  // Edits that make this state again.
  std::vector<format::VersionEdit> snapshot() const;

  const KeyspaceState* find(Bytes name) const;
  // Whether a database can have come this far; if not, its counters have no room left to count on, and were never counted up to here.
  bool has_sound_counters() const;
  // Whether only this database can have given `file_number` to a file.
  bool is_own_number(uint64_t file_number) const;

 private:
  Result<void> create(const format::VersionEdit& edit);
  Result<void> check_numbers(const format::VersionEdit& edit) const;
};

}  // namespace nacre::tree
