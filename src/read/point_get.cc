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

Result<Lookup> point_get(const tree::ReadView& view, Bytes key, uint64_t hash, Sequence at) {
  Lookup lookup;
  if (memtable_get(view, key, hash, at, &lookup)) return lookup;
  for (const tree::Run& run : view.version->runs()) {
    const tree::TableMeta* meta = run.find(key);
    if (meta == nullptr) continue;
    NACRE_TRY_ASSIGN(table::Table * table, meta->table());
    const Sequence covering = meta->record().range_tombstones != 0 ? table->tombstones().covering(key, at) : 0;
    NACRE_TRY_ASSIGN(const table::Table::Found found, table->get(key, hash, at));
    if (!decide(found.found, found.trailer, covering, &lookup)) continue;
    if (lookup.present) {
      lookup.value = found.value;
      lookup.frame = found.frame;
    }
    return lookup;
  }
  return lookup;
}

}  // namespace nacre::read
