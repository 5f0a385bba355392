#include "sim/history/client.h"

#include <algorithm>
#include <charconv>
#include <utility>

namespace nacre::history {

// ---- keys and values -------------------------------------------------------------------------------------------------

std::string key_text(uint32_t number) {
  return {static_cast<char>('a' + number / 4), static_cast<char>('0' + number % 4)};
}

std::string Stage::name_of(Key key) const {
  return keyspaces[key / keys_each].name() + "/" + key_text(key % keys_each);
}

std::string value_of(Version version) {
  const size_t filling = version % 8 == 0 ? 400 + version % 700 : version % 40;
  return std::to_string(version) + "." + std::string(filling, static_cast<char>('a' + version % 26));
}

Version version_of(Bytes value) {
  Version version = 0;
  std::from_chars(value.data(), value.data() + value.size(), version);
  return version != kAbsent && value == Bytes(value_of(version)) ? version : kNobodysVersion;
}

std::optional<std::vector<Version>> read_all(const Stage& stage) {
  std::vector<Version> all(stage.keys(), kAbsent);
  const Snapshot snapshot = stage.db->snapshot();
  for (Key first = 0; first < stage.keys(); first += stage.keys_each) {
    Scan scan = stage.keyspace_of(first).scan({.snapshot = snapshot});
    for (const auto& [key, value] : scan) {
      uint32_t number = 0;
      while (number < stage.keys_each && Bytes(key_text(number)) != key) ++number;
      if (number < stage.keys_each) all[first + number] = version_of(value);
    }
    if (const Result<void> status = scan.status(); !status || !stage.alive()) {
      if (stage.alive()) stage.failed(status.error(), "a scan after the open");
      return std::nullopt;
    }
  }
  return all;
}

// ---- recording -------------------------------------------------------------------------------------------------------

Client::Client(const Stage& stage, uint32_t thread, uint64_t seed, Version versions, Version stride)
    : stage_(stage), thread_(thread), prng_(seed), next_version_(versions), stride_(stride) {}

Client::~Client() = default;

Operation Client::begin(Kind kind) { return {.kind = kind, .thread = thread_, .invoked = stage_.ticks->next()}; }

// Of a write.
void Client::end(Operation& operation, const Result<void>& result, const char* what) {
  const uint64_t now = stage_.ticks->next();
  operation.outcome = Outcome::kInDoubt;
  if (!stage_.alive()) return;  // the dead acknowledge nothing
  if (result) {
    operation.outcome = Outcome::kDone;
    operation.returned = now;
    return;
  }
  const ErrorKind kind = result.error().kind;
  if (kind != ErrorKind::kIo) {
    operation.outcome = Outcome::kRefused;
    operation.returned = now;
  }
  if (kind != ErrorKind::kConflict) stage_.failed(result.error(), what);
}

// Of a read: whether what it saw counts.
bool Client::answered(Operation& operation, const Result<void>& result, const char* what) {
  if (operation.returned == kNever) operation.returned = stage_.ticks->next();
  if (!stage_.alive()) return false;
  if (!result) stage_.failed(result.error(), what);
  return result.has_value();
}

void Client::keep(Operation operation) {
  if (operation.seen.empty() && operation.written.empty() && operation.durability == Durability::kMemory) return;
  operations_.push_back(std::move(operation));
}

std::vector<Operation> Client::finish() {
  if (held_) keep(std::move(held_->operation));
  held_.reset();
  return std::move(operations_);
}

// ---- what to do ------------------------------------------------------------------------------------------------------

Version Client::new_version() { return std::exchange(next_version_, next_version_ + stride_); }
Key Client::any_key() { return static_cast<Key>(prng_.below(stage_.keys())); }

WriteOptions Client::any_durability(Operation& operation) {
  static constexpr Durability kMost[] = {Durability::kMemory, Durability::kMemory, Durability::kOs, Durability::kOs};
  operation.durability = prng_.one_in(12) ? Durability::kDisk : kMost[prng_.below(4)];
  return {.durability = operation.durability};
}

bool Client::step() {
  if (held_ && prng_.one_in(3)) {
    read_at_snapshot();
    return stage_.alive();
  }
  const uint64_t what = prng_.below(100);
  if (what < 36) {
    read_now();
  } else if (what < 44) {
    take_snapshot();
  } else if (what < 66) {
    point_write();
  } else if (what < 69) {
    erase_range();
  } else if (what < 80) {
    batch();
  } else if (what < 98) {
    transaction();
  } else {
    make_durable();
  }
  return stage_.alive();
}

void Client::point_write() {
  const bool put = !prng_.one_in(5);
  const Key key = any_key();
  const Version version = put ? new_version() : kAbsent;
  const std::string text = key_text(key % stage_.keys_each);
  const std::string value = put ? value_of(version) : "";
  Operation operation = begin(put ? Kind::kPut : Kind::kErase);
  operation.written.push_back({key, version});
  const WriteOptions options = any_durability(operation);
  const Keyspace& keyspace = stage_.keyspace_of(key);
  end(operation, put ? keyspace.put(text, value, options) : keyspace.erase(text, options), "a write");
  keep(std::move(operation));
}

void Client::erase_range() {
  const Range range = any_range();
  if (range.from == range.to) return;
  const Key base = range.from / stage_.keys_each * stage_.keys_each;
  Operation operation = begin(Kind::kEraseRange);
  for (Key key = range.from; key < range.to; ++key) operation.written.push_back({key, kAbsent});
  const WriteOptions options = any_durability(operation);
  end(operation, range.keyspace->erase_range(key_text(range.from - base), key_text(range.to - base), options),
      "an erase of a range");
  keep(std::move(operation));
}

void Client::batch() {
  Batch batch;
  std::map<Key, Version> last;
  for (uint64_t left = 2 + prng_.below(4); left > 0; --left) {
    const Key key = any_key();
    const std::string text = key_text(key % stage_.keys_each);
    if (prng_.one_in(5)) {
      batch.erase(stage_.keyspace_of(key), text);
      last[key] = kAbsent;
    } else {
      last[key] = new_version();
      batch.put(stage_.keyspace_of(key), text, value_of(last[key]));
    }
  }
  if (prng_.one_in(8)) {
    const Range range = any_range();
    const Key base = range.from / stage_.keys_each * stage_.keys_each;
    if (range.from < range.to)
      batch.erase_range(*range.keyspace, key_text(range.from - base), key_text(range.to - base));
    for (Key key = range.from; key < range.to; ++key) last[key] = kAbsent;
  }
  Operation operation = begin(Kind::kBatch);
  for (const auto& [key, version] : last) operation.written.push_back({key, version});
  const WriteOptions options = any_durability(operation);
  end(operation, stage_.db->write(batch, options), "a batch");
  keep(std::move(operation));
}

void Client::make_durable() {
  const bool sync = prng_.one_in(2);
  Operation operation = begin(sync ? Kind::kSync : Kind::kFlush);
  operation.durability = Durability::kDisk;
  if (answered(operation, sync ? stage_.db->sync() : stage_.db->flush(), "a sync or flush")) keep(std::move(operation));
}

// ---- snapshots -------------------------------------------------------------------------------------------------------

void Client::take_snapshot() {
  if (held_) keep(std::move(held_->operation));
  held_.reset();
  Operation operation = begin(Kind::kSnapshot);
  Snapshot snapshot = stage_.db->snapshot();
  if (!answered(operation, {}, "a snapshot")) return;
  held_.emplace(std::move(snapshot), std::move(operation), static_cast<uint32_t>(1 + prng_.below(6)));
}

void Client::read_at_snapshot() {
  const bool good = read_something(held_->operation, held_->snapshot);
  if (good && --held_->reads_left > 0) return;
  keep(std::move(held_->operation));
  held_.reset();
}

// ---- transactions ----------------------------------------------------------------------------------------------------

void Client::transaction() {
  Operation reads = begin(Kind::kBegin);
  Transaction transaction = stage_.db->begin();
  if (!answered(reads, {}, "a transaction")) return;
  run_transaction(transaction, std::move(reads));
  // After an end it begins anew.
  for (uint64_t left = prng_.below(3); left > 0 && stage_.alive(); --left) {
    Operation again = begin(Kind::kBegin);
    transaction.rollback();
    if (!answered(again, {}, "a transaction")) return;
    run_transaction(transaction, std::move(again));
  }
}

void Client::run_transaction(Transaction& transaction, Operation reads) {
  std::map<Key, Version> own;
  bool good = true;
  for (uint64_t left = 1 + prng_.below(4); good && left > 0; --left) {
    if (prng_.one_in(4)) stage_.pause(prng_.next());
    if (prng_.one_in(2)) {
      write_in_transaction(transaction, own);
    } else {
      good = read_in_transaction(transaction, reads, own);
    }
  }
  Operation commit = begin(Kind::kCommit);
  commit.seen = reads.seen;
  for (const auto& [key, version] : own) commit.written.push_back({key, version});
  if (!good || prng_.one_in(10)) {
    transaction.rollback();
    commit.returned = stage_.ticks->next();
    commit.outcome = Outcome::kRefused;
  } else {
    const WriteOptions options = any_durability(commit);
    end(commit, transaction.commit(options), "a commit");
  }
  if (commit.written.empty()) commit.durability = Durability::kMemory;
  keep(std::move(reads));
  keep(std::move(commit));
}

void Client::write_in_transaction(Transaction& transaction, std::map<Key, Version>& own) {
  const Key key = any_key();
  const Keyspace& keyspace = stage_.keyspace_of(key);
  const std::string text = key_text(key % stage_.keys_each);
  if (prng_.one_in(4)) {
    own[key] = kAbsent;
    transaction.erase(keyspace, text).value();
  } else {
    own[key] = new_version();
    transaction.put(keyspace, text, value_of(own[key])).value();
  }
}

// Its own writes must be there; they are nobody else's business.
bool Client::read_in_transaction(Transaction& transaction, Operation& reads, const std::map<Key, Version>& own) {
  const auto see = [&](Key key, Version version) {
    const auto mine = own.find(key);
    if (mine == own.end()) {
      reads.seen.push_back({key, version});
    } else if (version != mine->second) {
      reads.seen.push_back({key, kNobodysVersion});
    }
  };
  if (prng_.one_in(2)) {
    const Key key = any_key();
    const auto value = transaction.get(stage_.keyspace_of(key), key_text(key % stage_.keys_each));
    if (!stage_.alive()) return false;
    if (!value) {
      stage_.failed(value.error(), "a get of a transaction");
      return false;
    }
    see(key, *value ? version_of(**value) : kAbsent);
    return true;
  }
  const Range range = any_range();
  if (range.from == range.to) return true;
  const Key base = range.from / stage_.keys_each * stage_.keys_each;
  const auto found = transaction.read_range(*range.keyspace, key_text(range.from - base), key_text(range.to - base));
  if (!stage_.alive()) return false;
  if (!found) {
    stage_.failed(found.error(), "a range of a transaction");
    return false;
  }
  auto next = found->begin();
  for (Key key = range.from; key < range.to; ++key) {
    const bool here = next != found->end() && next->first == key_text(key - base);
    see(key, here ? version_of(next->second) : kAbsent);
    if (here) ++next;
  }
  if (next != found->end())
    reads.seen.push_back({range.from, kNobodysVersion});  // out of order, twice, or out of bounds
  return true;
}

}  // namespace nacre::history
