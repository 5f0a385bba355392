// Transaction: reads and writes that take effect as if nothing else had run between begin and commit.
//
// Optimistic: reads see the snapshot taken at begin plus the transaction's own writes; commit checks that nothing it
// read or wrote was changed by others since, and answers kConflict if it was. Level: serializable for point reads and for
// scans (a scanned range counts as read). After commit or rollback the transaction is empty and begins anew.
//
// Lifetime: not longer than its Db. Thread safety: one thread at a time.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "nacre/export.h"
#include "nacre/keyspace.h"

namespace nacre {

namespace txn {
class TransactionCore;
}

class NACRE_API Transaction {
 public:
  Transaction(Transaction&&) noexcept;
  Transaction& operator=(Transaction&&) noexcept;
  ~Transaction();  // rolls back

  Result<void> put(Bytes key, Bytes value) noexcept;
  Result<void> put(const Keyspace& keyspace, Bytes key, Bytes value) noexcept;
  Result<void> erase(Bytes key) noexcept;
  Result<void> erase(const Keyspace& keyspace, Bytes key) noexcept;
  Result<std::optional<std::string>> get(Bytes key) noexcept;
  Result<std::optional<std::string>> get(const Keyspace& keyspace, Bytes key) noexcept;
  // Every entry with a key in [from, to), own writes included.
  Result<std::vector<std::pair<std::string, std::string>>> read_range(const Keyspace& keyspace, Bytes from,
                                                                      Bytes to) noexcept;

  // kConflict: nothing was applied, run the transaction again. Otherwise as Db::write.
  Result<void> commit(WriteOptions options = {}) noexcept;
  template <DurabilityAlone D>
  Result<void> commit(D durability) noexcept {
    return commit(WriteOptions{.durability = durability});
  }
  void rollback() noexcept;

  explicit Transaction(std::unique_ptr<txn::TransactionCore> core);  // for the engine

 private:
  std::unique_ptr<txn::TransactionCore> core_;
};

}  // namespace nacre
