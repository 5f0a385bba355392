// Db: an open database. One process opens it for writing; the handle is shared by all threads of that process.
//
//   auto db = nacre::Db::open("data").value();
//   db.put("user:123", "Alice").value();
//   std::optional<nacre::Value> v = db.get("user:123").value();
//
// Errors that any call may answer: kClosed (after close, in a forked child, or for writes after a failed sync), kIo,
// kCorruption, kNoSpace (writes), kInvalidArgument (over-limit keys or values, read-only handle). A write that answers any
// other error than kIo was not applied; one that answers kIo is wholly applied or wholly absent after the next open.
//
// Memory that cannot be had ends the process, as kill -9 would; the next open recovers (docs/adr/0008). So does a callback that throws.
//
// Thread safety: all calls but close() and destruction, from any thread. Every object made by a Db (values, cursors,
// snapshots, transactions) must be gone before it is closed.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "nacre/batch.h"
#include "nacre/bytes.h"
#include "nacre/cursor.h"
#include "nacre/error.h"
#include "nacre/export.h"
#include "nacre/keyspace.h"
#include "nacre/options.h"
#include "nacre/runtime.h"
#include "nacre/snapshot.h"
#include "nacre/stats.h"
#include "nacre/transaction.h"
#include "nacre/value.h"

namespace nacre {

// One thing that Db::check found wrong.
struct CheckFinding {
  Error error;
  std::string detail;
};

class NACRE_API Db {
 public:
  // Opens or creates (see OpenMode) the database in directory `path` and recovers what a crash left.
  // kBusy: another process or handle has it open. kNotFound, kInvalidArgument: not a database, or against the mode.
  // kCorruption: damaged, with file and offset. kUnsupported: written by a newer version.
  static Result<Db> open(const std::string& path, const Options& options = {},
                         const Runtime& runtime = Runtime::standard()) noexcept;

  Db(Db&&) noexcept;
  Db& operator=(Db&&) noexcept;
  ~Db();  // closes; objects still alive make their later calls answer kClosed

  // Flushes, so that writes of every durability survive, and lets go of the directory. kBusy, and nothing happens, while values,
  // cursors, snapshots or transactions are alive. Any other error: the database is closed, but not all that was written is safe.
  Result<void> close() noexcept;

  // The default keyspace; see Keyspace.
  Result<void> put(Bytes key, Bytes value, WriteOptions options = {}) noexcept;
  Result<void> erase(Bytes key, WriteOptions options = {}) noexcept;
  Result<void> erase_range(Bytes begin, Bytes end, WriteOptions options = {}) noexcept;
  template <DurabilityAlone D>
  Result<void> put(Bytes key, Bytes value, D durability) noexcept {
    return put(key, value, WriteOptions{.durability = durability});
  }
  template <DurabilityAlone D>
  Result<void> erase(Bytes key, D durability) noexcept {
    return erase(key, WriteOptions{.durability = durability});
  }
  template <DurabilityAlone D>
  Result<void> erase_range(Bytes begin, Bytes end, D durability) noexcept {
    return erase_range(begin, end, WriteOptions{.durability = durability});
  }
  Result<std::optional<Value>> get(Bytes key, const Snapshot& snapshot = {}) const noexcept;
  Result<bool> contains(Bytes key, const Snapshot& snapshot = {}) const noexcept;
  Result<std::vector<std::optional<Value>>> multi_get(std::span<const Bytes> keys,
                                                      const Snapshot& snapshot = {}) const noexcept;
  Scan scan(const ScanOptions& options = {}) const noexcept;
  Cursor cursor(const ScanOptions& options = {}) const noexcept;

  // Applies a batch: all of it or nothing. The batch can be used again by the caller after clear().
  Result<void> write(const Batch& batch, WriteOptions options = {}) noexcept;
  template <DurabilityAlone D>
  Result<void> write(const Batch& batch, D durability) noexcept {
    return write(batch, WriteOptions{.durability = durability});
  }
  // Makes every write that was finished before this call survive a power cut.
  Result<void> sync() noexcept;

  Snapshot snapshot() const noexcept;
  Transaction begin() noexcept;

  // Opens the keyspace, creating it with Options::keyspace if it does not exist (and the handle may write).
  Result<Keyspace> keyspace(Bytes name) noexcept;
  // kInvalidArgument if it exists. Names: 1 to 255 bytes.
  Result<Keyspace> create_keyspace(Bytes name, const KeyspaceOptions& options) noexcept;
  // kNotFound if there is none. The default keyspace cannot be dropped. Open cursors go on reading what they see.
  // Other calls on it wait until the drop is decided.
  Result<void> drop_keyspace(Bytes name) noexcept;
  std::vector<std::string> keyspaces() const noexcept;
  Keyspace default_keyspace() const noexcept;

  // The options in force. `keyspace` are those that new keyspaces get; what a keyspace has says Keyspace::options().
  Options options() const noexcept;
  // For this handle, from now on; nothing is stored. `durability` (of writes that do not name their own), `memtable` (of new ones)
  // and `keyspace` (of keyspaces that are created) can change. kInvalidArgument, and nothing is changed: a value is out of its range, or
  // mode, memory_bytes or row_cache_percent differ, which an open decides.
  Result<void> set_options(const Options& options) noexcept;

  // Writes all memtables to tables and waits for it.
  Result<void> flush() noexcept;
  // Rewrites everything down to one run a keyspace, giving back the space of erased and overwritten data.
  Result<void> compact() noexcept;
  // Waits until background work has nothing more to do, the work of idle times included: afterwards little will be written.
  Result<void> settle() noexcept;

  Stats stats() const noexcept;
  // Reads everything and verifies every checksum, order and count, that tables and manifest agree, and that newer tables hold
  // newer versions of each key. Findings are empty for a sound database; the Result is an error only if checking itself could not
  // run. `progress` is told bytes done and in all: twice those of the tables, since each is read alone and beside the others.
  Result<std::vector<CheckFinding>> check(const std::function<void(uint64_t, uint64_t)>& progress = {}) noexcept;

 private:
  explicit Db(std::shared_ptr<engine::Core> core);
  std::shared_ptr<engine::Core> core_;
  std::unique_ptr<Keyspace> default_;
};

}  // namespace nacre
