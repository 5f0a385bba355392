// What people are told about the keyspaces of a database, and what they may choose for a new one.
#pragma once

#include <cstdio>
#include <string>
#include <vector>

#include "cli/command.h"

namespace nacre::cli {

struct KeyspaceLine {
  std::string name;
  uint64_t entries = 0;
  bool exact = false;  // counted; else what its tables hold, with versions that are overwritten
  uint64_t table_bytes = 0;
  uint64_t memory_bytes = 0;  // of memtables
};

// What its tables hold, without tombstones, but with versions that newer ones hide: not fewer than live in them.
uint64_t entries_in_tables(const KeyspaceStats& keyspace);

// Counts the entries of small keyspaces, kCountedEntries (range.h) at most.
Result<std::vector<KeyspaceLine>> list_keyspaces(Db& db);

// A table as wide as its names, or JSON.
void print_keyspaces(std::FILE* out, const std::vector<KeyspaceLine>& lines, bool json, bool terminal);

// What `arguments` choose; words about what is wrong in `wrong`.
KeyspaceOptions keyspace_options(const KeyspacesArguments& arguments, std::string& wrong);

}  // namespace nacre::cli
