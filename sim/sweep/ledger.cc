#include "sim/sweep/ledger.h"

#include <algorithm>

namespace nacre::sim {

void Ledger::begin(LedgerEntry entry) {
  for (const LedgerChange& change : entry.changes) {
    std::vector<std::string>& keys = keys_[change.keyspace];
    if (std::find(keys.begin(), keys.end(), change.key) == keys.end()) keys.push_back(change.key);
  }
  entries_.push_back(std::move(entry));
}

void Ledger::acknowledged() {
  LedgerEntry& entry = entries_.back();
  entry.answer = LedgerEntry::Answer::kAcknowledged;
  const bool of_keyspace = entry.kind != LedgerEntry::Kind::kWrite;
  if (of_keyspace || entry.durability == Durability::kDisk) power_floor_ = entries_.size();
  if (of_keyspace || entry.durability != Durability::kMemory) process_floor_ = entries_.size();
}

size_t Ledger::floor(Loss loss) const {
  if (loss == Loss::kNothing) return entries_.size();
  if (loss == Loss::kSyncedEnd) return 0;
  return loss == Loss::kPower ? power_floor_ : process_floor_;
}

void Ledger::apply(const LedgerEntry& entry, DatabaseContent& content) {
  if (entry.kind == LedgerEntry::Kind::kCreate) content[entry.keyspace];
  if (entry.kind == LedgerEntry::Kind::kDrop) content.erase(entry.keyspace);
  for (const LedgerChange& change : entry.changes) {
    KeyspaceContent& keyspace = content[change.keyspace];
    switch (change.kind) {
      case LedgerChange::Kind::kPut: keyspace[change.key] = change.value; break;
      case LedgerChange::Kind::kErase: keyspace.erase(change.key); break;
      case LedgerChange::Kind::kEraseRange:
        keyspace.erase(keyspace.lower_bound(change.key), keyspace.lower_bound(change.value));
        break;
    }
  }
}

uint32_t Ledger::doubts(size_t count) const {
  const auto doubtful = [](const LedgerEntry& e) { return e.answer != LedgerEntry::Answer::kAcknowledged; };
  return static_cast<uint32_t>(
      std::count_if(entries_.begin(), entries_.begin() + static_cast<ptrdiff_t>(count), doubtful));
}

bool Ledger::replay(size_t count, uint64_t choice, DatabaseContent* content) const {
  *content = content_;
  for (size_t i = 0; i < count; i++) {
    if (entries_[i].answer != LedgerEntry::Answer::kAcknowledged) {
      const bool in = (choice & 1) != 0;
      choice >>= 1;
      if (!in) continue;
    }
    apply(entries_[i], *content);
  }
  return choice == 0;
}

std::string Ledger::difference(const DatabaseContent& seen, size_t lowest) const {
  DatabaseContent all;
  replay(entries_.size(), (uint64_t{1} << doubts(entries_.size())) - 1, &all);
  std::string text = "is no prefix of " + std::to_string(lowest) + " to " + std::to_string(entries_.size()) +
                     " entries; against all of them:";
  for (const auto& [name, content] : all) {
    const auto found = seen.find(name);
    if (found == seen.end()) {
      text += " no keyspace " + name + ";";
      continue;
    }
    for (const auto& [key, value] : content) {
      const auto at = found->second.find(key);
      if (at == found->second.end()) text += " " + name + "/" + key + " is not there;";
      if (at != found->second.end() && at->second != value) {
        text += " " + name + "/" + key + " is " + at->second.substr(0, 20) + ", not " + value.substr(0, 20) + ";";
      }
    }
  }
  for (const auto& [name, content] : seen) {
    if (!all.contains(name)) text += " a keyspace " + name + " too many;";
    for (const auto& [key, value] : content) {
      if (all.contains(name) && !all.at(name).contains(key)) text += " " + name + "/" + key + " is there;";
    }
  }
  return text;
}

std::string Ledger::check_live(const DatabaseContent& seen) const {
  for (uint64_t choice = 0; choice < uint64_t{1} << doubts(entries_.size()); choice++) {
    DatabaseContent replayed;
    replay(entries_.size(), choice, &replayed);
    if (seen == replayed) return "";
  }
  return "what the handle shows " + difference(seen, entries_.size());
}

std::string Ledger::check_found(const DatabaseContent& seen, Loss loss) const {
  const size_t lowest = floor(loss);
  for (size_t count = entries_.size() + 1; count-- > lowest;) {
    for (uint64_t choice = 0; choice < uint64_t{1} << doubts(count); choice++) {
      DatabaseContent replayed;
      replay(count, choice, &replayed);
      if (seen == replayed) return "";
    }
  }
  return "what the open shows " + difference(seen, lowest);
}

std::string Ledger::check_opened(const DatabaseContent& seen, Loss loss) {
  std::string wrong = check_found(seen, loss);
  if (wrong.empty()) {
    DatabaseContent decided = seen;  // by exchange, so that a failed allocation changes nothing
    content_.swap(decided);
    entries_.clear();
    power_floor_ = process_floor_ = 0;
    opens_++;
  }
  return wrong;
}

}  // namespace nacre::sim
