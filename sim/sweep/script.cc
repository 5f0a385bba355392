#include "sim/sweep/script.h"

#include <array>

#include "base/prng.h"

namespace nacre::sim {

namespace {

using Kind = ScriptStep::Kind;
using Change = ScriptStep::Change;
using How = LedgerChange::Kind;

ScriptStep write(std::vector<Change> changes, Durability durability = Durability::kOs) {
  return {.kind = Kind::kWrite, .durability = durability, .changes = std::move(changes)};
}
ScriptStep put(const std::string& keyspace, const std::string& key, Durability durability, size_t bytes = 24) {
  return write({{.keyspace = keyspace, .key = key, .bytes = bytes}}, durability);
}
ScriptStep just(Kind kind) { return {.kind = kind}; }

// ---- by hand ---------------------------------------------------------------------------------------------------------

Options options_by_hand() {
  Options options;
  options.memory_bytes = kMinMemoryBytes;
  options.keyspace.block_bytes = 1024;
  return options;
}

std::vector<ScriptStep> first_life(const KeyspaceOptions& keyspace) {
  return {
      {.kind = Kind::kCreate, .keyspace = "second", .options = keyspace},
      put("default", "a1", Durability::kDisk),
      write({{.keyspace = "default", .key = "a2"}, {.keyspace = "second", .key = "b1"}}),
      put("second", "b2", Durability::kMemory),
      put("default", "a3", Durability::kOs),
      just(Kind::kFlush),
      write({{.keyspace = "default", .key = "a1", .bytes = 40},
             {.kind = How::kErase, .keyspace = "second", .key = "b1"}}),
      put("default", "a5", Durability::kMemory),
      write({{.kind = How::kEraseRange, .keyspace = "default", .key = "a2", .end = "a4"}}),
      {.kind = Kind::kTransaction, .changes = {{.keyspace = "default", .key = "a1"}}},
      just(Kind::kFlush),
      {.kind = Kind::kCreate, .keyspace = "passing", .options = keyspace},
      put("passing", "p1", Durability::kOs),
      put("default", "a6", Durability::kMemory),
      {.kind = Kind::kDrop, .keyspace = "passing"},
      just(Kind::kLook),
      put("second", "b3", Durability::kOs),
      just(Kind::kSync),
      put("default", "a7", Durability::kOs),
      {.kind = Kind::kConfigure, .options = {.shape = CompactionShape::kTiered, .block_bytes = 2048}},
      just(Kind::kCompact),
      put("second", "b2", Durability::kMemory),
  };
}

std::vector<ScriptStep> second_life() {
  return {
      put("default", "a2", Durability::kDisk),
      put("second", "b4", Durability::kOs),
      write({{.keyspace = "default", .key = "a8"},
             {.kind = How::kEraseRange, .keyspace = "second", .key = "b1", .end = "b3"}}),
      put("second", "b5", Durability::kMemory),
  };
}

std::vector<ScriptStep> third_life(const KeyspaceOptions& keyspace) {
  std::vector<ScriptStep> steps = {put("second", "b6", Durability::kMemory)};
  for (const char* key : {"z1", "z2", "z3", "z4"})
    steps.push_back(put("default", key, Durability::kOs, 300'000));  // the log is rotated
  steps.push_back(just(Kind::kFlush));
  steps.push_back(write({{.kind = How::kEraseRange, .keyspace = "default", .key = "z1", .end = "z4"}}));
  steps.push_back(just(Kind::kSettle));  // moves
  steps.push_back({.kind = Kind::kConfigure, .options = keyspace});
  steps.push_back(put("default", "a9", Durability::kDisk));
  steps.push_back({.kind = Kind::kCreate, .keyspace = "late", .options = keyspace});
  steps.push_back(put("late", "l1", Durability::kOs));
  steps.push_back(just(Kind::kLook));
  steps.push_back(just(Kind::kCheck));
  return steps;
}

std::vector<ScriptStep> small_life(const KeyspaceOptions& keyspace) {
  std::vector<ScriptStep> steps = {{.kind = Kind::kCreate, .keyspace = "second", .options = keyspace}};
  for (int i = 0; i < 12; i++) steps.push_back(put("default", "key " + std::to_string(100 + i), Durability::kOs, 60));
  steps.push_back(
      write({{.keyspace = "default", .key = "a", .bytes = 30}, {.keyspace = "second", .key = "b", .bytes = 30}}));
  steps.push_back(just(Kind::kFlush));
  steps.push_back(just(Kind::kCompact));
  steps.push_back(write({{.kind = How::kErase, .keyspace = "default", .key = "key 103"},
                         {.kind = How::kEraseRange, .keyspace = "default", .key = "key 105", .end = "key 108"}}));
  steps.push_back(put("default", "key 100", Durability::kOs, 50));
  steps.push_back(put("second", "b", Durability::kOs));
  steps.push_back(just(Kind::kFlush));
  steps.push_back(put("default", "key 101", Durability::kDisk));
  steps.push_back(put("second", "c", Durability::kOs));
  steps.push_back(put("default", "key 102", Durability::kMemory));
  steps.push_back(put("second", "d", Durability::kOs));
  return steps;
}

Script by_hand(ScriptKind kind) {
  Script script{.options = options_by_hand(), .lives = {}};
  const KeyspaceOptions& keyspace = script.options.keyspace;
  if (kind == ScriptKind::kWhole) {
    script.lives = {{first_life(keyspace)}, {second_life(), true}, {third_life(keyspace)}, {}};
  } else {
    script.lives = {{small_life(keyspace), kind == ScriptKind::kCut}};
  }
  return script;
}

// ---- drawn -----------------------------------------------------------------------------------------------------------

class Drawer {
 public:
  explicit Drawer(uint64_t seed) : prng_(seed ^ 0x57041ULL) {
    prefix_ = prng_.one_in(3) ? "a prefix that all keys share, " : "";
    keys_ = 6 + prng_.below(30);
  }

  Script draw(ScriptKind kind) {
    Script script{.options = options(), .lives = {}, .noisy_values = !prng_.one_in(kind == ScriptKind::kWhole ? 2 : 4)};
    if (kind != ScriptKind::kWhole) {
      script.lives = {{files_life(), kind == ScriptKind::kCut}};
      return script;
    }
    const uint64_t lives = 2 + prng_.below(3);
    for (uint64_t i = 0; i < lives; i++) {
      script.lives.push_back({any_life(4 + prng_.below(14)), prng_.one_in(3)});
    }
    script.lives.emplace_back();
    return script;
  }

 private:
  Options options() {
    Options options;
    options.memory_bytes = kMinMemoryBytes << prng_.below(2);
    options.memtable = prng_.one_in(2) ? MemtableKind::kBTree : MemtableKind::kSkipList;
    options.row_cache_percent = prng_.one_in(3) ? 25 : 0;
    options.keyspace = keyspace_options();
    return options;
  }
  KeyspaceOptions keyspace_options() {
    static constexpr std::array<uint32_t, 4> kBlocks = {1024, 1024, 2048, 8192};
    static constexpr std::array<uint32_t, 3> kFilters = {0, 10, 20};
    KeyspaceOptions options;
    options.compression = static_cast<Compression>(prng_.below(3));
    options.bottom_compression = static_cast<Compression>(prng_.below(3));
    options.shape = static_cast<CompactionShape>(prng_.below(3));
    options.filter_bits_per_key = kFilters[prng_.below(kFilters.size())];
    options.block_bytes = kBlocks[prng_.below(kBlocks.size())];
    return options;
  }

  std::string keyspace() { return there_[prng_.below(there_.size())]; }
  std::string key() { return prefix_ + std::to_string(100 + prng_.below(keys_)); }
  Durability durability() {
    static constexpr std::array kWords = {Durability::kOs, Durability::kOs, Durability::kMemory, Durability::kDisk};
    return kWords[prng_.below(kWords.size())];
  }
  size_t size() { return prng_.one_in(8) ? 16 + prng_.below(3000) : 16 + prng_.below(usual_bytes_); }
  Change change() {
    Change change{.keyspace = keyspace(), .key = key(), .bytes = size()};
    const uint64_t way = prng_.below(8);
    if (way == 0) change.kind = How::kErase;
    if (way == 1) {
      change.kind = How::kEraseRange;
      change.end = key();
      if (change.end < change.key) change.end.swap(change.key);
      if (change.end == change.key) change.kind = How::kErase;
    }
    return change;
  }
  std::vector<Change> changes(uint64_t count) {
    std::vector<Change> changes;
    for (uint64_t i = 0; i < count; i++) changes.push_back(change());
    return changes;
  }

  ScriptStep keyspace_step() {
    static constexpr std::array kNames = {"second", "third", "a name of some length"};
    const std::string name = kNames[prng_.below(kNames.size())];
    const bool there = std::erase(there_, name) != 0;
    if (there) return {.kind = Kind::kDrop, .keyspace = name};
    there_.push_back(name);
    return {.kind = Kind::kCreate, .keyspace = name, .options = keyspace_options()};
  }
  ScriptStep any_step() {
    const uint64_t way = prng_.below(100);
    if (way < 34) return write({change()}, durability());
    if (way < 48) return write(changes(2 + prng_.below(6)), durability());
    if (way < 53) return write(changes(10 + prng_.below(30)), durability());
    if (way < 56) return put(keyspace(), key(), durability(), 20'000 + prng_.below(200'000));
    if (way < 62) return {.kind = Kind::kTransaction, .changes = {{.keyspace = keyspace(), .key = key()}}};
    if (way < 72) return just(Kind::kFlush);
    if (way < 77) return just(Kind::kSync);
    if (way < 81) return just(Kind::kCompact);
    if (way < 84) return just(Kind::kSettle);
    if (way < 92) return keyspace_step();
    if (way < 94) return {.kind = Kind::kConfigure, .options = keyspace_options()};
    return just(way < 98 ? Kind::kLook : Kind::kCheck);
  }
  std::vector<ScriptStep> any_life(uint64_t count) {
    std::vector<ScriptStep> steps;
    for (uint64_t i = 0; i < count; i++) steps.push_back(any_step());
    return steps;
  }

  // Some flushes, perhaps merged, and a tail that only the log has.
  std::vector<ScriptStep> files_life() {
    std::vector<ScriptStep> steps = {keyspace_step()};
    keys_ = 100 + prng_.below(400);
    usual_bytes_ = 20 + prng_.below(500);
    const uint64_t rounds = 2 + prng_.below(4);
    for (uint64_t i = 0; i < rounds; i++) {
      for (int batch = 0; batch < 2; batch++) steps.push_back(write(changes(20 + prng_.below(30))));
      steps.push_back(just(prng_.one_in(3) ? Kind::kCompact : Kind::kFlush));
    }
    for (uint64_t i = 0; i < 3; i++) steps.push_back(put(keyspace(), key(), durability(), 16 + prng_.below(60)));
    steps.push_back(write({change(), {.keyspace = keyspace(), .key = key()}}, durability()));
    return steps;
  }

  base::Prng prng_;
  std::string prefix_;
  uint64_t keys_ = 0;
  uint64_t usual_bytes_ = 100;
  std::vector<std::string> there_ = {"default"};
};

std::string name_of(Durability durability) {
  static constexpr std::array kNames = {"memory", "os", "disk"};
  return kNames[static_cast<size_t>(durability)];
}

}  // namespace

Script Script::make(uint64_t number, ScriptKind kind) {
  return number == 0 ? by_hand(kind) : Drawer(number).draw(kind);
}

std::string ScriptStep::words() const {
  static constexpr std::array kNames = {"write",   "transaction", "create", "drop",  "flush",      "sync",
                                        "compact", "settle",      "look",   "check", "set options"};
  std::string text = kNames[static_cast<size_t>(kind)];
  if (!keyspace.empty()) text += " " + keyspace;
  if (kind == Kind::kWrite) text += ", " + name_of(durability);
  for (const Change& change : changes) {
    text += change.kind == How::kPut ? ", put " : ", erase ";
    text += change.keyspace + "/" + change.key;
    if (change.kind == How::kPut) text += " of " + std::to_string(change.bytes) + " bytes";
    if (change.kind == How::kEraseRange) text += " to " + change.end;
  }
  return text;
}

}  // namespace nacre::sim
