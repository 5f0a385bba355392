// Compaction: carries out a plan of the policy.
//
// A move only changes the manifest. A merge reads its inputs in large units past the cache, and may be split into parts of
// the key space that several background threads take from a common list; the thread that runs the job works on
// the list too, so it never waits for a part that nobody has begun.

#include <algorithm>
#include <array>

#include "compaction/dead_share.h"
#include "compaction/merge_job.h"
#include "compaction/split.h"
#include "engine/core.h"
#include "engine/part_list.h"
#include "merge/source.h"
#include "table/run_cursor.h"
#include "table/table.h"

namespace nacre::engine {

namespace {

constexpr uint64_t kTablesOfAPart = 8;  // at least, of the smallest that there are
constexpr uint64_t kLeastUnitBytes = uint64_t{32} << 10;
constexpr uint64_t kMostUnitBytes = uint64_t{512} << 10;
constexpr double kWorthDropping = 0.125;  // of the input, for plans that must drop much

// The inputs of a plan as they lie in the version: runs newest first, tables in key order.
struct InputRun {
  std::vector<const tree::TableMeta*> tables;
  table::OpenTables open;
};

struct Inputs {
  base::IntrusivePtr<tree::Version> version;  // keeps the tables
  std::vector<InputRun> runs;
  uint64_t entries = 0;
  uint64_t hash = 0;
  uint64_t bytes = 0;
  double cached_bytes = 0;  // about
  std::array<uint64_t, compaction::kBottomLevel + 1> bytes_of_level{};
  format::TombstoneSet tombstones;
};

Result<Inputs> open_inputs(base::IntrusivePtr<tree::Version> version, const compaction::Plan& plan,
                           sync::EpochDomain& epochs) {
  Inputs inputs;
  std::vector<format::RangeTombstone> tombstones;
  for (const tree::Run& run : version->runs()) {
    std::vector<const tree::TableMeta*> tables;
    std::vector<table::Table*> open;
    for (const auto& meta : run.tables()) {
      if (std::find(plan.inputs.begin(), plan.inputs.end(), meta->number()) == plan.inputs.end()) continue;
      NACRE_TRY_ASSIGN(table::Table * table, meta->table());
      tables.push_back(meta.get());
      open.push_back(table);
      inputs.entries += meta->record().entries;
      inputs.hash += meta->record().entries_hash;
      inputs.bytes += meta->file_bytes();
      const sync::EpochDomain::Guard guard(epochs);
      inputs.cached_bytes += static_cast<double>(meta->file_bytes()) * table->cached_share();
      inputs.bytes_of_level[std::min<uint32_t>(run.level(), compaction::kBottomLevel)] += meta->file_bytes();
      if (meta->record().range_tombstones != 0) table->tombstones().append_tombstones(&tombstones);
    }
    if (!open.empty()) inputs.runs.push_back({std::move(tables), table::OpenTables(std::move(open))});
  }
  inputs.tombstones = format::TombstoneSet::build(tombstones);
  inputs.version = std::move(version);
  return inputs;
}

std::vector<const table::RunTables*> runs_of(const Inputs& inputs) {
  std::vector<const table::RunTables*> runs;
  for (const InputRun& run : inputs.runs) runs.push_back(&run.open);
  return runs;
}

// How many parts a merge is cut into, at most.
uint64_t parts_of(const Inputs& inputs, uint32_t threads) {
  return std::min(inputs.bytes / (kTablesOfAPart * table_bytes_of(kSmallestUnit)), 2 * uint64_t{threads});
}

// Puts what the parts have written into the edit, as one run, and adds up what they read.
compaction::MergeTotals collect(const std::vector<compaction::MergeResult>& results, uint32_t level, uint64_t run,
                                format::VersionEdit& edit) {
  compaction::MergeTotals totals;
  for (const compaction::MergeResult& result : results) {
    totals.entries_read += result.totals.entries_read;
    totals.entries_written += result.totals.entries_written;
    totals.hash_read += result.totals.hash_read;
    for (const format::TableRecord& table : result.tables)
      edit.added.push_back({.level = level, .run = run, .table = table});
  }
  return totals;
}

Result<double> dead_share_of(const Inputs& inputs, sync::EpochDomain& epochs,
                             const std::function<Result<void>()>& poll) {
  return compaction::sampled_dead_share(runs_of(inputs), epochs, poll);
}

Result<void> check_read(const Inputs& inputs, const compaction::MergeTotals& totals, const compaction::Plan& plan) {
  if (totals.entries_read == inputs.entries && totals.hash_read == inputs.hash) return {};
  return corruption(Operation::kCompact, FileKind::kTable, plan.inputs.front(), 0,
                    "the entries read are not those that the tables were written with");
}

// What was decided, as its events tell it.
Event event_of(const compaction::Plan& plan, std::string_view keyspace, uint64_t job) {
  return {.keyspace = keyspace,
          .cause = plan.reason,
          .job = job,
          .bytes_in = plan.input_bytes,
          .files_in = plan.inputs.size(),
          .level_from = plan.level_from,
          .level_to = plan.output_level};
}

}  // namespace

Result<bool> Core::run_plan(const std::shared_ptr<KeyspaceState>& keyspace, const compaction::Plan& plan,
                            uint64_t job) {
  Result<bool> result = false;
  if (keyspace->is_live()) {
    result = plan.kind == compaction::Plan::Kind::kMove ? move_tables(*keyspace, plan, job)
                                                        : merge_tables(*keyspace, plan, job);
  }
  sync::MutexLock lock(state_mutex_);
  std::erase_if(keyspace->compactions, [job](const RunningCompaction& running) { return running.job == job; });
  return result;
}

Result<bool> Core::move_tables(KeyspaceState& keyspace, const compaction::Plan& plan, uint64_t job) {
  base::IntrusivePtr<tree::Version> version;
  {
    sync::MutexLock lock(state_mutex_);
    version = keyspace.version;
  }
  format::VersionEdit edit;
  edit.keyspace = keyspace.id;
  const uint64_t run = plan.output_run != 0 ? plan.output_run : versions_->next_run_id();
  for (const uint64_t number : plan.inputs) {
    edit.removed.push_back(number);
    edit.added.push_back({.level = plan.output_level, .run = run, .table = version->table(number)->record()});
  }
  NACRE_TRY_ASSIGN(const bool committed, commit_edit(keyspace, edit));
  if (!committed) return false;
  {
    sync::MutexLock lock(state_mutex_);
    keyspace.work[plan.output_level].tables_moved_in += plan.inputs.size();
  }
  const std::string words = plan.details();
  Event event = event_of(plan, keyspace.name, job);
  event.kind = EventKind::kTablesMoved;
  event.detail = words;
  report(event);
  return true;
}

Result<bool> Core::merge_tables(KeyspaceState& keyspace, const compaction::Plan& plan, uint64_t job) {
  const uint64_t begin_ns = runtime_.clock->now_ns();
  const std::string words = plan.details();
  base::IntrusivePtr<tree::Version> version;
  compaction::RunWriterOptions writer = writer_options(keyspace, plan.output_level);
  {
    sync::MutexLock lock(state_mutex_);
    version = keyspace.version;
    writer.cut_keys = compaction::partition_keys(shape_of(keyspace), policy_of(keyspace));
  }
  NACRE_TRY_ASSIGN(const Inputs inputs, open_inputs(std::move(version), plan, epochs_));
  if (plan.must_drop) {
    NACRE_TRY_ASSIGN(const double dead, dead_share_of(inputs, epochs_, [this] { return compaction_may_go_on(); }));
    if (dead < kWorthDropping) return decline(keyspace, plan, job), false;
  }
  std::optional<table::Warming> warming = this->warming(2 * inputs.cached_bytes >= static_cast<double>(inputs.bytes));
  if (warming) writer.warming = &*warming;
  Event event = event_of(plan, keyspace.name, job);
  event.kind = EventKind::kCompactionStarted;
  event.severity = Severity::kDebug;
  event.detail = words;
  report(event);

  const merge::VersionFilter filter(snapshots_.horizon([this] { return pipeline_.visible(); }), plan.bottom,
                                    &inputs.tombstones);
  const uint64_t cursors = std::max<uint64_t>(1, inputs.runs.size() * runtime_.executor->threads());
  const auto unit_bytes =
      static_cast<uint32_t>(std::clamp(plan_.merge_bytes / cursors, kLeastUnitBytes, kMostUnitBytes));
  const auto merge = [&](const compaction::MergePart& part) {
    std::vector<merge::Source> sources;
    for (const InputRun& run : inputs.runs)
      sources.emplace_back(
          table::RunCursor(run.open, {.streaming = true, .unit_bytes = unit_bytes, .account = &account_}));
    return compaction::merge_part(merge::MergeCursor(std::move(sources)), filter, writer, part,
                                  [this] { return compaction_may_go_on(); });
  };
  NACRE_TRY_ASSIGN(auto parts, compaction::split_merge(runs_of(inputs), parts_of(inputs, runtime_.executor->threads()),
                                                       epochs_, &account_, [this] { return compaction_may_go_on(); }));
  std::vector<compaction::MergeResult> results;
  Result<void> merged = merge_in_parts(*runtime_.executor, std::move(parts), merge, &results);
  format::VersionEdit edit;
  edit.keyspace = keyspace.id;
  edit.removed = plan.inputs;
  const uint64_t run = plan.output_run != 0 ? plan.output_run : versions_->next_run_id();
  const compaction::MergeTotals totals = collect(results, plan.output_level, run, edit);
  if (merged) merged = check_read(inputs, totals, plan);
  if (!merged) {
    remove_written(edit);
    return merged.error();
  }
  NACRE_TRY_ASSIGN(const bool committed, commit_edit(keyspace, edit));
  if (!committed) return false;
  for (compaction::MergeResult& result : results) publish_warm(keyspace, std::move(result.warm));

  MergeWork work{.bytes_of_level = inputs.bytes_of_level,
                 .output_level = plan.output_level,
                 .entries_dropped = totals.entries_read - totals.entries_written,
                 .duration_ns = runtime_.clock->now_ns() - begin_ns};
  for (const auto& placed : edit.added) work.bytes_out += placed.table.file_bytes;
  count_merge(keyspace, work);
  event = event_of(plan, keyspace.name, job);
  event.kind = EventKind::kCompactionFinished;
  event.bytes_out = work.bytes_out;
  event.files_out = edit.added.size();
  event.entries = totals.entries_written;
  event.duration_ns = work.duration_ns;
  report(event);
  return true;
}

// Until other tables are there, the same plan is not made again.
void Core::decline(KeyspaceState& keyspace, const compaction::Plan& plan, uint64_t job) {
  {
    sync::MutexLock lock(state_mutex_);
    std::erase_if(keyspace.declined, [&](const std::vector<uint64_t>& inputs) {
      return std::any_of(inputs.begin(), inputs.end(),
                         [&](uint64_t number) { return keyspace.version->table(number) == nullptr; });
    });
    keyspace.declined.push_back(plan.sorted_inputs());
  }
  Event event = event_of(plan, keyspace.name, job);
  event.kind = EventKind::kCompactionDeclined;
  event.severity = Severity::kDebug;
  report(event);
}

void Core::count_merge(KeyspaceState& keyspace, const MergeWork& work) {
  compaction_bytes_written_.fetch_add(work.bytes_out, std::memory_order_relaxed);
  compaction_duration_.record(work.duration_ns);
  sync::MutexLock lock(state_mutex_);
  for (size_t level = 0; level < kLevels; level++) {
    keyspace.work[level].bytes_read += work.bytes_of_level[level];
    compaction_bytes_read_.fetch_add(work.bytes_of_level[level], std::memory_order_relaxed);
  }
  keyspace.compaction_count++;
  LevelWork& output = keyspace.work[work.output_level];
  output.jobs++;
  output.bytes_written += work.bytes_out;
  output.entries_dropped += work.entries_dropped;
  output.durations.record(work.duration_ns);
}

Result<void> Core::compaction_may_go_on() const {
  if (closed_.load(std::memory_order_relaxed) || jobs_paused_.load(std::memory_order_relaxed)) return not_usable();
  if (!flush_wants_room_.load(std::memory_order_relaxed)) return {};
  return Error{.kind = ErrorKind::kNoSpace, .operation = Operation::kCompact, .reason = "the room is left to a flush"};
}

}  // namespace nacre::engine
