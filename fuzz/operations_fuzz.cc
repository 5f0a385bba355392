// Sequences of operations on the whole engine, drawn from the input, against sorted maps: writes, batches over keyspaces, range erases, gets,
// scans and cursors, snapshots, transactions, flushes and compactions, clean reopens, and the death of the process, after which
// everything written is there again.

#include <algorithm>
#include <array>
#include <deque>
#include <optional>

#include "fuzz/database_image.h"

namespace nacre::fuzz {
namespace {

using Map = std::map<std::string, std::string>;
constexpr size_t kKeyspaces = 2;
using State = std::array<Map, kKeyspaces>;

void erase_range(Map& map, const std::string& begin, const std::string& end) {
  if (begin < end) map.erase(map.lower_bound(begin), map.lower_bound(end));
}

// One handle on a database in memory, and what it must hold.
class World {
 public:
  World(fuzz::Input& input, const Options& options) : input_(input), options_(options) { open(); }
  ~World() {
    held_.clear();
    transaction_.reset();
    db_->close().value();
  }

  void step();
  void expect_all() {
    for (size_t k = 0; k < kKeyspaces; k++) expect_scan(k, state_[k], {});
  }
  void expect_sound() { NACRE_CHECK(db_->check().value().empty()); }

 private:
  struct Held {
    Snapshot snapshot;
    State state;
  };

  void open() {
    db_.emplace(Db::open("db", options_, runtime_of(files_)).value());
    keyspaces_.clear();
    keyspaces_.push_back(db_->default_keyspace());
    keyspaces_.push_back(db_->keyspace("second").value());
  }
  size_t any_keyspace() { return input_.below(4) == 0 ? 1 : 0; }
  std::string value() {
    const uint64_t size = input_.byte();
    return std::string(size < 250 ? size / 8 : size * 16, static_cast<char>('a' + input_.below(26)));
  }

  void write(uint8_t what);
  void write_batch();
  void read(uint8_t what);
  void expect_scan(size_t keyspace, const Map& map, const Snapshot& snapshot);
  void walk();
  void transact();
  void commit();
  void reopen(bool killed);
  void maintain(uint8_t what);

  Input& input_;
  Options options_;
  std::shared_ptr<os::MemoryFileSystem> files_ = std::make_shared<os::MemoryFileSystem>();
  std::optional<Db> db_;
  std::vector<Keyspace> keyspaces_;
  State state_;
  std::deque<Held> held_;
  std::optional<Transaction> transaction_;
  State in_transaction_;      // what the transaction sees
  bool conflicting_ = false;  // something it read or wrote may have been changed by others
};

void World::write(uint8_t what) {
  const size_t k = any_keyspace();
  const std::string key = input_.key();
  conflicting_ = true;
  switch (what & 3) {
    case 0: {
      keyspaces_[k].erase(key).value();
      state_[k].erase(key);
      break;
    }
    case 1: {
      const std::string end = input_.key();
      const auto erased = keyspaces_[k].erase_range(key, end);
      NACRE_CHECK(erased.has_value() == (key < end));
      erase_range(state_[k], key, end);
      break;
    }
    default: {
      const std::string put = value();
      keyspaces_[k].put(key, put).value();
      state_[k][key] = put;
    }
  }
}

void World::write_batch() {
  Batch batch;
  conflicting_ = true;
  for (uint64_t count = input_.below(12); count > 0; count--) {
    const size_t k = any_keyspace();
    const std::string key = input_.key();
    const uint8_t what = input_.byte();
    if ((what & 3) == 0) {
      batch.erase(keyspaces_[k], key);
      state_[k].erase(key);
    } else if (what == 255) {
      const std::string end = key + "c";
      batch.erase_range(keyspaces_[k], key, end);
      erase_range(state_[k], key, end);
    } else {
      const std::string put = value();
      batch.put(keyspaces_[k], key, put);
      state_[k][key] = put;
    }
  }
  db_->write(batch).value();
}

void World::read(uint8_t what) {
  const size_t k = any_keyspace();
  Snapshot snapshot;
  const Map* map = &state_[k];
  if ((what & 4) != 0 && !held_.empty()) {
    const Held& held = held_[input_.below(held_.size())];
    snapshot = held.snapshot;
    map = &held.state[k];
  }
  std::vector<std::string> owned;
  for (uint64_t count = 1 + input_.below(6); count > 0; count--) owned.push_back(input_.key());
  const std::vector<Bytes> keys(owned.begin(), owned.end());
  const auto many = keyspaces_[k].multi_get(keys, snapshot).value();
  for (size_t i = 0; i < keys.size(); i++) {
    const auto expected = map->find(owned[i]);
    const bool there = expected != map->end();
    const auto one = keyspaces_[k].get(keys[i], snapshot).value();
    NACRE_CHECK(one.has_value() == there && many[i].has_value() == there);
    if (there) NACRE_CHECK(*one == expected->second && *many[i] == expected->second);
    NACRE_CHECK(keyspaces_[k].contains(keys[i], snapshot).value() == there);
  }
  if ((what & 8) != 0) expect_scan(k, *map, snapshot);
}

void World::expect_scan(size_t keyspace, const Map& map, const Snapshot& snapshot) {
  Scan scan = keyspaces_[keyspace].scan({.snapshot = snapshot});
  auto at = map.begin();
  for (const auto& [key, value] : scan) {
    NACRE_CHECK(at != map.end() && key == at->first && value == at->second);
    ++at;
  }
  scan.status().value();
  NACRE_CHECK(at == map.end());
}

// A cursor within bounds, to and fro, while the engine does what it does.
void World::walk() {
  const size_t k = any_keyspace();
  ScanOptions bounds;
  if (input_.flag()) bounds.from = input_.key();
  if (input_.flag()) bounds.to = input_.key();
  Map map = state_[k];
  std::erase_if(map, [&](const auto& entry) {
    return (bounds.from && entry.first < *bounds.from) || (bounds.to && entry.first >= *bounds.to);
  });
  Cursor cursor = keyspaces_[k].cursor(bounds);
  auto at = map.end();
  const auto expect = [&] {
    NACRE_CHECK(cursor.valid() == (at != map.end()) && cursor.status().has_value());
    if (cursor.valid()) NACRE_CHECK(cursor.key() == at->first && cursor.value() == at->second);
  };
  const auto step_back = [&] { at = at == map.begin() ? map.end() : std::prev(at); };
  for (uint64_t steps = input_.below(30); steps > 0; steps--) {
    switch (input_.below(at != map.end() ? 10 : 4)) {
      case 0: cursor.seek_first(), at = map.begin(); break;
      case 1: cursor.seek_last(), at = map.end(), step_back(); break;
      case 2: {
        const std::string key = input_.key();
        cursor.seek(key), at = map.lower_bound(key);
        break;
      }
      case 3: {
        const std::string key = input_.key();
        cursor.seek_before(key), at = map.lower_bound(key), step_back();
        break;
      }
      case 4:
      case 5:
      case 6: cursor.next(), ++at; break;
      default: cursor.prev(), step_back();
    }
    expect();
  }
}

void World::transact() {
  if (!transaction_) {
    transaction_.emplace(db_->begin());
    in_transaction_ = state_;
    conflicting_ = false;
  }
  for (uint64_t steps = 1 + input_.below(6); steps > 0; steps--) {
    const size_t k = any_keyspace();
    const std::string key = input_.key();
    Map& map = in_transaction_[k];
    switch (input_.below(4)) {
      case 0: {
        const std::string put = value();
        transaction_->put(keyspaces_[k], key, put).value();
        map[key] = put;
        break;
      }
      case 1:
        transaction_->erase(keyspaces_[k], key).value();
        map.erase(key);
        break;
      case 2: {
        const auto got = transaction_->get(keyspaces_[k], key).value();
        const auto expected = map.find(key);
        NACRE_CHECK(got.has_value() == (expected != map.end()) && (!got || *got == expected->second));
        break;
      }
      default: {
        const std::string to = input_.key();
        const auto got = transaction_->read_range(keyspaces_[k], key, to);
        NACRE_CHECK(got.has_value() == (key < to));
        if (!got) break;
        const std::ranges::subrange expected(map.lower_bound(key), map.lower_bound(to));
        NACRE_CHECK(std::ranges::equal(
            *got, expected, [](const auto& a, const auto& b) { return a.first == b.first && a.second == b.second; }));
      }
    }
  }
}

void World::commit() {
  if (!transaction_) return;
  if (input_.below(4) == 0) {
    transaction_->rollback();
  } else if (const auto committed = transaction_->commit(); committed) {
    // Others may have written what it did not look at: their writes stay.
    if (!conflicting_) state_ = in_transaction_;
    if (conflicting_) {
      for (size_t k = 0; k < kKeyspaces; k++) {
        state_[k].clear();
        for (const auto& [key, value] : keyspaces_[k].scan()) state_[k][std::string(key)] = value;
      }
    }
  } else {
    NACRE_CHECK(committed.error().kind == ErrorKind::kConflict && conflicting_);
  }
  transaction_.reset();
}

void World::reopen(bool killed) {
  held_.clear();
  transaction_.reset();
  if (killed) {
    auto left = std::make_shared<os::MemoryFileSystem>(files_->image());
    db_->close().value();
    files_ = std::move(left);
  } else {
    db_->close().value();
  }
  keyspaces_.clear();
  open();
}

void World::maintain(uint8_t what) {
  switch (what & 7) {
    case 0: db_->compact().value(); break;
    case 1: reopen((what & 8) != 0); break;
    case 2: {
      const auto busy = db_->drop_keyspace("second");  // and a new one of its name begins empty
      busy.value();
      transaction_.reset();
      for (Held& held : held_) held.state[1].clear();
      keyspaces_.pop_back();
      keyspaces_.push_back(db_->keyspace("second").value());
      state_[1].clear();
      break;
    }
    case 3:
      if (held_.size() < 5) held_.push_back({db_->snapshot(), state_});
      break;
    case 4:
      if (!held_.empty()) held_.erase(held_.begin() + static_cast<ptrdiff_t>(input_.below(held_.size())));
      break;
    case 5: db_->settle().value(); break;
    case 6: db_->sync().value(); break;
    default: db_->flush().value();
  }
}

void World::step() {
  const uint8_t what = input_.byte();
  switch (what & 15) {
    case 0:
    case 1:
    case 2:
    case 3:
    case 4: write(what >> 4); break;
    case 5:
    case 6: write_batch(); break;
    case 7:
    case 8:
    case 9: read(what >> 4); break;
    case 10: walk(); break;
    case 11: transact(); break;
    case 12: commit(); break;
    case 13: db_->flush().value(); break;
    default: maintain(what >> 4);
  }
}

void run(Bytes bytes) {
  Input input(bytes);
  Options options = small_options();
  const uint8_t choices = input.byte();
  options.memtable = (choices & 1) != 0 ? MemtableKind::kSkipList : MemtableKind::kBTree;
  options.keyspace.compression = static_cast<Compression>((choices >> 1 & 3) % 3);
  options.keyspace.shape = static_cast<CompactionShape>((choices >> 3 & 3) % 3);
  options.keyspace.filter_bits_per_key = (choices & 0x20) != 0 ? 0 : 10;
  options.row_cache_percent = (choices & 0x40) != 0 ? 20 : 0;
  options.durability = (choices & 0x80) != 0 ? Durability::kDisk : Durability::kOs;
  World world(input, options);
  for (int steps = 0; !input.empty() && steps < 300; steps++) world.step();
  world.expect_all();
  world.expect_sound();
}

const Registration kHere({.name = "operations",
                          .run = run,
                          .seeds = [] { return random_seeds(8, 500); },
                          .heap_budget_bytes = uint64_t{64} << 20,
                          .replay_mutations = 40});

}  // namespace
}  // namespace nacre::fuzz
