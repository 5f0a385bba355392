// TransactionCore: an optimistic transaction on top of the engine's own primitives.
//
// Begin takes a snapshot. Reads look at the transaction's own writes first, then at the snapshot, and are remembered:
// keys that were read or written, ranges that were scanned. Commit runs one check under the engine's commit lock, when
// nobody else can commit and everything committed is visible: if anything remembered was written after the snapshot,
// the answer is kConflict; otherwise the writes go in as one batch. So every committed transaction could have run alone at
// its commit point: serializable (backward validation; Kung and Robinson, "On optimistic methods for concurrency control",
// TODS 1981).
//
// The snapshot also keeps compaction from dropping or renumbering what the check must find.
//
// Thread safety: one thread at a time.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "engine/core.h"
#include "nacre/batch.h"

namespace nacre::txn {

class TransactionCore {
 public:
  explicit TransactionCore(std::shared_ptr<engine::Core> core);
  ~TransactionCore();
  TransactionCore(const TransactionCore&) = delete;
  TransactionCore& operator=(const TransactionCore&) = delete;

  Result<void> put(const Keyspace& keyspace, Bytes key, Bytes value);
  Result<void> erase(const Keyspace& keyspace, Bytes key);
  Result<std::optional<std::string>> get(const Keyspace& keyspace, Bytes key);
  Result<std::vector<std::pair<std::string, std::string>>> read_range(const Keyspace& keyspace, Bytes from, Bytes to);
  Result<void> commit(const WriteOptions& options);
  void rollback();

  const Keyspace& default_keyspace() const { return default_keyspace_; }

 private:
  struct Range {
    std::string from;
    std::string to;
  };
  // What the transaction knows and did in one keyspace.
  struct Part {
    explicit Part(const Keyspace& part_keyspace) : keyspace(part_keyspace) {}
    Keyspace keyspace;
    std::map<std::string, std::optional<std::string>, std::less<>> writes;  // no value: erased
    std::set<std::string, std::less<>> reads;
    std::vector<Range> scans;
  };

  Result<void> check_write(const Keyspace& keyspace, Bytes key, Bytes value) const;
  Part& part_of(const Keyspace& keyspace);
  Result<void> check() const;

  std::shared_ptr<engine::Core> core_;
  Keyspace default_keyspace_;
  Snapshot snapshot_;
  std::map<uint32_t, Part> parts_;
};

}  // namespace nacre::txn
