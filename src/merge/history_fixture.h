// For the test and the fuzzer of merges: a history of one keyspace, what a reader at any sequence sees of it, worked out from lists, and
// the same history cut by age into what is merged, of which a block may be damaged.
#pragma once

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "base/checksum.h"
#include "base/prng.h"
#include "format/tombstones.h"
#include "merge/merge_cursor.h"
#include "os/memory_file_system.h"
#include "table/table_builder.h"

namespace nacre::merge::testing {

struct Version {
  std::string key;
  uint64_t trailer = 0;
  std::string value;
};
inline bool before(const Version& a, const Version& b) {
  return format::compare_internal(a.key, a.trailer, b.key, b.trailer) < 0;
}

struct Erased {
  std::string begin;
  std::string end;
  format::Sequence sequence = 0;
};

struct History {
  std::vector<Version> versions;  // as written
  std::vector<Erased> erased;
  format::Sequence last = 0;

  format::TombstoneSet tombstones() const {
    std::vector<format::RangeTombstone> views;
    for (const Erased& e : erased) views.push_back({.begin = e.begin, .end = e.end, .sequence = e.sequence});
    return format::TombstoneSet::build(views);
  }
  // What a reader at `at` sees.
  std::map<std::string, std::string> at(format::Sequence at) const {
    std::map<std::string, const Version*> newest;
    for (const Version& v : versions) {
      if (format::sequence_of(v.trailer) > at) continue;
      const Version*& slot = newest[v.key];
      if (slot == nullptr || v.trailer > slot->trailer) slot = &v;
    }
    std::map<std::string, std::string> seen;
    for (const auto& [key, version] : newest) {
      const format::Sequence sequence = format::sequence_of(version->trailer);
      const bool covered = std::any_of(erased.begin(), erased.end(), [&](const Erased& e) {
        return e.sequence <= at && e.sequence > sequence && e.begin <= key && key < e.end;
      });
      if (format::kind_of(version->trailer) == format::EntryKind::kPut && !covered) seen[key] = version->value;
    }
    return seen;
  }
};

enum class Newer : uint8_t { kMemtables, kTables };

// The history cut by age: the oldest part into a table, the others into memtables, or into tables as well.
class Layers {
 public:
  Layers(const History& history, size_t newer, Newer kind = Newer::kMemtables) : cache_(account_, domain_) {
    const size_t parts = newer + 1;
    std::vector<std::vector<Version>> cut(parts);
    for (const Version& v : history.versions) {
      cut[std::min<size_t>(parts - 1, format::sequence_of(v.trailer) * parts / (history.last + 1))].push_back(v);
    }
    for (size_t i = kind == Newer::kTables ? parts : 1; i-- > 0;) build_table(cut[i]);
    for (size_t i = kind == Newer::kTables ? 0 : parts - 1; i > 0; i--) {
      memtables_.push_back(memtable::Memtable::create({.capacity_bytes = 64 << 10}));
      for (const Version& v : cut[i]) memtables_.back()->insert(v.key, base::hash_key(v.key), v.trailer, v.value);
    }
  }
  MergeCursor cursor() {
    std::vector<Source> sources;
    for (const auto& memtable : memtables_) sources.emplace_back(memtable->cursor());
    for (const table::OpenTables& run : runs_) sources.emplace_back(table::RunCursor(run, {}));
    return MergeCursor(std::move(sources));
  }
  // Whoever reads one of the blocks from now on fails; to be called before anything is read.
  void damage_a_block(base::Prng& prng) {
    const table::Table& table = *open_[prng.below(open_.size())];
    const auto file = files_.open_directory("", false).value()->open_mapped(std::to_string(table.number())).value();
    file->data()[prng.below(table.footer().tombstones_at)] ^= 1;
  }

 private:
  void build_table(std::vector<Version> versions) {
    if (versions.empty()) return;
    std::sort(versions.begin(), versions.end(), before);
    const table::TableIdentity id{.uuid = format::Uuid::from_random(1, 2), .number = open_.size() + 1};
    const std::string name = std::to_string(id.number);
    const auto directory = files_.open_directory("", false).value();
    {
      const auto file = directory->create(name).value();
      table::TableBuilder builder(*file, {.id = id, .compression = Compression::kNone, .block_bytes = 1024});
      for (const Version& v : versions) builder.add(v.key, v.trailer, v.value).value();
      builder.finish().value();
    }
    tables_.push_back(table::Table::open(directory->open_read(name).value(), id, cache_, &account_).value());
    open_.push_back(tables_.back().get());
    runs_.emplace_back(std::vector{open_.back()});
  }

  os::MemoryFileSystem files_;
  base::MemoryAccount account_{uint64_t{16} << 20};
  sync::EpochDomain domain_;
  cache::Cache cache_;
  std::vector<base::IntrusivePtr<table::Table>> tables_;
  std::vector<table::Table*> open_;      // newest first
  std::vector<table::OpenTables> runs_;  // of one table each
  std::vector<base::IntrusivePtr<memtable::Memtable>> memtables_;
};

}  // namespace nacre::merge::testing
