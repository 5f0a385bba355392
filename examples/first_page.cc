// The first page: open, put, get, erase, scan. Run it with the directory of a database to be made.
//
// Prints:
//   user:123 is Alice
//   user:124 = Bob
//   user:125 = Carol

#include <iostream>

#include "nacre/nacre.h"

int main(int argc, char** argv) {
  const char* directory = argc > 1 ? argv[1] : "data";
  nacre::Result<nacre::Db> opened = nacre::Db::open(directory);
  if (!opened) {
    std::cerr << directory << ": " << opened.error().to_string() << "\n";
    return 1;
  }
  nacre::Db& db = *opened;

  db.put("user:123", "Alice").value();  // value() ends the program with words if there was an error
  db.put("user:124", "Bob").value();
  db.put("user:125", "Carol").value();

  std::optional<nacre::Value> name = db.get("user:123").value();  // a missing key is not an error
  if (name) std::cout << "user:123 is " << name->bytes() << "\n";
  name.reset();  // a value pins the memory that it lies in: let go of it before the database closes

  db.erase("user:123").value();
  nacre::Scan scan = db.scan({.prefix = "user:"});
  for (auto [key, value] : scan) std::cout << key << " = " << value << "\n";
  scan.status().value();  // an error ends a scan early: ask
}
