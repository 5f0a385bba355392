// Keyspaces: named maps in one database. Each has options of its own; a batch may span them.
//
// Prints:
//   keyspaces: default users events
//   users has bob, events has "bob joined"
//   after the drop: default users
//   a dropped keyspace answers: not found

#include <iostream>

#include "nacre/nacre.h"

namespace {

void list(const nacre::Db& db, const char* words) {
  std::cout << words;
  for (const std::string& name : db.keyspaces()) std::cout << " " << name;
  std::cout << "\n";
}

}  // namespace

int main(int argc, char** argv) {
  nacre::Db db = nacre::Db::open(argc > 1 ? argv[1] : "data").value();

  nacre::Keyspace users = db.keyspace("users").value();  // opened, or created with Options::keyspace
  // Written once and scanned, never looked up by its key: no filter, and stronger compression at the bottom.
  nacre::Keyspace events = db.create_keyspace("events", {.bottom_compression = nacre::Compression::kZstd,
                                                         .filter_bits_per_key = 0,
                                                         .block_bytes = 32 << 10})
                               .value();
  list(db, "keyspaces:");

  nacre::Batch batch;
  batch.put(users, "bob", "{}");
  batch.put(events, "0001", "bob joined");
  db.write(batch).value();
  std::cout << "users has " << (users.contains("bob").value() ? "bob" : "nobody") << ", events has \""
            << events.get("0001").value()->to_string() << "\"\n";

  db.drop_keyspace("events").value();  // its files go; a handle that is left answers kNotFound
  list(db, "after the drop:");
  std::cout << "a dropped keyspace answers: " << nacre::to_string(events.get("0001").error().kind) << "\n";
}
