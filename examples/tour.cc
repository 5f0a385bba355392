// A tour of the API on an existing database.
//
//   nacre-tour show DB            batch, snapshot, transaction, iteration
//   nacre-tour write DB           writes numbered keys until killed; prints a number once that write is acknowledged
//   nacre-tour verify DB NUMBER   checks that every write up to NUMBER is there, and that there is no hole after it

#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

#include "nacre/nacre.h"

namespace {

std::string numbered(uint64_t number) {
  char text[32];
  std::snprintf(text, sizeof text, "tour:%012llu", static_cast<unsigned long long>(number));
  return text;
}

int show(nacre::Db db) {
  nacre::Keyspace accounts = db.keyspace("accounts").value();
  nacre::Keyspace journal = db.keyspace("journal").value();

  // A batch across two keyspaces: both or neither, whatever happens.
  nacre::Batch batch;
  batch.put(accounts, "alice", "70");
  batch.put(accounts, "bob", "30");
  batch.put(journal, "0001", "alice pays bob 30");
  db.write(batch, nacre::Durability::kDisk).value();
  std::printf("batch over two keyspaces: alice %s, bob %s, journal \"%s\"\n",
              accounts.get("alice").value()->to_string().c_str(), accounts.get("bob").value()->to_string().c_str(),
              journal.get("0001").value()->to_string().c_str());

  // A snapshot sees its moment, whatever is written, flushed or compacted later.
  const nacre::Snapshot before = db.snapshot();
  accounts.put("alice", "0").value();
  accounts.erase("bob").value();
  db.flush().value();
  db.compact().value();
  std::printf(
      "snapshot held across writes, a flush and a compaction: alice %s then, %s now; bob %s then, %s now\n",
      accounts.get("alice", before).value()->to_string().c_str(), accounts.get("alice").value()->to_string().c_str(),
      accounts.get("bob", before).value()->to_string().c_str(), accounts.contains("bob").value() ? "there" : "gone");

  // A transaction that another write overtakes is refused and run again.
  int tries = 0;
  while (true) {
    nacre::Transaction transaction = db.begin();
    const int balance = std::atoi(transaction.get(accounts, "alice").value()->c_str());
    if (++tries == 1) accounts.put("alice", "5").value();  // somebody else is faster
    transaction.put(accounts, "alice", std::to_string(balance + 10)).value();
    const auto committed = transaction.commit();
    if (committed) break;
    if (committed.error().kind != nacre::ErrorKind::kConflict) committed.value();
  }
  std::printf("transaction: committed on try %d, alice has %s\n", tries,
              accounts.get("alice").value()->to_string().c_str());
  return 0;
}

int write_until_killed(nacre::Db db) {
  for (uint64_t number = 1;; number++) {
    db.put(numbered(number), std::string(100, 'x')).value();
    const std::string line = std::to_string(number) + "\n";
    if (write(STDOUT_FILENO, line.data(), line.size()) < 0) return 1;
  }
}

int verify(nacre::Db db, uint64_t acknowledged) {
  uint64_t found = 0;
  nacre::Scan scan = db.scan({.prefix = "tour:"});
  for (const auto& [key, value] : scan) {
    found++;
    if (key != numbered(found)) {
      std::printf("a hole: %s is there, %s is not\n", std::string(key).c_str(), numbered(found).c_str());
      return 1;
    }
  }
  scan.status().value();
  std::printf("acknowledged %llu, found %llu, no hole: %s\n", static_cast<unsigned long long>(acknowledged),
              static_cast<unsigned long long>(found), found >= acknowledged ? "nothing lost" : "LOST WRITES");
  return found >= acknowledged ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3 || (std::strcmp(argv[1], "verify") == 0 && argc < 4)) {
    std::fprintf(stderr, "usage: nacre-tour show DB | write DB | verify DB NUMBER\n");
    return 2;
  }
  auto db = nacre::Db::open(argv[2]);
  if (!db) {
    std::fprintf(stderr, "%s: %s\n", argv[2], db.error().to_string().c_str());
    return 3;
  }
  if (std::strcmp(argv[1], "show") == 0) return show(*std::move(db));
  if (std::strcmp(argv[1], "write") == 0) return write_until_killed(*std::move(db));
  if (std::strcmp(argv[1], "verify") == 0) return verify(*std::move(db), std::strtoull(argv[3], nullptr, 10));
  std::fprintf(stderr, "unknown command %s\n", argv[1]);
  return 2;
}
