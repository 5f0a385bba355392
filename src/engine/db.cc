// The public Db and Keyspace: thin doors to the Core.

#include "nacre/db.h"

#include "engine/core.h"

namespace nacre {

using format::EntryKind;

// ---- Keyspace --------------------------------------------------------------------------------------------------------

Keyspace::Keyspace(std::shared_ptr<engine::Core> core, std::shared_ptr<engine::KeyspaceState> state)
    : core_(std::move(core)), state_(std::move(state)) {}

Result<void> Keyspace::put(Bytes key, Bytes value, WriteOptions options) const noexcept {
  return core_->write_one(*state_, EntryKind::kPut, key, value, options);
}
Result<void> Keyspace::erase(Bytes key, WriteOptions options) const noexcept {
  return core_->write_one(*state_, EntryKind::kErase, key, {}, options);
}
Result<void> Keyspace::erase_range(Bytes begin, Bytes end, WriteOptions options) const noexcept {
  return core_->write_one(*state_, EntryKind::kRangeErase, begin, end, options);
}
Result<std::optional<Value>> Keyspace::get(Bytes key, const Snapshot& snapshot) const noexcept {
  return core_->get(*state_, key, snapshot);
}
Result<bool> Keyspace::contains(Bytes key, const Snapshot& snapshot) const noexcept {
  return core_->contains(*state_, key, snapshot);
}
Result<std::vector<std::optional<Value>>> Keyspace::multi_get(std::span<const Bytes> keys,
                                                              const Snapshot& snapshot) const noexcept {
  return core_->multi_get(*state_, keys, snapshot);
}
Scan Keyspace::scan(const ScanOptions& options) const noexcept {
  return Scan(core_->cursor(state_, options), options.reverse, options.limit);
}
Cursor Keyspace::cursor(const ScanOptions& options) const noexcept { return core_->cursor(state_, options); }
std::string Keyspace::name() const noexcept { return state_->name; }
uint32_t Keyspace::id() const noexcept { return state_->id; }
KeyspaceOptions Keyspace::options() const noexcept { return state_->options.load(); }
Result<void> Keyspace::set_options(const KeyspaceOptions& options) const noexcept {
  return core_->set_keyspace_options(*state_, options);
}

// ---- Db --------------------------------------------------------------------------------------------------------------

Result<Db> Db::open(const std::string& path, const Options& options, const Runtime& runtime) noexcept {
  auto core = engine::Core::open(path, options, runtime);
  if (!core) return core.error();
  return Db(*std::move(core));
}

Db::Db(std::shared_ptr<engine::Core> core)
    : core_(std::move(core)), default_(std::make_unique<Keyspace>(core_, core_->default_keyspace())) {}
Db::Db(Db&&) noexcept = default;

Db& Db::operator=(Db&& other) noexcept {
  std::swap(core_, other.core_);
  std::swap(default_, other.default_);
  return *this;
}

Db::~Db() {
  if (core_ == nullptr) return;
  (void)core_->shut_down(false).has_value();  // nobody is left to tell; the event sink has heard
  core_->outlive_values(core_);
}

Result<void> Db::close() noexcept { return core_->shut_down(true); }

Result<void> Db::put(Bytes key, Bytes value, WriteOptions options) noexcept {
  return default_->put(key, value, options);
}
Result<void> Db::erase(Bytes key, WriteOptions options) noexcept { return default_->erase(key, options); }
Result<void> Db::erase_range(Bytes begin, Bytes end, WriteOptions options) noexcept {
  return default_->erase_range(begin, end, options);
}
Result<std::optional<Value>> Db::get(Bytes key, const Snapshot& snapshot) const noexcept {
  return default_->get(key, snapshot);
}
Result<bool> Db::contains(Bytes key, const Snapshot& snapshot) const noexcept {
  return default_->contains(key, snapshot);
}
Result<std::vector<std::optional<Value>>> Db::multi_get(std::span<const Bytes> keys,
                                                        const Snapshot& snapshot) const noexcept {
  return default_->multi_get(keys, snapshot);
}
Scan Db::scan(const ScanOptions& options) const noexcept { return default_->scan(options); }
Cursor Db::cursor(const ScanOptions& options) const noexcept { return default_->cursor(options); }

Result<void> Db::write(const Batch& batch, WriteOptions options) noexcept {
  if (const auto valid = batch.valid_for(core_.get()); !valid) return valid;
  if (batch.empty()) return {};
  return core_->write_batch(batch.encoded(), batch.count(), options);
}
Result<void> Db::sync() noexcept { return core_->sync_all(); }
Snapshot Db::snapshot() const noexcept { return core_->snapshot(); }

Result<Keyspace> Db::keyspace(Bytes name) noexcept {
  auto state = core_->open_keyspace(name);
  if (!state) return state.error();
  return Keyspace(core_, *std::move(state));
}
Result<Keyspace> Db::create_keyspace(Bytes name, const KeyspaceOptions& options) noexcept {
  auto state = core_->create_keyspace(name, options);
  if (!state) return state.error();
  return Keyspace(core_, *std::move(state));
}
Result<void> Db::drop_keyspace(Bytes name) noexcept { return core_->drop_keyspace(name); }
std::vector<std::string> Db::keyspaces() const noexcept { return core_->keyspace_names(); }
Keyspace Db::default_keyspace() const noexcept { return *default_; }

Options Db::options() const noexcept { return core_->options(); }
Result<void> Db::set_options(const Options& options) noexcept { return core_->set_options(options); }

Result<void> Db::flush() noexcept { return core_->flush_all(); }
Result<void> Db::compact() noexcept { return core_->compact_all(); }
Result<void> Db::settle() noexcept { return core_->settle(); }
Stats Db::stats() const noexcept { return core_->stats(); }
Result<std::vector<CheckFinding>> Db::check(const std::function<void(uint64_t, uint64_t)>& progress) noexcept {
  return core_->check(progress);
}

}  // namespace nacre
