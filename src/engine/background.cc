// What runs when: freezing memtables, publishing views, and choosing the next background job.
//
// All choices are made in schedule_locked(), which runs whenever something changed: a memtable was frozen, a job ended,
// the keeper noticed idleness. It starts jobs until the executor has as many as it has threads:
//   1. a flush, for every keyspace that has frozen memtables (one at a time a keyspace)
//   2. the most urgent compaction plan of any keyspace
// A job takes its inputs from the state at its start, does its I/O without locks, and installs its result by one
// manifest commit, whose listener replaces the view.

#include <algorithm>

#include "base/assert.h"
#include "compaction/legality.h"
#include "compaction/pacing.h"
#include "engine/core.h"

namespace nacre::engine {

using format::Sequence;

namespace {

constexpr uint32_t kFeltDelayNs = 100;  // a KiB, which makes a put of 100 bytes 10 ns longer

}  // namespace

// ---- memtables and views ---------------------------------------------------------------------------------------------

// Fails, and changes nothing, if the log cannot take what it lacks: a table must not be younger than that.
Result<void> Core::freeze(KeyspaceState& keyspace, const char* cause) {
  NACRE_TRY(log_unlogged());
  sync::MutexLock lock(state_mutex_);
  const uint64_t bytes = keyspace.mutable_memtable->memory_bytes();
  frozen_bytes_.fetch_add(bytes, std::memory_order_relaxed);
  keyspace.frozen.push_back({.memtable = keyspace.mutable_memtable,
                             .bytes = bytes,
                             .through = next_sequence_ - 1,
                             .first_lsn = keyspace.mutable_first_lsn,
                             .end_lsn = wal_->end_lsn(),
                             .cause = cause});
  keyspace.mutable_memtable = new_memtable(keyspace);
  keyspace.mutable_first_lsn = 0;
  replace_view(keyspace);
  update_delay();
  schedule_locked();
  return {};
}

Result<void> Core::freeze_if_used(KeyspaceState& keyspace, const char* cause) {
  sync::MutexLock lock(commit_mutex_);
  if (keyspace.mutable_first_lsn == 0 || !keyspace.is_live()) return {};
  return freeze(keyspace, cause);
}

base::IntrusivePtr<memtable::Memtable> Core::new_memtable(const KeyspaceState& keyspace) {
  const uint64_t table_bytes = keyspace.version ? keyspace.version->totals().file_bytes : 0;
  return memtable::Memtable::create({.kind = live_options_.memtable.load(std::memory_order_relaxed),
                                     .capacity_bytes = plan_.memtable_bytes_for(table_bytes),
                                     .account = &account_,
                                     .pool = memtable_chunks_});
}

void Core::replace_view(KeyspaceState& keyspace) {
  std::vector<base::IntrusivePtr<memtable::Memtable>> memtables{keyspace.mutable_memtable};
  for (auto frozen = keyspace.frozen.rbegin(); frozen != keyspace.frozen.rend(); ++frozen)
    memtables.push_back(frozen->memtable);
  auto view = base::make_intrusive<tree::ReadView>(std::move(memtables), keyspace.version);
  sync::yield_point();
  tree::ReadView* old = keyspace.view.exchange(view.release(), std::memory_order_acq_rel);
  if (old != nullptr) epochs_.retire([old] { old->drop_reference(); });
}

// The manifest has new versions: memtables whose entries are all in them leave in the same step.
void Core::on_install(std::span<const tree::Installed> installed) {
  sync::MutexLock lock(state_mutex_);
  for (const tree::Installed& each : installed) {
    const auto found = keyspaces_.find(each.keyspace);
    if (found == keyspaces_.end() || !each.version) continue;
    KeyspaceState& keyspace = *found->second;
    keyspace.version = each.version;
    keyspace.flushed_through = each.flushed_through;
    while (!keyspace.frozen.empty() && keyspace.frozen.front().through <= each.flushed_through) {
      frozen_bytes_.fetch_sub(keyspace.frozen.front().bytes, std::memory_order_relaxed);
      flushed_memtables_.push_back(std::move(keyspace.frozen.front().memtable));
      keyspace.frozen.pop_front();
    }
    replace_view(keyspace);
  }
  update_delay();
  state_changed_.notify_all();
}

// ---- choosing --------------------------------------------------------------------------------------------------------

compaction::PolicyOptions Core::policy_of(const KeyspaceState& keyspace) const {
  return {.shape = keyspace.options.load().shape,
          .memtable_bytes = plan_.memtable_bytes,
          .table_bytes = plan_.table_bytes,
          .partition_bytes = 4 * plan_.table_bytes,
          .runs_per_level = plan_.runs_per_level};
}

// The views in the shape borrow from the keyspace's present version: keep that alive while the shape is used.
compaction::Shape Core::shape_of(const KeyspaceState& keyspace) const {
  compaction::Shape shape;
  shape.snapshots_held = snapshots_.count() > 0;
  shape.declined = keyspace.declined;
  for (const tree::Run& run : keyspace.version->runs()) {
    compaction::ShapeRun& out =
        shape.runs.emplace_back(compaction::ShapeRun{.level = run.level(), .id = run.id(), .tables = {}});
    for (const auto& meta : run.tables()) {
      const format::TableRecord& record = meta->record();
      out.tables.push_back({.number = record.number,
                            .smallest = record.smallest_key,
                            .largest = record.largest_key,
                            .bytes = record.file_bytes,
                            .entries = record.entries,
                            .erases = record.erases,
                            .range_tombstones = record.range_tombstones});
      for (const RunningCompaction& running : keyspace.compactions) {
        if (std::find(running.inputs.begin(), running.inputs.end(), record.number) != running.inputs.end())
          out.tables.back().busy = true;
      }
    }
  }
  for (const RunningCompaction& running : keyspace.compactions)
    shape.reserved.push_back({running.smallest, running.largest});
  return shape;
}

void Core::schedule() {
  sync::MutexLock lock(state_mutex_);
  schedule_locked();
}

void Core::schedule_locked() {
  if (stopping_ || read_only_ || jobs_paused_.load(std::memory_order_acquire) ||
      writes_stopped_.load(std::memory_order_acquire))
    return;
  const uint64_t now_ns = flush_health_.error() || compaction_health_.error() ? runtime_.clock->now_ns() : 0;
  const bool flush_alone = flush_wants_room_.load(std::memory_order_relaxed);  // try again when nobody else writes
  if (flush_alone && running_jobs_ != 0) return;
  for (const auto& [id, keyspace] : keyspaces_) {
    if (!keyspace->is_live()) continue;  // a job may well change nothing
    if (keyspace->flushing || keyspace->frozen.empty() || !flush_health_.may_run(now_ns)) continue;
    keyspace->flushing = true;
    const uint64_t job = next_job_++;
    submit(JobKind::kFlush, job, Urgency::kHigh, [this, target = keyspace, job] { return flush(target, job); });
  }
  if (flush_alone && running_jobs_ == 0)
    flush_wants_room_.store(false, std::memory_order_relaxed);  // nothing is left to flush
  const uint32_t most = std::max<uint32_t>(1, runtime_.executor->threads());
  while (!flush_alone && running_jobs_ < most && compaction_health_.may_run(now_ns) && start_compaction()) {
  }
}

// From the version and the running jobs themselves: what shape_of() may have got wrong should not go unnoticed here.
const char* Core::illegality_of(const KeyspaceState& keyspace, const compaction::Plan& plan) {
  std::vector<uint64_t> busy;
  std::vector<compaction::Reservation> reserved;
  for (const RunningCompaction& running : keyspace.compactions) {
    busy.insert(busy.end(), running.inputs.begin(), running.inputs.end());
    reserved.push_back({running.smallest, running.largest});
  }
  std::sort(busy.begin(), busy.end());
  std::vector<compaction::PlacedTable> tables;
  for (const tree::Run& run : keyspace.version->runs()) {
    for (const auto& meta : run.tables()) {
      tables.push_back({.level = run.level(),
                        .run = run.id(),
                        .number = meta->number(),
                        .smallest = meta->smallest_key(),
                        .largest = meta->largest_key(),
                        .busy = std::binary_search(busy.begin(), busy.end(), meta->number())});
    }
  }
  return compaction::illegality(tables, reserved, plan);
}

// Jobs of high urgency have as many threads as the executor says: one is left to flushes, for which writers wait.
bool Core::may_compact_urgently() const {
  uint32_t urgent = 0;
  for (const auto& [id, keyspace] : keyspaces_) {
    urgent += static_cast<uint32_t>(std::count_if(keyspace->compactions.begin(), keyspace->compactions.end(),
                                                  [](const RunningCompaction& running) { return running.urgent; }));
  }
  return urgent + 1 < std::max<uint32_t>(2, runtime_.executor->threads());
}

// Starts the most urgent compaction of any keyspace; false if there is none.
bool Core::start_compaction() {
  if (stopping_ || jobs_paused_.load(std::memory_order_acquire) || flush_wants_room_.load(std::memory_order_relaxed))
    return false;
  std::shared_ptr<KeyspaceState> chosen;
  std::optional<compaction::Plan> best;
  const bool at_leisure = idle_ || settlers_ > 0 || only_erases_.load(std::memory_order_acquire);
  for (const auto& [id, keyspace] : keyspaces_) {
    if (!keyspace->is_live()) continue;
    const compaction::Shape shape = shape_of(*keyspace);
    std::optional<compaction::Plan> plan;
    if (full_compactions_ > 0) plan = compaction::pick_full(shape, policy_of(*keyspace));
    if (!plan) plan = compaction::pick(shape, policy_of(*keyspace), at_leisure, keyspace->toll.paid_bytes());
    if (plan && (!best || plan->urgency > best->urgency)) {
      best = std::move(plan);
      chosen = keyspace;
    }
  }
  if (!best) return false;
  if (const char* illegal = illegality_of(*chosen, *best); illegal != nullptr)
    base::check_failed((best->to_string() + " is legal, but " + illegal + ": that").c_str(), __FILE__, __LINE__);
  if (best->paid) chosen->toll.spend(best->input_bytes);
  const uint64_t job = next_job_++;
  const bool urgent = best->urgency > 1.5 && may_compact_urgently();
  chosen->compactions.push_back(
      {.job = job, .smallest = best->smallest, .largest = best->largest, .inputs = best->inputs, .urgent = urgent});
  const Urgency urgency = urgent ? Urgency::kHigh : best->urgency > 1 ? Urgency::kNormal : Urgency::kIdle;
  submit(JobKind::kCompaction, job, urgency,
         [this, chosen, plan = *std::move(best), job] { return run_plan(chosen, plan, job); });
  return true;
}

void Core::submit(JobKind kind, uint64_t job, Urgency urgency, std::function<Result<bool>()> work) {
  running_jobs_++;
  // The job does not own the core, which waits for it in stop_background(): else a worker of the executor could be the one
  // to destroy the core, and with it the executor. What the job owns goes before it counts as ended.
  runtime_.executor->submit(urgency, [this, kind, job, work = std::move(work)]() mutable {
    const Result<bool> result = work();
    work = nullptr;
    job_ended(kind, job, result);
  });
}

// `result`: whether it wrote what it was to write. One that found nothing to be done says nothing of the device.
void Core::job_ended(JobKind kind, uint64_t job, const Result<bool>& result) {
  sync::MutexLock lock(state_mutex_);
  running_jobs_--;
  JobHealth& health = kind == JobKind::kFlush ? flush_health_ : compaction_health_;
  if (kind == JobKind::kFlush && (result || running_jobs_ == 0))
    flush_wants_room_.store(false, std::memory_order_relaxed);
  if (result) {
    if (*result && !only_erases_.load(std::memory_order_acquire) && no_space_.exchange(false))
      report({.kind = EventKind::kSpaceReturned, .severity = Severity::kInfo});
    health.succeeded();
  } else if (kind == JobKind::kFlush && result.error().kind == ErrorKind::kNoSpace && running_jobs_ != 0) {
    flush_wants_room_.store(true, std::memory_order_relaxed);  // a flush goes before compactions: they give up first
  } else if (!stopping_ && !jobs_paused_.load(std::memory_order_acquire) &&
             !flush_wants_room_.load(std::memory_order_relaxed)) {
    note_job_failure(health, job, result.error());
  } else {
    report({.kind = EventKind::kJobGivenUp, .job = job, .error = result.error()});
  }
  update_delay();
  schedule_locked();
  state_changed_.notify_all();
  wake_keeper();  // last: it looks for failures that are to be tried again
}

void Core::note_job_failure(JobHealth& health, uint64_t job, const Error& error) {
  const bool is_news = health.failed(error, runtime_.clock->now_ns());
  if (error.kind == ErrorKind::kNoSpace) {
    if (!no_space_.exchange(true)) report({.kind = EventKind::kNoSpace, .severity = Severity::kError, .error = error});
  } else if (is_news) {
    const bool damaged = error.kind == ErrorKind::kCorruption;
    report({.kind = damaged ? EventKind::kCorruption : EventKind::kBackgroundError,
            .severity = Severity::kError,
            .job = job,
            .error = error});
  }
}

void Core::update_delay() {
  uint64_t debt = 0;
  uint64_t frozen_bytes = 0;
  for (const auto& [id, keyspace] : keyspaces_) {
    for (const FrozenMemtable& frozen : keyspace->frozen) frozen_bytes += frozen.bytes;
    if (keyspace->version) debt += compaction::debt_bytes(shape_of(*keyspace), policy_of(*keyspace));
  }
  // If not, writers wait for memory that nobody holds.
  NACRE_DCHECK(frozen_bytes == frozen_bytes_.load(std::memory_order_relaxed));
  compaction::PacingInput piles{.frozen_bytes = frozen_bytes,
                                .memtable_bytes = plan_.memtable_bytes,
                                .all_memtables_bytes = plan_.all_memtables_bytes,
                                .debt_bytes = debt};
  const uint32_t delay = compaction::delay_ns_per_kib(piles);
  piles.debt_bytes = 0;
  const bool by_memtables = 2 * compaction::delay_ns_per_kib(piles) > delay;
  const DelayReason reason = by_memtables ? DelayReason::kMemtablesFilling : DelayReason::kCompactionDebt;
  price_reason_.store(reason, std::memory_order_relaxed);
  delay_ns_per_kib_.store(delay, std::memory_order_relaxed);
  report_pace(delay, reason, debt);
}

// When writers begin and end to feel it, and when it is four times what it was.
void Core::report_pace(uint32_t delay, DelayReason reason, uint64_t debt_bytes) {
  if (delay < kFeltDelayNs) delay = 0;
  const bool begins_or_ends = (delay == 0) != (reported_delay_ == 0);
  if (!begins_or_ends && delay <= 4 * reported_delay_ && reported_delay_ <= 4 * delay) return;
  reported_delay_ = delay;
  report({.kind = EventKind::kPaceChanged,
          .cause = delay != 0 ? to_string(reason) : "background work has caught up",
          .bytes_in = debt_bytes,
          .duration_ns = delay});
}

// ---- what users wait for ---------------------------------------------------------------------------------------------

Result<void> Core::wait_until(const std::function<bool()>& done, bool of_compactions) {
  state_mutex_.lock();
  Result<void> result;
  while (!done()) {
    if (stopping_) {
      result = not_usable();
      break;
    }
    if (flush_health_.error()) {
      result = *flush_health_.error();
      break;
    }
    if (of_compactions && compaction_health_.error()) {
      result = *compaction_health_.error();
      break;
    }
    if (writes_stopped_.load(std::memory_order_acquire)) {  // no job starts any more: what is waited for will not come
      result = Error{.kind = ErrorKind::kClosed,
                     .operation = Operation::kFlush,
                     .reason = "writes stopped after a failed sync: reopen the database"};
      break;
    }
    schedule_locked();
    if (done()) break;
    state_changed_.wait_for(state_mutex_, 100'000'000);
  }
  state_mutex_.unlock();
  return result;
}

Result<void> Core::flush_all() {
  NACRE_TRY(usable());
  if (read_only_) return invalid_argument(Operation::kFlush, "the database was opened read-only");
  forget_failures();
  for (const auto& keyspace : keyspaces()) {
    (void)wait_for_drop(*keyspace);
    NACRE_TRY(freeze_if_used(*keyspace, "asked for"));
  }
  // What is frozen now, not what others freeze meanwhile.
  std::vector<std::pair<std::shared_ptr<KeyspaceState>, Sequence>> wanted;
  {
    sync::MutexLock lock(state_mutex_);
    for (const auto& [id, keyspace] : keyspaces_) {
      if (!keyspace->frozen.empty()) wanted.emplace_back(keyspace, keyspace->frozen.back().through);
    }
  }
  return wait_until(
      [&wanted]() NACRE_NO_THREAD_ANALYSIS {
        return std::all_of(wanted.begin(), wanted.end(), [](const auto& each) {
          if (each.first->is_dropped()) return true;
          const std::deque<FrozenMemtable>& frozen = each.first->frozen;
          if (frozen.empty()) return !each.first->flushing;  // the job's end: it has counted and reported what it did
          return frozen.front().through > each.second;
        });
      },
      false);
}

// While jobs pause, for a close that may yet be refused, nobody knows.
bool Core::nothing_to_compact() { return !jobs_paused_.load(std::memory_order_acquire) && !start_compaction(); }

Result<void> Core::settle() {
  NACRE_TRY(usable());
  if (read_only_) return {};
  NACRE_TRY(flush_all());
  {
    sync::MutexLock lock(state_mutex_);
    settlers_++;
  }
  const auto result =
      wait_until([this]() NACRE_NO_THREAD_ANALYSIS { return running_jobs_ == 0 && nothing_to_compact(); }, true);
  if (result) trim_log();  // else it may be closed by now, and the directory another's
  sync::MutexLock lock(state_mutex_);
  settlers_--;
  return result;
}

Result<void> Core::compact_all() {
  NACRE_TRY(flush_all());
  {
    sync::MutexLock lock(state_mutex_);
    full_compactions_++;
  }
  const auto result =
      wait_until([this]() NACRE_NO_THREAD_ANALYSIS { return running_jobs_ == 0 && nothing_to_compact(); }, true);
  sync::MutexLock lock(state_mutex_);
  full_compactions_--;
  return result;
}

// A caller who asks for work now wants it tried now.
void Core::forget_failures() {
  sync::MutexLock lock(state_mutex_);
  flush_health_.forget();
  compaction_health_.forget();
}

}  // namespace nacre::engine
