// TableSource: the readable entries of one table in order, and findings about the others.
//
// A damaged block is a range of keys: between the fences around it, or, without an index, between the last key before it and
// the first key behind it. All that may lie before the entry at hand are in `doubts`. At the end what was read is held against what the table, or the manifest, says it holds: if the counts
// and the hash agree, nothing is missing, whatever lies in the gaps.
//
// The file is open between open() and the end only. Thread safety: one thread.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "format/block_cursor.h"
#include "salvage/damaged_table.h"
#include "salvage/findings.h"
#include "salvage/key_ranges.h"

namespace nacre::salvage {

// What is known of a table before its blocks are read.
struct TableFacts {
  std::string name;
  format::TableIdentity id;
  KeyRange keys;                         // that it may say something about
  std::optional<uint64_t> entries;       // that it should hold,
  std::optional<uint64_t> entries_hash;  // and their hash
};

class TableSource {
 public:
  TableSource(Directory& directory, TableFacts facts, FileFindings findings, KeyRanges& doubts,
              std::function<void(uint64_t)> on_bytes)
      : directory_(directory),
        facts_(std::move(facts)),
        findings_(std::move(findings)),
        doubts_(doubts),
        on_bytes_(std::move(on_bytes)) {}

  // No entry lies before it.
  Bytes lower() const { return facts_.keys.from ? Bytes(*facts_.keys.from) : Bytes(); }
  uint64_t number() const { return facts_.id.number; }

  // Both answer whether there is an entry.
  bool open();
  bool next();

  bool opened() const { return table_ != nullptr; }
  Bytes key() const { return cursor_.key(); }
  uint64_t trailer() const { return cursor_.trailer(); }
  Bytes value() const { return cursor_.value(); }

 private:
  struct Hole {
    uint64_t offset = 0;
    uint64_t bytes = 0;
    KeyRange keys;
    std::string what;
  };

  bool next_block();
  bool in_order(const format::BlockView& view) const;
  void note_hole(size_t index, const Error& error);
  void doubt_holes(const std::optional<std::string>& to);
  void finish();

  Directory& directory_;
  const TableFacts facts_;
  FileFindings findings_;
  KeyRanges& doubts_;
  std::function<void(uint64_t)> on_bytes_;
  std::unique_ptr<DamagedTable> table_;
  size_t next_place_ = 0;
  DamagedTable::Block block_;
  format::BlockCursor cursor_;
  std::vector<Hole> holes_;
  size_t doubted_ = 0;  // of these, the first ones are in doubts_
  bool any_ = false;
  std::string last_key_;  // of the last block
  uint64_t last_trailer_ = 0;
  uint64_t entries_ = 0;
  uint64_t hash_ = 0;
};

}  // namespace nacre::salvage
