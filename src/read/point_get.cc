#include "read/point_get.h"

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

}  // namespace

Result<Lookup> point_get(const tree::ReadView& view, Bytes key, uint64_t hash, Sequence at, cache::RowCache* rows,
                         table::Guess guess) {
  Lookup lookup;
  if (memtable_get(view, key, hash, at, &lookup)) return lookup;
  const auto& runs = view.version->runs();
  for (const tree::Run& run : runs) {
    const tree::TableMeta* meta = run.find(key);
    if (meta == nullptr) continue;
    lookup.runs_asked++;
    lookup.last_run = &run == &runs.back();
    Sequence covering = 0;
    if (meta->record().range_tombstones != 0) [[unlikely]] {
      NACRE_TRY_ASSIGN(const table::Table* table, meta->table());
      covering = table->tombstones().covering(key, at);
    }
    NACRE_TRY_ASSIGN(const table::Table::Found found, ask_table(*meta, key, hash, at, lookup.last_run ? guess : table::Guess::kAbsent, rows, &lookup));
    if (!decide(found.found, found.trailer, covering, &lookup)) continue;
    lookup.level = run.level();
    if (lookup.present) {
      lookup.value = found.value;
      lookup.frame = found.frame;
    }
    return lookup;
  }
  return lookup;
}

}  // namespace nacre::read
