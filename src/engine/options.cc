// Options: what an open accepts, what may change afterwards, and how a change is made.
//
// A change of a keyspace's options is recorded in the manifest before it is in force, so it is found again at every open. What is on
// disk already stays as it is: every table says itself how it is read. Of the database's options those may change that are looked at
// anew for each write, memtable or keyspace; nothing of them is stored. The rest decides at the open how memory is divided
// (memory_plan.h) or what the handle may do, and a change is refused.

#include "engine/core.h"
#include "format/block.h"

namespace nacre::engine {

Result<void> check_options(const Options& options) {
  const auto wrong = [](const char* reason) { return invalid_argument(Operation::kConfigure, reason); };
  if (options.memory_bytes < kMinMemoryBytes) return wrong("Options::memory_bytes must be at least 16 MiB");
  if (options.row_cache_percent > kMaxRowCachePercent) return wrong("Options::row_cache_percent must be 0 to 50");
  if (options.mode > OpenMode::kReadOnly) return wrong("Options::mode is none of OpenMode");
  if (options.durability > Durability::kDisk) return wrong("Options::durability is none of Durability");
  if (options.memtable > MemtableKind::kSkipList) return wrong("Options::memtable is none of MemtableKind");
  return check_keyspace_options(options.keyspace);
}

Result<void> check_keyspace_options(const KeyspaceOptions& options) {
  const auto wrong = [](const char* reason) { return invalid_argument(Operation::kConfigure, reason); };
  if (options.filter_bits_per_key > format::kMaxFilterBitsPerKey)
    return wrong("KeyspaceOptions::filter_bits_per_key must be 0 to 24");
  if (options.block_bytes < 1024 || options.block_bytes > 65536)
    return wrong("KeyspaceOptions::block_bytes must be 1,024 to 65,536");
  if (options.shape > CompactionShape::kTiered) return wrong("KeyspaceOptions::shape is none of CompactionShape");
  if (std::max(options.compression, options.bottom_compression) > Compression::kZstd)
    return wrong("KeyspaceOptions::compression or bottom_compression is none of Compression");
  return {};
}

Options Core::options() const {
  Options options = options_;
  options.durability = live_options_.durability.load(std::memory_order_relaxed);
  options.memtable = live_options_.memtable.load(std::memory_order_relaxed);
  options.keyspace = live_options_.new_keyspaces.load();
  return options;
}

Result<void> Core::set_options(const Options& options) {
  NACRE_TRY(usable());
  NACRE_TRY(check_options(options));
  const auto fixed = [](const char* reason) { return invalid_argument(Operation::kConfigure, reason); };
  if (options.memory_bytes != options_.memory_bytes)
    return fixed("Options::memory_bytes is divided when a database is opened: close and open it to change it");
  if (options.row_cache_percent != options_.row_cache_percent)
    return fixed("Options::row_cache_percent is taken when a database is opened: close and open it to change it");
  if (options.mode != options_.mode)
    return fixed("Options::mode says how a database is opened: close and open it to change it");
  sync::MutexLock lock(create_mutex_);
  live_options_.durability.store(options.durability, std::memory_order_relaxed);
  live_options_.memtable.store(options.memtable, std::memory_order_relaxed);
  live_options_.new_keyspaces.store(options.keyspace);
  return {};
}

Result<void> Core::set_keyspace_options(KeyspaceState& keyspace, const KeyspaceOptions& options) {
  NACRE_TRY(usable());
  if (read_only_) return invalid_argument(Operation::kConfigure, "the database was opened read-only");
  NACRE_TRY(check_keyspace_options(options));
  {
    sync::MutexLock lock(create_mutex_);  // no drop is under way
    NACRE_TRY(usable());
    if (keyspace.is_dropped()) {
      return Error{
          .kind = ErrorKind::kNotFound, .operation = Operation::kConfigure, .reason = "the keyspace was dropped"};
    }
    if (writes_stopped_.load(std::memory_order_acquire)) return writes_stopped();
    if (keyspace.options.load() == options) return {};
    const Result<void> recorded = versions_->commit({.keyspace = keyspace.id, .options = options});
    if (!recorded) {
      const ErrorKind kind = recorded.error().kind;
      // The next open decides: no write may be taken until then.
      if (kind == ErrorKind::kIo || kind == ErrorKind::kClosed) stop_writes(recorded.error());
      return recorded;
    }
    keyspace.options.store(options);
  }
  schedule();  // another shape may want merges
  return {};
}

}  // namespace nacre::engine
