// The public Transaction, and Db::begin.

#include "nacre/transaction.h"

#include "nacre/db.h"
#include "txn/transaction_core.h"

namespace nacre {

Transaction::Transaction(std::unique_ptr<txn::TransactionCore> core) : core_(std::move(core)) {}
Transaction::Transaction(Transaction&&) noexcept = default;
Transaction& Transaction::operator=(Transaction&&) noexcept = default;
Transaction::~Transaction() = default;

Result<void> Transaction::put(Bytes key, Bytes value) noexcept {
  return core_->put(core_->default_keyspace(), key, value);
}
Result<void> Transaction::put(const Keyspace& keyspace, Bytes key, Bytes value) noexcept {
  return core_->put(keyspace, key, value);
}
Result<void> Transaction::erase(Bytes key) noexcept { return core_->erase(core_->default_keyspace(), key); }
Result<void> Transaction::erase(const Keyspace& keyspace, Bytes key) noexcept { return core_->erase(keyspace, key); }
Result<std::optional<std::string>> Transaction::get(Bytes key) noexcept {
  return core_->get(core_->default_keyspace(), key);
}
Result<std::optional<std::string>> Transaction::get(const Keyspace& keyspace, Bytes key) noexcept {
  return core_->get(keyspace, key);
}
Result<std::vector<std::pair<std::string, std::string>>> Transaction::read_range(const Keyspace& keyspace, Bytes from,
                                                                                 Bytes to) noexcept {
  return core_->read_range(keyspace, from, to);
}
Result<void> Transaction::commit(WriteOptions options) noexcept { return core_->commit(options); }
void Transaction::rollback() noexcept { core_->rollback(); }

Transaction Db::begin() noexcept { return Transaction(std::make_unique<txn::TransactionCore>(core_)); }

}  // namespace nacre
