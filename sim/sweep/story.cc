#include "sim/sweep/story.h"

namespace nacre::sim {

using Change = LedgerChange;

Result<Db> Story::open(Simulation& sim, SimDisk& disk, Options options, OpenMode mode) {
  Runtime runtime = sim.runtime();
  runtime.file_system = disk.file_system();
  options.mode = mode;
  return Db::open("db", options, runtime);
}

void Story::tell() {
  for (const ScriptLife& life : script_.lives) {
    live(
        [&] {
          for (const ScriptStep& step : life.steps) take(step);
        },
        life.killed);
  }
}

void Story::tell_the_end(std::optional<Loss> loss) {
  excuses_ = {};
  if (loss) loss_ = *loss;
  live(
      [&] {
        write({{.keyspace = "default", .key = "end", .value = next_value(24)}}, Durability::kDisk);
        check();
      },
      false);
}

// ---- a life ----------------------------------------------------------------------------------------------------------

void Story::live(const std::function<void()>& steps, bool killed) {
  if (!disk_.is_on()) return;
  boot_ = disk_.boot();
  stopped_ = false;
  auto opened = open(sim_, disk_, script_.options);
  if (!opened && alive()) {
    judge("open", opened.error());
    opened = open(sim_, disk_, script_.options);
    if (!opened && alive() && excuses_.passes) fail("a second open: " + opened.error().to_string());
  }
  if (!opened) return;
  db_ = &*opened;
  lives_++;
  look_at_options();
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
  base::Prng noise(values_);
  while (value.size() < bytes) {
    value += script_.noisy_values ? static_cast<char>(noise.next())
                                  : static_cast<char>('a' + (value.size() * 7 + values_) % 26);
  }
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

void Story::take(const ScriptStep& step) {
  using Kind = ScriptStep::Kind;
  if (sync::Scheduler::instance().observed()) sync::Scheduler::instance().note(step.words());
  switch (step.kind) {
    case Kind::kWrite: {
      std::vector<Change> changes;
      for (const ScriptStep::Change& change : step.changes) {
        changes.push_back({.kind = change.kind, .keyspace = change.keyspace, .key = change.key, .value = change.end});
        if (change.kind == Change::Kind::kPut) changes.back().value = next_value(change.bytes);
      }
      return write(std::move(changes), step.durability);
    }
    case Kind::kTransaction: return change_in_transaction(step.changes[0].keyspace, step.changes[0].key);
    case Kind::kCreate: return create(step.keyspace, step.options);
    case Kind::kDrop: return drop(step.keyspace);
    case Kind::kConfigure: return configure(step.options);
    case Kind::kFlush: return make_durable("flush", [&] { return db_->flush(); });
    case Kind::kSync: return make_durable("sync", [&] { return db_->sync(); });
    case Kind::kCompact: return make_durable("compact", [&] { return db_->compact(); });
    case Kind::kSettle: return make_durable("settle", [&] { return db_->settle(); });
    case Kind::kLook: return look();
    case Kind::kCheck: return check();
  }
}

void Story::create(const std::string& name, const KeyspaceOptions& options) {
  if (!alive() || keyspace(name)) return;
  ledger_.begin({.kind = LedgerEntry::Kind::kCreate, .keyspace = name});
  const auto created = db_->create_keyspace(name, options);
  settle_entry("create", created ? Result<void>() : created.error());
}

void Story::drop(const std::string& name) {
  if (!alive() || !keyspace(name)) return;
  ledger_.begin({.kind = LedgerEntry::Kind::kDrop, .keyspace = name});
  settle_entry("drop", db_->drop_keyspace(name));
}

void Story::configure(const KeyspaceOptions& options) {
  if (!alive()) return;
  options_in_doubt_ = options;  // the dead acknowledge nothing
  const auto set = db_->default_keyspace().set_options(options);
  const bool good = judge("set options", set);
  if (!alive()) return;
  if (good && stopped_ && options != options_) fail("options were taken by a handle that left a write in doubt");
  if (good) options_ = options;
  if (good || set.error().kind != ErrorKind::kIo) {
    options_in_doubt_.reset();
  } else {
    stopped_ = true;
  }
  if (db_->default_keyspace().options() != options_) fail("options that were refused are in force");
}

// What was answered well is found by every later open, what is in doubt is there or not.
void Story::look_at_options() {
  if (!alive()) return;
  const KeyspaceOptions found = db_->default_keyspace().options();
  if (found != options_ && found != options_in_doubt_)
    fail("an open found options that were not set, or lost some that were");
  options_ = found;
  options_in_doubt_.reset();
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
