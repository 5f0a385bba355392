#include "sim/engine_oracle.h"

#include <algorithm>
#include <charconv>
#include <cstring>
#include <string_view>

namespace nacre::sim {

namespace {

constexpr uint64_t kSlots = 24;  // data keys of a writer in a keyspace

std::string data_key(uint32_t writer, uint64_t slot) {
  return "k/" + std::to_string(writer) + "/" + std::to_string(100 + slot);
}

uint64_t number_in(std::string_view text) {
  uint64_t number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

const std::string* find(const std::vector<std::pair<std::string, std::string>>& entries, const std::string& key) {
  const auto at = std::lower_bound(entries.begin(), entries.end(), key,
                                   [](const auto& entry, const std::string& k) { return entry.first < k; });
  return at != entries.end() && at->first == key ? &at->second : nullptr;
}

bool contains(const EngineCut& outer, const EngineCut& inner) {
  for (uint32_t w = 0; w < kWriters; ++w) {
    if (inner[w] > outer[w]) return false;
  }
  return true;
}

uint32_t draw_bytes(base::Prng& prng, bool large_values) {
  if (large_values) return static_cast<uint32_t>(20'000 + prng.below(80'000));
  if (prng.one_in(16)) return static_cast<uint32_t>(prng.below(60'000));
  return static_cast<uint32_t>(prng.below(prng.one_in(2) ? 64 : 4000));
}

}  // namespace

std::string to_string(const EngineCut& cut) {
  std::string text;
  for (const uint64_t count : cut) text += (text.empty() ? "" : " ") + std::to_string(count);
  return "(" + text + ")";
}

// Half of it can be compressed.
std::string EngineOracle::value_of(uint64_t id, uint32_t bytes) {
  base::Prng prng(id);
  std::string value(bytes, static_cast<char>('a' + id % 26));
  for (uint32_t at = 0; at + 16 <= bytes; at += 16) {
    const uint64_t word = prng.next();
    std::memcpy(value.data() + at, &word, sizeof word);
  }
  return value;
}

const EngineCommit& EngineOracle::begin(uint32_t writer, base::Prng& prng, bool large_values) {
  EngineCommit& commit = commits_[writer].emplace_back();
  static constexpr Durability kDurabilities[] = {Durability::kMemory, Durability::kOs, Durability::kOs,
                                                 Durability::kDisk};
  commit.durability = kDurabilities[prng.below(4)];
  commit.batch = !prng.one_in(4);
  for (uint64_t i = commit.batch ? prng.below(5) : 0; i > 0; --i) {
    EngineOp& op = commit.ops.emplace_back();
    op.keyspace = static_cast<uint32_t>(prng.below(kKeyspaces));
    const uint64_t slot = prng.below(kSlots);
    op.key = data_key(writer, slot);
    if (prng.one_in(10)) {
      op.kind = EngineOp::Kind::kEraseRange;
      op.end = data_key(writer, slot + 1 + prng.below(kSlots - slot));
    } else if (prng.one_in(6)) {
      op.kind = EngineOp::Kind::kErase;
    } else {
      op.value_id = ++values_;
      op.value_bytes = draw_bytes(prng, large_values);
    }
  }
  if (!commit.batch)
    commit.ops.push_back(
        {.keyspace = static_cast<uint32_t>(prng.below(kKeyspaces)), .key = single_key(writer), .end = {}});
  commit.began = now();
  return commit;
}

void EngineOracle::acknowledged(uint32_t writer) {
  EngineCommit& commit = commits_[writer].back();
  commit.ended = now();
  if (commit.durability != Durability::kMemory) survives_kill_[writer] = count(writer);
  if (commit.durability == Durability::kDisk) survives_power_[writer] = count(writer);
}

EngineCut EngineOracle::acknowledged_so_far() const {
  EngineCut cut{};
  for (uint32_t w = 0; w < kWriters; ++w) {
    for (const EngineCommit& commit : commits_[w]) cut[w] += commit.ended != EngineCommit::kNever ? 1 : 0;
  }
  return cut;
}

void EngineOracle::made_durable(const EngineCut& cut) {
  for (uint32_t w = 0; w < kWriters; ++w) {
    survives_power_[w] = std::max(survives_power_[w], cut[w]);
    survives_kill_[w] = std::max(survives_kill_[w], cut[w]);
  }
}

// ---- checks ----------------------------------------------------------------------------------------------------------

EngineCut EngineOracle::cut_of(const EngineView& view) {
  EngineCut cut{};
  for (const auto& entries : view) {
    for (uint32_t w = 0; w < kWriters; ++w) {
      for (const std::string& key : {counter_key(w), single_key(w)}) {
        if (const std::string* value = find(entries, key)) cut[w] = std::max(cut[w], number_in(*value));
      }
    }
  }
  return cut;
}

EngineOracle::Model EngineOracle::replay(const EngineCut& cut) const {
  Model model;
  for (uint32_t w = 0; w < kWriters; ++w) {
    for (uint64_t i = 0; i < cut[w]; ++i) {
      for (const EngineOp& op : commits_[w][i].ops) {
        auto& keyspace = model[op.keyspace];
        if (op.kind == EngineOp::Kind::kPut) keyspace[op.key] = &op;
        if (op.kind == EngineOp::Kind::kErase) keyspace.erase(op.key);
        if (op.kind == EngineOp::Kind::kEraseRange)
          keyspace.erase(keyspace.lower_bound(op.key), keyspace.lower_bound(op.end));
      }
    }
  }
  return model;
}

std::string EngineOracle::check_view(const EngineView& view, const EngineCut& cut) const {
  const Model model = replay(cut);
  for (uint32_t k = 0; k < kKeyspaces; ++k) {
    std::map<std::string, std::string> expected;
    for (const auto& [key, op] : model[k]) {
      if (op->value_id != 0) expected[key] = value_of(op->value_id, op->value_bytes);
    }
    for (uint32_t w = 0; w < kWriters; ++w) {
      for (uint64_t i = 0; i < cut[w]; ++i) {
        const EngineCommit& commit = commits_[w][i];
        if (commit.batch) expected[counter_key(w)] = std::to_string(i + 1);
        if (!commit.batch && commit.ops.front().keyspace == k) expected[single_key(w)] = std::to_string(i + 1);
      }
    }
    const std::string where = " in keyspace " + std::to_string(k) + " at the cut " + to_string(cut);
    for (const auto& [key, value] : view[k]) {
      if (key == "last") continue;
      const auto found = expected.find(key);
      if (found == expected.end()) return key + " should not be there" + where;
      if (found->second != value)
        return key + " has a wrong value of " + std::to_string(value.size()) + " bytes" + where;
      expected.erase(found);
    }
    if (!expected.empty()) return expected.begin()->first + " is missing" + where;
  }
  return check_last(view, cut);
}

std::string EngineOracle::check_last(const EngineView& view, const EngineCut& cut) const {
  const std::string* last = find(view[0], "last");
  const std::string* other = find(view[1], "last");
  uint64_t began = 0;
  for (uint32_t w = 0; w < kWriters; ++w) {
    for (uint64_t i = 0; i < cut[w]; ++i) {
      if (commits_[w][i].batch) began = std::max(began, commits_[w][i].began);
    }
  }
  if ((last == nullptr) != (began == 0) || (other == nullptr) != (began == 0))
    return "the last batch left no trace in a keyspace";
  if (began == 0) return "";
  if (*last != *other) return "the keyspaces end with different batches, " + *last + " and " + *other;
  const uint64_t writer = number_in(*last);
  const uint64_t number = number_in(std::string_view(*last).substr(last->find(':') + 1));
  if (writer >= kWriters || number == 0 || number > cut[writer])
    return "the last batch is " + *last + ", beyond the cut " + to_string(cut);
  if (commits_[writer][number - 1].ended < began)
    return "a batch that was acknowledged before another began won over it";
  return "";
}

// `began`: when the reading began; everything acknowledged before is to be seen. 0 after an open.
std::string EngineOracle::check_order(const EngineCut& cut, uint64_t began) const {
  uint64_t newest_begin = began;
  uint64_t oldest_end = EngineCommit::kNever;
  for (uint32_t w = 0; w < kWriters; ++w) {
    if (cut[w] > count(w)) return "more commits than were tried: " + to_string(cut);
    if (cut[w] > 0) newest_begin = std::max(newest_begin, commits_[w][cut[w] - 1].began);
    if (cut[w] < count(w)) oldest_end = std::min(oldest_end, commits_[w][cut[w]].ended);
  }
  return oldest_end < newest_begin ? "the cut " + to_string(cut) + " is not a prefix of the commit order" : "";
}

std::string EngineOracle::check_chain(const EngineCut& cut) const {
  for (const EngineCut& seen : seen_) {
    if (!contains(cut, seen) && !contains(seen, cut))
      return "readers saw two orders: " + to_string(seen) + " and " + to_string(cut);
  }
  return "";
}

std::string EngineOracle::check(const EngineView& view, uint64_t began) {
  const EngineCut cut = cut_of(view);
  for (std::string wrong : {check_order(cut, began), check_chain(cut)}) {
    if (!wrong.empty()) return wrong;
  }
  seen_.push_back(cut);
  return check_view(view, cut);
}

std::string EngineOracle::check_opened(const EngineView& view) {
  const EngineCut cut = cut_of(view);
  const EngineCut& least = power_lost_ ? survives_power_ : survives_kill_;
  if (!contains(cut, least))
    return "acknowledged commits are lost: " + to_string(cut) + " is left of " + to_string(least);
  if (std::string wrong = check(view, 0); !wrong.empty()) return wrong;
  for (uint32_t w = 0; w < kWriters; ++w) {
    commits_[w].resize(cut[w]);
    for (EngineCommit& commit : commits_[w]) commit.ended = std::min(commit.ended, clock_);
  }
  survives_power_ = survives_kill_ = cut;
  power_lost_ = false;
  seen_.assign(1, cut);
  now();
  return "";
}

}  // namespace nacre::sim
