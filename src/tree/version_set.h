// VersionSet: the tree of one open database - the current version of every keyspace, and the manifest that makes
// changes to it durable. All changes to what a database consists of go through commit().
//
// Commit protocol. Invariants:
//   1. What current() shows, a reopen finds: an edit is installed only after its record was synced.
//   2. A commit is all or nothing: its edits are in one record, and become visible in one step.
//   3. An edit that failed to become durable is nowhere in memory, and nothing is committed after it until the manifest
//      that may or may not hold it is out of force.
// Steps: a caller queues its edits. If nobody leads, it becomes the leader: it takes the whole queue, checks the edits
// one caller after the other on a copy of the state (a caller whose edits do not fit gets its error, and the others go
// on), syncs the directory if tables were added (their names must be durable before the manifest names them), writes
// all edits as one record, syncs it, installs the new state, calls the listener, answers the callers. Those who came
// meanwhile find one of them the next leader. One record a group, because what is synced together must be torn
// together.
//
// Failure. An error of a write or sync is never retried on the same file. A write that finds no space leaves half a record:
// the manifest file is given up, and the edits go to a new one; if there is no room for that either, kNoSpace is a clean
// refusal, and the next commit begins with a new manifest. Any other error, and any of a sync, whatever the device said, is
// sticky: the callers of the group get kIo, whether their edits are in is unknown until a reopen, and every later commit gets
// kClosed. Then files that a failed edit names must stay, for in_doubt() is true: a crash now could bring the edit back. (They
// are found as leftovers by the next open.)
//
// Manifests. Every begin of writing, and every growth past max(limit, 4 snapshots), writes a new manifest that begins
// with a snapshot (manifest.h says how it is put in force). A rollover that finds no space is put off; any other
// failure of one is sticky, but takes nothing from the commit before it.
//
// Numbers. next_file_number() and next_run_id() are counters in memory; each record carries them, with a reserve ahead,
// so that files which a crash leaves behind can be told from files of others (directory_audit.h).
//
// Thread safety: all methods from any thread, open() apart. The listener and the obsolete callback must not call
// commit(); the listener runs on a committing thread without locks of this class, in commit order.
// Lifetime: the directory, the opener's needs and the account outlive every version handed out; the listener and the
// obsolete callback are not called after the destructor has returned.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "nacre/options.h"
#include "nacre/runtime.h"
#include "sync/sync.h"
#include "tree/directory_audit.h"
#include "tree/manifest.h"
#include "tree/tree_state.h"

namespace nacre::tree {

// A keyspace that a commit changed.
struct Installed {
  uint32_t keyspace = 0;
  base::IntrusivePtr<Version> version;  // null: the keyspace was dropped
  format::Sequence flushed_through = 0;
};

struct VersionSetOptions {
  OpenMode mode = OpenMode::kCreateIfMissing;
  format::Uuid uuid;                 // of a database that is created now; random
  KeyspaceOptions default_keyspace;  // of a database that is created now
  std::shared_ptr<TableOpener> opener;
  base::MemoryAccount* account = nullptr;
  uint64_t manifest_limit_bytes = uint64_t{1} << 20;
  uint64_t record_limit_bytes = format::kMaxManifestRecordBytes;  // of a commit
  std::function<void(std::span<const Installed>)> on_install;     // not called for what open() finds
  TableHome::ObsoleteCallback on_obsolete;  // called by whoever drops the last reference, under any lock: push and go
  std::function<void(uint64_t number)> on_manifest_replaced;  // not called for the one that open() writes
};

struct OpenReport {
  bool created = false;
  uint64_t manifest_read = 0;  // its number, 0 if created
  ReplayReport replay;
  DirectoryAudit audit;  // leftover manifests go when writing begins; leftover tables are the caller's
};

struct ManifestStats {
  uint64_t number = 0;
  uint64_t bytes = 0;
  uint64_t commits = 0;  // records written since open
  uint64_t replaced = 0;
};

class VersionSet {
 public:
  // To be asked before LOCK is made: a directory that is none of ours gets nothing from us, not even that. Whoever creates a
  // database makes LOCK first, so what stands without it is not the work of somebody else at this moment.
  static Result<void> check_before_lock(Directory& directory, OpenMode mode);
  // Reads, or creates, the tree in `directory`, of which the caller holds the lock unless it only reads. What it reads it
  // leaves as it is. kNotFound, kInvalidArgument, kCorruption and kUnsupported say what is wrong with the directory. `report`
  // is filled on success.
  static Result<std::unique_ptr<VersionSet>> open(Directory& directory, VersionSetOptions options, OpenReport* report);
  // Puts a new manifest in force and removes older ones: to be called before the first commit and before any file is made, and
  // as late as that, since an open that fails must change nothing. Again: nothing happens.
  Result<void> begin_writing();
  ~VersionSet();
  VersionSet(const VersionSet&) = delete;
  VersionSet& operator=(const VersionSet&) = delete;

  // Makes the edits durable and visible together. Edits carry no counters: those are added here. Returns
  // kInvalidArgument or kNotFound (the keyspace is gone) for edits that do not fit: nothing happened; for other errors
  // see above.
  Result<void> commit(std::span<const format::VersionEdit> edits);
  Result<void> commit(const format::VersionEdit& edit) { return commit(std::span(&edit, 1)); }

  // Returns the new id; kInvalidArgument if the name is taken or impossible. `log_synced_through`: what must not be lost
  // beside the creation, or the drop.
  Result<uint32_t> create_keyspace(Bytes name, const KeyspaceOptions& options, uint64_t log_synced_through = 0)
      NACRE_EXCLUDES(create_mutex_);
  // Returns an id that no keyspace has or will have: what mentions it came after the drop.
  Result<uint32_t> drop_keyspace(uint32_t keyspace, uint64_t log_synced_through) NACRE_EXCLUDES(create_mutex_);

  // The version in force, or null if there is no such keyspace.
  base::IntrusivePtr<Version> current(uint32_t keyspace) const;
  std::vector<KeyspaceState> keyspaces() const;
  TreeState state() const;  // all of it, at one moment

  uint64_t next_file_number() { return next_file_number_.fetch_add(1, std::memory_order_relaxed); }
  // The same, and the manifest has reserved it: should a crash leave the file, the next open knows it for the database's own.
  // May commit.
  Result<uint64_t> next_table_number();
  uint64_t next_run_id() { return next_run_id_.fetch_add(1, std::memory_order_relaxed); }

  const format::Uuid& uuid() const { return home_->uuid(); }
  uint64_t next_keyspace_id() const;
  format::LogFloor log_floor() const;
  uint64_t log_synced_through() const;
  format::Sequence last_sequence() const;
  ManifestStats manifest_stats() const;
  // True after a commit whose outcome is unknown: a crash could bring its edits back.
  bool in_doubt() const;

 private:
  struct Request {
    std::span<const format::VersionEdit> edits;
    Result<void> result;
    bool done = false;
  };

  VersionSet(Directory& directory, VersionSetOptions options) : directory_(directory), options_(std::move(options)) {}
  Result<void> create(OpenReport* report);
  Result<void> recover(const format::CurrentFile& current, OpenReport* report);
  void begin_life(TreeState state);

  Result<void> submit(Request& request) NACRE_EXCLUDES(queue_mutex_);
  void lead(std::span<Request* const> group);
  Result<void> ready_to_write();
  Result<void> append(const std::string& payload);
  Result<void> write_group(const std::string& payload, bool adds_tables);
  void install(TreeState next, Displaced displaced);
  Result<void> replace(TreeState state);
  void roll_over_if_grown();
  format::VersionEdit counters(const TreeState& state) const;
  uint64_t reserved_file_number() const;
  Error stop(const Error& error) NACRE_EXCLUDES(state_mutex_);

  Directory& directory_;
  const VersionSetOptions options_;
  std::shared_ptr<TableHome> home_;
  std::atomic<uint64_t> next_file_number_{1};
  std::atomic<uint64_t> next_run_id_{1};

  sync::Mutex create_mutex_;  // makes creations of keyspaces one after the other: each takes the next id

  sync::Mutex queue_mutex_;
  sync::CondVar queue_moved_;
  std::vector<Request*> queue_ NACRE_GUARDED_BY(queue_mutex_);
  bool led_ NACRE_GUARDED_BY(queue_mutex_) = false;

  // Touched by the leader only (by open() before there is one).
  std::unique_ptr<ManifestWriter> writer_;  // null until begin_writing()
  format::CurrentFile found_;               // what open() read, for begin_writing()
  std::vector<uint64_t> manifests_to_remove_;
  uint64_t roll_over_at_bytes_ = 0;

  mutable sync::Mutex state_mutex_;
  TreeState state_ NACRE_GUARDED_BY(state_mutex_);  // written by the leader only
  ManifestStats stats_ NACRE_GUARDED_BY(state_mutex_);
  bool in_doubt_ NACRE_GUARDED_BY(state_mutex_) = false;
  std::optional<Error> stopped_ NACRE_GUARDED_BY(state_mutex_);
};

}  // namespace nacre::tree
