// What of a database is concerned by damage: which file, whose keys.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "nacre/repair.h"

namespace nacre::salvage {

// What is wrong, in words.
inline std::string why(const Error& error) { return error.reason != nullptr ? error.reason : error.to_string(); }

// Keys from `from` to `to`, both included; nothing is open.
struct KeyRange {
  std::optional<std::string> from;
  std::optional<std::string> to;
};

// The findings about one file whose entries belong to one keyspace.
class FileFindings {
 public:
  FileFindings(std::vector<RepairFinding>& all, std::string file, std::string keyspace)
      : all_(all), file_(std::move(file)), keyspace_(std::move(keyspace)) {}

  void lost(uint64_t offset, uint64_t bytes, KeyRange keys, uint64_t entries, std::string what) {
    add(RepairFinding::Kind::kLost, offset, bytes, std::move(keys), entries, std::move(what));
  }
  void doubtful(uint64_t offset, uint64_t bytes, KeyRange keys, std::string what) {
    add(RepairFinding::Kind::kDoubtful, offset, bytes, std::move(keys), 0, std::move(what));
  }
  void note(uint64_t offset, uint64_t bytes, std::string what) {
    add(RepairFinding::Kind::kNote, offset, bytes, {}, 0, std::move(what));
  }

 private:
  void add(RepairFinding::Kind kind, uint64_t offset, uint64_t bytes, KeyRange keys, uint64_t entries,
           std::string what) {
    all_.push_back({.kind = kind,
                    .file = file_,
                    .offset = offset,
                    .bytes = bytes,
                    .keyspace = keyspace_,
                    .from = std::move(keys.from),
                    .to = std::move(keys.to),
                    .entries = entries,
                    .what = std::move(what)});
  }

  std::vector<RepairFinding>& all_;
  std::string file_;
  std::string keyspace_;
};

}  // namespace nacre::salvage
