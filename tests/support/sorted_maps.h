// SortedMaps: what a database must answer, from a sorted map for each keyspace; a snapshot is a copy of all.
//
// The answers are texts that Subject (subject.h) gives as well, to be compared as they are.
#pragma once

#include <array>
#include <map>
#include <memory>
#include <string>

#include "tests/support/operation.h"

namespace nacre::tests {

// How answers are written, here and by Subject.
void add_found(std::string& answer, const std::string* value);  // null: not found
void add_entry(std::string& answer, const std::string& key, const std::string& value);

class SortedMaps {
 public:
  using Contents = std::map<std::string, std::string>;
  using All = std::array<Contents, kKeyspaceCount>;

  std::string apply(const Operation& operation);
  const All& contents() const { return now_; }

 private:
  static void write(All& all, const Operation& operation);
  static std::string read(const All& all, const Operation& operation);
  const All& seen_by(const Operation& operation) const;

  All now_;
  std::array<std::shared_ptr<const All>, kSnapshotSlots> snapshots_;
};

}  // namespace nacre::tests
