// check: reads everything that the manifest names and verifies what can be verified.
//
// Of each table: every checksum, order, counts, bounds and the hash of its entries, against itself and against the
// manifest's record. What every open verifies is not done again: that all tables are there, with their sizes and identities,
// that tables of a run do not overlap (tree/), and the log.

#include "engine/core.h"
#include "format/file_names.h"
#include "table/table.h"

namespace nacre::engine {

namespace {

// What the manifest says of a table against what the table says of itself.
const char* differs(const format::TableRecord& record, const table::TableProperties& properties) {
  if (record.entries != properties.entries) return "the manifest and the table disagree about the number of entries";
  if (record.erases != properties.erases) return "the manifest and the table disagree about the number of erases";
  if (record.range_tombstones != properties.range_tombstones)
    return "the manifest and the table disagree about range tombstones";
  if (record.entries_hash != properties.entries_hash)
    return "the manifest and the table disagree about the hash of the entries";
  if (record.data_bytes != properties.key_bytes + properties.value_bytes)
    return "the manifest and the table disagree about the bytes of keys and values";
  if (record.smallest_sequence != properties.smallest_sequence ||
      record.largest_sequence != properties.largest_sequence) {
    return "the manifest and the table disagree about the sequence numbers";
  }
  if (record.smallest_key != properties.smallest_key || record.largest_key != properties.largest_key)
    return "the manifest and the table disagree about the smallest or the largest key";
  if (record.compression != properties.compression) return "the manifest and the table disagree about the compression";
  return nullptr;
}

Result<void> check_table(const tree::TableMeta& meta) {
  NACRE_TRY_ASSIGN(table::Table * table, meta.table());
  if (const char* reason = differs(meta.record(), table->properties()); reason != nullptr) {
    return corruption(Operation::kRead, FileKind::kTable, meta.number(), 0, reason);
  }
  return table->verify();
}

}  // namespace

Result<std::vector<CheckFinding>> Core::check(const std::function<void(uint64_t, uint64_t)>& progress) {
  NACRE_TRY(usable());
  std::vector<CheckFinding> findings;
  std::vector<std::pair<std::string, base::IntrusivePtr<tree::Version>>> versions;
  uint64_t all_bytes = 0;
  {
    sync::MutexLock lock(state_mutex_);
    for (const auto& [id, keyspace] : keyspaces_) {
      versions.emplace_back(keyspace->name, keyspace->version);
      all_bytes += keyspace->version->totals().file_bytes;
    }
  }
  uint64_t done_bytes = 0;
  for (const auto& [name, version] : versions) {
    for (const tree::Run& run : version->runs()) {
      for (const auto& meta : run.tables()) {
        if (const Result<void> sound = check_table(*meta); !sound) {
          findings.push_back({.error = sound.error(),
                              .detail = "keyspace " + name + ", level " + std::to_string(run.level()) + ", " +
                                        format::table_name(meta->number())});
        }
        done_bytes += meta->file_bytes();
        if (progress) progress(done_bytes, all_bytes);
      }
    }
  }
  return findings;
}

}  // namespace nacre::engine
