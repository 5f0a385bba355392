// What writers and the lord of keyspaces do.
#include <algorithm>

#include "sim/engine/run.h"
#include "sim/probes.h"
#include "sim/tally.h"

namespace nacre::sim {

// ---- how a commit ends -----------------------------------------------------------------------------------------------

void EngineRun::ended(Boot& boot, uint32_t stream, const Result<void>& result, bool refusal_is_right, uint64_t changes,
                      const char* what) {
  if (!alive(boot)) {  // the dead acknowledge nothing
    boot.stopped[stream] = true;
    return;
  }
  History& history = oracle_->history();
  if (result) {
    history.acknowledged(stream);
    boot.writes += stream == kLord ? 0 : 1;
    boot.changes += changes;
    tally().count("commits acknowledged");
    return;
  }
  const Error& error = result.error();
  // Only kIo may leave it in doubt.
  if (error.kind == ErrorKind::kIo) {
    boot.stopped[stream] = true;
  } else {
    history.refused(stream);
  }
  if (!refusal_is_right) permitted(boot, Call::kWrite, error, what);
}

// ---- puts, erases, batches -------------------------------------------------------------------------------------------

// Tells the history, in the order in which the changes apply.
void EngineRun::record(uint32_t stream, const std::array<Door, kKeyspaces>& doors, const std::vector<Change>& changes,
                       std::vector<Content>* contents) {
  History& history = oracle_->history();
  for (const Change& change : changes) {
    const Door& door = doors[change.keyspace];
    const Place at = place(change.keyspace, door, change.area, change.slot);
    contents->push_back(change.kind == Change::Kind::kPut ? new_content(change.bytes) : Content{});
    if (change.kind == Change::Kind::kPut) history.put(stream, at, contents->back());
    if (change.kind == Change::Kind::kErase) history.erase(stream, at);
    if (change.kind == Change::Kind::kEraseRange)
      history.erase_range(stream, door.space, at.key, key(change.keyspace, change.area, change.end_slot));
  }
}

Result<void> EngineRun::apply(Boot& boot, const std::vector<Change>& changes, const std::array<Door, kKeyspaces>& doors,
                              const std::vector<Content>& contents, const Part& part) {
  const bool alone = changes.size() == 1 && (part.seed & 1) != 0;  // both ways of writing one change
  const Durability durability = part.durability;
  Batch batch;
  for (size_t i = 0; i < changes.size(); i++) {
    const Change& change = changes[i];
    const Keyspace& keyspace = *doors[change.keyspace].handle;
    const std::string at = key(change.keyspace, change.area, change.slot);
    const std::string end = key(change.keyspace, change.area, change.end_slot);
    switch (change.kind) {
      case Change::Kind::kPut:
        if (alone) return keyspace.put(at, value_of(contents[i]), durability);
        batch.put(keyspace, at, value_of(contents[i]));
        break;
      case Change::Kind::kErase:
        if (alone) return keyspace.erase(at, durability);
        batch.erase(keyspace, at);
        break;
      case Change::Kind::kEraseRange:
        if (alone) return keyspace.erase_range(at, end, durability);
        batch.erase_range(keyspace, at, end);
        break;
    }
  }
  return boot.db->write(batch, durability);
}

void EngineRun::write(Boot& boot, uint32_t stream, const Part& part) {
  if (boot.stopped[stream]) return;
  const std::array<Door, kKeyspaces> doors = boot.doors;  // as they are now; the lord may be at work
  std::vector<Change> changes = changes_of(part);
  std::erase_if(changes, [&](const Change& change) { return !doors[change.keyspace].handle; });
  if (changes.empty()) return;
  History& history = oracle_->history();
  history.begin(stream, part.durability);
  std::vector<Content> contents;
  record(stream, doors, changes, &contents);
  const bool erases =
      std::none_of(changes.begin(), changes.end(), [](const Change& c) { return c.kind == Change::Kind::kPut; });
  const bool puts_were_refused = boot.puts_refused;
  const Result<void> written = apply(boot, changes, doors, contents, part);
  NACRE_SOMETIMES("an erase is taken while puts are refused", written && erases && puts_were_refused);
  NACRE_SOMETIMES("puts are taken again", written && !erases && puts_were_refused);
  if (!erases)
    boot.puts_refused = !written && boot.weather.space && written.error().reason != nullptr &&
                        Bytes(written.error().reason).find("only erases") != Bytes::npos;
  const bool was_dropped =
      std::any_of(changes.begin(), changes.end(), [&](const Change& c) { return dropping(doors[c.keyspace]); });
  const bool right = !written && written.error().kind == ErrorKind::kNotFound && was_dropped;
  NACRE_SOMETIMES("a write meets a drop of its keyspace", right);
  NACRE_SOMETIMES("a write comes just before a drop", written && was_dropped);
  ended(boot, stream, written, right, changes.size(), to_string(part.kind));
  const bool now = part.durability == Durability::kMemory && (part.seed >> 20) % 4 == 0;
  if (written && now && alive(boot)) flush_or_more(boot, PartKind::kSync);  // who writes so syncs when it matters
}

// ---- transactions ----------------------------------------------------------------------------------------------------

// Whether another stream may have written to the area since the transaction began.
bool EngineRun::may_conflict(uint32_t stream, const Sight& sight, uint32_t area, uint32_t keyspace) const {
  const History& history = oracle_->history();
  for (uint32_t slot = 0; slot < kSlots; slot++) {
    const Track* track = history.find({keyspace, key(keyspace, area, slot)});
    if (track == nullptr) continue;
    for (const Version& version : track->versions) {
      if (version.by.stream != stream && history.commit(version.by).ended >= sight.began()) return true;
    }
  }
  return false;
}

void EngineRun::transact(Boot& boot, uint32_t stream, const Part& part) {
  if (boot.stopped[stream]) return;
  Sight sight(oracle_->history());
  Transaction txn = boot.db->begin();
  sight.taken();
  bool ready = false;
  uint32_t area = kLedgerArea;
  if (part.kind == PartKind::kCount) ready = count_up(boot, stream, txn, sight, part);
  if (part.kind == PartKind::kRoll) {
    area = kRollArea;
    ready = fill_roll(boot, stream, txn, sight, part);
  }
  if (part.kind == PartKind::kPair) {
    area = kPairArea;
    ready = look_for_pair(boot, stream, txn, sight, part);
  }
  if (!ready) return;
  const auto committed = txn.commit(part.durability);
  const uint32_t keyspace = part.seed & 1;
  const bool conflict = !committed && committed.error().kind == ErrorKind::kConflict;
  const bool right = conflict && may_conflict(stream, sight, area, keyspace);
  NACRE_SOMETIMES("a transaction commits", committed.has_value());
  NACRE_SOMETIMES("a transaction loses", right);
  if (alive(boot)) expect(boot, oracle_->judge(sight), "what a transaction read");
  const uint64_t changes = oracle_->history().commit({stream, oracle_->history().begun(stream)}).touched.size();
  ended(boot, stream, committed, right, changes, to_string(part.kind));
}

bool EngineRun::count_up(Boot& boot, uint32_t stream, Transaction& txn, Sight& sight, const Part& part) {
  const uint32_t keyspace = part.seed & 1;
  const Door& door = boot.doors[keyspace];
  const uint32_t slot = (part.seed >> 1) % kLedgerSlots;
  const Place at = place(keyspace, door, kLedgerArea, slot);
  const auto read = txn.get(*door.handle, at.key);
  if (!good(boot, Call::kRead, read, "a transaction's get")) return false;
  expect(boot, sight.sees(at, *read ? std::optional<Bytes>(**read) : std::nullopt), "a transaction's get");
  nap((part.seed >> 8) % 4 == 0 ? (part.seed >> 16) % 1'000'000 : 0);
  if (!alive(boot)) return false;
  History& history = oracle_->history();
  history.begin(stream, part.durability);
  const uint64_t count = *read ? std::stoull(**read) : 0;
  Content content{.present = true, .text = {}};
  content.text = std::to_string(count + 1) + ":" + std::to_string(stream) + ":" + std::to_string(++contents_);
  history.put(stream, at, content);
  txn.put(*door.handle, at.key, content.text).value();
  // A key of its own goes with it, in the other keyspace.
  const uint32_t other = 1 - keyspace;
  const Content own = new_content(static_cast<uint32_t>(part.seed % 64));
  const Place own_at = place(other, boot.doors[other], stream, slot);
  history.put(stream, own_at, own);
  txn.put(*boot.doors[other].handle, own_at.key, value_of(own)).value();
  return true;
}

bool EngineRun::fill_roll(Boot& boot, uint32_t stream, Transaction& txn, Sight& sight, const Part& part) {
  const uint32_t keyspace = part.seed & 1;
  const Door& door = boot.doors[keyspace];
  const std::string from = key(keyspace, kRollArea, 0);
  const std::string to = key(keyspace, kRollArea, kSlots);
  const auto read = txn.read_range(*door.handle, from, to);
  if (!good(boot, Call::kRead, read, "a transaction's read_range")) return false;
  expect(boot, sight.sees_range(door.space, from, to, *read), "a transaction's read_range");
  expect(boot, check_roll(plan_.families[keyspace], *read), "a transaction's read_range");
  nap((part.seed >> 8) % 4 == 0 ? (part.seed >> 16) % 1'000'000 : 0);
  if (!alive(boot)) return false;
  History& history = oracle_->history();
  history.begin(stream, part.durability);
  auto rank = static_cast<uint32_t>(read->size());
  if (rank == kRollSlots / kWriters) {  // full: begun anew
    for (const auto& [each, value] : *read) {
      txn.erase(*door.handle, each).value();
      history.erase(stream, {door.space, each});
    }
    rank = 0;
  }
  const Place at = place(keyspace, door, kRollArea, rank * kWriters + stream);
  const Content content = new_content(16 + static_cast<uint32_t>(part.seed % 100));
  history.put(stream, at, content);
  txn.put(*door.handle, at.key, value_of(content)).value();
  return true;
}

// Puts its own key if the other is not there, and takes it away if it is: both are never there.
bool EngineRun::look_for_pair(Boot& boot, uint32_t stream, Transaction& txn, Sight& sight, const Part& part) {
  const uint32_t keyspace = part.seed & 1;
  const Door& door = boot.doors[keyspace];
  const Place other = place(keyspace, door, kPairArea, 1 - stream % 2);
  const Place own = place(keyspace, door, kPairArea, stream % 2);
  const auto read = txn.get(*door.handle, other.key);
  if (!good(boot, Call::kRead, read, "a transaction's get")) return false;
  expect(boot, sight.sees(other, *read ? std::optional<Bytes>(**read) : std::nullopt), "a transaction's get");
  History& history = oracle_->history();
  history.begin(stream, part.durability);
  if (*read) {
    txn.erase(*door.handle, own.key).value();
    history.erase(stream, own);
  } else {
    const Content content = new_content(20);
    txn.put(*door.handle, own.key, value_of(content)).value();
    history.put(stream, own, content);
  }
  return true;
}

// ---- the lord --------------------------------------------------------------------------------------------------------

void EngineRun::toggle(Boot& boot, const Part& part) {
  if (boot.stopped[kLord]) return;
  const uint32_t keyspace = kKeptKeyspaces + static_cast<uint32_t>(part.seed % (kKeyspaces - kKeptKeyspaces));
  const Place name{kNamesSpace, keyspace_name(keyspace)};
  Door& door = boot.doors[keyspace];
  History& history = oracle_->history();
  history.begin(kLord, Durability::kDisk);
  if (door.handle) {
    dropping_.insert(door.space);
    history.erase(kLord, name);
    const auto dropped = boot.db->drop_keyspace(name.key);
    if (dropped || !alive(boot)) door = {};
    NACRE_SOMETIMES("a keyspace is dropped", dropped.has_value());
    return ended(boot, kLord, dropped, false, 0, "dropping a keyspace");
  }
  const uint32_t space = next_space_++;
  history.put(kLord, name, {.present = true, .text = std::to_string(space)});
  auto created = boot.db->create_keyspace(name.key, options_of(plan_, boot.index + space).keyspace);
  if (created && alive(boot)) {
    // What a lying device lost and what was created and dropped again look alike; then an id may come again.
    const bool again = std::erase_if(ids_, [&](const auto& each) { return each.first == created->id(); }) != 0;
    if (again && !lied_to_) fail(boot, "a new keyspace has the id of an earlier one");
    ids_.emplace_back(created->id(), space);
    door = {.handle = *created, .space = space};
    NACRE_SOMETIMES("a keyspace is created again", space > kKeptKeyspaces + 1);
  }
  ended(boot, kLord, created ? Result<void>() : Result<void>(created.error()), false, 0, "creating a keyspace");
}

}  // namespace nacre::sim
