// DirectoryAudit: whether a directory holds what its manifest promises, and what it holds besides.
//
// Live tables must all be there, with the recorded size and the identity (database, number) that they carry themselves;
// the first that is not is named in a corruption error.
//
// A directory with the mark of an unfinished repair is refused, whatever else is in it: what is there is a part of a database that
// nobody has checked.
//
// Other files are sorted into those that may be removed and those that are reported and left alone. Never is a file
// removed because nothing refers to it: it must be provably ours. The rule for a table that is not live:
//   1. its number is one that only this database gave out (TreeState::is_own_number). Numbers are reserved in the
//      manifest before they are used, and numbers that were found on somebody else's files were passed over for ever;
//   2. and the file is either unfinished (it does not end as a table does: an output cut off by a crash) or says itself
//      that it is this database's table of this number. A copy under another number, and a table of another database,
//      stay.
// For a reserve: the same, where it says whose it is. For a manifest that is not in force: rule 1, and its header is this database's or unreadable. Log segments are the
// write-ahead log's to judge; here they only count among the numbers in use.
//
// Thread safety: pure but for reading the directory.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "nacre/runtime.h"
#include "tree/tree_state.h"

namespace nacre::tree {

struct ReserveFile {
  uint64_t number = 0;
  uint64_t bytes = 0;
};

struct DirectoryAudit {
  uint64_t highest_number = 0;               // of any file whose name has a number
  std::vector<uint64_t> leftover_tables;     // may be removed
  std::vector<uint64_t> leftover_manifests;  // may be removed
  std::vector<ReserveFile> reserves;         // may be removed, whole or not
  std::vector<std::string> unknown_files;    // reported only
};

// kInvalidArgument if one of the files is the mark of an unfinished repair.
Result<void> check_repaired(const std::vector<DirectoryEntry>& entries);

Result<DirectoryAudit> audit_directory(Directory& directory, const TreeState& state, const TableHome& home,
                                       uint64_t manifest_number);

// For a directory without CURRENT: OK if a database may be created in it, which includes what is left of a creation
// that was cut off. kCorruption if CURRENT must have been there, kInvalidArgument if files of others are there, or the mark of an
// unfinished repair.
// `leftovers`: what to remove before creating.
Result<void> check_creatable(Directory& directory, std::vector<std::string>* leftovers);

}  // namespace nacre::tree
