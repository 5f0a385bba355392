// NewestVersions: of all that was saved of a keyspace, the newest version of each key that is not erased, in key order.
//
// Tables are opened when the merge comes to where they begin and closed behind their end; what the log has is held in memory,
// the newest version of each key only. The newest is the one with the highest sequence; among equal ones (sequence 0: a
// bottom table and one that it replaced) that of the table made last. Range tombstones of all tables and of the log are held
// together and hide what is older, wherever it lies. (A large entry keeps its sequence at the bottom: from a table that was replaced
// and is still there it wins over a newer small one there. All of this is doubtful, and said to be.)
//
// Operations of the log that tables took ("held") count where these tables are damaged, and nowhere else: of what was written without
// the log (Durability::kMemory) the log may lack what came later, and a sequence of 0 does not say that it did.
//
// Thread safety: one thread.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "format/batch_format.h"
#include "format/tombstones.h"
#include "salvage/table_source.h"

namespace nacre::salvage {

class NewestVersions {
 public:
  void add_table(std::unique_ptr<TableSource> table) { tables_.push_back(std::move(table)); }
  void add_tombstones(const format::TombstoneSet& set);
  // Of the log, in any order: one that is newer than what the tables are known to hold, and one that a table took.
  void add_operation(const format::BatchOp& op, format::Sequence sequence) { add_logged(op, sequence, false); }
  void add_held_operation(const format::BatchOp& op, format::Sequence sequence) { add_logged(op, sequence, true); }
  // The keys of which tables may have lost something. Those that it does not hold from the beginning the tables add.
  KeyRanges& doubts() { return doubts_; }

  // Once.
  Result<void> for_each(const std::function<Result<void>(Bytes key, Bytes value)>& keep);
  // How many of these came from held operations.
  uint64_t rescued() const { return rescued_; }

 private:
  struct Version {
    uint64_t trailer = 0;
    bool held = false;
    std::string value;
  };
  struct Tombstone {
    std::string begin;
    std::string end;
    format::Sequence sequence = 0;
  };

  void add_logged(const format::BatchOp& op, format::Sequence sequence, bool held);
  static format::TombstoneSet set_of(const std::vector<Tombstone>& tombstones);

  KeyRanges doubts_;
  std::vector<std::unique_ptr<TableSource>> tables_;
  std::map<std::string, Version, std::less<>> logged_;
  std::vector<Tombstone> tombstones_;
  std::vector<Tombstone> held_tombstones_;
  uint64_t rescued_ = 0;
};

}  // namespace nacre::salvage
