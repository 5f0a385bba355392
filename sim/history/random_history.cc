#include "sim/history/random_history.h"

#include <algorithm>
#include <utility>
#include <vector>

namespace nacre::history {

namespace {

constexpr uint64_t kBetween = 10;  // ticks from one instant to the next

class Generator {
 public:
  Generator(base::Prng& prng, const RandomHistoryOptions& options) : prng_(prng), options_(options) {
    boot_.keys = options.keys + (options.passing != 0 ? 1 : 0);
    boot_.opened.assign(boot_.keys, kAbsent);
    state_ = boot_.opened;
    free_from_.assign(options.threads, 0);
  }

  Boot run() {
    states_.push_back(state_);
    for (uint32_t i = 0; i < options_.operations; ++i) one((i + 1) * kBetween * 2);
    if (prng_.one_in(2)) crash();
    return std::move(boot_);
  }

 private:
  void see(Operation& operation, Key from, Key to) {
    for (Key key = from; key < to; ++key) operation.seen.push_back({key, state_[key]});
  }
  void write(Operation& operation, Key key, Version version) {
    std::erase_if(operation.written, [&](const KeyVersion& earlier) { return earlier.key == key; });
    operation.written.push_back({key, version});
  }
  bool is_passing(Key key) const { return key < options_.keys && key + options_.passing >= options_.keys; }
  Key existence() const { return options_.keys; }
  Key any_key() { return static_cast<Key>(prng_.below(options_.keys)); }

  void fill(Operation& operation) {
    const Key key = any_key();
    const Key other = any_key();
    const auto [from, to] = std::minmax(key, other);
    switch (operation.kind) {
      case Kind::kGet: see(operation, key, key + 1); break;
      case Kind::kContains: operation.seen.push_back({key, state_[key] == kAbsent ? kAbsent : kAnyVersion}); break;
      case Kind::kScan:
      case Kind::kSnapshot: see(operation, from, to + 1); break;
      case Kind::kErase: write(operation, key, kAbsent); break;
      case Kind::kEraseRange:
        for (Key k = from; k <= to; ++k) write(operation, k, kAbsent);
        break;
      case Kind::kCommit: see(operation, from, to + 1); [[fallthrough]];
      case Kind::kBatch: write(operation, other, next_version_++); [[fallthrough]];
      default: write(operation, key, next_version_++); break;
    }
    const auto of_passing = [&](const KeyVersion& each) { return is_passing(each.key); };
    const bool uses =
        std::ranges::any_of(operation.seen, of_passing) || std::ranges::any_of(operation.written, of_passing);
    if (uses) use_handle(operation);
  }

  // Through a handle of the incarnation that is there, or of an earlier one: then it is refused.
  void use_handle(Operation& operation) {
    const Version there = state_[existence()];
    const bool stale = there == kAbsent || (incarnations_.size() > 1 && prng_.one_in(6));
    if (!stale) {
      operation.seen.push_back({existence(), there});
      return;
    }
    operation.seen.clear();
    operation.outcome = Outcome::kRefused;
    const auto older = static_cast<ptrdiff_t>(prng_.below(incarnations_.size() - (there == kAbsent ? 0 : 1)));
    refusal_ = {{existence(), incarnations_[static_cast<size_t>(older)], true}};
  }

  void come_or_go(Operation& operation) {
    const bool there = state_[existence()] != kAbsent;
    operation.kind = prng_.one_in(6) == there ? Kind::kCreate : Kind::kDrop;
    if ((operation.kind == Kind::kCreate) == there) {  // refused: it is there already, or not at all
      operation.kind = Kind::kRefusal;
      operation.seen = {{existence(), there ? kAnyVersion : kAbsent}};
    } else if (there) {
      operation.seen = {{existence(), kAnyVersion}};
      for (Key key = 0; key < options_.keys; ++key) {
        if (is_passing(key)) write(operation, key, kAbsent);
      }
      write(operation, existence(), kAbsent);
    } else {
      operation.seen = {{existence(), kAbsent}};
      incarnations_.push_back(next_version_);
      write(operation, existence(), next_version_++);
    }
  }

  void one(uint64_t instant) {
    static constexpr Kind kKinds[] = {Kind::kGet,      Kind::kGet,    Kind::kContains, Kind::kScan,
                                      Kind::kSnapshot, Kind::kPut,    Kind::kPut,      Kind::kBatch,
                                      Kind::kCommit,   Kind::kCommit, Kind::kErase,    Kind::kEraseRange};
    Operation operation{.kind = kKinds[prng_.below(options_.erases ? std::size(kKinds) : std::size(kKinds) - 2)]};
    const auto thread = std::ranges::find_if(free_from_, [&](uint64_t free) { return free < instant; });
    if (thread == free_from_.end()) return;
    operation.thread = static_cast<uint32_t>(thread - free_from_.begin());
    operation.invoked = instant - std::min(instant - *thread - 1, prng_.below(options_.overlap * kBetween));
    operation.returned = instant + 1 + prng_.below(options_.overlap * kBetween);
    *thread = operation.returned + 1;
    refusal_.clear();
    const bool comes_or_goes = options_.passing != 0 && (incarnations_.empty() || prng_.one_in(6));
    if (comes_or_goes) {
      come_or_go(operation);
    } else {
      fill(operation);
    }
    if (!refusal_.empty()) {
      Operation refusal = operation;
      refusal.kind = Kind::kRefusal;
      refusal.outcome = Outcome::kDone;
      refusal.seen = refusal_;
      refusal.written.clear();
      remember(instant, std::move(refusal));
    } else if (prng_.one_in(20) && !operation.written.empty() && operation.seen.empty()) {
      operation.outcome = Outcome::kRefused;
    } else {
      for (const KeyVersion& written : operation.written) state_[written.key] = written.version;
    }
    if (!operation.written.empty()) operation.durability = static_cast<Durability>(prng_.below(3));
    if (comes_or_goes && !operation.written.empty()) operation.durability = Durability::kDisk;
    if (!operation.seen.empty() || !operation.written.empty()) remember(instant, std::move(operation));
  }

  void remember(uint64_t instant, Operation operation) {
    instants_.push_back(instant);
    states_.push_back(state_);
    boot_.operations.push_back(std::move(operation));
  }

  // The machine dies at some instant: later operations never were, those in progress are in doubt, and some prefix that
  // has all that is durable is left.
  void crash() {
    boot_.end = prng_.one_in(2) ? End::kKill : End::kPowerCut;
    const uint64_t instant = boot_.operations.empty() ? 0 : instants_[prng_.below(instants_.size())];
    size_t kept = 0;
    size_t durable = 0;
    while (kept < instants_.size() && instants_[kept] <= instant) {
      Operation& operation = boot_.operations[kept++];
      const bool acknowledged = operation.returned <= instant;
      const Durability least = boot_.end == End::kKill ? Durability::kOs : Durability::kDisk;
      if (acknowledged && operation.outcome == Outcome::kDone && operation.durability >= least) durable = kept;
      if (acknowledged || operation.outcome == Outcome::kRefused) continue;
      operation.returned = kNever;
      operation.outcome = Outcome::kInDoubt;
    }
    boot_.operations.resize(kept);
    std::erase_if(boot_.operations, [](const Operation& operation) {
      return operation.outcome == Outcome::kInDoubt && operation.written.empty();
    });
    const std::vector<Version>& left = states_[durable + prng_.below(kept - durable + 1)];
    boot_.survived.emplace();
    for (Key key = 0; key < boot_.keys; ++key) {
      const bool exists =
          key == existence() && left[key] != kAbsent;  // it is there; which incarnation, its name does not tell
      boot_.survived->push_back({key, exists ? kAnyVersion : left[key]});
    }
  }

  base::Prng& prng_;
  const RandomHistoryOptions options_;
  Boot boot_;
  std::vector<Version> state_;
  std::vector<std::vector<Version>> states_;  // before each operation, and at the end
  std::vector<uint64_t> instants_;
  std::vector<uint64_t> free_from_;
  std::vector<Version> incarnations_;
  std::vector<KeyVersion> refusal_;  // what the operation's answer saw, if a keyspace was not there
  Version next_version_ = 1;
};

bool done(const Operation& operation) { return operation.outcome == Outcome::kDone; }
bool before(const Operation& a, const Operation& b) { return done(a) && a.returned < b.invoked; }

const KeyVersion* write_of(const Operation& operation, Key key) {
  const auto found = std::ranges::find(operation.written, key, &KeyVersion::key);
  return found == operation.written.end() ? nullptr : &*found;
}

class Planter {
 public:
  Planter(Boot boot, base::Prng& prng) : boot_(std::move(boot)), prng_(prng) {}

  std::optional<Boot> plant(Anomaly anomaly) {
    // Many tries at random places: most histories have one somewhere.
    for (uint32_t i = 0; i < 4000 && !boot_.operations.empty(); ++i) {
      Operation& reader = any();
      if (planted(anomaly, reader)) return std::move(boot_);
    }
    return std::nullopt;
  }

 private:
  Operation& any() { return boot_.operations[prng_.below(boot_.operations.size())]; }
  KeyVersion* any_seen(Operation& reader) {
    if (reader.seen.empty() || !done(reader)) return nullptr;
    KeyVersion& seen = reader.seen[prng_.below(reader.seen.size())];
    return seen.other ? nullptr : &seen;  // of what was not seen, nothing can be wrong
  }

  bool planted(Anomaly anomaly, Operation& reader) {
    switch (anomaly) {
      case Anomaly::kStaleRead: return stale(any_seen(reader), reader.invoked);
      case Anomaly::kReadFromTheFuture: return future(any_seen(reader), reader);
      case Anomaly::kHalfABatch: return half_a_batch(reader);
      case Anomaly::kMovingSnapshot: return moving(reader);
      case Anomaly::kMissedKey: return missed(any_seen(reader), reader);
      case Anomaly::kLostUpdate: return lost_update(reader);
      case Anomaly::kRefusedWriteSeen: return refused(any_seen(reader));
      case Anomaly::kNobodysBytes: return nobodys(any_seen(reader));
      case Anomaly::kLostDurableWrite: return lost_durable();
      case Anomaly::kTornPrefix: return torn_prefix();
      case Anomaly::kWriteLostByRecreation: return lost_by_recreation(any_seen(reader), reader);
      case Anomaly::kOldIncarnation: return old_incarnation(any_seen(reader), reader.invoked);
      case Anomaly::kHalfABatchAroundADrop: return half_around_a_drop(any_seen(reader));
      case Anomaly::kDropUndone: return undone(Kind::kDrop, Kind::kCreate);
      case Anomaly::kCreationLost: return undone(Kind::kCreate, Kind::kDrop);
      case Anomaly::kCount: break;
    }
    return false;
  }

  // old ended before the newer write began, and that one ended before the read: no order shows the old value again,
  // since versions never come back.
  bool stale(KeyVersion* seen, uint64_t invoked) {
    const Operation& old = any();
    const Operation& newer = any();
    if (seen == nullptr || !before(old, newer) || !done(newer) || newer.returned >= invoked) return false;
    const KeyVersion* from = write_of(old, seen->key);
    if (from == nullptr || from->version == kAbsent || write_of(newer, seen->key) == nullptr) return false;
    seen->version = from->version;
    return true;
  }

  bool future(KeyVersion* seen, const Operation& reader) {
    const Operation& later = any();
    if (seen == nullptr || later.invoked <= reader.returned) return false;
    const KeyVersion* written = write_of(later, seen->key);
    if (written == nullptr || written->version == kAbsent) return false;
    seen->version = written->version;
    return true;
  }

  // One key has the batch's version; another has one that was written before the batch began.
  bool half_a_batch(Operation& reader) {
    const Operation& batch = any();
    const Operation& old = any();
    if (batch.outcome == Outcome::kRefused || batch.written.size() < 2 || !before(old, batch)) return false;
    KeyVersion* second = any_seen(reader);
    if (second == nullptr || write_of(batch, second->key) == nullptr) return false;
    const KeyVersion* from = write_of(old, second->key);
    const auto shows_batch = [&](const KeyVersion& seen) {
      const KeyVersion* written = write_of(batch, seen.key);
      return written != nullptr && written->version != kAbsent && written->version == seen.version &&
             seen.key != second->key;
    };
    if (from == nullptr || from->version == kAbsent || std::ranges::none_of(reader.seen, shows_batch)) return false;
    second->version = from->version;
    return true;
  }

  bool moving(Operation& reader) {
    KeyVersion* seen = any_seen(reader);
    if (seen == nullptr || seen->version == kAbsent || seen->version == kAnyVersion) return false;
    reader.seen.push_back({seen->key, kAbsent});
    return true;
  }

  // Nobody ever erases it.
  bool missed(KeyVersion* seen, const Operation& reader) {
    const Operation& writer = any();
    if (seen == nullptr || !before(writer, reader) || write_of(writer, seen->key) == nullptr) return false;
    for (const Operation& operation : boot_.operations) {
      const KeyVersion* written = write_of(operation, seen->key);
      if (written != nullptr && written->version == kAbsent) return false;
    }
    seen->version = kAbsent;
    return true;
  }

  // Whichever came second did not see what it says.
  bool lost_update(Operation& one) {
    const Operation& other = any();
    if (&one == &other || !done(one) || !done(other)) return false;
    for (KeyVersion& seen : one.seen) {
      if (write_of(one, seen.key) == nullptr || write_of(other, seen.key) == nullptr) continue;
      const auto same = std::ranges::find(other.seen, seen.key, &KeyVersion::key);
      if (same == other.seen.end() || same->version == kAbsent || same->version == kAnyVersion) continue;
      seen.version = same->version;
      return true;
    }
    return false;
  }

  bool refused(KeyVersion* seen) {
    const Operation& writer = any();
    if (seen == nullptr || writer.outcome != Outcome::kRefused) return false;
    const KeyVersion* written = write_of(writer, seen->key);
    if (written == nullptr || written->version == kAbsent) return false;
    seen->version = written->version;
    return true;
  }

  bool nobodys(KeyVersion* seen) {
    if (seen == nullptr) return false;
    seen->version = kNobodysVersion;
    return true;
  }

  KeyVersion* any_survivor() {
    if (!boot_.survived) return nullptr;
    return &(*boot_.survived)[prng_.below(boot_.survived->size())];
  }

  bool lost_durable() {
    const Operation& durable = any();
    const Operation& old = any();
    KeyVersion* survivor = any_survivor();
    if (survivor == nullptr || !done(durable) || durable.durability != Durability::kDisk || !before(old, durable))
      return false;
    const KeyVersion* from = write_of(old, survivor->key);
    if (from == nullptr || from->version == kAbsent || write_of(durable, survivor->key) == nullptr) return false;
    survivor->version = from->version;
    return true;
  }

  // What survived shows a write, and at another key a version that was replaced before that write began.
  bool torn_prefix() {
    const Operation& old = any();
    const Operation& newer = any();
    const Operation& newest = any();
    KeyVersion* survivor = any_survivor();
    if (survivor == nullptr || !before(old, newer) || !before(newer, newest)) return false;
    const auto shows_newest = [&](const KeyVersion& seen) {
      const KeyVersion* written = write_of(newest, seen.key);
      return written != nullptr && written->version != kAbsent && written->version == seen.version &&
             seen.key != survivor->key;
    };
    const KeyVersion* from = write_of(old, survivor->key);
    if (from == nullptr || from->version == kAbsent || write_of(newer, survivor->key) == nullptr) return false;
    if (std::ranges::none_of(*boot_.survived, shows_newest)) return false;
    survivor->version = from->version;
    return true;
  }

  // The existence is the last key. An operation through a handle saw it.
  Key existence() const { return boot_.keys - 1; }
  bool through_a_handle(const Operation& operation) const {
    return std::ranges::any_of(operation.seen,
                               [&](const KeyVersion& seen) { return seen.key == existence() && !seen.other; });
  }

  // The keyspace is there, and nobody but this writer can have touched the key last.
  bool lost_by_recreation(KeyVersion* seen, const Operation& reader) {
    const Operation& writer = any();
    if (seen == nullptr || seen->key == existence() || seen->version == kAbsent || seen->version == kAnyVersion)
      return false;
    if (!through_a_handle(reader) || !through_a_handle(writer) || !before(writer, reader)) return false;
    const KeyVersion* written = write_of(writer, seen->key);
    if (written == nullptr || written->version == kAbsent) return false;
    for (const Operation& other : boot_.operations) {
      if (&other == &writer || other.outcome == Outcome::kRefused || write_of(other, seen->key) == nullptr) continue;
      if (!before(other, writer) && !(other.invoked > reader.returned)) return false;
    }
    seen->version = kAbsent;
    return true;
  }

  // As a stale read, but it was a drop that replaced it.
  bool old_incarnation(KeyVersion* seen, uint64_t invoked) {
    const Operation& old = any();
    const Operation& drop = any();
    if (seen == nullptr || drop.kind != Kind::kDrop || !before(old, drop) || !done(drop) || drop.returned >= invoked)
      return false;
    const KeyVersion* from = write_of(old, seen->key);
    if (from == nullptr || from->version == kAbsent || write_of(drop, seen->key) == nullptr) return false;
    seen->version = from->version;
    return true;
  }

  bool half_around_a_drop(KeyVersion* seen) {
    const Operation& batch = any();
    if (seen == nullptr || batch.written.size() < 2 || batch.outcome != Outcome::kRefused) return false;
    const bool missed = std::ranges::any_of(boot_.operations, [&](const Operation& other) {
      return other.kind == Kind::kRefusal && other.thread == batch.thread && other.invoked == batch.invoked;
    });
    const KeyVersion* written = write_of(batch, seen->key);
    if (!missed || written == nullptr || written->version == kAbsent) return false;
    seen->version = written->version;
    return true;
  }

  // What survived shows the opposite of an acknowledged creation or drop, though nothing after it made that so.
  bool undone(Kind which, Kind opposite) {
    const Operation& last = any();
    if (!boot_.survived || last.kind != which || !done(last)) return false;
    for (const Operation& other : boot_.operations) {
      if (other.kind == opposite && !before(other, last)) return false;
    }
    for (KeyVersion& survivor : *boot_.survived) {
      if (survivor.key == existence()) survivor.version = which == Kind::kDrop ? kAnyVersion : kAbsent;
    }
    return true;
  }

  Boot boot_;
  base::Prng& prng_;
};

}  // namespace

Boot random_history(base::Prng& prng, const RandomHistoryOptions& options) { return Generator(prng, options).run(); }

std::optional<Boot> plant(const Boot& boot, Anomaly anomaly, base::Prng& prng) {
  return Planter(boot, prng).plant(anomaly);
}

const char* to_string(Anomaly anomaly) {
  switch (anomaly) {
    case Anomaly::kStaleRead: return "stale read";
    case Anomaly::kReadFromTheFuture: return "read from the future";
    case Anomaly::kHalfABatch: return "half a batch";
    case Anomaly::kMovingSnapshot: return "moving snapshot";
    case Anomaly::kMissedKey: return "missed key";
    case Anomaly::kLostUpdate: return "lost update";
    case Anomaly::kRefusedWriteSeen: return "refused write seen";
    case Anomaly::kNobodysBytes: return "bytes that nobody wrote";
    case Anomaly::kLostDurableWrite: return "lost durable write";
    case Anomaly::kTornPrefix: return "torn prefix";
    case Anomaly::kWriteLostByRecreation: return "write lost by re-creation";
    case Anomaly::kOldIncarnation: return "read of an old incarnation";
    case Anomaly::kHalfABatchAroundADrop: return "half a batch around a drop";
    case Anomaly::kDropUndone: return "drop undone";
    case Anomaly::kCreationLost: return "creation lost";
    case Anomaly::kCount: break;
  }
  return "?";
}

}  // namespace nacre::history
