// Operation: one call of the public API as a value, so that the same list of calls can be made to many databases.
//
// Lists are drawn from a seed: the same seed gives the same list. An operation names what a database has (keyspaces,
// snapshots) by small numbers, not by handles.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "nacre/options.h"

namespace nacre::tests {

inline constexpr uint32_t kKeyspaceCount = 3;
inline constexpr uint32_t kSnapshotSlots = 4;
inline constexpr uint32_t kNow = kSnapshotSlots;  // in place of a slot

enum class OperationKind : uint8_t {
  kPut,
  kErase,
  kEraseRange,
  kBatch,  // parts: puts, erasures and range erasures over all keyspaces
  kGet,
  kMultiGet,
  kScan,
  kTransaction,  // parts: gets, scans of a range, puts, erasures
  kConflict,     // a transaction reads `key`, somebody else puts it, so the commit must be refused
  kTakeSnapshot,
  kDropSnapshot,
  kFlush,
  kCompact,
  kSettle,
  kSync,
  kReopen,  // drops all snapshots; a database may come back with other options
};

struct Operation {
  OperationKind kind = OperationKind::kGet;
  uint32_t keyspace = 0;
  std::string key;
  std::optional<std::string> end;  // of a range
  std::string value;
  std::vector<std::string> keys;  // of a multi-get
  std::vector<Operation> parts;
  Durability durability = Durability::kOs;
  uint32_t slot = kNow;  // the snapshot that is read, taken or dropped
  bool prefix = false;   // of a scan: `key` is a prefix, not the beginning of a range
  bool reverse = false;
  uint64_t limit = std::numeric_limits<uint64_t>::max();
};

// For people: what it does and to which key, not the bytes of values.
std::string to_string(const Operation& operation);

// `count` operations, of every kind.
std::vector<Operation> draw_operations(uint64_t seed, uint64_t count);

}  // namespace nacre::tests
