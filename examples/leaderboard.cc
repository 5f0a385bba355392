// A leaderboard: points by player, and a second index by points, kept in step by one batch for both.
//
// Prints:
//   1. dora 900
//   2. bob 700
//   3. alice 650
//   bob is number 2

#include <cstdint>
#include <iostream>
#include <string>

#include "nacre/nacre.h"

namespace {

class Leaderboard {
 public:
  explicit Leaderboard(nacre::Db& db)
      : db_(db), players_(db.keyspace("players").value()), ranking_(db.keyspace("ranking").value()) {}

  // Adds points. A transaction, since what is written depends on what was read: if another thread was faster, once more.
  void add(const std::string& player, uint32_t points) {
    while (true) {
      nacre::Transaction transaction = db_.begin();
      const std::optional<std::string> old = transaction.get(players_, player).value();
      const uint32_t before = old ? static_cast<uint32_t>(std::stoul(*old)) : 0;
      if (old) transaction.erase(ranking_, rank_key(before, player)).value();
      transaction.put(players_, player, std::to_string(before + points)).value();
      transaction.put(ranking_, rank_key(before + points, player), "").value();
      const nacre::Result<void> committed = transaction.commit();
      if (committed) return;
      if (committed.error().kind != nacre::ErrorKind::kConflict) committed.value();
    }
  }

  void print_best(uint64_t how_many) const {
    int place = 1;
    nacre::Scan scan = ranking_.scan({.limit = how_many});
    for (auto entry : scan) {
      const std::string player(entry.key.substr(4));
      std::cout << place++ << ". " << player << " " << players_.get(player).value()->to_string() << "\n";
    }
    scan.status().value();
  }

  int place_of(const std::string& player) const {
    const std::string points = players_.get(player).value()->to_string();
    int place = 1;
    nacre::Scan better = ranking_.scan({.to = rank_key(static_cast<uint32_t>(std::stoul(points)), player)});
    for ([[maybe_unused]] auto entry : better) place++;
    better.status().value();
    return place;
  }

 private:
  // Most points first: the complement, its highest byte first. Then the player, so that equals have keys of their own.
  static std::string rank_key(uint32_t points, const std::string& player) {
    std::string key;
    for (int shift = 24; shift >= 0; shift -= 8) key += static_cast<char>(~points >> shift);
    return key + player;
  }

  nacre::Db& db_;
  nacre::Keyspace players_;
  nacre::Keyspace ranking_;
};

}  // namespace

int main(int argc, char** argv) {
  nacre::Db db = nacre::Db::open(argc > 1 ? argv[1] : "data").value();
  Leaderboard board(db);
  board.add("alice", 650);
  board.add("bob", 200);
  board.add("carol", 300);
  board.add("dora", 900);
  board.add("bob", 500);
  board.print_best(3);
  std::cout << "bob is number " << board.place_of("bob") << "\n";
}
