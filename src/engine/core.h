// Core: the engine behind a Db. It wires the floors below together and holds what they share; the algorithms are theirs.
//
// Parts, each in a file of its own: open.cc (open and recover), write.cc (commit), read.cc (views, gets, cursors),
// keyspaces.cc, options.cc (what changes meanwhile), background.cc (what runs when), flush.cc, compact.cc,
// keeper.cc (housekeeping), stats.cc, publish.cc, check.cc, close.cc.
//
// Locks, in the order in which they are taken:
//   commit_mutex_   the order of commits: sequences, log claims, which memtable takes writes
//   VersionSet's    the order of manifest commits (inside tree/)
//   state_mutex_    views, frozen memtables, running jobs
// Beyond all of them, that of a sink of events.
// No I/O happens under state_mutex_ but a line of LOG, which may begin a new file of it. Under commit_mutex_: a late preparation of a log segment, the reads of a transaction's
// check, and the last sync of a close.
//
// Ownership: held by shared_ptr from Db, Keyspace, Snapshot, cursors and transactions; so nothing that a caller still
// holds can dangle. Jobs do not own it: shut_down(), which ends its life for users, waits for them. Memory goes with the last
// holder.
//
// Thread safety: all public methods, from any thread.
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/histogram.h"
#include "base/memory_account.h"
#include "base/prng.h"
#include "cache/cache.h"
#include "cache/row_cache.h"
#include "compaction/merge_job.h"
#include "compaction/policy.h"
#include "engine/commit_pipeline.h"
#include "engine/counters.h"
#include "engine/job_health.h"
#include "engine/keyspace_state.h"
#include "engine/live_options.h"
#include "engine/memory_plan.h"
#include "engine/recovered_flush.h"
#include "engine/snapshots.h"
#include "engine/space_reserve.h"
#include "engine/sync_group.h"
#include "engine/waits.h"
#include "format/batch_format.h"
#include "format/version_edit.h"
#include "log/event_log.h"
#include "metrics/publish_pace.h"
#include "metrics/publisher.h"
#include "nacre/db.h"
#include "nacre/options.h"
#include "nacre/runtime.h"
#include "os/read_wait.h"
#include "sync/epoch.h"
#include "sync/sync.h"
#include "tree/version_set.h"
#include "wal/wal.h"

namespace nacre::engine {

// A counted view and the sequence to read it at.
struct ReadPoint {
  base::IntrusivePtr<tree::ReadView> view;
  format::Sequence at = 0;
};

// What a transaction checks before its batch is committed: an error refuses the batch.
using CommitCheck = std::function<Result<void>()>;

static_assert(compaction::kBottomLevel + 1 == format::kMaxLevels,
              "what a manifest may say, the policy must be able to count");

Result<void> check_options(const Options& options);
Result<void> check_keyspace_options(const KeyspaceOptions& options);
// What a handle answers to changes once a sync has failed.
Error writes_stopped();
// Puts one write into a memtable.
void insert_op(memtable::Memtable& memtable, const format::BatchOp& op, format::Sequence sequence);

class Core : public std::enable_shared_from_this<Core> {
 public:
  static Result<std::shared_ptr<Core>> open(const std::string& path, const Options& options, const Runtime& runtime);
  Core(std::string path, const Options& options, const Runtime& runtime);
  ~Core();
  Core(const Core&) = delete;
  Core& operator=(const Core&) = delete;

  // write.cc
  Result<void> write_one(KeyspaceState& keyspace, format::EntryKind kind, Bytes key, Bytes value,
                         const WriteOptions& options);
  // `check`, if given, runs under the commit lock, when nobody else can commit; its error refuses the batch.
  Result<void> write_batch(Bytes encoded, uint32_t count, const WriteOptions& options, const CommitCheck& check = {});
  Result<void> sync_all();

  // read.cc
  Result<std::optional<Value>> get(KeyspaceState& keyspace, Bytes key, const Snapshot& snapshot);
  Result<bool> contains(KeyspaceState& keyspace, Bytes key, const Snapshot& snapshot);
  Result<std::vector<std::optional<Value>>> multi_get(KeyspaceState& keyspace, std::span<const Bytes> keys,
                                                      const Snapshot& snapshot);
  Cursor cursor(const std::shared_ptr<KeyspaceState>& keyspace, const ScanOptions& options);
  Snapshot snapshot();
  void release_snapshot(format::Sequence sequence) {
    if (!inherited()) snapshots_.release(sequence);
  }
  // The newest sequence at which `key` was written or erased, 0 if never; for transactions, under the commit lock.
  Result<format::Sequence> last_change(const KeyspaceState& keyspace, Bytes key);
  // Whether some key in [from, to) was written or erased after `since`.
  Result<bool> changed_since(const KeyspaceState& keyspace, Bytes from, Bytes to, format::Sequence since);
  format::Sequence visible() const { return pipeline_.visible(); }

  // keyspaces.cc
  std::shared_ptr<KeyspaceState> default_keyspace() const { return default_keyspace_; }
  Result<std::shared_ptr<KeyspaceState>> open_keyspace(Bytes name);
  Result<std::shared_ptr<KeyspaceState>> create_keyspace(Bytes name, const KeyspaceOptions& options);
  Result<void> drop_keyspace(Bytes name);
  std::vector<std::string> keyspace_names();  // of those that are there when no drop is under way
  std::vector<std::shared_ptr<KeyspaceState>> keyspaces() const;

  // background.cc
  Result<void> flush_all();
  Result<void> compact_all();
  Result<void> settle();

  // stats.cc, check.cc
  Stats stats() const;
  // Of one positioning of a cursor over `runs`.
  void record_seek(KeyspaceState& keyspace, uint64_t duration_ns, uint64_t runs);
  // report.cc: the same, timed or not; `reads_before_ns` is os::read_wait_ns() when it began.
  void note_read(std::string_view operation, const KeyspaceState& keyspace, uint64_t sampled_ns, uint64_t reads_before_ns) {
    note_if_slow(operation, keyspace.name, sampled_ns, {.read_ns = os::read_wait_ns() - reads_before_ns});
  }
  Result<std::vector<CheckFinding>> check(const std::function<void(uint64_t, uint64_t)>& progress);

  // close.cc. kBusy while users hold objects, if `refuse_if_in_use`.
  Result<void> shut_down(bool refuse_if_in_use);
  // kClosed after shut_down and in a forked child.
  Result<void> usable() const {
    if (closed_.load(std::memory_order_acquire) || inherited()) [[unlikely]]
      return not_usable();
    return {};
  }
  // Whether this is the copy that a forked child has of its parent's core: any lock of it may be held for ever.
  bool inherited() const { return process_generation_ != os_generation(); }
  // Objects of users that hold on to this core: cursors and transactions.
  std::atomic<uint64_t>& objects_in_use() { return objects_in_use_; }
  // Keeps the memory that pinned values point into for good, if there are any left at the end of the Db.
  static void outlive_values(std::shared_ptr<Core> core);

  sync::EpochDomain& epochs() { return epochs_; }
  base::MemoryAccount& account() { return account_; }
  Clock& clock() { return *runtime_.clock; }

  // options.cc
  Options options() const;
  Result<void> set_options(const Options& options);
  Result<void> set_keyspace_options(KeyspaceState& keyspace, const KeyspaceOptions& options);

 private:
  struct Touched {  // a keyspace that a batch writes to
    std::shared_ptr<KeyspaceState> keyspace;
    memtable::Memtable* memtable = nullptr;
    KeyspaceCounters::Values counts{};  // what the batch adds to the keyspace's counters
  };
  struct Claimed {
    CommitPipeline::Ticket ticket;
    std::optional<wal::Wal::Claim> log;  // none: the log gets it later
    format::Sequence first_sequence = 0;
    uint64_t lsn = 0;
    uint64_t end_lsn = 0;
  };

  // open.cc
  Result<void> open_all();
  Result<void> lock_directory();
  Result<void> open_tree(tree::OpenReport* report);
  Result<void> open_log();
  Result<void> begin_log(uint64_t start_lsn);
  Result<void> begin_writing();
  void keep_found_reserve(std::span<const tree::ReserveFile> found);
  struct Replay {  // of the log, at an open
    struct Flush {
      std::shared_ptr<KeyspaceState> keyspace;
      format::Sequence through = 0;
      uint64_t begin_ns = 0;
      uint64_t bytes_in = 0;
      RecoveredFlush flush;
    };
    std::shared_ptr<KeyspaceState> keyspace;  // of the operation before
    std::deque<Flush> flushes;                // under way, oldest first
    std::vector<format::VersionEdit> edits;   // of the finished ones
  };
  Result<void> replay(const wal::RecoveredRecord& record, Replay& replay);
  Result<void> replay_op(const format::BatchOp& op, format::Sequence sequence, uint64_t lsn, Replay& replay);
  Result<void> flush_recovered(const std::shared_ptr<KeyspaceState>& keyspace, Replay& replay);
  Result<void> finish_recovered_flushes(Replay& replay, size_t left);
  Result<void> sync_log(uint64_t through);
  std::shared_ptr<KeyspaceState> add_keyspace_state(uint32_t id, const std::string& name,
                                                    const KeyspaceOptions& keyspace_options,
                                                    base::IntrusivePtr<tree::Version> version,
                                                    format::Sequence flushed_through);

  // write.cc
  Result<void> admit(uint64_t bytes, const WriteOptions& options, bool erases, Waits& waits);
  Result<void> may_write(bool erases) const;
  void record_delay(DelayReason reason, uint64_t duration_ns, Waits& waits);
  Result<void> wait_for_memtables(const WriteOptions& options, Waits& waits);
  Result<void> may_wait_for_memtables() const NACRE_REQUIRES(state_mutex_);
  static Error no_room_in_memory(const Error& of_flush);
  Result<void> pay_delay(uint64_t bytes, const WriteOptions& options, Waits& waits);
  Result<void> make_room(KeyspaceState& keyspace) NACRE_REQUIRES(commit_mutex_);
  Result<wal::Wal::Claim> claim_in_log(uint64_t payload_bytes, format::Sequence first_sequence, uint32_t count,
                                       bool from_reserve) NACRE_REQUIRES(commit_mutex_);
  Result<Claimed> claim(uint64_t payload_bytes, uint32_t count, bool erases, Waits& waits)
      NACRE_REQUIRES(commit_mutex_);
  Result<Claimed> claim_unlogged(uint32_t count) NACRE_REQUIRES(commit_mutex_);
  Result<void> log_unlogged() NACRE_REQUIRES(commit_mutex_);
  void note_write(KeyspaceState& keyspace, const Claimed& claimed) NACRE_REQUIRES(commit_mutex_);
  Result<void> finish_commit(const Claimed& claimed, Durability durability, Waits& waits);
  Result<std::vector<Touched>> keyspaces_of(Bytes encoded);
  void stop_writes(const Error& error);
  Durability durability_of(const WriteOptions& options) const {
    return options.durability.value_or(live_options_.durability.load(std::memory_order_relaxed));
  }

  // read.cc
  void record_get(KeyspaceState& keyspace, uint64_t duration_ns);
  void pay_toll(KeyspaceState& keyspace, uint64_t extra, uint64_t bytes_each);
  Result<void> check_not_dropped(const KeyspaceState& keyspace);
  Result<ReadPoint> read_point(const KeyspaceState& keyspace, const Snapshot& snapshot);
  Result<format::Sequence> sequence_of(const Snapshot& snapshot) const;

  // keyspaces.cc
  std::shared_ptr<KeyspaceState> find_keyspace(Bytes name);
  bool wait_for_drop(const KeyspaceState& keyspace);
  Result<std::shared_ptr<KeyspaceState>> create_keyspace_locked(Bytes name, const KeyspaceOptions& options)
      NACRE_REQUIRES(create_mutex_);
  void leave_mark(uint32_t id);
  Result<uint64_t> sync_writes_before(KeyspaceState* dropped);

  // background.cc
  Result<void> freeze(KeyspaceState& keyspace, const char* cause) NACRE_REQUIRES(commit_mutex_);
  Result<void> freeze_if_used(KeyspaceState& keyspace, const char* cause);
  base::IntrusivePtr<memtable::Memtable> new_memtable(const KeyspaceState& keyspace) NACRE_REQUIRES(state_mutex_);
  void replace_view(KeyspaceState& keyspace) NACRE_REQUIRES(state_mutex_);
  void on_install(std::span<const tree::Installed> installed);
  void schedule();
  void schedule_locked() NACRE_REQUIRES(state_mutex_);
  bool may_compact_urgently() const NACRE_REQUIRES(state_mutex_);
  bool start_compaction() NACRE_REQUIRES(state_mutex_);
  bool nothing_to_compact() NACRE_REQUIRES(state_mutex_);
  void submit(JobKind kind, uint64_t job, Urgency urgency, std::function<Result<bool>()> work) NACRE_REQUIRES(state_mutex_);
  void job_ended(JobKind kind, uint64_t job, const Result<bool>& result);
  void note_job_failure(JobHealth& health, uint64_t job, const Error& error) NACRE_REQUIRES(state_mutex_);
  void update_delay() NACRE_REQUIRES(state_mutex_);
  void report_pace(uint32_t delay, DelayReason reason, uint64_t debt_bytes) NACRE_REQUIRES(state_mutex_);
  compaction::Shape shape_of(const KeyspaceState& keyspace) const NACRE_REQUIRES(state_mutex_);
  static const char* illegality_of(const KeyspaceState& keyspace, const compaction::Plan& plan);
  compaction::PolicyOptions policy_of(const KeyspaceState& keyspace) const;
  // `of_compactions`: their failures end the waiting too.
  Result<void> wait_until(const std::function<bool()>& done, bool of_compactions);
  void forget_failures();

  // full_device.cc
  bool use_reserve(uint64_t turn, const Error& error);
  bool reserve_is_for_flush();
  void keep_reserve();
  void flush_erases();

  // flush.cc, compact.cc
  // Jobs: true if they wrote something.
  Result<bool> flush(const std::shared_ptr<KeyspaceState>& keyspace, uint64_t job);
  Result<void> flush_frozen(const std::shared_ptr<KeyspaceState>& keyspace, uint64_t job);
  Result<void> flush_inputs(KeyspaceState& keyspace, const std::vector<FrozenMemtable>& inputs,
                            std::vector<std::string> cut_keys, uint64_t begin_ns, uint64_t job);
  Result<compaction::MergeResult> write_memtables(KeyspaceState& keyspace, const std::vector<FrozenMemtable>& inputs,
                                                  std::vector<std::string> cut_keys, table::Warming* warming);
  static bool is_read(KeyspaceState& keyspace, std::span<const FrozenMemtable> inputs);
  format::VersionEdit flush_edit(const KeyspaceState& keyspace, const compaction::MergeResult& merged,
                                 format::Sequence through);
  struct FlushWork {
    const char* cause = "";
    uint64_t job = 0;
    uint64_t bytes_in = 0;
    uint64_t memtables = 0;
    uint64_t duration_ns = 0;
  };
  void count_flush(KeyspaceState& keyspace, const compaction::MergeResult& merged, const FlushWork& done);
  compaction::RunWriterOptions writer_options(const KeyspaceState& keyspace, uint32_t level);
  static float filter_bits(uint32_t average, uint32_t level);
  uint64_t log_floor_without(const KeyspaceState& keyspace, format::Sequence through);
  Result<bool> run_plan(const std::shared_ptr<KeyspaceState>& keyspace, const compaction::Plan& plan, uint64_t job);
  Result<bool> move_tables(KeyspaceState& keyspace, const compaction::Plan& plan, uint64_t job);
  Result<bool> merge_tables(KeyspaceState& keyspace, const compaction::Plan& plan, uint64_t job);
  void decline(KeyspaceState& keyspace, const compaction::Plan& plan, uint64_t job);
  Result<void> compaction_may_go_on() const;
  struct MergeWork {
    std::array<uint64_t, kLevels> bytes_of_level{};  // read
    uint32_t output_level = 0;
    uint64_t bytes_out = 0;
    uint64_t entries_dropped = 0;
    uint64_t duration_ns = 0;
  };
  void count_merge(KeyspaceState& keyspace, const MergeWork& work);
  Result<bool> commit_edit(const KeyspaceState& keyspace, const format::VersionEdit& edit);
  void remove_written(const format::VersionEdit& edit);
  std::optional<table::Warming> warming(bool wanted) const;
  void publish_warm(KeyspaceState& keyspace, std::vector<table::WarmBlocks> warm);

  // keeper.cc
  void keep_house();
  void wake_keeper();
  bool keeper_may_work(bool quiet, uint64_t most_ns);
  bool keeper_may_go_on();
  void pause_keeper(bool pause);
  void on_obsolete(const tree::ObsoleteTable& table);
  void note_failure(const Error& error);
  void remove_obsolete_tables();
  void flush_cold_keyspaces();
  void trim_log();

  // publish.cc
  void begin_publishing();
  uint64_t publish_if_due(bool busy);
  void publish_close();

  // close.cc
  Result<void> not_usable() const;
  bool values_in_use();
  uint64_t values_pinned();
  void forget_flushed_memtables();
  void stop_background();
  void abandon();

  static uint64_t os_generation();
  // report.cc
  void report(Event event) const;
  void open_event_log();
  void close_event_log();
  // Of one operation: `sampled_ns` is how long it took, or 0 if nobody has timed it.
  void note_if_slow(std::string_view operation, std::string_view keyspace, uint64_t sampled_ns, const Waits& waits) {
    if (std::max(sampled_ns, waits.sum_ns()) < slow_ns_) [[likely]]
      return;
    report_slow(operation, keyspace, std::max(sampled_ns, waits.sum_ns()), waits);
  }
  void report_slow(std::string_view operation, std::string_view keyspace, uint64_t duration_ns, const Waits& waits);

  // Fixed at open.
  const std::string path_;
  const Options options_;  // as the open was given them: what may change since is in live_options_
  const MemoryPlan plan_;
  const Runtime runtime_;
  const uint64_t process_generation_;
  const bool read_only_;
  const uint64_t slow_ns_;  // Runtime::slow_ns, or never

  LiveOptions live_options_;

  // Declared in the order of dependence: what stands later uses what stands before and goes first.
  base::MemoryAccount account_;
  sync::EpochDomain epochs_;
  std::optional<base::Prng> random_;
  std::shared_ptr<memtable::ChunkPool> memtable_chunks_;
  std::unique_ptr<Directory> directory_;
  std::unique_ptr<DirectoryLock> lock_;
  std::unique_ptr<log::EventLog> log_;  // null if nothing is written to a LOG; used under the directory's lock
  std::unique_ptr<cache::Cache> cache_;
  std::unique_ptr<cache::RowCache> row_cache_;  // null unless asked for
  std::unique_ptr<tree::VersionSet> versions_;
  std::unique_ptr<SpaceReserve> reserve_;  // null if read-only
  std::vector<uint64_t> leftover_tables_;  // go when writing begins
  bool writing_begun_ = false;
  std::unique_ptr<wal::Wal> wal_;
  CommitPipeline pipeline_;
  std::unique_ptr<SyncGroup> sync_group_;
  SnapshotList snapshots_;
  std::shared_ptr<KeyspaceState> default_keyspace_;

  sync::Mutex create_mutex_;  // one creation or drop of a keyspace, or change of options, at a time
  sync::Mutex commit_mutex_;
  sync::CondVar drop_decided_;  // with commit_mutex_
  format::Sequence next_sequence_ NACRE_GUARDED_BY(commit_mutex_) = 1;
  std::string unlogged_ NACRE_GUARDED_BY(commit_mutex_);  // writes of kMemory durability that the log does not have yet
  uint32_t unlogged_count_ NACRE_GUARDED_BY(commit_mutex_) = 0;

  mutable sync::Mutex state_mutex_;
  sync::CondVar state_changed_;  // a job ended, or a flush made room
  std::map<uint32_t, std::shared_ptr<KeyspaceState>> keyspaces_ NACRE_GUARDED_BY(state_mutex_);
  // Left the views, but readers may still hold them: values that are alive must be known at the end.
  std::vector<base::IntrusivePtr<memtable::Memtable>> flushed_memtables_ NACRE_GUARDED_BY(state_mutex_);
  uint32_t running_jobs_ NACRE_GUARDED_BY(state_mutex_) = 0;
  uint64_t next_job_ NACRE_GUARDED_BY(state_mutex_) = 1;
  bool stopping_ NACRE_GUARDED_BY(state_mutex_) = false;
  bool idle_ NACRE_GUARDED_BY(state_mutex_) = false;
  uint32_t settlers_ NACRE_GUARDED_BY(state_mutex_) = 0;          // callers who want idle work done now
  uint32_t full_compactions_ NACRE_GUARDED_BY(state_mutex_) = 0;  // callers who want one run a keyspace
  JobHealth flush_health_ NACRE_GUARDED_BY(state_mutex_);
  JobHealth compaction_health_ NACRE_GUARDED_BY(state_mutex_);
  uint32_t reported_delay_ NACRE_GUARDED_BY(state_mutex_) = 0;  // ns a KiB, of the last kPaceChanged

  sync::Mutex keeper_mutex_;
  sync::CondVar keeper_wakes_;
  bool keeper_wanted_ NACRE_GUARDED_BY(keeper_mutex_) = false;
  bool keeper_stops_ NACRE_GUARDED_BY(keeper_mutex_) = false;
  bool keeper_paused_ NACRE_GUARDED_BY(keeper_mutex_) = false;
  bool keeper_at_rest_ NACRE_GUARDED_BY(keeper_mutex_) = false;
  sync::CondVar keeper_rests_;
  std::vector<tree::ObsoleteTable> obsolete_ NACRE_GUARDED_BY(keeper_mutex_);
  sync::Thread keeper_;
  std::unique_ptr<metrics::Publisher> publisher_;  // the keeper's, as the next; null: nothing is published
  metrics::PublishPace publish_pace_{0};
  uint64_t reserve_retry_at_ns_ = 0;
  uint64_t reserve_pause_ns_ = 0;
  uint64_t erases_flushed_ = UINT64_MAX;
  uint64_t erases_flushed_at_ns_ = 0;

  std::atomic<bool> segment_asked_for_{false};  // the keeper knows that the log wants its next segment
  std::atomic<bool> toll_is_due_{false};        // reads paid so much that it may buy a merge
  std::atomic<bool> closed_{false};
  std::atomic<bool> flush_wants_room_{false};  // compactions give up, and give back what they wrote
  std::atomic<bool> jobs_paused_{false};       // none begins, and compactions give up
  std::atomic<bool> writes_stopped_{false};
  std::atomic<bool> no_space_{false};
  std::atomic<bool> only_erases_{false};       // the reserve is in use: puts wait for room
  std::atomic<uint64_t> frozen_bytes_{0};      // memtables that wait for their flush
  std::atomic<uint32_t> delay_ns_per_kib_{0};  // what writers pay for background work that is behind
  std::atomic<DelayReason> price_reason_{DelayReason::kCompactionDebt};  // what makes most of that price
  std::atomic<uint64_t> owed_delay_ns_{0};
  FewASecond told_delays_;
  FewASecond told_slow_operations_;
  std::atomic<uint64_t> objects_in_use_{0};

  HotCounters<DbCounter> counters_;
  KeyspaceCounters::Values dropped_counts_ NACRE_GUARDED_BY(state_mutex_){};  // of keyspaces that are no more
  base::Histogram write_latency_;
  base::Histogram get_latency_;
  base::Histogram multi_get_latency_;
  base::Histogram seek_latency_;
  base::Histogram sync_latency_;
  base::Histogram flush_duration_;
  base::Histogram compaction_duration_;
  std::array<base::Histogram, static_cast<size_t>(DelayReason::kCount)> delays_;
  std::atomic<uint64_t> syncs_{0};
  std::atomic<uint64_t> log_bytes_{0};
  std::atomic<uint64_t> flush_bytes_{0};
  std::atomic<uint64_t> compaction_bytes_read_{0};
  std::atomic<uint64_t> compaction_bytes_written_{0};
};

}  // namespace nacre::engine
