// Databases with a known history, and damage to their files, for tests of salvage.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/prng.h"
#include "tests/support/database_files.h"

namespace nacre::tests {

using Keyspaces = std::map<std::string, std::map<std::string, std::string>>;  // name, entries

struct Sample {
  Files files;
  Keyspaces contents;
  std::map<std::string, uint32_t> ids;
  std::map<std::string, std::set<std::string>> written;  // "keyspace/key", all values it ever had

  void put(Db& db, const std::string& keyspace, const std::string& key, const std::string& value);
  void erase(Db& db, const std::string& keyspace, const std::string& key);
  void note_put(const std::string& keyspace, const std::string& key, const std::string& value);
  // Under whatever name the keyspace was found again.
  bool was_written(const std::string& keyspace, const std::string& key, const std::string& value) const;
  size_t size() const;  // entries
};

Keyspaces keyspaces_of(Db& db);
std::vector<std::string> names_of(const Files& files, bool (*wanted)(const std::string&));

// Three keyspaces, overwrites, erases, range erases, flushes, compactions. Closed, or as a killed process leaves it, with writes
// that only the log has, the last one synced.
Sample make_sample(const std::string& path, uint64_t seed, bool closed, int operations = 700);

// Does something bad to one of the files, and says what.
std::string damage(Files& files, base::Prng& random);

}  // namespace nacre::tests
