// Opening: lock, tree, log, and whatever a crash left.
//
//   1. the directory's lock; the manifest gives keyspaces, versions and the log floor
//   2. the log from the floor on is replayed into memtables, and these go into tables meanwhile: writes that tables hold are passed over
//      (up to the first table nothing is written: what cannot be opened, be it damaged or of a newer release, stays as it is;
//      then the first thing is a new manifest)
//   3. a new log begins above everything the old one may hold
//   4. one manifest commit puts the tables of all keyspaces in force and names the new log as the floor
//   5. the old segments and leftover tables are removed
//
// Step 4 is why a failed sync before the crash cannot fool us: nothing is trusted to be on disk because the page cache
// shows it, the recovered tail is rewritten to new files and synced before the first new write is accepted. One commit,
// since the old log's end may be nowhere but in the page cache: a power cut between two could keep one keyspace's newer
// writes and lose another's older ones. A crash in any step leaves the old floor in force, and the next open does the same.

#include <algorithm>

#include "base/checksum.h"
#include "engine/core.h"
#include "engine/table_files.h"
#include "format/file_names.h"
#include "os/posix.h"
#include "os/process.h"

namespace nacre::engine {

using format::BatchOp;
using format::EntryKind;
using format::Sequence;

namespace {

// In a forked child the locks may be held and the threads are not there: nothing of the parent's may be taken apart.
template <class T>
auto unless_forked() {
  return [generation = os::process_generation()](T* object) {
    if (generation == os::process_generation()) delete object;
  };
}

constexpr size_t kRecoveredFlushes = 2;  // under way at once, while the log is replayed

// In the simulator a manifest outgrows it in one life, as everything is small there (memory_plan.h).
constexpr uint64_t kManifestLimitBytes = sync::kSimulated ? uint64_t{4} << 10 : uint64_t{1} << 20;

std::string options_in_words(const Options& options, const Runtime& runtime) {
  return "memory " + std::to_string(options.memory_bytes >> 20) + " MiB, " +
         std::to_string(runtime.executor->threads()) +
         (options.mode == OpenMode::kReadOnly ? " threads, read only" : " threads");
}

}  // namespace

Core::Core(std::string path, const Options& options, const Runtime& runtime)
    : path_(std::move(path)),
      options_(options),
      plan_(MemoryPlan::of(budget_of(options.memory_bytes))),
      runtime_(runtime),
      process_generation_(os::process_generation()),
      read_only_(options.mode == OpenMode::kReadOnly),
      slow_ns_(runtime.slow_ns != 0 ? runtime.slow_ns : UINT64_MAX),
      live_options_(options),
      account_(budget_of(options.memory_bytes), plan_.slack_bytes),
      memtable_chunks_(std::make_shared<memtable::ChunkPool>(plan_.memtable_bytes, &account_)) {}

uint64_t Core::os_generation() { return os::process_generation(); }

Result<std::shared_ptr<Core>> Core::open(const std::string& path, const Options& options, const Runtime& runtime) {
  NACRE_TRY(check_options(options));
  NACRE_TRY(log::check_log_options(runtime.log));
  const uint64_t begin_ns = runtime.clock->now_ns();
  std::shared_ptr<Core> core;
  for (bool again = false;; again = true) {
    core.reset(new Core(path, options, runtime), unless_forked<Core>());
    core->only_erases_.store(again, std::memory_order_release);
    const Result<void> opened = core->open_all();
    if (opened) break;
    Error error = opened.error();
    const bool has_room_now = !again && error.kind == ErrorKind::kNoSpace && core->reserve_ != nullptr &&
                              core->reserve_->give_back(core->reserve_->turn());
    core->abandon();
    if (has_room_now) continue;
    // A step met what an earlier one had left broken, the mark behind a manifest record for one. There is no handle yet that
    // could be closed: what stopped the open is the device.
    if (error.kind == ErrorKind::kClosed) error.kind = ErrorKind::kIo;
    return error;
  }
  const std::string words = options_in_words(options, runtime);
  core->report({.kind = EventKind::kOpened, .detail = words, .duration_ns = runtime.clock->now_ns() - begin_ns});
  return core;
}

Result<void> Core::open_all() {
  const bool may_create = options_.mode == OpenMode::kCreateIfMissing || options_.mode == OpenMode::kCreateNew;
  NACRE_TRY_ASSIGN(directory_, runtime_.file_system->open_directory(path_, may_create));
  NACRE_TRY(lock_directory());
  open_event_log();
  random_.emplace(runtime_.random_seed != 0 ? runtime_.random_seed : os::random_seed_from_system());
  cache_ = std::make_unique<cache::Cache>(account_, epochs_);
  cache_->set_asks_for_growth([this] { wake_keeper(); });
  if (options_.row_cache_percent != 0) {
    row_cache_ =
        std::make_unique<cache::RowCache>(account_.ceiling_bytes() / 100 * options_.row_cache_percent, account_);
  }
  tree::OpenReport report;
  NACRE_TRY(open_tree(&report));
  leftover_tables_ = std::move(report.audit.leftover_tables);
  if (!read_only_) keep_found_reserve(report.audit.reserves);
  NACRE_TRY(open_log());
  begin_publishing();
  if (!read_only_) keeper_ = sync::Thread("nacre-keeper", [this] { keep_house(); });
  schedule();
  return {};
}

// Files come and go under a writer, so nobody reads beside it. A copy of a database may lack LOCK: nobody writes there.
Result<void> Core::lock_directory() {
  if (!read_only_) NACRE_TRY(tree::VersionSet::check_before_lock(*directory_, options_.mode));
  auto locked = directory_->lock(format::kLockName, read_only_ ? LockKind::kRead : LockKind::kWrite);
  if (!locked) {
    if (read_only_ && locked.error().kind == ErrorKind::kNotFound) return {};
    return locked.error();
  }
  lock_ = *std::move(locked);
  return {};
}

Result<void> Core::open_tree(tree::OpenReport* report) {
  tree::VersionSetOptions set;
  set.mode = options_.mode;
  set.uuid = format::Uuid::from_random(random_->next(), random_->next());
  set.default_keyspace = options_.keyspace;
  set.opener = std::make_shared<TableFiles>(*directory_, *cache_, account_);
  set.account = &account_;
  set.manifest_limit_bytes = kManifestLimitBytes;
  set.on_install = [this](std::span<const tree::Installed> installed) { on_install(installed); };
  set.on_obsolete = [this](const tree::ObsoleteTable& table) { on_obsolete(table); };
  set.on_manifest_replaced = [this](uint64_t number) {
    this->report({.kind = EventKind::kManifestReplaced,
                  .severity = Severity::kDebug,
                  .file_kind = FileKind::kManifest,
                  .file_number = number});
  };
  NACRE_TRY_ASSIGN(versions_, tree::VersionSet::open(*directory_, std::move(set), report));
  for (const tree::KeyspaceState& keyspace : versions_->keyspaces()) {
    add_keyspace_state(keyspace.record.id, keyspace.record.name, keyspace.record.options, keyspace.version,
                       keyspace.flushed_through);
  }
  sync::MutexLock lock(commit_mutex_);
  next_sequence_ = versions_->last_sequence() + 1;
  return {};
}

std::shared_ptr<KeyspaceState> Core::add_keyspace_state(uint32_t id, const std::string& name,
                                                        const KeyspaceOptions& keyspace_options,
                                                        base::IntrusivePtr<tree::Version> version,
                                                        Sequence flushed_through) {
  const std::shared_ptr<KeyspaceState> keyspace(new KeyspaceState(id, name, keyspace_options),
                                                unless_forked<KeyspaceState>());
  keyspace->charge = base::MemoryCharge(&account_, base::MemoryPart::kTableMeta, sizeof(KeyspaceState));
  sync::MutexLock lock(state_mutex_);
  keyspace->version = std::move(version);
  keyspace->flushed_through = flushed_through;
  keyspace->mutable_memtable = new_memtable(*keyspace);
  replace_view(*keyspace);
  keyspaces_[id] = keyspace;
  if (id == format::kDefaultKeyspace) default_keyspace_ = keyspace;
  return keyspace;
}

// ---- the log ---------------------------------------------------------------------------------------------------------

Result<void> Core::open_log() {
  const uint64_t begin_ns = runtime_.clock->now_ns();
  Replay replay_state;
  wal::LogDamage damage;
  uint64_t operations = 0;
  const auto recovery = wal::recover_log(
      *directory_, versions_->uuid(),
      {.floor = versions_->log_floor(),
       .synced_through = versions_->log_synced_through(),
       .room_bytes = read_only_ ? 0 : wal::kRoomOfNewLog},
      [&](const wal::RecoveredRecord& record) {
        operations += record.count;
        return replay(record, replay_state);
      },
      &damage);
  if (!recovery) {
    if (damage.begin_lsn != 0) {
      report({.kind = EventKind::kCorruption,
              .severity = Severity::kError,
              .file_kind = FileKind::kLog,
              .file_number = damage.file_number,
              .offset = damage.offset,
              .bytes_in = damage.synced_through - damage.begin_lsn,
              .entries = damage.operations_lost,
              .error = recovery.error()});
    }
    return recovery.error();
  }
  const wal::RecoveryReport& recovered = *recovery;
  {
    sync::MutexLock lock(commit_mutex_);
    pipeline_.reset(next_sequence_ - 1, recovered.next_lsn);
  }
  if (recovered.torn) {
    report({.kind = EventKind::kTornTail,
            .severity = Severity::kWarning,
            .file_kind = FileKind::kLog,
            .file_number = recovered.torn_file_number,
            .offset = recovered.torn_offset,
            .bytes_in = recovered.bytes_dropped,
            .entries = recovered.records_dropped});
  }
  if (recovered.records != 0) {
    report({.kind = EventKind::kRecovered,
            .bytes_in = recovered.bytes_read,
            .entries = operations,
            .duration_ns = runtime_.clock->now_ns() - begin_ns});
  }
  if (read_only_) return {};
  NACRE_TRY(begin_writing());
  NACRE_TRY(begin_log(recovered.next_lsn));
  for (const auto& keyspace : keyspaces()) NACRE_TRY(flush_recovered(keyspace, replay_state));
  NACRE_TRY(finish_recovered_flushes(replay_state, 0));
  std::vector<format::VersionEdit>& edits = replay_state.edits;
  format::VersionEdit& last = edits.emplace_back();
  last.log_floor = wal_->floor_at(recovered.next_lsn).value();  // of a segment that its making placed durably
  last.last_sequence = pipeline_.visible();
  NACRE_TRY(versions_->commit(edits));
  for (const wal::LogFile& file : recovered.files) {
    if (file.unreadable) continue;  // what cannot be proved ours stays
    const Result<void> removed = directory_->remove(format::log_name(file.number));
    if (!removed && removed.error().kind != ErrorKind::kNotFound) return removed;
  }
  return {};
}

// From here on the manifest is a new one, and nothing can bring back what it does not name: its room may be needed.
Result<void> Core::begin_writing() {
  if (writing_begun_) return {};
  NACRE_TRY(versions_->begin_writing());
  writing_begun_ = true;
  for (const uint64_t number : leftover_tables_) NACRE_TRY(directory_->remove(format::table_name(number)));
  leftover_tables_.clear();
  reserve_->tidy();
  if (!only_erases_.load(std::memory_order_acquire)) return {};
  return wal::remove_released(*directory_, versions_->uuid(), versions_->log_floor());
}

void Core::keep_found_reserve(std::span<const tree::ReserveFile> found) {
  reserve_ = std::make_unique<SpaceReserve>(
      *directory_,
      SpaceReserve::Options{.uuid = versions_->uuid(),
                            .bytes = plan_.reserve_bytes,
                            .next_number = [this] { return versions_->next_table_number(); }},
      found);
  if (only_erases_.load(std::memory_order_acquire)) reserve_->begin_in_use();
}

Result<void> Core::begin_log(uint64_t start_lsn) {
  wal::Wal::Options options;
  options.uuid = versions_->uuid();
  options.salt_seed = random_->next();
  options.max_segment_bytes = plan_.log_segment_bytes;
  options.first_segment_bytes = std::min(options.first_segment_bytes, options.max_segment_bytes);
  options.kept_segments = plan_.log_segments_kept;
  options.account = &account_;
  options.on_prepared = [this](const wal::PreparedSegment& segment) {
    report({.kind = EventKind::kLogSegmentReady,
            .severity = Severity::kDebug,
            .cause = segment.recycled ? "recycled" : "new",
            .file_kind = FileKind::kLog,
            .file_number = segment.number,
            .bytes_out = segment.bytes});
  };
  NACRE_TRY_ASSIGN(wal_,
                   wal::Wal::create(*directory_, [this] { return versions_->next_file_number(); }, options, start_lsn));
  wal_->save_space(only_erases_.load(std::memory_order_acquire));
  sync_group_ = std::make_unique<SyncGroup>([this](uint64_t through) { return sync_log(through); },
                                            [this] { return pipeline_.published_lsn(); }, *runtime_.clock);
  return {};
}

Result<void> Core::sync_log(uint64_t through) {
  const uint64_t begin_ns = runtime_.clock->now_ns();
  NACRE_TRY(wal_->sync(through));
  syncs_.fetch_add(1, std::memory_order_relaxed);
  sync_latency_.record(runtime_.clock->now_ns() - begin_ns);
  return {};
}

// Puts one record of the log into memtables.
Result<void> Core::replay(const wal::RecoveredRecord& record, Replay& replay) {
  format::BatchReader reader(record.payload);
  BatchOp op;
  Sequence sequence = record.first_sequence;
  uint32_t count = 0;
  while (true) {
    NACRE_TRY_ASSIGN(const bool more, reader.next(&op));
    if (!more) break;
    NACRE_TRY(replay_op(op, sequence, record.lsn, replay));
    sequence++;
    count++;
  }
  if (count != record.count) return malformed("a log record holds another number of operations than its header says");
  sync::MutexLock lock(commit_mutex_);
  next_sequence_ = std::max(next_sequence_, sequence);
  return {};
}

Result<void> Core::replay_op(const BatchOp& op, Sequence sequence, uint64_t lsn, Replay& replay) {
  std::shared_ptr<KeyspaceState>& keyspace = replay.keyspace;
  if (keyspace == nullptr || keyspace->id != op.keyspace) {
    sync::MutexLock lock(state_mutex_);
    const auto found = keyspaces_.find(op.keyspace);
    keyspace = found != keyspaces_.end() ? found->second : nullptr;
  }
  if (keyspace == nullptr) {
    // Its creation was synced before the first write to it, and ids are never used again.
    if (op.keyspace < versions_->next_keyspace_id()) return {};  // dropped, and its writes with it
    return corruption(Operation::kRecover, FileKind::kManifest, versions_->manifest_stats().number, 0,
                      "the manifest lost its end: the log has writes to a keyspace that it does not know");
  }
  if (sequence <= keyspace->flushed_through) return {};
  if (!read_only_ && keyspace->mutable_memtable->memory_bytes() >= plan_.recovered_memtable_bytes)
    NACRE_TRY(flush_recovered(keyspace, replay));
  if (keyspace->mutable_first_lsn == 0) keyspace->mutable_first_lsn = lsn;
  insert_op(*keyspace->mutable_memtable, op, sequence);
  keyspace->last_replayed = sequence;
  return {};
}

// Begins to write what was replayed so far into tables, which the last of the edits will put in force, and starts a new memtable.
// The entries are nowhere visible in between; nobody reads before the open is done.
Result<void> Core::flush_recovered(const std::shared_ptr<KeyspaceState>& keyspace, Replay& replay) {
  if (keyspace->mutable_first_lsn == 0) return {};
  NACRE_TRY(begin_writing());
  NACRE_TRY(finish_recovered_flushes(replay, kRecoveredFlushes - 1));
  const Sequence through = keyspace->last_replayed;
  pipeline_.reset(std::max(pipeline_.visible(), through), pipeline_.published_lsn());
  const FrozenMemtable input{
      .memtable = keyspace->mutable_memtable, .through = through, .first_lsn = keyspace->mutable_first_lsn};
  replay.flushes.push_back({.keyspace = keyspace,
                            .through = through,
                            .begin_ns = runtime_.clock->now_ns(),
                            .bytes_in = input.memtable->data_bytes(),
                            .flush = RecoveredFlush(*runtime_.executor, [this, keyspace, input] {
                              return write_memtables(*keyspace, {input}, {}, nullptr);
                            })});
  sync::MutexLock lock(state_mutex_);
  keyspace->mutable_memtable = new_memtable(*keyspace);
  keyspace->mutable_first_lsn = 0;
  replace_view(*keyspace);
  return {};
}

// Waits for the oldest flushes until no more than `left` are under way.
Result<void> Core::finish_recovered_flushes(Replay& replay, size_t left) {
  while (replay.flushes.size() > left) {
    Replay::Flush& oldest = replay.flushes.front();
    NACRE_TRY_ASSIGN(const compaction::MergeResult merged, oldest.flush.finish());
    replay.edits.push_back(flush_edit(*oldest.keyspace, merged, oldest.through));
    count_flush(*oldest.keyspace, merged,
                {.cause = "recovered from the log",
                 .bytes_in = oldest.bytes_in,
                 .memtables = 1,
                 .duration_ns = runtime_.clock->now_ns() - oldest.begin_ns});
    replay.flushes.pop_front();
  }
  return {};
}

}  // namespace nacre::engine
