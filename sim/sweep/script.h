// Script: what a story tells, as plain data - the options of a database and the steps of its lives, each the time between an open and
// a close or a kill.
//
// Script 0 is written by hand, always equal, and comes by everything that the engine does with files: creation, flushes, merges and
// moves, range erases, a transaction, rotation and reuse of the log, keyspaces created, changed and dropped, clean closes, a killed process
// and the recovery of its log. Every other number draws one: other keys, values, options, keyspaces and orders.
//
// Thread safety: plain values.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "nacre/options.h"
#include "sim/sweep/ledger.h"

namespace nacre::sim {

struct ScriptStep {
  enum class Kind : uint8_t {
    kWrite,
    kTransaction,  // reads a key and writes it anew
    kCreate,
    kDrop,
    kFlush,
    kSync,
    kCompact,
    kSettle,
    kLook,       // reads everything, in every way
    kCheck,      // Db::check
    kConfigure,  // gives the default keyspace other options
  };
  struct Change {
    LedgerChange::Kind kind = LedgerChange::Kind::kPut;
    std::string keyspace;
    std::string key;
    std::string end = {};  // of a range
    size_t bytes = 24;     // of the value, which the story makes: no two are equal
  };
  Kind kind = Kind::kWrite;
  Durability durability = Durability::kOs;
  std::vector<Change> changes = {};  // of a write; of a transaction, one
  std::string keyspace = {};         // created or dropped
  KeyspaceOptions options = {};      // created with, or given

  std::string words() const;
};

struct ScriptLife {
  std::vector<ScriptStep> steps;
  bool killed = false;
};

enum class ScriptKind : uint8_t {
  kWhole,  // several lives
  kSmall,  // one life that leaves files for damage at rest
  kCut,    // the same, killed with a live log
};

struct Script {
  Options options;
  std::vector<ScriptLife> lives;
  bool noisy_values = false;  // they do not compress

  static Script make(uint64_t number, ScriptKind kind);
};

}  // namespace nacre::sim
