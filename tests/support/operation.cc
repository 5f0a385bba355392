#include "tests/support/operation.h"

#include <cstdio>
#include <utility>

#include "base/prng.h"
#include "tests/support/random_bytes.h"

namespace nacre::tests {

namespace {

constexpr uint64_t kKeys = 500;

std::string shown(const std::string& key) {
  std::string text;
  for (const char c : key.substr(0, 30)) {
    char piece[8];
    std::snprintf(piece, sizeof piece, c >= ' ' && c <= '~' ? "%c" : "\\x%02x", static_cast<unsigned char>(c));
    text += piece;
  }
  return "\"" + text + (key.size() > 30 ? "\"... of " + std::to_string(key.size()) : "\"");
}

const char* name_of(OperationKind kind) {
  static constexpr const char* kNames[] = {
      "put",      "erase",         "erase range",   "batch", "get",     "multi-get", "scan", "transaction",
      "conflict", "take snapshot", "drop snapshot", "flush", "compact", "settle",    "sync", "reopen"};
  return kNames[static_cast<size_t>(kind)];
}

class Draw {
 public:
  explicit Draw(uint64_t seed) : random_(seed) {}

  Operation next() {
    static constexpr std::pair<uint64_t, OperationKind> kUpTo[] = {
        {350, OperationKind::kPut},          {410, OperationKind::kErase},        {435, OperationKind::kEraseRange},
        {520, OperationKind::kBatch},        {660, OperationKind::kGet},          {720, OperationKind::kMultiGet},
        {820, OperationKind::kScan},         {860, OperationKind::kTransaction},  {870, OperationKind::kConflict},
        {900, OperationKind::kTakeSnapshot}, {925, OperationKind::kDropSnapshot}, {955, OperationKind::kFlush},
        {963, OperationKind::kCompact},      {975, OperationKind::kSettle},       {988, OperationKind::kSync},
        {1000, OperationKind::kReopen}};
    const uint64_t dice = random_.below(1000);
    size_t i = 0;
    while (dice >= kUpTo[i].first) ++i;
    return of(kUpTo[i].second);
  }

 private:
  Operation of(OperationKind kind) {
    Operation operation{.kind = kind, .keyspace = static_cast<uint32_t>(random_.below(kKeyspaceCount))};
    operation.key = key_of(random_.below(kKeys));
    operation.durability = durability();
    switch (kind) {
      case OperationKind::kPut:
      case OperationKind::kConflict: operation.value = value(); break;
      case OperationKind::kEraseRange: range(operation); break;
      case OperationKind::kBatch: parts(operation, 24, true); break;
      case OperationKind::kTransaction: parts(operation, 8, false); break;
      case OperationKind::kGet: operation.slot = slot_or_now(); break;
      case OperationKind::kMultiGet:
        operation.slot = slot_or_now();
        for (uint64_t i = random_.below(40); i > 0; --i) operation.keys.push_back(key_of(random_.below(kKeys)));
        break;
      case OperationKind::kScan: scan(operation); break;
      case OperationKind::kTakeSnapshot:
      case OperationKind::kDropSnapshot: operation.slot = static_cast<uint32_t>(random_.below(kSnapshotSlots)); break;
      default: break;
    }
    return operation;
  }

  Durability durability() {
    if (random_.one_in(3)) return Durability::kMemory;
    return random_.one_in(40) ? Durability::kDisk : Durability::kOs;
  }
  uint32_t slot_or_now() { return random_.one_in(2) ? kNow : static_cast<uint32_t>(random_.below(kSnapshotSlots)); }
  std::string value() {
    uint64_t bytes = random_.below(80);
    if (random_.one_in(8)) bytes = random_.below(5'000);
    if (random_.one_in(40)) bytes = random_.below(40'000);
    if (random_.one_in(400)) bytes = 70'000 + random_.below(300'000);  // beyond the largest block
    return value_of(random_, bytes);
  }
  void range(Operation& operation) {
    std::string end = key_of(random_.below(kKeys));
    // Mostly small ones: a list that erases half of everything again and again leaves nothing to compare.
    if (!random_.one_in(5)) end = operation.key + std::string(1, static_cast<char>(random_.below(256)));
    if (end < operation.key) std::swap(end, operation.key);
    if (end == operation.key) end += '\0';
    operation.end = end;
  }
  void scan(Operation& operation) {
    operation.slot = slot_or_now();
    operation.reverse = random_.one_in(2);
    operation.prefix = random_.one_in(3);
    if (operation.prefix) operation.key.resize(random_.below(operation.key.size() + 1));
    if (!operation.prefix && random_.one_in(2)) range(operation);
    if (random_.one_in(2)) operation.limit = random_.below(30);
  }
  void parts(Operation& operation, uint64_t most, bool ranges) {
    const OperationKind writes[] = {OperationKind::kPut, OperationKind::kPut, OperationKind::kErase,
                                    OperationKind::kEraseRange};
    const OperationKind steps[] = {OperationKind::kPut, OperationKind::kErase, OperationKind::kGet,
                                   OperationKind::kScan};
    for (uint64_t i = random_.below(most + 1); i > 0; --i) {
      Operation part = of(ranges ? writes[random_.below(4)] : steps[random_.below(4)]);
      if (part.kind ==
          OperationKind::kScan) {  // in a transaction: all of a range, forwards, as the transaction sees it
        part = {.kind = OperationKind::kScan, .keyspace = part.keyspace, .key = part.key};
        range(part);
      }
      operation.parts.push_back(std::move(part));
    }
  }

  base::Prng random_;
};

}  // namespace

std::string to_string(const Operation& o) {
  std::string text = std::string(name_of(o.kind)) + " in keyspace " + std::to_string(o.keyspace) + " " + shown(o.key);
  if (o.end) text += " to " + shown(*o.end);
  if (!o.value.empty()) text += ", " + std::to_string(o.value.size()) + " bytes";
  if (o.slot != kNow) text += ", snapshot " + std::to_string(o.slot);
  if (o.prefix) text += ", a prefix";
  if (o.reverse) text += ", backwards";
  if (o.limit != std::numeric_limits<uint64_t>::max()) text += ", at most " + std::to_string(o.limit);
  for (const Operation& part : o.parts) text += "\n    " + to_string(part);
  return text;
}

std::vector<Operation> draw_operations(uint64_t seed, uint64_t count) {
  Draw draw(seed);
  std::vector<Operation> list;
  for (uint64_t i = 0; i < count; ++i) list.push_back(draw.next());
  return list;
}

}  // namespace nacre::tests
