// A small database as files, to be damaged, mixed and removed by tests, and what it holds.
#pragma once

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <map>
#include <string>

#include "base/prng.h"
#include "nacre/nacre.h"
#include "os/testing.h"
#include "tests/support/random_bytes.h"

namespace nacre::tests {

inline Options small(OpenMode mode = OpenMode::kCreateIfMissing) {
  Options options;
  options.mode = mode;
  options.memory_bytes = kMinMemoryBytes;
  options.keyspace.block_bytes = 1024;
  return options;
}

using Files = std::map<std::string, std::string>;     // name, contents
using Contents = std::map<std::string, std::string>;  // "keyspace/key", value

// Without LOG and its older parts: they are reports for people, and no part of the database.
inline Files files_of(const std::string& path) {
  Files files;
  for (const DirectoryEntry& entry : os::posix_file_system()->open_directory(path, false).value()->list().value()) {
    if (entry.name.starts_with("LOG")) continue;
    files[entry.name] = os::slurp(path + "/" + entry.name);
  }
  return files;
}

inline void write_files(const std::string& path, const Files& files) {
  ::mkdir(path.c_str(), 0700);
  for (const auto& [name, contents] : files) os::spill(path + "/" + name, contents);
}

inline bool is_table(const std::string& name) { return name.ends_with(".sst"); }
inline bool is_log(const std::string& name) { return name.ends_with(".wal"); }
inline bool is_manifest(const std::string& name) { return name.starts_with("MANIFEST"); }

inline std::string one_name(const Files& files, bool (*wanted)(const std::string&)) {
  for (const auto& [name, contents] : files) {
    if (wanted(name)) return name;
  }
  ADD_FAILURE() << "no such file";
  return "";
}

// Two keyspaces, several tables on two levels, erased keys, range tombstones.
inline void make_closed(const std::string& path, uint64_t seed) {
  base::Prng random(seed);
  Db db = Db::open(path, small()).value();
  const Keyspace second = db.keyspace("second").value();
  for (int part = 0; part < 3; part++) {
    for (int i = 0; i < 150; i++)
      db.put("key" + std::to_string(random.below(200)), value_of(random, random.below(120))).value();
    for (int i = 0; i < 30; i++) db.erase("key" + std::to_string(random.below(200))).value();
    for (int i = 0; i < 40; i++)
      second.put("second" + std::to_string(random.below(90)), value_of(random, random.below(200))).value();
    db.erase_range("key5", "key55").value();
    if (part == 1) db.compact().value();
    db.flush().value();
  }
  db.close().value();
}

// What both keyspaces hold, read in both directions, or the error that reading them ended with.
inline Result<Contents> read_all(Db& db) {
  Contents contents;
  for (const char* name : {"default", "second"}) {
    auto keyspace = db.keyspace(name);
    if (!keyspace) return keyspace.error();
    size_t entries = 0;
    Scan scan = keyspace->scan();
    for (const auto& [key, value] : scan) {
      contents[std::string(name) + "/" + std::string(key)] = value;
      entries++;
    }
    if (const auto status = scan.status(); !status) return status.error();
    Scan backward = keyspace->scan({.reverse = true});
    for (const auto& [key, value] : backward) {
      EXPECT_EQ(contents[std::string(name) + "/" + std::string(key)], value);
      entries--;
    }
    if (const auto status = backward.status(); !status) return status.error();
    EXPECT_EQ(entries, 0U) << "forward and backward differ";
  }
  return contents;
}

}  // namespace nacre::tests
