// Subject: one database of several that are given the same operations, with options of its own at each open.
//
// An answer is what was read, as SortedMaps would write it; what may not fail and did is "error: ..." instead.
// Thread safety: none.
#pragma once

#include <array>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "nacre/nacre.h"
#include "tests/support/operation.h"

namespace nacre::tests {

class Subject {
 public:
  // `options` is asked at each open. Creates the database and its keyspaces.
  Subject(std::string path, std::function<Options()> options, const Runtime& runtime);

  std::string apply(const Operation& operation);
  // All that is in it, keyspace by keyspace, and what a full check finds.
  std::string contents();
  std::string findings();
  // For people: the options of this open, and those of its keyspaces.
  std::string describe() const;

 private:
  void open();
  std::string reopen();
  std::string write(const Operation& operation);
  std::string transaction(const Operation& operation);
  std::string conflict(const Operation& operation);
  std::string multi_get(const Operation& operation);
  std::string scan(const Operation& operation);
  Snapshot snapshot_of(const Operation& operation) const;

  const std::string path_;
  const std::function<Options()> options_;
  const Runtime runtime_;
  Options now_;
  std::vector<KeyspaceOptions> keyspace_options_;  // fixed when they were created
  std::optional<Db> db_;
  std::vector<Keyspace> keyspaces_;
  std::array<Snapshot, kSnapshotSlots> snapshots_;
  std::string broken_;  // why it could not be opened
};

std::string to_string(const Options& options);

}  // namespace nacre::tests
