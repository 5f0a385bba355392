#include "sim/history_guest.h"

#include <utility>

#include "sim/probes.h"

namespace nacre::sim {

using history::kAbsent;
using history::kAnyVersion;
using history::Key;
using history::Kind;
using history::Operation;
using history::Outcome;
using history::Version;

Operation Guest::begin(Kind kind) const { return {.kind = kind, .thread = thread_, .invoked = stage_.ticks->next()}; }

bool Guest::step() {
  if (house_.newest != nullptr && (mine_ == nullptr || prng_.one_in(4))) mine_ = house_.newest;
  const uint64_t what = prng_.below(100);
  if (what < 16 || mine_ == nullptr) {
    come();
  } else if (what < 28) {
    go();
  } else if (what < 64) {
    write();
  } else {
    read();
  }
  return stage_.alive();
}

// An answer that tells how the existence stood at some instant of the call. A write beside it is refused.
void Guest::keep_refusal(Operation operation, history::KeyVersion seen) {
  Operation refusal{.kind = Kind::kRefusal,
                    .thread = thread_,
                    .invoked = operation.invoked,
                    .returned = operation.returned,
                    .seen = {seen}};
  operations_.push_back(std::move(refusal));
  operation.outcome = Outcome::kRefused;
  if (!operation.written.empty()) operations_.push_back(std::move(operation));
}

// Of a change.
void Guest::settle(Operation operation, const Result<void>& result, const char* what) {
  const uint64_t now = stage_.ticks->next();
  if (stage_.alive() && result) {
    operation.returned = now;
  } else if (!stage_.alive() || result.error().kind == ErrorKind::kIo) {
    operation.outcome = Outcome::kInDoubt;
  } else {
    operation.outcome = Outcome::kRefused;
    operation.returned = now;
  }
  if (stage_.alive() && !result) stage_.failed(result.error(), what);
  operations_.push_back(std::move(operation));
}

void Guest::come() {
  Operation operation = begin(Kind::kCreate);
  operation.durability = Durability::kDisk;
  operation.seen = {{house_.existence(), kAbsent}};
  operation.written = {{house_.existence(), next_version_++}};
  auto created = stage_.db->create_keyspace(kGuestKeyspace, {});
  if (!created && created.error().kind == ErrorKind::kInvalidArgument && stage_.alive()) {
    operation.returned = stage_.ticks->next();
    return keep_refusal(std::move(operation), {house_.existence(), kAnyVersion});
  }
  if (created) {
    NACRE_SOMETIMES("history: a keyspace is made anew", house_.newest != nullptr);
    using Lodging = GuestHouse::Lodging;
    mine_ = house_.newest = std::make_shared<const Lodging>(Lodging{*created, operation.written[0].version});
  }
  settle(std::move(operation), created ? Result<void>() : created.error(), "a creation");
}

void Guest::go() {
  Operation operation = begin(Kind::kDrop);
  operation.durability = Durability::kDisk;
  operation.seen = {{house_.existence(), kAnyVersion}};
  for (Key key = house_.first_key; key <= house_.existence(); ++key) operation.written.push_back({key, kAbsent});
  const Result<void> dropped = stage_.db->drop_keyspace(kGuestKeyspace);
  if (!dropped && dropped.error().kind == ErrorKind::kNotFound && stage_.alive()) {
    operation.returned = stage_.ticks->next();
    return keep_refusal(std::move(operation), {house_.existence(), kAbsent});
  }
  settle(std::move(operation), dropped, "a drop");
}

void Guest::write() {
  Batch batch;
  std::map<Key, Version> last;
  for (uint64_t left = 1 + prng_.below(3); left > 0; --left) {
    const auto number = static_cast<uint32_t>(prng_.below(house_.keys));
    const Version version = prng_.one_in(5) ? kAbsent : next_version_++;
    last[house_.first_key + number] = version;
    if (version == kAbsent) batch.erase(mine_->keyspace, history::key_text(number));
    if (version != kAbsent) batch.put(mine_->keyspace, history::key_text(number), history::value_of(version));
  }
  if (prng_.one_in(2)) {
    const auto key = static_cast<Key>(prng_.below(stage_.keys()));
    last[key] = next_version_++;
    batch.put(stage_.keyspace_of(key), history::key_text(key % stage_.keys_each), history::value_of(last[key]));
  }
  Operation operation = begin(Kind::kBatch);
  operation.durability = static_cast<Durability>(prng_.below(3));
  operation.seen = {{house_.existence(), mine_->incarnation}};
  for (const auto& [key, version] : last) operation.written.push_back({key, version});
  const Result<void> written = stage_.db->write(batch, operation.durability);
  const bool gone = !written && written.error().kind == ErrorKind::kNotFound && stage_.alive();
  NACRE_SOMETIMES("history: a batch into a keyspace that was dropped is refused", gone);
  if (!gone) return settle(std::move(operation), written, "a batch");
  operation.returned = stage_.ticks->next();
  operation.seen.clear();
  keep_refusal(std::move(operation), {house_.existence(), mine_->incarnation, true});
}

void Guest::read() {
  Operation operation = begin(prng_.one_in(3) ? Kind::kScan : Kind::kGet);
  operation.seen = {{house_.existence(), mine_->incarnation}};
  Result<void> status;
  if (operation.kind == Kind::kGet) {
    const auto number = static_cast<uint32_t>(prng_.below(house_.keys));
    const auto value = mine_->keyspace.get(history::key_text(number));
    if (!value) status = value.error();
    if (value) operation.seen.push_back({house_.first_key + number, *value ? history::version_of(**value) : kAbsent});
  } else {
    std::vector<Version> all(house_.keys, kAbsent);
    Scan scan = mine_->keyspace.scan();
    for (const auto& [key, value] : scan) {
      for (uint32_t number = 0; number < house_.keys; ++number) {
        if (Bytes(history::key_text(number)) == key) all[number] = history::version_of(value);
      }
    }
    status = scan.status();
    for (uint32_t number = 0; number < house_.keys; ++number)
      operation.seen.push_back({house_.first_key + number, all[number]});
  }
  operation.returned = stage_.ticks->next();
  if (!stage_.alive()) return;
  if (status) {
    operations_.push_back(std::move(operation));
  } else if (status.error().kind == ErrorKind::kNotFound) {
    keep_refusal(std::move(operation), {house_.existence(), mine_->incarnation, true});
  } else {
    stage_.failed(status.error(), "a read of a guest");
  }
}

}  // namespace nacre::sim
