// NewestVersions: of all that was saved of a keyspace, the newest version of each key that is not erased, in key order.
//
// Tables are opened when the merge comes to where they begin and closed behind their end; what the log has is held in memory,
// the newest version of each key only. The newest is the one with the highest sequence; among equal ones (sequence 0: a
// bottom table and one that it replaced) that of the table made last. Range tombstones of all tables and of the log are held
// together and hide what is older, wherever it lies.
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
  // Operations of the log, in the order of their sequences.
  void add_operation(const format::BatchOp& op, format::Sequence sequence);

  // Once.
  Result<void> for_each(const std::function<Result<void>(Bytes key, Bytes value)>& keep);

 private:
  struct Version {
    uint64_t trailer = 0;
    std::string value;
  };
  struct Tombstone {
    std::string begin;
    std::string end;
    format::Sequence sequence = 0;
  };

  std::vector<std::unique_ptr<TableSource>> tables_;
  std::map<std::string, Version, std::less<>> logged_;
  std::vector<Tombstone> tombstones_;
};

}  // namespace nacre::salvage
