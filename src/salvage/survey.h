// Survey: the files of a damaged database, sorted: which tables count, to which keyspace each belongs, what is known of it.
//
// With a whole manifest the tables that it names count, and no others. A manifest that lost its end looks whole; so it is trusted
// less where something younger than it shows: a table made behind its snapshot that it neither names nor removed, while one that it
// names is gone, or the log lacks what was synced; or a keyspace, in a table or in the log, whose id it never gave out. Then, and
// without a manifest, every table counts that is not known to be removed, nor to be of a keyspace that was dropped.
//
// Thread safety: plain values.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "salvage/damaged_log.h"
#include "salvage/damaged_manifest.h"
#include "salvage/table_source.h"

namespace nacre::salvage {

struct SurveyedTable {
  TableFacts facts;
  uint64_t file_bytes = 0;
  std::optional<uint32_t> keyspace;                // nothing: it cannot be known
  std::optional<format::TombstoneSet> tombstones;  // nothing: they are lost, or it is not known whether there are any
  std::vector<Fault> faults;                       // of its parts; those of its blocks show when they are read
  format::Sequence largest_sequence = 0;
  uint64_t largest_block_bytes = 0;
};

struct Survey {
  KnownTree tree;
  std::vector<SurveyedTable> tables;  // those that count
  std::unique_ptr<DamagedLog> log;
  std::vector<RepairFinding> findings;

  // Names that are made up are those of no keyspace that is known.
  std::string keyspace_name(uint32_t id) const;
  std::string keyspace_name(const SurveyedTable& table) const;
};

// Whether there is a file among them that a database keeps data in.
bool holds_data(const std::vector<DirectoryEntry>& entries);

// kNotFound if there is no file of a database that holds data.
Result<Survey> survey_database(Directory& directory, bool log_past_damage);

}  // namespace nacre::salvage
