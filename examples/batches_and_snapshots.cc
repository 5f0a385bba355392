// Batches and snapshots: changes that come together, and a view that stands still.
//
// Prints:
//   alice 70, bob 30
//   then: alice 70, bob 30
//   now: alice 0, bob 100
//   the refused batch changed nothing: alice 0, bob 100

#include <iostream>
#include <string>

#include "nacre/nacre.h"

namespace {

std::string balance(const nacre::Db& db, nacre::Bytes who, const nacre::Snapshot& at = {}) {
  const std::optional<nacre::Value> found = db.get(who, at).value();
  return found ? found->to_string() : "nothing";
}

void show(const nacre::Db& db, const char* words, const nacre::Snapshot& at = {}) {
  std::cout << words << "alice " << balance(db, "alice", at) << ", bob " << balance(db, "bob", at) << "\n";
}

}  // namespace

int main(int argc, char** argv) {
  nacre::Db db = nacre::Db::open(argc > 1 ? argv[1] : "data").value();

  // All of it or nothing, whatever happens; on the disk when write() returns.
  nacre::Batch batch;
  batch.put("alice", "70");
  batch.put("bob", "30");
  db.write(batch, nacre::Durability::kDisk).value();
  show(db, "");

  // A snapshot sees the writes that were finished when it was taken, through flushes and compactions too.
  const nacre::Snapshot before = db.snapshot();
  batch.clear();
  batch.put("alice", "0");
  batch.put("bob", "100");
  db.write(batch).value();
  db.compact().value();
  show(db, "then: ", before);
  show(db, "now: ");

  // A change that is not allowed refuses the whole batch.
  batch.clear();
  batch.put("alice", "1000000");
  batch.put(std::string(nacre::kMaxKeyBytes + 1, 'k'), "a key that is too long");
  if (db.write(batch).has_value()) return 1;
  show(db, "the refused batch changed nothing: ");
}
