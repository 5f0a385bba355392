// Shape: what the compaction policy sees of a keyspace - sizes, ranges and ages of tables, nothing else.
//
// Runs are ordered newest first: by level ascending, within a level by run id descending. A run is a list of tables with
// disjoint key ranges in key order. For any key, a run holds newer versions than the runs after it. Flushes make new runs on
// level 0; kBottomLevel holds the oldest data, whatever the depth of the tree; the levels between are used as they fill.
//
// Views borrow from the tables' metadata: keep the version alive. Plain values, no thread safety needed.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "nacre/bytes.h"

namespace nacre::compaction {

inline constexpr uint32_t kBottomLevel = 7;

// The policy joins neighbours of the bottom run that are smaller than this, when nobody writes. Whoever cuts tables for their size
// alone must not make such ones: each joining then leaves fewer of them, and ends.
constexpr uint64_t small_table_bytes(uint64_t table_bytes) { return table_bytes / 4; }

struct ShapeTable {
  uint64_t number = 0;
  Bytes smallest;
  Bytes largest;  // inclusive; the exclusive end of a range tombstone may stand here as well
  uint64_t bytes = 0;
  uint64_t entries = 0;
  uint64_t erases = 0;  // point tombstones
  uint64_t range_tombstones = 0;
  bool busy = false;  // input of a running job
};

struct ShapeRun {
  uint32_t level = 0;
  uint64_t id = 0;
  std::vector<ShapeTable> tables;
};

// A key range (both ends inclusive) that a running job will write into: no other plan may touch it, for the job's output
// tables may cover the gaps between its inputs.
struct Reservation {
  Bytes smallest;
  Bytes largest;
};

struct Shape {
  std::vector<ShapeRun> runs;  // newest first
  std::vector<Reservation> reserved;
  bool snapshots_held = false;  // tombstones may have to stay: do not rewrite the bottom only to be rid of them
  std::vector<std::vector<uint64_t>> declined;  // inputs, ascending, of plans that must drop much and would not
};

// What should be done next.
struct Plan {
  enum class Kind : uint8_t {
    kMerge,  // read the inputs, write one new run's worth of tables
    kMove,   // hand the inputs to the output run as they are
  };
  Kind kind = Kind::kMerge;
  std::vector<uint64_t> inputs;  // table numbers, newest run first
  uint32_t level_from = 0;       // the newest input level
  uint32_t output_level = 0;
  uint64_t output_run = 0;  // 0: a new run
  bool bottom = false;      // no older data of the keys exists outside the inputs
  std::string smallest;     // of all inputs
  std::string largest;
  uint64_t input_bytes = 0;
  uint64_t input_entries = 0;
  bool paid = false;   // by reads, who are owed nothing for its input_bytes any more
  bool must_drop = false;  // worth its price only if it gives space back: to be looked at first, and declined if it does not
  double urgency = 0;  // above 1: needed to keep the shape; below: worth doing when idle
  const char* reason = "";

  // One line, e.g. "merge L0 -> L7 bottom inputs 5 4 3 1 bytes 4096 (worth a share of what lies below)".
  std::string to_string() const;
  std::vector<uint64_t> sorted_inputs() const;  // as Shape::declined has them
  // What an event tells beside levels, bytes and reason: which tables, which run, how urgent.
  std::string details() const;
};

}  // namespace nacre::compaction
