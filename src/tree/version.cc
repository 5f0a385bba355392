#include "tree/version.h"

#include <algorithm>
#include <map>

namespace nacre::tree {

namespace {

using base::IntrusivePtr;
using format::PlacedTable;
using format::VersionEdit;

struct Place {
  uint32_t level;
  uint64_t run;
  // The order of runs: level ascending, id descending.
  friend bool operator<(const Place& a, const Place& b) {
    return a.level != b.level ? a.level < b.level : a.run > b.run;
  }
};
Place place_of(const Run& run) { return {run.level(), run.id()}; }

using TableList = std::vector<IntrusivePtr<TableMeta>>;

Error misfit(const char* reason) { return invalid_argument(Operation::kCommit, reason); }

Result<void> check_record(const format::TableRecord& table, const DeriveContext& context) {
  const int order = Bytes(table.smallest_key).compare(table.largest_key);
  if (table.number == 0 || order > 0 || (order == 0 && table.largest_exclusive) || table.erases > table.entries ||
      table.largest_key.size() > kMaxKeyBytes || table.smallest_key.size() > kMaxKeyBytes) {
    return misfit("an edit adds a table with impossible bounds or counts");
  }
  if (table.smallest_sequence > table.largest_sequence || table.largest_sequence > context.flushed_after) {
    return misfit("an edit adds a table that is newer than the keyspace's flushed-through sequence");
  }
  return {};
}

// What is special about a flush: its entries are newer than all that was flushed before, and stand before it.
Result<void> check_flushed(const PlacedTable& placed, const Version& base, const DeriveContext& context) {
  const format::TableRecord& table = placed.table;
  const auto flushed_before = [&](format::Sequence sequence) {
    return sequence != 0 && sequence <= context.flushed_before;
  };
  if (flushed_before(table.smallest_sequence) || flushed_before(table.largest_sequence)) {
    return misfit("a flush adds entries that were flushed before");
  }
  const Place place{placed.level, placed.run};
  for (const Run& run : base.runs()) {
    if (place < place_of(run)) break;
    if (!run.overlapping(table.smallest_key, table.largest_key, table.largest_exclusive).empty()) {
      return misfit("a flush adds a table behind a run that it overlaps");
    }
  }
  return {};
}

// Takes the edit's removed tables out of `lists`, where the runs that it touches are laid open.
class Draft {
 public:
  Draft(const Version& base, Displaced& displaced) : base_(base), displaced_(displaced) {}

  Result<void> remove(const std::vector<uint64_t>& removed) {
    if (removed.empty()) return {};
    std::vector<uint64_t> wanted = removed;
    std::sort(wanted.begin(), wanted.end());
    if (std::adjacent_find(wanted.begin(), wanted.end()) != wanted.end())
      return misfit("an edit removes a table twice");
    size_t found = 0;
    for (const Run& run : base_.runs()) {
      const auto is_wanted = [&wanted](uint64_t number) {
        return std::binary_search(wanted.begin(), wanted.end(), number);
      };
      if (std::none_of(run.numbers().begin(), run.numbers().end(), is_wanted)) continue;
      TableList& kept = lay_open(run);
      const auto gone =
          std::partition(kept.begin(), kept.end(), [&](const auto& table) { return !is_wanted(table->number()); });
      found += static_cast<size_t>(kept.end() - gone);
      displaced_.insert(displaced_.end(), gone, kept.end());
      kept.erase(gone, kept.end());
    }
    return found == wanted.size() ? Result<void>() : misfit("an edit removes a table that is not in the tree");
  }

  Result<void> add(const PlacedTable& placed, const DeriveContext& context) {
    NACRE_TRY(check_record(placed.table, context));
    if (context.is_flush) NACRE_TRY(check_flushed(placed, base_, context));
    IntrusivePtr<TableMeta> meta;
    const auto back = std::find_if(displaced_.begin(), displaced_.end(),
                                   [&](const auto& table) { return table->number() == placed.table.number; });
    if (back != displaced_.end()) {
      if ((*back)->record() != placed.table) return misfit("an edit moves a table and changes it");
      meta = *back;
      displaced_.erase(back);
    } else {
      meta = base::make_intrusive<TableMeta>(placed.table, context.home);
    }
    const Place place{placed.level, placed.run};
    for (const Run& run : base_.runs()) {
      if (run.level() == place.level && run.id() == place.run) lay_open(run);
    }
    lists_[place].push_back(std::move(meta));
    return {};
  }

  Result<std::vector<Run>> finish() {
    std::vector<Run> runs;
    auto next = lists_.begin();
    const auto take = [&]() -> Result<void> {
      if (!next->second.empty()) {
        NACRE_TRY_ASSIGN(auto run, Run::make(next->first.level, next->first.run, std::move(next->second)));
        runs.push_back(std::move(run));
      }
      ++next;
      return {};
    };
    for (const Run& run : base_.runs()) {
      const Place place = place_of(run);
      while (next != lists_.end() && next->first < place) NACRE_TRY(take());
      if (next != lists_.end() && !(place < next->first)) {
        NACRE_TRY(take());
      } else {
        runs.push_back(run);
      }
    }
    while (next != lists_.end()) NACRE_TRY(take());
    return runs;
  }

 private:
  TableList& lay_open(const Run& run) {
    const auto [at, fresh] = lists_.try_emplace(place_of(run));
    if (fresh) at->second.assign(run.tables().begin(), run.tables().end());
    return at->second;
  }

  const Version& base_;
  Displaced& displaced_;
  std::map<Place, TableList> lists_;  // the runs that change, in order
};

Result<void> check_run_ids(const std::vector<Run>& runs) {
  std::vector<uint64_t> ids;
  for (const Run& run : runs) ids.push_back(run.id());
  std::sort(ids.begin(), ids.end());
  if (std::adjacent_find(ids.begin(), ids.end()) != ids.end()) return misfit("an edit puts one run into two levels");
  return {};
}

}  // namespace

Version::Version(std::vector<Run> runs) : runs_(std::move(runs)) {
  for (size_t i = 0; i < runs_.size(); i++) {
    totals_.add(runs_[i].totals());
    NACRE_CHECK(i == 0 || place_of(runs_[i - 1]) < place_of(runs_[i]));
  }
}

const Run* Version::run(uint64_t id) const {
  for (const Run& run : runs_) {
    if (run.id() == id) return &run;
  }
  return nullptr;
}

const TableMeta* Version::table(uint64_t number) const {
  for (const Run& run : runs_) {
    const auto found = std::find(run.numbers().begin(), run.numbers().end(), number);
    if (found != run.numbers().end()) return run.tables()[static_cast<size_t>(found - run.numbers().begin())].get();
  }
  return nullptr;
}

size_t Version::first_run_of_level(uint32_t level) const {
  size_t index = 0;
  while (index < runs_.size() && runs_[index].level() < level) index++;
  return index;
}

Result<IntrusivePtr<Version>> derive_version(const Version& base, const VersionEdit& edit, const DeriveContext& context,
                                             Displaced& displaced) {
  Draft draft(base, displaced);
  NACRE_TRY(draft.remove(edit.removed));
  for (const PlacedTable& placed : edit.added) NACRE_TRY(draft.add(placed, context));
  NACRE_TRY_ASSIGN(auto runs, draft.finish());
  NACRE_TRY(check_run_ids(runs));
  return IntrusivePtr<Version>(new Version(std::move(runs)));
}

}  // namespace nacre::tree
