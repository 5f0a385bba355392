#include "read/multi_get.h"

#include <vector>

#include "base/checksum.h"
#include "read/decide.h"
#include "table/probe.h"
#include "tree/version.h"

namespace nacre::read {

namespace {

constexpr size_t kGroup = 64;  // probes in flight: more would push each other's lines out of the first-level cache

// Keys that go through their stages together, and what asking a run for them takes; kept from run to run and group to group.
class Group {
 public:
  Group(const MultiGetRequest& request, std::span<Lookup> lookups) : request_(request), lookups_(lookups) {
    pending_.reserve(kGroup);
    probes_.reserve(kGroup);
    covering_.reserve(kGroup);
  }
  bool decided() const { return pending_.empty(); }
  void add(size_t index, uint64_t hash) { pending_.push_back({.index = index, .hash = hash}); }

  // Asks one run for all keys that are not decided; those that it decides leave the group.
  Result<void> ask(const tree::Run& run, table::Guess guess, bool is_last) {
    probes_.clear();
    covering_.clear();
    for (Pending& pending : pending_) {
      const Bytes key = request_.keys[pending.index];
      const tree::TableMeta* meta = run.find(key);
      pending.probe = kNone;
      if (meta == nullptr) continue;
      NACRE_TRY_ASSIGN(const table::Table* table, meta->table());
      pending.probe = probes_.size();
      probes_.emplace_back(*table, key, pending.hash, request_.at, guess);
      covering_.push_back(meta->record().range_tombstones != 0 ? table->tombstones().covering(key, request_.at) : 0);
    }
    if (probes_.empty()) return {};
    table::look_up(probes_, request_.file_system);
    size_t kept = 0;
    for (const Pending& pending : pending_) {
      if (pending.probe != kNone) {
        Lookup& lookup = lookups_[pending.index];
        lookup.runs_asked++;
        lookup.last_run = is_last;
        NACRE_TRY_ASSIGN(const bool decided, take(probes_[pending.probe], covering_[pending.probe], &lookup));
        if (decided) continue;
      }
      pending_[kept++] = pending;
    }
    pending_.resize(kept);
    return {};
  }
  void clear() { pending_.clear(); }

 private:
  static constexpr size_t kNone = SIZE_MAX;
  struct Pending {
    size_t index;  // of the key
    uint64_t hash;
    size_t probe = kNone;  // of the run that is asked; kNone: no table of it covers the key
  };

  static Result<bool> take(const table::Probe& probe, format::Sequence covering, Lookup* lookup) {
    if (!probe.result()) return probe.result().error();
    const table::Table::Found& found = *probe.result();
    if (!decide(found.found, found.trailer, covering, lookup)) return false;
    if (lookup->present) {
      lookup->value = found.value;
      lookup->frame = found.frame;
    }
    return true;
  }

  const MultiGetRequest& request_;
  const std::span<Lookup> lookups_;
  std::vector<Pending> pending_;
  std::vector<table::Probe> probes_;
  std::vector<format::Sequence> covering_;  // of the probes: range tombstones of their tables
};

}  // namespace

Result<void> multi_get(const tree::ReadView& view, const MultiGetRequest& request, std::span<Lookup> lookups) {
  Group group(request, lookups);
  const std::span<const Bytes> keys = request.keys;
  const auto& runs = view.version->runs();
  for (size_t begin = 0; begin < keys.size(); begin += kGroup) {
    group.clear();
    for (size_t i = begin; i < std::min(keys.size(), begin + kGroup); i++) {
      const uint64_t hash = base::hash_key(keys[i]);
      if (!memtable_get(view, keys[i], hash, request.at, &lookups[i])) group.add(i, hash);
    }
    for (const tree::Run& run : runs) {
      if (group.decided()) break;
      const bool is_last = &run == &runs.back();
      NACRE_TRY(group.ask(run, is_last ? request.guess : table::Guess::kAbsent, is_last));
    }
  }
  return {};
}

}  // namespace nacre::read
