#include "sim/history/explain.h"

#include <algorithm>
#include <cinttypes>
#include <cstdio>
#include <set>
#include <utility>

#include "sim/history/checker.h"

namespace nacre::history {

namespace {

bool is_bad(const Boot& boot) { return check(boot).kind == Verdict::Kind::kContradiction; }

// What the readers of a history depend on: the versions that they saw, and of keys that they saw as absent, or as there
// without saying which version, each write that may have been the last one before them.
class Observed {
 public:
  explicit Observed(const Boot& boot) : boot_(boot) {
    for (const Operation& operation : boot.operations) add(operation.seen, operation.invoked, operation.returned);
    if (boot.survived) add(*boot.survived, 0, kNever);
  }

  bool depends_on(const Operation& writer, const KeyVersion& written) const {
    if (versions_.contains(written.version)) return true;
    if (writer.outcome == Outcome::kRefused) return false;
    return std::ranges::any_of(vague_, [&](const Vague& reader) {
      const bool fits = reader.other ? written.version != reader.version
                                     : (reader.version == kAbsent) == (written.version == kAbsent);
      return reader.key == written.key && fits && may_be_last(writer, reader);
    });
  }

 private:
  struct Vague {
    Key key;
    Version version;
    bool other;
    uint64_t invoked;
    uint64_t returned;
  };

  void add(const std::vector<KeyVersion>& seen, uint64_t invoked, uint64_t returned) {
    for (const KeyVersion& each : seen) {
      if (each.version != kAbsent && each.version != kAnyVersion) versions_.insert(each.version);
      if (each.version == kAbsent || each.version == kAnyVersion || each.other)
        vague_.push_back({each.key, each.version, each.other, invoked, returned});
    }
  }

  bool may_be_last(const Operation& writer, const Vague& reader) const {
    if (writer.invoked > reader.returned) return false;
    return std::ranges::none_of(boot_.operations, [&](const Operation& other) {
      return other.outcome == Outcome::kDone && writer.returned < other.invoked && other.returned < reader.invoked &&
             std::ranges::find(other.written, reader.key, &KeyVersion::key) != other.written.end();
    });
  }

  const Boot& boot_;
  std::set<Version> versions_;
  std::vector<Vague> vague_;
};

// Takes away pieces of a list, large ones first, as long as the history stays bad (after delta debugging; Zeller and
// Hildebrandt, TSE 2002). `without(first, last)` gives the history without these pieces, of `count(boot)`.
template <class Count, class Without>
void take_away(Boot& boot, const Count& count, const Without& without) {
  for (size_t step = std::max<size_t>(1, count(boot) / 2);; step /= 2) {
    for (size_t first = 0; first < count(boot);) {
      const size_t last = std::min(count(boot), first + step);
      if (std::optional<Boot> less = without(boot, first, last); less && is_bad(*less)) {
        boot = *std::move(less);
      } else {
        first = last;
      }
    }
    if (step <= 1) return;
  }
}

bool says_nothing(const Operation& operation) { return operation.seen.empty() && operation.written.empty(); }

void take_operations(Boot& boot) {
  take_away(
      boot, [](const Boot& b) { return b.operations.size(); },
      [](const Boot& b, size_t first, size_t last) -> std::optional<Boot> {
        Boot less = b;
        std::erase_if(less.operations, [&](const Operation& operation) {
          const auto index = static_cast<size_t>(&operation - less.operations.data());
          return index >= first && index < last && operation.written.empty();
        });
        if (less.operations.size() == b.operations.size()) return std::nullopt;
        return less;
      });
}

void take_seen(Boot& boot) {
  const auto erase_from = [&](const std::function<std::vector<KeyVersion>&(Boot&)>& list) {
    take_away(
        boot, [&](const Boot& b) { return list(const_cast<Boot&>(b)).size(); },
        [&](const Boot& b, size_t first, size_t last) -> std::optional<Boot> {
          Boot less = b;
          std::vector<KeyVersion>& seen = list(less);
          seen.erase(seen.begin() + static_cast<ptrdiff_t>(first), seen.begin() + static_cast<ptrdiff_t>(last));
          return less;
        });
  };
  for (size_t i = 0; i < boot.operations.size(); ++i)
    erase_from([i](Boot& b) -> std::vector<KeyVersion>& { return b.operations[i].seen; });
  if (boot.survived) erase_from([](Boot& b) -> std::vector<KeyVersion>& { return *b.survived; });
}

size_t count_writes(const Boot& boot) {
  size_t count = 0;
  for (const Operation& operation : boot.operations) count += operation.written.size();
  return count;
}

// Writes number first to last of all operations, but those that somebody depends on. Together, since each alone could go.
std::optional<Boot> without_writes(const Boot& boot, size_t first, size_t last) {
  Boot less = boot;
  const Observed observed(boot);
  size_t number = 0;
  size_t taken = 0;
  for (Operation& operation : less.operations) {
    taken += std::erase_if(operation.written, [&](const KeyVersion& written) {
      const size_t mine = number++;
      return mine >= first && mine < last && !observed.depends_on(operation, written);
    });
  }
  if (taken == 0) return std::nullopt;
  std::erase_if(less.operations, [](const Operation& operation) {
    return says_nothing(operation) && operation.durability == Durability::kMemory;
  });
  return less;
}

std::string text_of(const std::vector<KeyVersion>& list, const KeyName& name, const char* erased) {
  std::string text;
  for (const KeyVersion& each : list) {
    if (!text.empty()) text += ", ";
    text += name(each.key) + (each.other ? " not" : "");
    if (each.version == kAbsent) {
      text += erased;
    } else if (each.version == kAnyVersion) {
      text += " there";
    } else if (each.version == kNobodysVersion) {
      text += " = bytes that nobody wrote";
    } else {
      text += " = v" + std::to_string(each.version);
    }
  }
  return text;
}

std::string line_of(const Operation& operation, const KeyName& name) {
  char head[96];
  if (operation.returned == kNever) {
    std::snprintf(head, sizeof head, "  [%6" PRIu64 ",  never] thread %u: ", operation.invoked, operation.thread);
  } else {
    std::snprintf(head, sizeof head, "  [%6" PRIu64 ", %6" PRIu64 "] thread %u: ", operation.invoked,
                  operation.returned, operation.thread);
  }
  std::string line = std::string(head) + to_string(operation.kind);
  if (!operation.seen.empty()) line += "; saw " + text_of(operation.seen, name, " absent");
  if (!operation.written.empty()) line += "; wrote " + text_of(operation.written, name, " erased");
  if (operation.outcome == Outcome::kRefused) line += " (refused: nothing of it may be seen)";
  if (operation.outcome == Outcome::kInDoubt) line += " (in doubt: at some time, or never)";
  if (operation.outcome == Outcome::kDone && operation.durability == Durability::kDisk)
    line += " (survives power cuts)";
  if (operation.outcome == Outcome::kDone && operation.durability == Durability::kOs) line += " (survives kills)";
  return line + "\n";
}

const char* to_string(End end) {
  switch (end) {
    case End::kNone: return "close";
    case End::kKill: return "kill";
    case End::kPowerCut: return "power cut";
  }
  return "?";
}

// Versions that the operations left over speak of, and that were there from the start.
std::string opened_text(const Boot& boot, const KeyName& name) {
  std::set<Key> keys;
  for (const Operation& operation : boot.operations) {
    for (const KeyVersion& each : operation.seen) keys.insert(each.key);
  }
  if (boot.survived) {
    for (const KeyVersion& each : *boot.survived) keys.insert(each.key);
  }
  std::vector<KeyVersion> opened;
  for (const Key key : keys) opened.push_back({key, key < boot.opened.size() ? boot.opened[key] : kAbsent});
  return text_of(opened, name, " absent");
}

}  // namespace

Boot shrink(Boot boot) {
  const Verdict verdict = check(boot);
  if (verdict.kind != Verdict::Kind::kContradiction) return boot;
  if (verdict.at != kNever) {  // what began later has no part in it, nor has what survived
    boot.survived.reset();
    std::erase_if(boot.operations, [&](const Operation& operation) {
      return operation.invoked > verdict.at && operation.outcome != Outcome::kRefused;
    });
  }
  const auto size = [&] {
    size_t all = boot.operations.size() + (boot.survived ? boot.survived->size() : 0);
    for (const Operation& operation : boot.operations) all += operation.seen.size() + operation.written.size();
    return all;
  };
  for (size_t before = size() + 1; size() < before;) {
    before = size();
    take_operations(boot);
    take_away(boot, count_writes, without_writes);
    take_seen(boot);
  }
  return boot;
}

std::string explain(const Boot& boot, const KeyName& name) {
  const Verdict verdict = check(boot);
  if (verdict.kind == Verdict::Kind::kHolds) return "";
  if (verdict.kind == Verdict::Kind::kUndecided)
    return "undecided: too many writes in progress together at " + std::to_string(verdict.at);
  Boot least = shrink(boot);
  std::ranges::sort(least.operations, {}, &Operation::invoked);
  std::string text = "These " + std::to_string(least.operations.size()) + " of " +
                     std::to_string(boot.operations.size()) +
                     " operations contradict each other: no order of them, each at one instant of its interval, gives "
                     "these answers.\n";
  if (const std::string opened = opened_text(least, name); !opened.empty()) text += "  at the open: " + opened + "\n";
  for (const Operation& operation : least.operations) text += line_of(operation, name);
  if (least.survived) {
    text += std::string("  found after the ") + to_string(least.end) + ": " +
            text_of(*least.survived, name, " absent") + "\n";
  }
  return text;
}

}  // namespace nacre::history
