#include "compaction/dead_share.h"

#include <algorithm>
#include <string>

#include "format/entry.h"

namespace nacre::compaction {

namespace {

constexpr uint64_t kSampledKeys = 128;

Result<uint64_t> entries_of(const table::RunTables& run) {
  uint64_t entries = 0;
  for (size_t t = 0; t < run.bounds().size(); t++) {
    NACRE_TRY_ASSIGN(const table::Table* table, run.open(t));
    entries += table->properties().entries;
  }
  return entries;
}

Result<bool> holds(const table::RunTables& run, Bytes key, uint64_t key_hash) {
  const size_t t = run.bounds().find(key);
  if (t == run.bounds().size()) return false;
  NACRE_TRY_ASSIGN(const table::Table* table, run.open(t));
  NACRE_TRY_ASSIGN(const table::Table::Found found, table->get(key, key_hash, format::kMaxSequence));
  return found.found;
}

Result<bool> any_holds(std::span<const table::RunTables* const> runs, Bytes key) {
  const uint64_t key_hash = base::hash_key(key);
  for (const table::RunTables* run : runs) {
    NACRE_TRY_ASSIGN(const bool held, holds(*run, key, key_hash));
    if (held) return true;
  }
  return false;
}

// Of `keys` keys of a run, at even distances, those that `below` holds.
Result<double> share_found_below(const table::RunTables& run, uint64_t keys,
                                 std::span<const table::RunTables* const> below, sync::EpochDomain& epochs,
                                 const std::function<Result<void>()>& poll) {
  uint64_t blocks = 0;
  for (size_t t = 0; t < run.bounds().size(); t++) {
    NACRE_TRY_ASSIGN(const table::Table* table, run.open(t));
    blocks += table->blocks();
  }
  keys = std::clamp<uint64_t>(keys, 1, std::max<uint64_t>(blocks, 1));
  uint64_t asked = 0;
  uint64_t found = 0;
  uint64_t before = 0;  // blocks of the tables passed
  for (size_t t = 0; t < run.bounds().size(); t++) {
    NACRE_TRY_ASSIGN(const table::Table* table, run.open(t));
    for (; asked < keys; asked++) {
      const uint64_t block = (2 * asked + 1) * blocks / (2 * keys) - before;
      if (block >= table->blocks()) break;
      if (poll) NACRE_TRY(poll());
      const sync::EpochDomain::Guard guard(epochs);
      NACRE_TRY_ASSIGN(const std::string key, table->first_key_of(static_cast<uint32_t>(block)));
      NACRE_TRY_ASSIGN(const bool held, any_holds(below, key));
      found += held ? 1 : 0;
    }
    before += table->blocks();
  }
  return asked == 0 ? 0 : static_cast<double>(found) / static_cast<double>(asked);
}

}  // namespace

Result<double> sampled_dead_share(std::span<const table::RunTables* const> runs, sync::EpochDomain& epochs,
                                  const std::function<Result<void>()>& poll) {
  std::vector<uint64_t> entries;
  uint64_t all = 0;
  for (const table::RunTables* run : runs) {
    NACRE_TRY_ASSIGN(const uint64_t of_run, entries_of(*run));
    entries.push_back(of_run);
    all += of_run;
  }
  if (all == 0) return 0;
  const uint64_t above = all - entries.back();
  double dead = 0;
  for (size_t r = 0; r + 1 < runs.size(); r++) {
    if (entries[r] == 0) continue;
    const uint64_t keys = kSampledKeys * entries[r] / above;
    NACRE_TRY_ASSIGN(const double share, share_found_below(*runs[r], keys, runs.subspan(r + 1), epochs, poll));
    dead += share * static_cast<double>(entries[r]);
  }
  return dead / static_cast<double>(all);
}

}  // namespace nacre::compaction
