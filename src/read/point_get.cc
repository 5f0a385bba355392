#include "read/point_get.h"

#include <algorithm>
#include <array>
#include <span>

#include "format/tombstones.h"
#include "memtable/memtable.h"
#include "read/decide.h"
#include "tree/version.h"

namespace nacre::read {

using format::Sequence;

bool memtable_get(const tree::ReadView& view, Bytes key, uint64_t hash, Sequence at, Lookup* lookup) {
  for (const auto& memtable : view.memtables) {
    const Sequence covering = memtable->covering_tombstone(key, at);
    const memtable::Memtable::Found found = memtable->get(key, hash, at);
    if (!decide(found.found, found.trailer, covering, lookup)) continue;
    if (lookup->present) {
      lookup->value = found.value;
      lookup->memtable = memtable.get();
    }
    return true;
  }
  return false;
}

namespace {

// What a table says of the key, by way of the row cache.
Result<table::Table::Found> ask_table(const tree::TableMeta& meta, Bytes key, uint64_t hash, Sequence at,
                                      table::Guess guess, cache::RowCache* rows, Lookup* lookup) {
  if (rows != nullptr) {
    if (auto row = rows->find(meta.number(), key, hash, at)) {
      lookup->row = std::move(row);
      return table::Table::Found{.found = true, .trailer = lookup->row->trailer(), .value = lookup->row->value()};
    }
  }
  NACRE_TRY_ASSIGN(const table::Table* table, meta.table());
  NACRE_TRY_ASSIGN(const table::Table::Found found, table->get(key, hash, at, guess));
  if (rows != nullptr && found.found && at >= meta.record().largest_sequence) {
    rows->insert(meta.number(), key, hash, found.trailer, found.value);
  }
  return found;
}

// What one run says: true if it decides.
Result<bool> ask_run(const tree::Run& run, const tree::TableMeta& meta, Bytes key, uint64_t hash, Sequence at,
                     table::Guess guess, cache::RowCache* rows, Lookup* lookup) {
  lookup->runs_asked++;
  Sequence covering = 0;
  if (meta.record().range_tombstones != 0) [[unlikely]] {
    NACRE_TRY_ASSIGN(const table::Table* table, meta.table());
    covering = table->tombstones().covering(key, at);
  }
  NACRE_TRY_ASSIGN(const table::Table::Found found, ask_table(meta, key, hash, at, guess, rows, lookup));
  if (!decide(found.found, found.trailer, covering, lookup)) return false;
  lookup->level = run.level();
  if (lookup->present) {
    lookup->value = found.value;
    lookup->frame = found.frame;
  }
  return true;
}

// All runs but the last, newest first. In groups: the lines of a group's filters are asked for all at once, so that these misses
// overlap; one after another they would cost as much as all the rest.
Result<bool> ask_upper_runs(std::span<const tree::Run> runs, Bytes key, uint64_t hash, Sequence at, cache::RowCache* rows,
                            Lookup* lookup) {
  constexpr size_t kGroup = 16;
  std::array<const tree::TableMeta*, kGroup> metas;
  for (size_t begin = 0; begin < runs.size(); begin += kGroup) {
    const std::span<const tree::Run> group = runs.subspan(begin, std::min(kGroup, runs.size() - begin));
    for (size_t i = 0; i < group.size(); i++) {
      metas[i] = group[i].find(key);
      const table::Table* open = metas[i] != nullptr ? metas[i]->table_if_open() : nullptr;
      if (open != nullptr) open->prefetch(hash);
    }
    for (size_t i = 0; i < group.size(); i++) {
      if (metas[i] == nullptr) continue;
      NACRE_TRY_ASSIGN(const bool decided,
                       ask_run(group[i], *metas[i], key, hash, at, table::Guess::kAbsent, rows, lookup));
      if (decided) return true;
    }
  }
  return false;
}

}  // namespace

Result<Lookup> point_get(const tree::ReadView& view, Bytes key, uint64_t hash, Sequence at, cache::RowCache* rows,
                         table::Guess guess) {
  Lookup lookup;
  if (memtable_get(view, key, hash, at, &lookup)) return lookup;
  const std::span<const tree::Run> runs = view.version->runs();
  if (runs.empty()) return lookup;
  if (runs.size() > 1) {
    NACRE_TRY_ASSIGN(const bool decided, ask_upper_runs(runs.first(runs.size() - 1), key, hash, at, rows, &lookup));
    if (decided) return lookup;
  }
  const tree::Run& last = runs.back();
  const tree::TableMeta* meta = last.find(key);
  if (meta == nullptr) return lookup;
  lookup.last_run = true;
  if (const auto asked = ask_run(last, *meta, key, hash, at, guess, rows, &lookup); !asked) return asked.error();
  return lookup;
}

}  // namespace nacre::read
