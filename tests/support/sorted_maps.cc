#include "tests/support/sorted_maps.h"

#include <algorithm>
#include <vector>

namespace nacre::tests {

void add_found(std::string& answer, const std::string* value) {
  answer += value == nullptr ? "none;" : std::to_string(value->size()) + ":" + *value + ";";
}

void add_entry(std::string& answer, const std::string& key, const std::string& value) {
  answer += std::to_string(key.size()) + ":" + key + "=" + std::to_string(value.size()) + ":" + value + ";";
}

std::string SortedMaps::apply(const Operation& operation) {
  switch (operation.kind) {
    case OperationKind::kPut:
    case OperationKind::kErase:
    case OperationKind::kEraseRange: write(now_, operation); return {};
    case OperationKind::kBatch:
      for (const Operation& part : operation.parts) write(now_, part);
      return {};
    case OperationKind::kTransaction: {
      std::string answer;
      for (const Operation& part : operation.parts) {
        if (part.kind == OperationKind::kGet || part.kind == OperationKind::kScan) {
          answer += read(now_, part);  // nobody else writes meanwhile
        } else {
          write(now_, part);
        }
      }
      return answer;
    }
    case OperationKind::kConflict: now_[operation.keyspace][operation.key] = operation.value; return "conflict;";
    case OperationKind::kGet:
    case OperationKind::kMultiGet:
    case OperationKind::kScan: return read(seen_by(operation), operation);
    case OperationKind::kTakeSnapshot: snapshots_[operation.slot] = std::make_shared<const All>(now_); return {};
    case OperationKind::kDropSnapshot: snapshots_[operation.slot] = nullptr; return {};
    case OperationKind::kReopen: snapshots_ = {}; return {};
    default: return {};
  }
}

const SortedMaps::All& SortedMaps::seen_by(const Operation& operation) const {
  return operation.slot == kNow || snapshots_[operation.slot] == nullptr ? now_ : *snapshots_[operation.slot];
}

void SortedMaps::write(All& all, const Operation& operation) {
  Contents& contents = all[operation.keyspace];
  if (operation.kind == OperationKind::kPut) contents[operation.key] = operation.value;
  if (operation.kind == OperationKind::kErase) contents.erase(operation.key);
  if (operation.kind == OperationKind::kEraseRange)
    contents.erase(contents.lower_bound(operation.key), contents.lower_bound(*operation.end));
}

std::string SortedMaps::read(const All& all, const Operation& operation) {
  const Contents& contents = all[operation.keyspace];
  std::string answer;
  const auto add = [&](const std::string& key) {
    const auto found = contents.find(key);
    add_found(answer, found == contents.end() ? nullptr : &found->second);
  };
  if (operation.kind == OperationKind::kGet) add(operation.key);
  for (const std::string& key : operation.keys) add(key);
  if (operation.kind != OperationKind::kScan) return answer;
  std::vector<Contents::const_iterator> entries;
  for (auto at = contents.lower_bound(operation.key); at != contents.end(); ++at) {
    if (operation.prefix && !at->first.starts_with(operation.key)) break;
    if (operation.end && at->first >= *operation.end) break;
    entries.push_back(at);
  }
  if (operation.reverse) std::reverse(entries.begin(), entries.end());
  for (size_t i = 0; i < entries.size() && i < operation.limit; ++i)
    add_entry(answer, entries[i]->first, entries[i]->second);
  return answer;
}

}  // namespace nacre::tests
