// Keyspaces: creating, finding, dropping. The manifest is the list; the map in memory follows it.

#include "engine/core.h"

namespace nacre::engine {

std::vector<std::shared_ptr<KeyspaceState>> Core::keyspaces() const {
  if (inherited()) return {};
  sync::MutexLock lock(state_mutex_);
  std::vector<std::shared_ptr<KeyspaceState>> all;
  for (const auto& [id, keyspace] : keyspaces_) all.push_back(keyspace);
  return all;
}

// Returns when no drop of the keyspace is under way: whether it was dropped.
bool Core::wait_for_drop(const KeyspaceState& keyspace) {
  sync::MutexLock lock(commit_mutex_);
  while (keyspace.is_being_dropped()) drop_decided_.wait(commit_mutex_);
  return keyspace.is_dropped();
}

std::shared_ptr<KeyspaceState> Core::find_keyspace(Bytes name) {
  for (const auto& keyspace : keyspaces()) {
    if (keyspace->name == name && (keyspace->is_live() || !wait_for_drop(*keyspace))) return keyspace;
  }
  return nullptr;
}

std::vector<std::string> Core::keyspace_names() {
  std::vector<std::string> names;
  for (const auto& keyspace : keyspaces()) {
    if (keyspace->is_live() || !wait_for_drop(*keyspace)) names.push_back(keyspace->name);
  }
  return names;
}

Result<std::shared_ptr<KeyspaceState>> Core::open_keyspace(Bytes name) {
  NACRE_TRY(usable());
  if (auto found = find_keyspace(name)) return found;
  if (read_only_ || options_.mode == OpenMode::kMustExist) {
    return Error{
        .kind = ErrorKind::kNotFound, .operation = Operation::kOpen, .reason = "there is no keyspace of that name"};
  }
  sync::MutexLock create_lock(create_mutex_);
  NACRE_TRY(usable());
  if (auto found = find_keyspace(name)) return found;  // another thread was faster
  return create_keyspace_locked(name, live_options_.new_keyspaces.load());
}

Result<std::shared_ptr<KeyspaceState>> Core::create_keyspace(Bytes name, const KeyspaceOptions& keyspace_options) {
  NACRE_TRY(usable());
  if (read_only_) return invalid_argument(Operation::kOpen, "the database was opened read-only");
  NACRE_TRY(check_keyspace_options(keyspace_options));
  sync::MutexLock create_lock(create_mutex_);
  NACRE_TRY(usable());
  return create_keyspace_locked(name, keyspace_options);
}

Result<std::shared_ptr<KeyspaceState>> Core::create_keyspace_locked(Bytes name,
                                                                    const KeyspaceOptions& keyspace_options) {
  if (writes_stopped_.load(std::memory_order_acquire)) return writes_stopped();
  const Result<uint64_t> synced_through = sync_writes_before(nullptr);
  const Result<uint32_t> id = synced_through ? versions_->create_keyspace(name, keyspace_options, *synced_through)
                                             : Result<uint32_t>(synced_through.error());
  if (!id) {
    if (id.error().kind == ErrorKind::kIo || id.error().kind == ErrorKind::kClosed) stop_writes(id.error());
    return id.error();
  }
  leave_mark(*id);
  auto keyspace = add_keyspace_state(*id, std::string(name), keyspace_options, versions_->current(*id), 0);
  report({.kind = EventKind::kKeyspaceCreated, .keyspace = keyspace->name});
  return keyspace;
}

// Creations and drops are durable at once and ordered among the commits: what was written before, and only the log has, is made
// durable first, since a power cut may not keep the one and lose the other. Returns through where. Writes that were claimed
// before this are ordered before a drop; later ones wait until it is decided, and so do reads: an answer would tell of a drop that
// a crash may yet undo, or of a keyspace that is gone where other writes of that time are lost.
Result<uint64_t> Core::sync_writes_before(KeyspaceState* dropped) {
  uint64_t end_lsn = 0;
  {
    sync::MutexLock lock(commit_mutex_);
    NACRE_TRY(log_unlogged());
    if (dropped != nullptr) dropped->life.store(KeyspaceState::Life::kBeingDropped);
    pipeline_.drain();
    end_lsn = wal_->end_lsn();
  }
  if (const Result<void> synced = sync_group_->through(end_lsn); !synced) return synced.error();
  return end_lsn;
}

// Puts into the log that the list of keyspaces has come to `id`: an erase in it, which is nothing to a new keyspace and is passed
// over where the id is that of a drop. An open that finds it and does not know the id knows that the manifest lost its
// end, while later commits may be there: a device that lies about syncs does that. No room in the log, no mark.
void Core::leave_mark(uint32_t id) {
  const format::BatchOp op{.kind = format::EntryKind::kErase, .keyspace = id, .key = {}, .value = {}};
  Result<Claimed> claimed = [&]() -> Result<Claimed> {
    sync::MutexLock lock(commit_mutex_);
    Waits waits;
    Result<Claimed> mark = claim(format::encoded_bytes(op), 1, true, waits);
    if (!mark) return mark;
    // No memtable needs the mark, so none holds the floor below it: sealed later, it might lie in a segment that was given up.
    format::store_op(wal_->payload(*mark->log), op);
    wal_->seal(*mark->log);
    return mark;
  }();
  if (claimed) pipeline_.finish(claimed->ticket);
}

Result<void> Core::drop_keyspace(Bytes name) {
  NACRE_TRY(usable());
  if (read_only_) return invalid_argument(Operation::kRemove, "the database was opened read-only");
  if (name == Bytes(format::kDefaultKeyspaceName)) {
    return invalid_argument(Operation::kRemove, "the default keyspace cannot be dropped");
  }
  sync::MutexLock create_lock(create_mutex_);
  NACRE_TRY(usable());
  if (writes_stopped_.load(std::memory_order_acquire)) return writes_stopped();
  const auto keyspace = find_keyspace(name);
  if (keyspace == nullptr) {
    return Error{
        .kind = ErrorKind::kNotFound, .operation = Operation::kRemove, .reason = "there is no keyspace of that name"};
  }
  const Result<uint64_t> synced_through = sync_writes_before(keyspace.get());
  const uint64_t turn = reserve_->turn();
  Result<uint32_t> dropped = synced_through ? versions_->drop_keyspace(keyspace->id, *synced_through)
                                            : Result<uint32_t>(synced_through.error());
  if (synced_through && !dropped && use_reserve(turn, dropped.error()))
    dropped = versions_->drop_keyspace(keyspace->id, *synced_through);
  if (!dropped) {
    const ErrorKind kind = dropped.error().kind;
    // The next open decides: no write may be taken until then.
    if (kind == ErrorKind::kIo || kind == ErrorKind::kClosed) stop_writes(dropped.error());
    {
      sync::MutexLock lock(commit_mutex_);
      keyspace->life.store(KeyspaceState::Life::kLive);
      drop_decided_.notify_all();
    }
    schedule();  // its jobs waited
    return dropped.error();
  }
  leave_mark(*dropped);
  {
    sync::MutexLock commit_lock(commit_mutex_);
    keyspace->life.store(KeyspaceState::Life::kDropped);  // before the view without its memtables
    drop_decided_.notify_all();
    sync::MutexLock lock(state_mutex_);
    for (FrozenMemtable& frozen : keyspace->frozen) {
      frozen_bytes_.fetch_sub(frozen.bytes, std::memory_order_relaxed);
      flushed_memtables_.push_back(std::move(frozen.memtable));
    }
    keyspace->frozen.clear();
    flushed_memtables_.push_back(std::exchange(keyspace->mutable_memtable, new_memtable(*keyspace)));
    replace_view(*keyspace);
    keyspace->counters.add_to(dropped_counts_);
    keyspaces_.erase(keyspace->id);
    state_changed_.notify_all();
  }
  report({.kind = EventKind::kKeyspaceDropped, .keyspace = keyspace->name});
  wake_keeper();
  return {};
}

}  // namespace nacre::engine
