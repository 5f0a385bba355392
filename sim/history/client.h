// Client: one thread that does random things to a database and writes down what it asked and what it was told.
//
// Several clients share a *Stage*: the database, the names of the keys, the ticks. Each keeps its own list of operations, so
// that recording takes no lock and changes no schedule; after the threads were joined the lists are put together to one
// Boot. A client draws everything from its own generator, in an order that does not depend on the others.
//
// What a client does: gets, multi-gets, scans and cursors with bounds, both ways; snapshots and cursors that it holds while it
// goes on; puts, erases, erases of ranges and batches over all keyspaces, at every durability; transactions with reads of
// keys and ranges; now and then a sync or a flush.
//
// Errors: the surroundings are told of each. A write that answers kIo, or whose process has died, is in doubt; any other error
// means that nothing was applied. What a read saw before an error is not used.
//
// Thread safety: one thread a client; a Stage is immutable but for its ticks.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/prng.h"
#include "nacre/nacre.h"
#include "sim/history/history.h"
#include "sim/history/ticks.h"

namespace nacre::history {

// Keys are numbered through the keyspaces: those of the first come first.
struct Stage {
  Db* db = nullptr;
  std::vector<Keyspace> keyspaces;
  uint32_t keys_each = 8;  // of a keyspace
  Ticks* ticks = nullptr;

  std::function<bool()> alive = [] { return true; };      // false: the process is dead, its answers count no more
  std::function<void(const Error&, const char*)> failed;  // an operation of the living answered an error
  std::function<void(uint64_t)> pause = [](uint64_t) {};  // in the middle of something; gets a random number

  uint32_t keys() const { return keys_each * static_cast<uint32_t>(keyspaces.size()); }
  const Keyspace& keyspace_of(Key key) const { return keyspaces[key / keys_each]; }
  std::string name_of(Key key) const;
};

// Name of a key within its keyspace, and the bytes of a version: its number, and enough behind it that blocks fill.
std::string key_text(uint32_t number);
std::string value_of(Version version);
// kNobodysVersion if no version has these bytes.
Version version_of(Bytes value);

// Everything that is stored, at one commit point. None after an error.
std::optional<std::vector<Version>> read_all(const Stage& stage);

class Client {
 public:
  // `versions` is the first version it writes, and `stride` the distance of the next ones: no two clients may share any.
  Client(const Stage& stage, uint32_t thread, uint64_t seed, Version versions, Version stride);
  ~Client();
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  // Draws one thing to do and does it. False if the client need not go on: the process is dead.
  bool step();
  // Lets go of what it holds; must be called by its thread, at the end. Its operations are whole then.
  std::vector<Operation> finish();
  // The next version that it would write.
  Version next_version() const { return next_version_; }

 private:
  struct HeldSnapshot {
    Snapshot snapshot;
    Operation operation;
    uint32_t reads_left = 0;
  };
  struct Range {  // of keys, within one keyspace
    Key from = 0;
    Key to = 0;
    const Keyspace* keyspace = nullptr;
    ScanOptions options;
  };

  Operation begin(Kind kind);
  void end(Operation& operation, const Result<void>& result, const char* what);
  bool answered(Operation& operation, const Result<void>& result, const char* what);
  void keep(Operation operation);
  Version new_version();
  Key any_key();
  WriteOptions any_durability(Operation& operation);
  Range any_range();
  std::optional<Key> key_in(const Range& range, Bytes key) const;

  void point_write();
  void erase_range();
  void batch();
  void make_durable();
  void take_snapshot();
  void read_at_snapshot();
  void transaction();
  void run_transaction(Transaction& transaction, Operation reads);
  bool read_in_transaction(Transaction& transaction, Operation& reads, const std::map<Key, Version>& own);
  void write_in_transaction(Transaction& transaction, std::map<Key, Version>& own);

  // What reads see is added to `operation`; false after an error.
  bool get(Operation& operation, const Snapshot& snapshot);
  bool contains(Operation& operation, const Snapshot& snapshot);
  bool multi_get(Operation& operation, const Snapshot& snapshot);
  bool scan(Operation& operation, const Snapshot& snapshot);
  bool walk(Operation& operation, const Snapshot& snapshot);
  bool read_something(Operation& operation, const Snapshot& snapshot);
  void see_gap(Operation& operation, Key from, Key to);
  void read_now();

  const Stage& stage_;
  const uint32_t thread_;
  base::Prng prng_;
  Version next_version_;
  const Version stride_;
  std::optional<HeldSnapshot> held_;
  std::vector<Operation> operations_;
};

}  // namespace nacre::history
