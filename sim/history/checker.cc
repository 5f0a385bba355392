#include "sim/history/checker.h"

#include <algorithm>
#include <array>
#include <bit>
#include <unordered_set>
#include <utility>

namespace nacre::history {

namespace {

// One way in which things may stand. Bits are slots of operations in progress.
struct Possibility {
  std::vector<Version> state;
  uint64_t effective = 0;  // have taken effect
  bool survives = false;   // the state was at some point what the next open found
  uint64_t late = 0;       // durable ones that took effect after that point

  bool operator==(const Possibility&) const = default;
};

struct Hash {
  size_t operator()(const Possibility& possibility) const {
    uint64_t hash =
        possibility.effective * 0x9e3779b97f4a7c15ULL + possibility.late * 2 + (possibility.survives ? 1 : 0);
    for (const Version version : possibility.state) hash = (hash ^ version) * 0xff51afd7ed558ccdULL + (hash >> 31);
    return hash;
  }
};
using Possibilities = std::unordered_set<Possibility, Hash>;

bool holds_in(const std::vector<KeyVersion>& seen, const std::vector<Version>& state) {
  return std::ranges::all_of(seen, [&](const KeyVersion& each) {
    const bool is = each.version == kAnyVersion ? state[each.key] != kAbsent : state[each.key] == each.version;
    return is != each.other;
  });
}

class Search {
 public:
  explicit Search(const Boot& boot) : boot_(boot) {}

  Verdict run() {
    Possibility first{.state = boot_.opened};
    first.state.resize(boot_.keys, kAbsent);
    look_for_survival(first);
    now_.insert(std::move(first));
    for (const Event& event : events()) {
      if (event.returns) {
        leave(slot_of_[event.operation]);
      } else if (!enter(event.operation)) {
        return verdict(Verdict::Kind::kUndecided, event.at);
      }
      if (too_many_) return verdict(Verdict::Kind::kUndecided, event.at);
      if (now_.empty()) return verdict(Verdict::Kind::kContradiction, event.at);
    }
    if (!boot_.survived) return verdict(Verdict::Kind::kHolds, kNever);
    return survival();
  }

 private:
  struct Event {
    uint64_t at;
    bool returns;
    size_t operation;
    auto operator<=>(const Event&) const = default;  // at one instant invocations come first: these overlap
  };

  Verdict verdict(Verdict::Kind kind, uint64_t at) const {
    return {.kind = kind, .at = at, .most_possibilities = most_};
  }

  std::vector<Event> events() {
    std::vector<Event> events;
    slot_of_.resize(boot_.operations.size());
    for (size_t i = 0; i < boot_.operations.size(); ++i) {
      const Operation& operation = boot_.operations[i];
      if (operation.outcome == Outcome::kRefused) continue;
      events.push_back({.at = operation.invoked, .returns = false, .operation = i});
      if (operation.outcome == Outcome::kDone && operation.returned != kNever)
        events.push_back({.at = operation.returned, .returns = true, .operation = i});
    }
    std::ranges::sort(events);
    return events;
  }

  bool must_survive(const Operation& operation) const {
    if (operation.outcome != Outcome::kDone) return false;
    return boot_.end == End::kPowerCut ? operation.durability == Durability::kDisk
                                       : operation.durability != Durability::kMemory;
  }

  // The state has just come about.
  void look_for_survival(Possibility& possibility) const {
    if (!boot_.survived || !holds_in(*boot_.survived, possibility.state)) return;
    possibility.survives = true;
    possibility.late = 0;
  }

  void take_effect(Possibility& possibility, uint32_t slot) const {
    const Operation& operation = *slots_[slot];
    possibility.effective |= uint64_t{1} << slot;
    for (const KeyVersion& write : operation.written) possibility.state[write.key] = write.version;
    if (!operation.written.empty()) look_for_survival(possibility);
    const bool here = boot_.survived && holds_in(*boot_.survived, possibility.state);
    if (possibility.survives && !here && must_survive(operation)) possibility.late |= uint64_t{1} << slot;
  }

  template <class Do>
  void for_each_waiting(const Possibility& possibility, const Do& act) const {
    for (uint64_t left = used_ & ~possibility.effective; left != 0; left &= left - 1)
      act(static_cast<uint32_t>(std::countr_zero(left)));
  }

  // Operations that only see take effect at once where they can.
  void take_readers(Possibility& possibility) const {
    for_each_waiting(possibility, [&](uint32_t slot) {
      if (slots_[slot]->written.empty() && holds_in(slots_[slot]->seen, possibility.state))
        take_effect(possibility, slot);
    });
  }

  bool enter(size_t index) {
    const auto slot = static_cast<uint32_t>(std::countr_one(used_));
    if (slot == slots_.size()) return false;
    used_ |= uint64_t{1} << slot;
    slots_[slot] = &boot_.operations[index];
    slot_of_[index] = slot;
    if (!slots_[slot]->written.empty()) return true;
    Possibilities after;
    for (Possibility possibility : now_) {
      take_readers(possibility);
      after.insert(std::move(possibility));
    }
    replace(std::move(after));
    return true;
  }

  void leave(uint32_t slot) {
    const uint64_t bit = uint64_t{1} << slot;
    Possibilities after;
    extend(bit, [&](Possibility possibility) {
      if ((possibility.late & bit) != 0) {
        possibility.survives = false;
        possibility.late = 0;
      }
      possibility.effective &= ~bit;
      after.insert(std::move(possibility));
      return true;
    });
    used_ &= ~bit;
    slots_[slot] = nullptr;
    replace(std::move(after));
  }

  // Finds every possibility in which one of `wanted` has just taken effect, or had. `found` tells whether to go on.
  template <class Found>
  void extend(uint64_t wanted, const Found& found) {
    Possibilities known = now_;
    std::vector<Possibility> open(now_.begin(), now_.end());
    while (!open.empty() && !too_many_) {
      const Possibility possibility = std::move(open.back());
      open.pop_back();
      if ((possibility.effective & wanted) != 0) {
        if (!found(possibility)) return;
        continue;
      }
      for_each_waiting(possibility, [&](uint32_t slot) {
        if (!holds_in(slots_[slot]->seen, possibility.state)) return;
        Possibility next = possibility;
        take_effect(next, slot);
        take_readers(next);
        if (known.insert(next).second) open.push_back(std::move(next));
      });
      too_many_ = known.size() > kMaxPossibilities;
    }
  }

  // After the last event: may what the next open found be what was left?
  Verdict survival() {
    const auto survives = [](const Possibility& possibility) { return possibility.survives; };
    bool found = std::ranges::any_of(now_, survives);
    Possibilities known = now_;
    std::vector<Possibility> open(now_.begin(), now_.end());
    while (!found && !open.empty()) {
      if (known.size() > kMaxPossibilities) return verdict(Verdict::Kind::kUndecided, kNever);
      const Possibility possibility = std::move(open.back());
      open.pop_back();
      for_each_waiting(possibility, [&](uint32_t slot) {
        if (!holds_in(slots_[slot]->seen, possibility.state)) return;
        Possibility next = possibility;
        take_effect(next, slot);
        found = found || next.survives;
        if (known.insert(next).second) open.push_back(std::move(next));
      });
    }
    return verdict(found ? Verdict::Kind::kHolds : Verdict::Kind::kContradiction, kNever);
  }

  void replace(Possibilities after) {
    now_ = std::move(after);
    most_ = std::max(most_, now_.size());
  }

  const Boot& boot_;
  std::vector<uint32_t> slot_of_;  // by index of the operation
  std::array<const Operation*, 64> slots_{};
  uint64_t used_ = 0;
  Possibilities now_;
  size_t most_ = 1;
  bool too_many_ = false;
};

}  // namespace

Verdict check(const Boot& boot) { return Search(boot).run(); }

const char* to_string(Kind kind) {
  switch (kind) {
    case Kind::kGet: return "get";
    case Kind::kContains: return "contains";
    case Kind::kMultiGet: return "multi_get";
    case Kind::kScan: return "scan";
    case Kind::kCursor: return "cursor";
    case Kind::kSnapshot: return "snapshot";
    case Kind::kPut: return "put";
    case Kind::kErase: return "erase";
    case Kind::kEraseRange: return "erase_range";
    case Kind::kBatch: return "batch";
    case Kind::kBegin: return "begin of a transaction";
    case Kind::kCommit: return "commit";
    case Kind::kCreate: return "creation of a keyspace";
    case Kind::kDrop: return "drop of a keyspace";
    case Kind::kRefusal: return "refusal";
    case Kind::kSync: return "sync";
    case Kind::kFlush: return "flush";
    case Kind::kClose: return "close";
  }
  return "?";
}

}  // namespace nacre::history
