#include "sim/sweep/story.h"

namespace nacre::sim {

using Change = LedgerChange;

Options Story::options() {
  Options options;
  options.memory_bytes = kMinMemoryBytes;
  options.keyspace.block_bytes = 1024;
  return options;
}

Result<Db> Story::open(Simulation& sim, SimDisk& disk, OpenMode mode) {
  Runtime runtime = sim.runtime();
  runtime.file_system = disk.file_system();
  Options how = options();
  how.mode = mode;
  return Db::open("db", how, runtime);
}

void Story::tell(StoryKind kind) {
  if (kind != StoryKind::kWhole) {
    live([&] { small_life(); }, kind == StoryKind::kCut);
    return;
  }
  live([&] { first_life(); }, false);
  live([&] { second_life(); }, true);
  live([&] { third_life(); }, false);
  live([] {}, false);
}

void Story::tell_the_end(std::optional<Loss> loss) {
  excuses_ = {};
  if (loss) loss_ = *loss;
  live(
      [&] {
        put("default", "end", Durability::kDisk);
        check();
      },
      false);
}

void Story::first_life() {
  create("second");
  put("default", "a1", Durability::kDisk);
  write({{.keyspace = "default", .key = "a2", .value = next_value(24)},
         {.keyspace = "second", .key = "b1", .value = next_value(24)}},
        Durability::kOs);
  put("second", "b2", Durability::kMemory);
  put("default", "a3", Durability::kOs);
  make_durable("flush", [&] { return db_->flush(); });
  write({{.keyspace = "default", .key = "a1", .value = next_value(40)},
         {.kind = Change::Kind::kErase, .keyspace = "second", .key = "b1", .value = ""}},
        Durability::kOs);
  put("default", "a5", Durability::kMemory);
  write({{.kind = Change::Kind::kEraseRange, .keyspace = "default", .key = "a2", .value = "a4"}}, Durability::kOs);
  change_in_transaction("default", "a1");
  make_durable("flush", [&] { return db_->flush(); });
  create("passing");
  put("passing", "p1", Durability::kOs);
  put("default", "a6", Durability::kMemory);
  drop("passing");
  look();
  put("second", "b3", Durability::kOs);
  make_durable("sync", [&] { return db_->sync(); });
  put("default", "a7", Durability::kOs);
  make_durable("compact", [&] { return db_->compact(); });
  put("second", "b2", Durability::kMemory);
}

void Story::second_life() {
  put("default", "a2", Durability::kDisk);
  put("second", "b4", Durability::kOs);
  write({{.keyspace = "default", .key = "a8", .value = next_value(24)},
         {.kind = Change::Kind::kEraseRange, .keyspace = "second", .key = "b1", .value = "b3"}},
        Durability::kOs);
  put("second", "b5", Durability::kMemory);
}

void Story::third_life() {
  put("second", "b6", Durability::kMemory);
  for (const char* key : {"z1", "z2", "z3", "z4"}) put("default", key, Durability::kOs, 300'000);  // the log is rotated
  make_durable("flush", [&] { return db_->flush(); });
  write({{.kind = Change::Kind::kEraseRange, .keyspace = "default", .key = "z1", .value = "z4"}}, Durability::kOs);
  make_durable("settle", [&] { return db_->settle(); });  // moves
  put("default", "a9", Durability::kDisk);
  create("late");
  put("late", "l1", Durability::kOs);
  look();
  check();
}

void Story::small_life() {
  create("second");
  for (int i = 0; i < 12; i++) put("default", "key " + std::to_string(100 + i), Durability::kOs, 60);
  write({{.keyspace = "default", .key = "a", .value = next_value(30)},
         {.keyspace = "second", .key = "b", .value = next_value(30)}},
        Durability::kOs);
  make_durable("flush", [&] { return db_->flush(); });
  make_durable("compact", [&] { return db_->compact(); });
  write({{.kind = Change::Kind::kErase, .keyspace = "default", .key = "key 103", .value = ""},
         {.kind = Change::Kind::kEraseRange, .keyspace = "default", .key = "key 105", .value = "key 108"}},
        Durability::kOs);
  put("default", "key 100", Durability::kOs, 50);
  put("second", "b", Durability::kOs);
  make_durable("flush", [&] { return db_->flush(); });
  put("default", "key 101", Durability::kDisk);
  put("second", "c", Durability::kOs);
  put("default", "key 102", Durability::kMemory);
  put("second", "d", Durability::kOs);
}

// ---- a life ----------------------------------------------------------------------------------------------------------

void Story::live(const std::function<void()>& steps, bool killed) {
  if (!disk_.is_on()) return;
  boot_ = disk_.boot();
  stopped_ = false;
  auto opened = open(sim_, disk_);
  if (!opened && alive()) {
    judge("open", opened.error());
    opened = open(sim_, disk_);
    if (!opened && alive() && excuses_.passes) fail("a second open: " + opened.error().to_string());
  }
  if (!opened) return;
  db_ = &*opened;
  lives_++;
  const auto seen = read_all();
  if (alive() && seen) {
    if (const std::string wrong = ledger_.check_opened(*seen, loss_); !wrong.empty()) fail(wrong);
    loss_ = excuses_.loses_pages ? Loss::kPower : Loss::kProcess;  // until a close says that all is safe
    steps();
    look();
  }
  if (alive() && killed) {
    disk_.kill_process();
    (void)opened->close().has_value();
    disk_.restart();
    return;
  }
  if (alive() && !seen) {  // what an earlier life left is not decided: a clean close says nothing of it
    judge("close", db_->close());
  } else if (alive()) {
    make_durable("close", [&] { return db_->close(); });
    if (alive() && ledger_.floor(Loss::kProcess) == ledger_.size()) loss_ = Loss::kNothing;
  }
}

// ---- steps -----------------------------------------------------------------------------------------------------------

std::string Story::next_value(size_t bytes) {
  std::string value = "value " + std::to_string(++values_) + " ";
  while (value.size() < bytes) value += static_cast<char>('a' + (value.size() * 7 + values_) % 26);
  return value;
}

std::optional<Keyspace> Story::keyspace(const std::string& name) {
  if (name == "default") return db_->default_keyspace();
  for (const std::string& each : db_->keyspaces()) {
    if (each != name) continue;
    if (auto found = db_->keyspace(name)) return *found;
  }
  return std::nullopt;
}

void Story::create(const std::string& name) {
  if (!alive() || keyspace(name)) return;
  ledger_.begin({.kind = LedgerEntry::Kind::kCreate, .keyspace = name});
  const auto created = db_->create_keyspace(name, options().keyspace);
  settle_entry("create", created ? Result<void>() : created.error());
}

void Story::drop(const std::string& name) {
  if (!alive() || !keyspace(name)) return;
  ledger_.begin({.kind = LedgerEntry::Kind::kDrop, .keyspace = name});
  settle_entry("drop", db_->drop_keyspace(name));
}

void Story::put(const std::string& name, const std::string& key, Durability durability, size_t bytes) {
  write({{.keyspace = name, .key = key, .value = next_value(bytes)}}, durability);
}

void Story::write(std::vector<Change> changes, Durability durability) {
  if (!alive()) return;
  Batch batch;
  for (const Change& change : changes) {
    const auto where = keyspace(change.keyspace);
    if (!where) return;  // its creation failed
    if (change.kind == Change::Kind::kPut) batch.put(*where, change.key, change.value);
    if (change.kind == Change::Kind::kErase) batch.erase(*where, change.key);
    if (change.kind == Change::Kind::kEraseRange) batch.erase_range(*where, change.key, change.value);
  }
  const bool single = changes.size() == 1 && changes[0].kind == Change::Kind::kPut;
  const Change first = changes.front();
  ledger_.begin({.durability = durability, .changes = std::move(changes)});
  settle_entry("write", single ? keyspace(first.keyspace)->put(first.key, first.value, durability)
                               : db_->write(batch, durability));
}

void Story::change_in_transaction(const std::string& name, const std::string& key) {
  const auto where = alive() ? keyspace(name) : std::nullopt;
  if (!where) return;
  Transaction transaction = db_->begin();
  const auto read = transaction.get(*where, key);
  if (!judge("transaction get", read ? Result<void>() : read.error())) return;
  const std::string value = (*read ? **read : "nothing") + " and more";
  if (!judge("transaction put", transaction.put(*where, key, value))) return;
  ledger_.begin({.changes = {{.keyspace = name, .key = key, .value = value}}});
  settle_entry("commit", transaction.commit(Durability::kOs));
}

void Story::make_durable(const char* what, const std::function<Result<void>()>& call) {
  if (!alive()) return;
  const bool good = judge(what, call());
  if (good && alive()) ledger_.made_durable();
}

void Story::check() {
  if (!alive()) return;
  const auto findings = db_->check();
  if (!judge("check", findings ? Result<void>() : findings.error())) return;
  for (const CheckFinding& finding : *findings) judge("check", finding.error);
}

// ---- judgement -------------------------------------------------------------------------------------------------------

bool Story::judge(const char* what, const Result<void>& answer) {
  if (!alive()) return false;
  const std::string name = answer ? "ok" : std::string(nacre::to_string(answer.error().kind));
  answers_[std::string(what) + ": " + name]++;
  if (answer) return true;
  if (!excuses_.kinds.contains(answer.error().kind)) fail(std::string(what) + ": " + answer.error().to_string());
  return false;
}

void Story::settle_entry(const char* what, const Result<void>& answer) {
  if (!alive()) return;  // the dead acknowledge nothing: the entry stays without an answer
  const bool good = judge(what, answer);
  if (good && stopped_) fail(std::string(what) + " was taken by a handle that left another in doubt");
  if (good) {
    ledger_.acknowledged();
  } else if (answer.error().kind == ErrorKind::kIo) {
    ledger_.in_doubt();
    stopped_ = true;
  } else {
    ledger_.refused();
  }
}

std::optional<DatabaseContent> Story::read_all() {
  std::string disagreement;
  auto seen = read_database(*db_, ledger_.keys(), &disagreement);
  if (!alive()) return std::nullopt;
  if (!disagreement.empty()) fail(disagreement);
  if (judge("read", seen ? Result<void>() : seen.error())) return *seen;
  seen = read_database(*db_, ledger_.keys(), &disagreement);
  if (!alive()) return std::nullopt;
  if (seen) return *seen;
  if (excuses_.passes) fail("reading again: " + seen.error().to_string());
  return std::nullopt;
}

void Story::look() {
  if (!alive()) return;
  const auto seen = read_all();
  if (!seen) return;
  if (const std::string wrong = ledger_.check_live(*seen); !wrong.empty()) fail(wrong);
}

}  // namespace nacre::sim
