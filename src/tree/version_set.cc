#include "tree/version_set.h"

#include <algorithm>

#include "format/file_names.h"

namespace nacre::tree {

namespace {

using format::VersionEdit;

// How many file numbers a record reserves ahead, and when it does so anew.
constexpr uint64_t kReserve = 1024;
constexpr uint64_t kReserveLow = 512;
constexpr uint64_t kSnapshotsBeforeRollOver = 4;

Error not_here(const char* reason) {
  return Error{
      .kind = ErrorKind::kNotFound, .operation = Operation::kOpen, .file_kind = FileKind::kDirectory, .reason = reason};
}

// Only the leader calls this, and others only add: if one does so meanwhile, the counter ends up higher, which is as good.
void raise(std::atomic<uint64_t>& counter, uint64_t to) {
  const uint64_t seen = counter.load(std::memory_order_relaxed);
  if (seen < to) counter.fetch_add(to - seen, std::memory_order_relaxed);
}

}  // namespace

Result<void> VersionSet::check_before_lock(Directory& directory, OpenMode mode) {
  NACRE_TRY_ASSIGN(const auto entries, directory.list());
  NACRE_TRY(check_repaired(entries));
  const bool may_be_ours = std::any_of(entries.begin(), entries.end(), [](const DirectoryEntry& entry) {
    return entry.name == format::kLockName || entry.name == format::kCurrentName;
  });
  if (may_be_ours) return {};
  std::vector<std::string> leftovers;
  NACRE_TRY(check_creatable(directory, &leftovers));
  if (mode == OpenMode::kMustExist) return not_here("the directory holds no database");
  return {};
}

Result<std::unique_ptr<VersionSet>> VersionSet::open(Directory& directory, VersionSetOptions options,
                                                     OpenReport* report) {
  std::unique_ptr<VersionSet> set(new VersionSet(directory, std::move(options)));
  const OpenMode mode = set->options_.mode;
  NACRE_TRY_ASSIGN(const auto current, read_current(directory));
  if (current) {
    if (mode == OpenMode::kCreateNew)
      return invalid_argument(Operation::kOpen, "the directory holds a database already");
    NACRE_TRY(set->recover(*current, report));
    return set;
  }
  std::vector<std::string> leftovers;
  NACRE_TRY(check_creatable(directory, &leftovers));
  if (mode == OpenMode::kMustExist || mode == OpenMode::kReadOnly) return not_here("the directory holds no database");
  for (const std::string& name : leftovers) NACRE_TRY(directory.remove(name));
  NACRE_TRY(set->create(report));
  return set;
}

VersionSet::~VersionSet() {
  if (home_) home_->disconnect();
}

void VersionSet::begin_life(TreeState state) {
  next_file_number_.store(state.next_file_number, std::memory_order_relaxed);
  next_run_id_.store(state.next_run_id, std::memory_order_relaxed);
  sync::MutexLock lock(state_mutex_);
  state_ = std::move(state);
}

Result<void> VersionSet::create(OpenReport* report) {
  home_ = std::make_shared<TableHome>(options_.uuid, options_.opener, options_.account, options_.on_obsolete);
  VersionEdit edit{.created = format::KeyspaceRecord{.id = format::kDefaultKeyspace,
                                                     .name = format::kDefaultKeyspaceName,
                                                     .options = options_.default_keyspace}};
  TreeState state;
  Displaced displaced;
  NACRE_CHECK(state.apply(edit, home_, displaced).has_value());
  begin_life(state);
  NACRE_TRY(replace(std::move(state)));
  report->created = true;
  return {};
}

Result<void> VersionSet::recover(const format::CurrentFile& current, OpenReport* report) {
  NACRE_TRY_ASSIGN(const auto manifest, read_manifest(directory_, current));
  home_ = std::make_shared<TableHome>(current.uuid, options_.opener, options_.account, options_.on_obsolete);
  TreeState state;
  const auto apply = [&](Bytes payload) -> Result<void> {
    format::EditReader reader(payload);
    VersionEdit edit;
    Displaced displaced;
    for (;;) {
      NACRE_TRY_ASSIGN(const bool more, reader.next(&edit));
      if (!more) return {};
      NACRE_TRY(state.apply(edit, home_, displaced));
    }
  };
  NACRE_TRY_ASSIGN(report->replay, replay_manifest(manifest, apply));
  report->manifest_read = current.manifest_number;
  if (!state.keyspaces.contains(format::kDefaultKeyspace)) {
    return corruption(Operation::kRecover, FileKind::kManifest, current.manifest_number, 0,
                      "the manifest has no default keyspace");
  }
  if (!state.has_sound_counters()) {
    return corruption(Operation::kRecover, FileKind::kManifest, current.manifest_number, 0,
                      "the manifest's counters are higher than any database can have counted");
  }
  NACRE_TRY_ASSIGN(report->audit, audit_directory(directory_, state, *home_, current.manifest_number));

  const uint64_t beyond_all = report->audit.highest_number + 1;
  if (beyond_all > state.reserved_file_number) {
    state.foreign_numbers.push_back({.first = state.reserved_file_number, .end = beyond_all});
    state.reserved_file_number = beyond_all;
  }
  state.next_file_number = std::max(state.next_file_number, beyond_all);
  begin_life(state);
  found_ = current;
  manifests_to_remove_ = report->audit.leftover_manifests;
  manifests_to_remove_.push_back(current.manifest_number);
  return {};
}

Result<void> VersionSet::begin_writing() {
  if (writer_) return {};
  if (options_.mode == OpenMode::kReadOnly)
    return invalid_argument(Operation::kCommit, "the database was opened to read only");
  // Before a file stands beside CURRENT that only a database can have.
  NACRE_TRY(renew_current(directory_, found_));
  NACRE_TRY(replace(state()));
  for (const uint64_t number : manifests_to_remove_) (void)directory_.remove(format::manifest_name(number));
  return {};
}

Result<void> VersionSet::commit(std::span<const VersionEdit> edits) {
  Request request{.edits = edits};
  return submit(request);
}

Result<uint64_t> VersionSet::next_table_number() {
  const uint64_t number = next_file_number();
  if (number >= reserved_file_number()) NACRE_TRY(commit(VersionEdit()));  // the counters of any record reserve more
  return number;
}

Result<uint32_t> VersionSet::create_keyspace(Bytes name, const KeyspaceOptions& options, uint64_t log_synced_through) {
  sync::MutexLock lock(create_mutex_);
  const uint64_t id = state().next_keyspace_id;
  if (id > UINT32_MAX) return invalid_argument(Operation::kCommit, "all ids of keyspaces have been used");
  VersionEdit edit{.keyspace = static_cast<uint32_t>(id), .log_synced_through = log_synced_through};
  edit.created = format::KeyspaceRecord{.id = edit.keyspace, .name = std::string(name), .options = options};
  NACRE_TRY(commit(edit));
  return edit.keyspace;
}

Result<uint32_t> VersionSet::drop_keyspace(uint32_t keyspace, uint64_t log_synced_through) {
  sync::MutexLock lock(create_mutex_);
  const uint64_t id = state().next_keyspace_id;
  if (id > UINT32_MAX) return invalid_argument(Operation::kCommit, "all ids of keyspaces have been used");
  VersionEdit edit{.keyspace = keyspace, .dropped = true, .log_synced_through = log_synced_through};
  edit.next_keyspace_id = id + 1;
  NACRE_TRY(commit(edit));
  return static_cast<uint32_t>(id);
}

Result<void> VersionSet::submit(Request& request) {
  std::vector<Request*> group;
  {
    sync::MutexLock lock(queue_mutex_);
    queue_.push_back(&request);
    while (led_ && !request.done) queue_moved_.wait(queue_mutex_);
    if (request.done) return request.result;
    led_ = true;
    group.swap(queue_);
  }
  lead(group);
  sync::MutexLock lock(queue_mutex_);
  for (Request* member : group) member->done = true;
  led_ = false;
  queue_moved_.notify_all();
  return request.result;
}

void VersionSet::lead(std::span<Request* const> group) {
  const auto answer_all = [group](const Result<void>& result) {
    for (Request* member : group) member->result = result;
  };
  if (auto ready = ready_to_write(); !ready) return answer_all(ready);

  TreeState next = state();
  std::vector<Request*> accepted;
  Displaced displaced;
  const VersionEdit raised = counters(next);
  NACRE_CHECK(next.apply(raised, home_, displaced).has_value());
  std::string payload = format::encode_edits(std::span(&raised, 1));
  bool adds_tables = false;
  for (Request* member : group) {
    TreeState tried = next;
    Displaced tried_displaced = displaced;
    for (const VersionEdit& edit : member->edits) {
      if (member->result) member->result = tried.apply(edit, home_, tried_displaced);
      adds_tables |= !edit.added.empty();
    }
    if (!member->result || member->edits.empty()) continue;
    payload += format::encode_edits(member->edits);
    next = std::move(tried);
    displaced = std::move(tried_displaced);
    accepted.push_back(member);
  }
  if (accepted.empty()) return;
  if (auto written = write_group(payload, adds_tables); !written) {
    for (Request* member : accepted) member->result = written;
    return;
  }
  install(std::move(next), std::move(displaced));
  roll_over_if_grown();
}

Result<void> VersionSet::ready_to_write() {
  if (!writer_) return invalid_argument(Operation::kCommit, "the database was opened to read only");
  const auto broken = writer_->failure();
  if (broken && broken->kind != ErrorKind::kNoSpace) (void)stop(*broken);
  {
    sync::MutexLock lock(state_mutex_);
    if (stopped_) {
      Error error = *stopped_;
      error.kind = ErrorKind::kClosed;
      error.operation = Operation::kCommit;
      error.reason = "an earlier write or sync of the manifest failed: reopen the database";
      return error;
    }
  }
  return broken ? replace(state()) : Result<void>();
}

Result<void> VersionSet::write_group(const std::string& payload, bool adds_tables) {
  if (payload.size() > options_.record_limit_bytes) {
    return invalid_argument(Operation::kCommit, "the edit is larger than a manifest record can be");
  }
  if (adds_tables) {
    if (auto synced = directory_.sync(); !synced) return stop(synced.error());
  }
  auto written = append(payload);
  if (!written &&
      written.error().kind == ErrorKind::kNoSpace) {  // half a record: of no effect, but nothing can follow it
    NACRE_TRY(replace(state()));
    written = append(payload);
  }
  if (written) writer_->acknowledge();
  return written;
}

Result<void> VersionSet::append(const std::string& payload) {
  const auto written = writer_->append(payload);
  if (written || written.error().kind == ErrorKind::kNoSpace) return written;
  {
    sync::MutexLock lock(state_mutex_);
    in_doubt_ = true;
  }
  return stop(written.error());
}

void VersionSet::install(TreeState next, Displaced displaced) {
  raise(next_run_id_, next.next_run_id);
  std::vector<Installed> changed;
  {
    sync::MutexLock lock(state_mutex_);
    for (const auto& [id, keyspace] : next.keyspaces) {
      const auto before = state_.keyspaces.find(id);
      // Each edit of a keyspace makes a version, also one that only says how far it was flushed.
      if (before != state_.keyspaces.end() && before->second.version == keyspace.version) continue;
      changed.push_back({.keyspace = id, .version = keyspace.version, .flushed_through = keyspace.flushed_through});
    }
    for (const auto& [id, keyspace] : state_.keyspaces) {
      if (!next.keyspaces.contains(id))
        changed.push_back({.keyspace = id, .flushed_through = keyspace.flushed_through});
    }
    std::swap(state_, next);
    stats_.commits++;
    stats_.bytes = writer_->bytes();
  }
  sync::yield_point();
  if (options_.on_install && !changed.empty()) options_.on_install(changed);
  for (const auto& table : displaced) table->mark_removed();
}

Result<void> VersionSet::replace(TreeState state) {
  const format::ManifestHeader header{.uuid = home_->uuid(), .number = next_file_number()};
  Displaced displaced;
  NACRE_CHECK(state.apply(counters(state), home_, displaced).has_value());
  auto prepared = ManifestWriter::prepare(directory_, header, format::encode_edits(state.snapshot()));
  if (!prepared) {
    if (prepared.error().kind == ErrorKind::kNoSpace) return prepared.error();
    return stop(prepared.error());
  }
  std::unique_ptr<ManifestWriter> fresh = *std::move(prepared);
  if (auto forced = fresh->put_in_force(directory_); !forced) return stop(forced.error());
  std::swap(writer_, fresh);
  roll_over_at_bytes_ = std::max(options_.manifest_limit_bytes, kSnapshotsBeforeRollOver * writer_->snapshot_bytes());
  {
    sync::MutexLock lock(state_mutex_);
    std::swap(state_, state);
    stats_.number = writer_->number();
    stats_.bytes = writer_->bytes();
    if (fresh) stats_.replaced++;
  }
  if (!fresh) return {};
  const uint64_t replaced = fresh->number();
  fresh.reset();
  (void)directory_.remove(format::manifest_name(replaced));  // if it stays, the next open removes it
  if (options_.on_manifest_replaced) options_.on_manifest_replaced(writer_->number());
  return {};
}

// The commit before it stands whatever happens here.
void VersionSet::roll_over_if_grown() {
  if (writer_->bytes() < roll_over_at_bytes_) return;
  if (!replace(state())) roll_over_at_bytes_ = 2 * writer_->bytes();
}

// The edit that carries the counters: it leads every record.
VersionEdit VersionSet::counters(const TreeState& state) const {
  VersionEdit edit;
  edit.next_file_number = next_file_number_.load(std::memory_order_relaxed);
  edit.next_run_id = next_run_id_.load(std::memory_order_relaxed);
  if (*edit.next_file_number + kReserveLow > state.reserved_file_number) {
    edit.reserved_file_number = *edit.next_file_number + kReserve;
  }
  return edit;
}

// What the device said matters no more: not even that it is full, for nobody may take this for a clean refusal.
Error VersionSet::stop(const Error& error) {
  Error final = error;
  final.kind = ErrorKind::kIo;
  if (final.operation == Operation::kSync || final.operation == Operation::kRename)
    final.reason = "the manifest could not be synced: the outcome is unknown until the next open";
  sync::MutexLock lock(state_mutex_);
  if (!stopped_) stopped_ = final;
  return final;
}

base::IntrusivePtr<Version> VersionSet::current(uint32_t keyspace) const {
  sync::MutexLock lock(state_mutex_);
  const auto at = state_.keyspaces.find(keyspace);
  return at != state_.keyspaces.end() ? at->second.version : nullptr;
}

std::vector<KeyspaceState> VersionSet::keyspaces() const {
  sync::MutexLock lock(state_mutex_);
  std::vector<KeyspaceState> all;
  for (const auto& [id, keyspace] : state_.keyspaces) all.push_back(keyspace);
  return all;
}

TreeState VersionSet::state() const {
  sync::MutexLock lock(state_mutex_);
  return state_;
}

uint64_t VersionSet::reserved_file_number() const {
  sync::MutexLock lock(state_mutex_);
  return state_.reserved_file_number;
}

uint64_t VersionSet::next_keyspace_id() const {
  sync::MutexLock lock(state_mutex_);
  return state_.next_keyspace_id;
}

format::LogFloor VersionSet::log_floor() const {
  sync::MutexLock lock(state_mutex_);
  return state_.log_floor;
}

uint64_t VersionSet::log_synced_through() const {
  sync::MutexLock lock(state_mutex_);
  return state_.log_synced_through;
}

format::Sequence VersionSet::last_sequence() const {
  sync::MutexLock lock(state_mutex_);
  return state_.last_sequence;
}

ManifestStats VersionSet::manifest_stats() const {
  sync::MutexLock lock(state_mutex_);
  return stats_;
}

bool VersionSet::in_doubt() const {
  sync::MutexLock lock(state_mutex_);
  return in_doubt_;
}

}  // namespace nacre::tree
