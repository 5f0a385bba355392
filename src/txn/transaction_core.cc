#include "txn/transaction_core.h"

#include "base/result.h"

namespace nacre::txn {

TransactionCore::TransactionCore(std::shared_ptr<engine::Core> core)
    : core_(std::move(core)), default_keyspace_(core_, core_->default_keyspace()), snapshot_(core_->snapshot()) {
  core_->objects_in_use().fetch_add(1, std::memory_order_relaxed);
}

TransactionCore::~TransactionCore() { core_->objects_in_use().fetch_sub(1, std::memory_order_relaxed); }

Result<void> TransactionCore::check_write(const Keyspace& keyspace, Bytes key, Bytes value) const {
  NACRE_TRY(core_->usable());
  const auto wrong = [](const char* reason) { return invalid_argument(Operation::kWrite, reason); };
  if (keyspace.core() != core_.get()) return wrong("the keyspace belongs to another database");
  if (key.size() > kMaxKeyBytes) return wrong("the key is longer than 64 KiB");
  if (value.size() > kMaxValueBytes) return wrong("the value is longer than 4 GiB - 1");
  return {};
}

TransactionCore::Part& TransactionCore::part_of(const Keyspace& keyspace) {
  return parts_.try_emplace(keyspace.id(), keyspace).first->second;
}

Result<void> TransactionCore::put(const Keyspace& keyspace, Bytes key, Bytes value) {
  NACRE_TRY(check_write(keyspace, key, value));
  part_of(keyspace).writes.insert_or_assign(std::string(key), std::string(value));
  return {};
}

Result<void> TransactionCore::erase(const Keyspace& keyspace, Bytes key) {
  NACRE_TRY(check_write(keyspace, key, {}));
  part_of(keyspace).writes.insert_or_assign(std::string(key), std::nullopt);
  return {};
}

Result<std::optional<std::string>> TransactionCore::get(const Keyspace& keyspace, Bytes key) {
  NACRE_TRY(core_->usable());
  Part& part = part_of(keyspace);
  if (const auto written = part.writes.find(key); written != part.writes.end()) return written->second;
  NACRE_TRY_ASSIGN(const std::optional<Value> value, keyspace.get(key, snapshot_));
  part.reads.emplace(key);
  if (!value) return std::optional<std::string>();
  return std::optional<std::string>(value->to_string());
}

Result<std::vector<std::pair<std::string, std::string>>> TransactionCore::read_range(const Keyspace& keyspace,
                                                                                     Bytes from, Bytes to) {
  if (from >= to) return invalid_argument(Operation::kScan, "the range is empty: its begin must lie before its end");
  Part& part = part_of(keyspace);
  std::map<std::string, std::string> found;
  Scan scan = keyspace.scan({.from = std::string(from), .to = std::string(to), .snapshot = snapshot_});
  for (const auto& [key, value] : scan) found.emplace(key, value);
  NACRE_TRY(scan.status());
  part.scans.push_back({.from = std::string(from), .to = std::string(to)});
  for (auto write = part.writes.lower_bound(from); write != part.writes.end() && Bytes(write->first) < to; ++write) {
    if (write->second) {
      found.insert_or_assign(write->first, *write->second);
    } else {
      found.erase(write->first);
    }
  }
  return std::vector<std::pair<std::string, std::string>>(found.begin(), found.end());
}

// Under the commit lock: was anything that this transaction relies on written since it began?
Result<void> TransactionCore::check() const {
  const Error conflict{.kind = ErrorKind::kConflict,
                       .operation = Operation::kCommit,
                       .reason = "another write came first: run the transaction again"};
  const uint64_t since = snapshot_.sequence();
  for (const auto& [id, part] : parts_) {
    const engine::KeyspaceState& state = *part.keyspace.state();
    for (const auto& [key, value] : part.writes) {
      NACRE_TRY_ASSIGN(const uint64_t changed, core_->last_change(state, key));
      if (changed > since) return conflict;
    }
    for (const std::string& key : part.reads) {
      NACRE_TRY_ASSIGN(const uint64_t changed, core_->last_change(state, key));
      if (changed > since) return conflict;
    }
    for (const Range& range : part.scans) {
      NACRE_TRY_ASSIGN(const bool changed, core_->changed_since(state, range.from, range.to, since));
      if (changed) return conflict;
    }
  }
  return {};
}

Result<void> TransactionCore::commit(const WriteOptions& options) {
  Batch batch;
  for (const auto& [id, part] : parts_) {
    for (const auto& [key, value] : part.writes) {
      if (value) {
        batch.put(part.keyspace, key, *value);
      } else {
        batch.erase(part.keyspace, key);
      }
    }
  }
  NACRE_TRY(batch.valid_for(core_.get()));
  const Result<void> result = core_->write_batch(batch.encoded(), batch.count(), options, [this] { return check(); });
  rollback();
  return result;
}

void TransactionCore::rollback() {
  parts_.clear();
  snapshot_ = core_->snapshot();
}

}  // namespace nacre::txn
