// check: reads everything that the manifest names and verifies what can be verified.
//
// Of each table: every checksum, order, counts, bounds and the hash of its entries, against itself and against the
// manifest's record. Of a keyspace whose tables are sound: that for every key newer runs hold what was written later, the promise
// by which a read stops at the first run that knows its key. What every open verifies is not done again: that all tables are there, with their sizes and identities,
// that tables of a run do not overlap (tree/), and the log.

#include <algorithm>
#include <functional>
#include <optional>
#include <string>

#include "engine/core.h"
#include "format/file_names.h"
#include "merge/merge_cursor.h"
#include "table/run_cursor.h"
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

// The runs of a version, newest first, opened for one walk over everything.
struct OpenRuns {
  std::vector<table::OpenTables> tables;
  std::vector<format::TombstoneSet> tombstones;
};

Result<OpenRuns> open_runs(const tree::Version& version) {
  OpenRuns open;
  for (const tree::Run& run : version.runs()) {
    std::vector<table::Table*> tables;
    std::vector<format::RangeTombstone> tombstones;
    for (const auto& meta : run.tables()) {
      NACRE_TRY_ASSIGN(table::Table * table, meta->table());
      tables.push_back(table);
      table->tombstones().append_tombstones(&tombstones);
    }
    open.tables.emplace_back(std::move(tables));
    open.tombstones.push_back(format::TombstoneSet::build(tombstones));
  }
  return open;
}

// The oldest tombstone over the key; 0 if there is none.
format::Sequence oldest_covering(const format::TombstoneSet& tombstones, Bytes key) {
  const size_t i = tombstones.first_ending_after(key);
  if (i == tombstones.size() || tombstones.fragment(i).begin > key) return 0;
  return tombstones.fragment(i).sequences.back();
}

// Whether the tombstones of other runs agree with an entry of `run`: older than it in older runs, newer in newer ones.
bool tombstones_agree(const OpenRuns& open, size_t run, Bytes key, format::Sequence sequence) {
  for (size_t other = 0; other < open.tombstones.size(); other++) {
    const format::TombstoneSet& tombstones = open.tombstones[other];
    if (other == run || tombstones.empty()) continue;
    const format::Sequence covering =
        other < run ? oldest_covering(tombstones, key) : tombstones.covering(key, format::kMaxSequence);
    if (covering != 0 && (covering > sequence) != (other < run)) return false;
  }
  return true;
}

// `tell` is given, now and then, the part of all entries that were seen since.
Result<void> check_order(const tree::Version& version, base::MemoryAccount* account,
                         const std::function<void(double)>& tell) {
  NACRE_TRY_ASSIGN(const OpenRuns open, open_runs(version));
  std::vector<merge::Source> sources;
  for (const auto& tables : open.tables)
    sources.emplace_back(table::RunCursor(tables, {.streaming = true, .unit_bytes = 64 << 10, .account = account}));
  if (sources.empty()) return {};
  merge::MergeCursor cursor(std::move(sources));
  const auto wrong = [&](size_t run, const char* reason) {
    const tree::TableMeta* table = version.runs()[run].find(cursor.key());
    return corruption(Operation::kRead, FileKind::kTable, table != nullptr ? table->number() : 0, 0, reason);
  };
  std::optional<std::string> key;  // of the entry before, which is newer if it is of the same key
  size_t newer = 0;
  uint64_t trailer = 0;
  constexpr uint64_t kBetweenWords = 1 << 14;
  const double all = static_cast<double>(std::max<uint64_t>(1, version.totals().entries));
  uint64_t seen = 0;
  for (cursor.seek_first(); cursor.valid(); cursor.next()) {
    if (++seen % kBetweenWords == 0) tell(kBetweenWords / all);
    const size_t run = cursor.source();
    const bool same_key = key && cursor.key() == Bytes(*key);
    if (same_key && run < newer) return wrong(run, "a run holds an older version of a key than a run behind it");
    if (same_key && run != newer && cursor.trailer() == trailer)
      return wrong(run, "two runs hold the same version of a key");
    if (!tombstones_agree(open, run, cursor.key(), format::sequence_of(cursor.trailer())))
      return wrong(run, "a range tombstone stands on the wrong side of what it erased, or did not erase");
    if (!same_key) key = cursor.key();
    newer = run;
    trailer = cursor.trailer();
  }
  return cursor.status();
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
  all_bytes *= 2;  // each is read alone, and in order with those of other runs
  uint64_t done_bytes = 0;
  const auto tell = [&](uint64_t bytes) {
    done_bytes += bytes;
    if (progress && bytes != 0) progress(done_bytes, all_bytes);
  };
  for (const auto& [name, version] : versions) {
    const size_t findings_before = findings.size();
    for (const tree::Run& run : version->runs()) {
      for (const auto& meta : run.tables()) {
        if (const Result<void> sound = check_table(*meta); !sound) {
          findings.push_back({.error = sound.error(),
                              .detail = "keyspace " + name + ", level " + std::to_string(run.level()) + ", " +
                                        format::table_name(meta->number())});
        }
        tell(meta->file_bytes());
      }
    }
    const uint64_t version_bytes = version->totals().file_bytes;
    uint64_t left = version_bytes;
    const auto tell_part = [&](double part) {
      const uint64_t bytes = std::min(left, static_cast<uint64_t>(part * static_cast<double>(version_bytes)));
      left -= bytes;
      tell(bytes);
    };
    if (findings.size() != findings_before) {
      tell(left);
      continue;
    }
    const Result<void> in_order = check_order(*version, &account_, tell_part);
    tell(left);
    if (!in_order) {
      const std::string table =
          in_order.error().file_number != 0 ? ", " + format::table_name(in_order.error().file_number) : std::string();
      findings.push_back({.error = in_order.error(), .detail = "keyspace " + name + table});
    }
  }
  return findings;
}

}  // namespace nacre::engine
