#include "read/multi_get.h"

#include <vector>

#include "base/checksum.h"
#include "read/decide.h"
#include "table/probe.h"
#include "tree/version.h"

namespace nacre::read {

namespace {

constexpr size_t kGroup = 64;  // probes in flight: more would push each other's lines out of the first-level cache

struct Pending {
  size_t index;
  uint64_t hash;
};

// Asks one run for all pending keys; those that it decides leave the list.
Result<void> ask_run(const tree::Run& run, std::span<const Bytes> keys, format::Sequence at, FileSystem& file_system,
                     std::span<Lookup> lookups, std::vector<Pending>& pending) {
  std::vector<table::Probe> probes;
  std::vector<size_t> probed;  // index in `pending`
  std::vector<format::Sequence> covering;
  for (size_t i = 0; i < pending.size(); i++) {
    const Bytes key = keys[pending[i].index];
    const tree::TableMeta* meta = run.find(key);
    if (meta == nullptr) continue;
    NACRE_TRY_ASSIGN(const table::Table* table, meta->table());
    probes.emplace_back(*table, key, pending[i].hash, at);
    probed.push_back(i);
    covering.push_back(meta->record().range_tombstones != 0 ? table->tombstones().covering(key, at) : 0);
  }
  if (probes.empty()) return {};
  table::look_up(probes, file_system);
  std::vector<bool> decided(pending.size());
  for (size_t p = 0; p < probes.size(); p++) {
    if (!probes[p].result()) return probes[p].result().error();
    const table::Table::Found& found = *probes[p].result();
    Lookup& lookup = lookups[pending[probed[p]].index];
    if (!decide(found.found, found.trailer, covering[p], &lookup)) continue;
    decided[probed[p]] = true;
    if (!lookup.present) continue;
    lookup.value = found.value;
    lookup.frame = found.frame;
  }
  size_t kept = 0;
  for (size_t i = 0; i < pending.size(); i++) {
    if (!decided[i]) pending[kept++] = pending[i];
  }
  pending.resize(kept);
  return {};
}

}  // namespace

Result<void> multi_get(const tree::ReadView& view, std::span<const Bytes> keys, format::Sequence at,
                       FileSystem& file_system, std::span<Lookup> lookups) {
  std::vector<Pending> pending;
  for (size_t begin = 0; begin < keys.size(); begin += kGroup) {
    pending.clear();
    for (size_t i = begin; i < std::min(keys.size(), begin + kGroup); i++) {
      const uint64_t hash = base::hash_key(keys[i]);
      if (!memtable_get(view, keys[i], hash, at, &lookups[i])) pending.push_back({.index = i, .hash = hash});
    }
    for (const tree::Run& run : view.version->runs()) {
      if (pending.empty()) break;
      NACRE_TRY(ask_run(run, keys, at, file_system, lookups, pending));
    }
  }
  return {};
}

}  // namespace nacre::read
