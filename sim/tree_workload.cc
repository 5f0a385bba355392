#include "sim/tree_workload.h"

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "nacre/nacre.h"
#include "sim/points.h"
#include "sim/probes.h"
#include "sim/simulation.h"
#include "sim/small_database.h"
#include "sim/tally.h"
#include "sync/sync.h"

namespace nacre::sim {

namespace {

using Model = std::map<std::string, std::string>;
using Entries = std::vector<std::pair<std::string, std::string>>;

constexpr size_t kMostHeld = 4;

struct Part {
  uint32_t boot = 0;
  enum class Who : uint8_t { kClient, kWatcher, kRestless };
  Who who = Who::kClient;  // the others are at work beside the client
  uint32_t steps = 0;
  uint64_t seed = 0;
};

std::vector<Part> make_plan(uint64_t seed) {
  base::Prng prng(seed ^ 0x7133ULL);
  std::vector<Part> parts;
  const auto boots = static_cast<uint32_t>(1 + prng.below(3));
  for (uint32_t boot = 0; boot < boots; boot++) {
    for (uint64_t left = 2 + prng.below(6); left > 0; left--)
      parts.push_back({.boot = boot, .steps = static_cast<uint32_t>(5 + prng.below(30)), .seed = prng.next()});
    const auto beside = [&](Part::Who who, uint64_t least) {
      const auto steps = static_cast<uint32_t>(least + prng.below(60));
      parts.push_back({.boot = boot, .who = who, .steps = steps, .seed = prng.next()});
    };
    if (!prng.one_in(4)) beside(Part::Who::kRestless, 10);
    for (uint64_t left = prng.below(3); left > 0; left--) beside(Part::Who::kWatcher, 20);
  }
  return parts;
}

class TreeRun {
 public:
  TreeRun(Simulation& sim, uint64_t seed) : sim_(sim), prng_(seed ^ 0x7ee5ULL) {
    keys_ = prng_.one_in(3) ? 1 + static_cast<uint32_t>(prng_.below(6))  // hot ones: a reader meets their changes
                            : 20 + static_cast<uint32_t>(prng_.below(prng_.one_in(3) ? 40 : 400));
    // What is never erased cannot be missed rightly, however long a reader was kept.
    erases_ = keys_ >= 20 || prng_.one_in(2);
    most_bytes_ = 20 + static_cast<uint32_t>(prng_.below(400));
  }

  void boot(const std::vector<Part>& parts, uint64_t seed);
  // The last word.
  void end() { boot({}, 1); }

 private:
  struct Held {
    Snapshot snapshot;
    Model model;
    std::optional<Cursor> cursor;
  };

  struct Kept {
    Value value;
    std::string expected;
  };

  void live(Db& db, const std::vector<Part>& parts);
  void work(Db& db, const Part& part);
  void be_restless(Db& db, const Part& part);
  void watch(Db& db, const Part& part);
  void watch_at(Db& db, base::Prng& prng, const Snapshot& snapshot, uint64_t least, std::optional<Points>& points);
  void learn();
  void write(Db& db, base::Prng& prng);
  void read(Db& db, base::Prng& prng, const Snapshot& snapshot, const Model& model);
  void multi_get(Db& db, base::Prng& prng, const Snapshot& snapshot, const Model& model);
  void scan(Db& db, base::Prng& prng, const Snapshot& snapshot, const Model& model);
  void walk(Cursor& cursor, base::Prng& prng, const Model& model);
  void hold(Db& db, base::Prng& prng);
  void look_back(Db& db, base::Prng& prng);
  void keep(std::optional<Value>&& value, base::Prng& prng);
  void look_at_kept();
  void check(Db& db);

  std::string key(uint64_t number) const {
    const std::string digits = std::to_string(1000 + number);
    return number % 7 == 0 ? digits + std::string(30, 'l') : number % 7 == 3 ? digits + '\xff' : digits;
  }
  std::string any_key(base::Prng& prng) const { return key(prng.below(keys_)); }
  void good(const Result<void>& result, const char* what) {
    if (!result) sim_.fail(std::string(what) + " failed: " + result.error().to_string());
  }
  void expect(bool right, const std::string& what) {
    if (!right) sim_.fail(what);
  }

  Simulation& sim_;
  base::Prng prng_;
  uint32_t keys_ = 0;
  uint32_t most_bytes_ = 0;
  bool erases_ = true;
  uint64_t values_ = 0;
  Model model_;
  Model learned_;  // the model as it is in past_
  Past past_;
  uint64_t begun_ = 0;  // writes
  uint64_t ended_ = 0;
  std::vector<Held> held_;
  std::vector<Kept> kept_;
  bool working_ = false;
};

// ---- what the client does --------------------------------------------------------------------------------------------

void TreeRun::write(Db& db, base::Prng& prng) {
  Batch batch;
  const auto put = [&](const std::string& at) {
    values_++;
    model_[at] =
        std::to_string(values_) + "." + std::string(prng.below(most_bytes_), static_cast<char>('a' + values_ % 26));
    batch.put(at, model_[at]);
  };
  const uint64_t way = prng.below(erases_ ? 16 : 10);
  if (way < 4) {
    put(any_key(prng));
  } else if (way < 9) {  // neighbours: a new run of few tables
    uint64_t number = prng.below(keys_);
    for (uint64_t left = 1 + prng.below(40); left > 0 && number < keys_; left--, number += 1 + prng.below(2))
      put(key(number));
  } else if (way < 10) {  // from one end to the other
    for (uint64_t number = prng.below(20); number < keys_; number += 1 + prng.below(30)) put(key(number));
  } else if (way < 12) {
    for (uint64_t left = 1 + prng.below(10); left > 0; left--) {
      const std::string at = any_key(prng);
      model_.erase(at);
      batch.erase(at);
    }
  } else {
    const uint64_t from = prng.below(keys_);
    const uint64_t to = from + 1 + prng.below(prng.one_in(3) ? keys_ : 12);
    const std::string first = key(from);
    const std::string last = prng.one_in(3) ? key(to) + "~" : key(to);
    model_.erase(model_.lower_bound(first), model_.lower_bound(last));
    batch.erase_range(first, last);
    if (prng.one_in(4)) put(key(from));
  }
  begun_++;
  learn();
  good(db.write(batch, prng.one_in(8) ? Durability::kDisk : Durability::kOs), "a write");
  ended_ = begun_;
}

// Puts into the past what the write that has begun changes.
void TreeRun::learn() {
  for (const auto& [at, value] : model_) {
    const auto before = learned_.find(at);
    if (before == learned_.end() || before->second != value) past_[at].push_back({begun_, value});
  }
  for (const auto& [at, value] : learned_) {
    if (!model_.contains(at)) past_[at].push_back({begun_, std::nullopt});
  }
  learned_ = model_;
}

void TreeRun::read(Db& db, base::Prng& prng, const Snapshot& snapshot, const Model& model) {
  for (uint64_t left = 1 + prng.below(6); left > 0; left--) {
    const std::string at = any_key(prng) + (prng.one_in(8) ? "~" : "");
    const auto known = model.find(at);
    if (prng.one_in(4)) {
      const auto there = db.contains(at, snapshot);
      good(there ? Result<void>() : there.error(), "contains");
      expect(*there == (known != model.end()), "contains is wrong about " + at);
      continue;
    }
    auto value = db.get(at, snapshot);
    good(value ? Result<void>() : value.error(), "a get");
    expect(value->has_value() == (known != model.end()), "a get is wrong about whether " + at + " is there");
    if (*value) expect((*value)->bytes() == known->second, "a get has another value of " + at);
    keep(std::move(*value), prng);
  }
}

void TreeRun::multi_get(Db& db, base::Prng& prng, const Snapshot& snapshot, const Model& model) {
  std::vector<std::string> keys;
  for (uint64_t left = 1 + prng.below(90); left > 0; left--) keys.push_back(any_key(prng));
  const std::vector<Bytes> asked(keys.begin(), keys.end());
  auto values = db.multi_get(asked, snapshot);
  good(values ? Result<void>() : values.error(), "a multi_get");
  for (size_t i = 0; i < keys.size(); i++) {
    const auto known = model.find(keys[i]);
    const std::optional<Value>& value = (*values)[i];
    expect(value.has_value() == (known != model.end()), "a multi_get is wrong about whether " + keys[i] + " is there");
    if (value) expect(value->bytes() == known->second, "a multi_get has another value of " + keys[i]);
  }
  keep(std::move((*values)[prng.below(keys.size())]), prng);
}

// A value stays what it was for as long as somebody holds it, whatever becomes of the memtable or the block that it lies in.
void TreeRun::keep(std::optional<Value>&& value, base::Prng& prng) {
  if (!value || !prng.one_in(3)) return;
  if (kept_.size() == kMostHeld) kept_.erase(kept_.begin() + static_cast<ptrdiff_t>(prng.below(kMostHeld)));
  std::string expected = value->to_string();
  kept_.push_back({.value = *std::move(value), .expected = std::move(expected)});
}

void TreeRun::look_at_kept() {
  for (const Kept& kept : kept_) expect(kept.value.bytes() == kept.expected, "a value changed while it was held");
}

void TreeRun::scan(Db& db, base::Prng& prng, const Snapshot& snapshot, const Model& model) {
  ScanOptions options{.snapshot = snapshot};
  if (!prng.one_in(3)) options.from = any_key(prng);
  if (!prng.one_in(3)) options.to = any_key(prng);
  if (options.from && options.to && *options.to < *options.from) std::swap(options.from, options.to);
  if (prng.one_in(3)) {
    const std::string at = any_key(prng);
    options.prefix = at.substr(0, 1 + prng.below(at.size()));
  }
  options.reverse = prng.one_in(2);
  Entries expected(options.from ? model.lower_bound(*options.from) : model.begin(),
                   options.to ? model.lower_bound(*options.to) : model.end());
  std::erase_if(expected, [&](const auto& e) { return options.prefix && !e.first.starts_with(*options.prefix); });
  if (options.reverse) std::reverse(expected.begin(), expected.end());
  Entries shown;
  Scan scan = db.scan(options);
  for (const auto& [at, value] : scan) shown.emplace_back(at, value);
  good(scan.status(), "a scan");
  expect(shown == expected, "a scan shows something else than was written");
}

void TreeRun::walk(Cursor& cursor, base::Prng& prng, const Model& model) {
  auto at = model.end();
  for (uint64_t left = 2 + prng.below(20); left > 0; left--) {
    const std::string target = any_key(prng) + (prng.one_in(4) ? "~" : "");
    const auto before = [&](Model::const_iterator place) {
      return place == model.begin() ? model.end() : std::prev(place);
    };
    switch (prng.below(at != model.end() ? 12 : 4)) {
      case 0: cursor.seek_first(), at = model.begin(); break;
      case 1: cursor.seek_last(), at = before(model.end()); break;
      case 2: cursor.seek(target), at = model.lower_bound(target); break;
      case 3: cursor.seek_before(target), at = before(model.lower_bound(target)); break;
      case 4:
      case 5:
      case 6:
      case 7: cursor.next(), ++at; break;
      default: cursor.prev(), at = before(at);
    }
    good(cursor.status(), "a cursor");
    expect(cursor.valid() == (at != model.end()), "a cursor stands where nothing is, or nowhere");
    if (cursor.valid())
      expect(cursor.key() == at->first && cursor.value() == at->second,
             "a cursor stands at the wrong entry, near " + at->first);
  }
}

void TreeRun::hold(Db& db, base::Prng& prng) {
  if (held_.size() == kMostHeld) held_.erase(held_.begin() + static_cast<ptrdiff_t>(prng.below(kMostHeld)));
  Held& held = held_.emplace_back(Held{.snapshot = db.snapshot(), .model = model_, .cursor = {}});
  if (prng.one_in(2)) held.cursor.emplace(db.cursor({.snapshot = held.snapshot}));
}

void TreeRun::look_back(Db& db, base::Prng& prng) {
  look_at_kept();
  if (held_.empty()) return;
  Held& held = held_[prng.below(held_.size())];
  if (held.cursor) walk(*held.cursor, prng, held.model);
  if (prng.one_in(2)) read(db, prng, held.snapshot, held.model);
  if (prng.one_in(3)) multi_get(db, prng, held.snapshot, held.model);
  if (prng.one_in(2)) scan(db, prng, held.snapshot, held.model);
  if (prng.one_in(6)) held_.erase(held_.begin() + (&held - held_.data()));
}

void TreeRun::check(Db& db) {
  const auto findings = db.check();
  good(findings ? Result<void>() : findings.error(), "check");
  if (!findings->empty()) sim_.fail("check: " + findings->front().error.to_string() + ", " + findings->front().detail);
}

void TreeRun::work(Db& db, const Part& part) {
  base::Prng prng(part.seed);
  for (uint32_t step = 0; step < part.steps; step++) {
    if (prng.one_in(3)) sim_.clock().sleep_ns(1 + prng.below(prng.one_in(2) ? 20'000 : 2'000'000));
    switch (prng.below(24)) {
      case 0:
      case 1: read(db, prng, {}, model_); break;
      case 2: multi_get(db, prng, {}, model_); break;
      case 3:
      case 4: scan(db, prng, {}, model_); break;
      case 5: {
        Cursor cursor = db.cursor({});
        walk(cursor, prng, model_);
        break;
      }
      case 6: hold(db, prng); break;
      case 7:
      case 8: look_back(db, prng); break;
      case 9:
      case 10:
      case 11: good(db.flush(), "flush"); break;
      case 12: prng.one_in(4) ? good(db.compact(), "compact") : good(db.settle(), "settle"); break;
      case 13: check(db); break;
      default: write(db, prng);
    }
  }
}

void TreeRun::be_restless(Db& db, const Part& part) {
  base::Prng prng(part.seed);
  for (uint32_t step = 0; step < part.steps && working_; step++) {
    sim_.clock().sleep_ns(1 + prng.below(prng.one_in(2) ? 10'000 : 1'000'000));
    const uint64_t way = prng.below(20);
    good(way == 0 ? db.compact() : way < 3 ? db.settle() : db.flush(), "flush, settle or compact");
  }
}

// ---- watchers --------------------------------------------------------------------------------------------------------

// Reads at one commit point, in one of all ways. Without a snapshot the point is taken during the call: then there are no points yet, and all
// that has begun by its end may be in it.
void TreeRun::watch_at(Db& db, base::Prng& prng, const Snapshot& snapshot, uint64_t least,
                       std::optional<Points>& points) {
  const auto see = [&](const std::string& at, const std::optional<Bytes>& value) {
    if (!points) points.emplace(least, begun_);
    expect(points->sees(past_, at, value), "no commit point explains what a watcher saw, " + at + " at last");
  };
  const std::string at = any_key(prng);
  switch (prng.below(6)) {
    case 0: {
      std::vector<std::string> keys = {at, any_key(prng), any_key(prng)};
      const auto values = db.multi_get(std::vector<Bytes>(keys.begin(), keys.end()), snapshot);
      good(values ? Result<void>() : values.error(), "a multi_get");
      for (size_t i = 0; i < keys.size(); i++)
        see(keys[i], (*values)[i] ? std::optional<Bytes>((*values)[i]->bytes()) : std::nullopt);
      break;
    }
    case 1: {
      ScanOptions options{.from = at, .snapshot = snapshot};
      options.limit = 5;
      std::optional<std::string> first;
      Scan scan = db.scan(options);
      for (const auto& [key, value] : scan) {
        if (!first) first = key;
        see(std::string(key), value);
      }
      good(scan.status(), "a scan");
      if (first != at) see(at, std::nullopt);
      break;
    }
    case 2: {
      const auto there = db.contains(at, snapshot);
      good(there ? Result<void>() : there.error(), "contains");
      if (!*there) see(at, std::nullopt);
      break;
    }
    default: {
      const auto value = db.get(at, snapshot);
      good(value ? Result<void>() : value.error(), "a get");
      see(at, *value ? std::optional<Bytes>((*value)->bytes()) : std::nullopt);
    }
  }
}

void TreeRun::watch(Db& db, const Part& part) {
  base::Prng prng(part.seed);
  if (prng.one_in(2)) sync::Scheduler::instance().stall_current(4 + static_cast<uint32_t>(prng.below(40)));
  for (uint32_t step = 0; step < part.steps && working_; step++) {
    if (prng.one_in(4)) sim_.clock().sleep_ns(1 + prng.below(prng.one_in(2) ? 10'000 : 500'000));
    const uint64_t least = ended_;
    std::optional<Points> points;
    if (!prng.one_in(3)) {
      watch_at(db, prng, {}, least, points);
      continue;
    }
    const Snapshot snapshot = db.snapshot();
    points.emplace(least, begun_);
    for (uint64_t left = 1 + prng.below(4); left > 0; left--) {
      watch_at(db, prng, snapshot, least, points);
      if (prng.one_in(2)) sim_.clock().sleep_ns(1 + prng.below(300'000));
    }
  }
}

// ---- boots -----------------------------------------------------------------------------------------------------------

void TreeRun::live(Db& db, const std::vector<Part>& parts) {
  base::Prng prng = prng_;
  scan(db, prng, {}, model_);
  working_ = true;
  std::vector<sync::Thread> threads;
  for (const Part& part : parts) {
    if (part.who == Part::Who::kRestless) threads.emplace_back("restless", [&] { be_restless(db, part); });
    if (part.who == Part::Who::kWatcher) threads.emplace_back("watcher", [&] { watch(db, part); });
  }
  for (const Part& part : parts) {
    if (part.who == Part::Who::kClient) work(db, part);
  }
  working_ = false;
  for (sync::Thread& thread : threads) thread.join();
  for (const KeyspaceStats& keyspace : db.stats().keyspaces) {
    for (size_t level = 0; level < keyspace.levels.size(); level++) {
      NACRE_SOMETIMES("tree: a level has ten tables", keyspace.levels[level].tables >= 10);
      NACRE_SOMETIMES("tree: a level between the second and the bottom is in use",
                      level >= 2 && level + 1 < keyspace.levels.size() && keyspace.levels[level].tables != 0);
    }
  }
  for (Held& held : held_) {
    if (held.cursor) walk(*held.cursor, prng, held.model);
    scan(db, prng, held.snapshot, held.model);
  }
  held_.clear();
  look_at_kept();
  kept_.clear();
  scan(db, prng, {}, model_);
  check(db);
}

void TreeRun::boot(const std::vector<Part>& parts, uint64_t seed) {
  base::Prng prng(seed);
  engine::miniature = draw_miniature(prng, 1'500, prng.one_in(2) ? 2'000 : 12'000);
  auto db = Db::open("db", draw_small_options(prng), sim_.runtime());
  good(db ? Result<void>() : db.error(), "open");
  live(*db, parts);
  if (prng.one_in(2)) {
    good(db->close(), "close");
  } else {
    sim_.disk().kill_process();
  }
  db = Error{};
  if (!sim_.disk().is_on()) sim_.disk().restart();
  for (const SimEventSink::Kept& event : sim_.events().events()) {
    if (event.kind == EventKind::kCompactionFinished) tally().count("compactions");
    if (event.kind == EventKind::kTablesMoved) tally().count("moves");
    if (event.kind == EventKind::kFlushFinished) tally().count("flushes");
  }
  sim_.events().forget();
}

// ---- the workload ----------------------------------------------------------------------------------------------------

class TreeWorkload final : public Workload {
 public:
  const char* name() const override { return "tree"; }
  std::vector<std::string> profiles() const override { return {"mix"}; }

  std::vector<std::string> plan(uint64_t seed, const std::string&) override {
    std::vector<std::string> lines;
    for (const Part& part : make_plan(seed)) {
      static constexpr const char* kNames[] = {"the client", "a watcher", "a housekeeper"};
      lines.push_back("boot " + std::to_string(part.boot + 1) + ": " + kNames[static_cast<size_t>(part.who)] +
                      " does " + std::to_string(part.steps) + " things");
    }
    return lines;
  }

  sync::RunResult run(uint64_t seed, const std::string&, const Keep& keep) override {
    std::vector<std::vector<Part>> boots;
    size_t number = 0;
    for (const Part& part : make_plan(seed)) {
      if (part.boot >= boots.size()) boots.emplace_back();
      const size_t mine = number++;
      if (mine >= keep.size() || keep[mine]) boots.back().push_back(part);
    }
    Simulation sim(seed, {.executor_threads = 2 + static_cast<uint32_t>(seed % 3)});
    return sim.run([&] {
      TreeRun run(sim, seed);
      for (size_t i = 0; i < boots.size(); i++) run.boot(boots[i], seed + i);
      run.end();
    });
  }
};

}  // namespace

std::unique_ptr<Workload> tree_workload() { return std::make_unique<TreeWorkload>(); }

}  // namespace nacre::sim
