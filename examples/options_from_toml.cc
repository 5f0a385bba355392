// Options from a TOML file: what is wrong in one is said with its place; some can change while the database is open.
//
// Prints:
//   nacre.toml:2:1: unknown option "durabilty": did you mean "durability"?
//   opened with 64 MiB, durability disk
//   users: compression zstd

#include <fstream>
#include <iostream>

#include "nacre/nacre.h"

int main(int argc, char** argv) {
  const std::string directory = argc > 1 ? argv[1] : "data";
  const std::string file = directory + ".toml";

  std::ofstream(file) << "memory_bytes = \"64MiB\"\ndurabilty = \"disk\"\n";
  auto options = nacre::options_from_file(file);
  if (!options) std::cout << options.error().to_string("nacre.toml") << "\n";

  std::ofstream(file) << "memory_bytes = \"64MiB\"\ndurability = \"disk\"\n\n[keyspace]\ncompression = \"lz4\"\n";
  options = nacre::options_from_file(file);
  if (!options) return 1;
  nacre::Db db = nacre::Db::open(directory, *options).value();
  std::cout << "opened with " << (db.options().memory_bytes >> 20) << " MiB, durability "
            << nacre::to_string(db.options().durability) << "\n";

  // Recorded with the keyspace, and in force for tables that are written from now on.
  nacre::Keyspace users = db.keyspace("users").value();
  nacre::KeyspaceOptions changed = users.options();
  changed.compression = nacre::Compression::kZstd;
  users.set_options(changed).value();
  std::cout << "users: compression " << nacre::to_string(users.options().compression) << "\n";
}
