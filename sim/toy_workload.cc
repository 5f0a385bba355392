#include "sim/toy_workload.h"

#include <algorithm>
#include <optional>

#include "base/checksum.h"
#include "sim/probes.h"
#include "sim/simulation.h"

namespace nacre::sim {

namespace {

constexpr uint32_t kLives = 6;
constexpr uint32_t kWriters = 3;
constexpr uint32_t kTurns = 4;  // parts of a writer in a life

struct Part {
  enum class Kind : uint8_t { kAppend, kEnd, kFailingSyncs };
  Kind kind = Kind::kAppend;
  uint32_t life = 0;
  uint32_t writer = 0;
  std::vector<bool> durable = {};  // one for each value to append
  PlannedFault end = {};

  std::string to_string() const {
    const std::string head = "life " + std::to_string(life + 1) + ": ";
    if (kind == Kind::kFailingSyncs) return head + "one sync in 40 fails";
    if (kind == Kind::kEnd) {
      return head + sim::to_string(end.effect) + " at I/O " + std::to_string(end.nth) + ", " +
             sim::to_string(end.profile);
    }
    std::string text = head + "writer " + std::to_string(writer) + " appends";
    for (const bool synced : durable) text += synced ? " durable" : " value";
    return text;
  }
};

Part draw_part(Part part, uint64_t seed) {
  base::Prng prng(base::mix64(seed, static_cast<uint64_t>(part.kind) << 16 | part.life << 8 | part.writer));
  if (part.kind == Part::Kind::kAppend) {
    for (int i = 0; i < 5; ++i) part.durable.push_back(prng.one_in(4));
  }
  if (part.kind == Part::Kind::kEnd) {
    static constexpr CrashProfile kProfiles[] = {CrashProfile::kPrefix, CrashProfile::kTorn, CrashProfile::kPosixMin};
    static constexpr FaultEffect kEnds[] = {FaultEffect::kPowerCut, FaultEffect::kPowerCutAfter, FaultEffect::kKill};
    part.end = {.nth = 1 + prng.below(150), .effect = kEnds[prng.below(3)], .profile = kProfiles[prng.below(3)]};
  }
  return part;
}

std::vector<Part> draw_plan(uint64_t seed, bool calm) {
  std::vector<Part> plan;
  base::Prng prng(seed ^ 0x70ffULL);
  for (uint32_t life = 0; life < kLives; ++life) {
    plan.push_back(draw_part({.kind = Part::Kind::kEnd, .life = life}, seed));
    if (prng.one_in(4) && !calm) plan.push_back({.kind = Part::Kind::kFailingSyncs, .life = life});
    for (uint32_t turn = 0; turn < kTurns; ++turn) {
      for (uint32_t writer = 0; writer < kWriters; ++writer) {
        plan.push_back(draw_part({.life = life, .writer = writer}, base::mix64(seed, turn)));
      }
    }
  }
  return plan;
}

// What was written in commit order, and how much of it must be there after the next open.
struct Oracle {
  std::vector<uint64_t> values;
  uint64_t survives_power = 0;
  uint64_t survives_kill = 0;
  bool power_lost = false;

  std::string check(const ToyStore& store) const {
    const uint64_t k = store.count();
    const uint64_t least = power_lost ? survives_power : survives_kill;
    if (k > values.size()) return "recovered more than was written";
    if (k < least) return "lost " + std::to_string(least - k) + " acknowledged writes of " + std::to_string(least);
    uint64_t hash = 0;
    for (uint64_t i = 0; i < k; ++i) hash = ToyStore::extend_hash(hash, values[i]);
    if (hash != store.hash()) return "recovered something that is not a prefix";
    return "";
  }
  void opened(uint64_t k) {  // an open decides: this much stays for ever
    values.resize(k);
    survives_power = survives_kill = k;
    power_lost = false;
  }
};

class ToyRun {
 public:
  ToyRun(Simulation& sim, const Bugs& bugs, const std::function<void(uint64_t)>& appended, std::vector<Part> parts)
      : sim_(sim), bugs_(bugs), appended_(appended), parts_(std::move(parts)) {}

  void run() {
    for (uint32_t life = 0; life < kLives; ++life) live(life);
  }

 private:
  template <class Visit>
  void each_part(uint32_t life, Part::Kind kind, const Visit& visit) {
    for (const Part& part : parts_) {
      if (part.life == life && part.kind == kind) visit(part);
    }
  }

  // One life of the process: open, check, write, end.
  void live(uint32_t life) {
    sim_.disk().faults().clear();
    each_part(life, Part::Kind::kFailingSyncs,
              [&](const Part&) { sim_.disk().faults().set_rates({.sync_error = 40}); });
    each_part(life, Part::Kind::kEnd, [&](const Part& part) { sim_.disk().faults().plan(part.end); });
    const uint64_t cuts = sim_.disk().cuts();
    {
      auto store = ToyStore::open(sim_.runtime(), bugs_, [&](uint64_t value) { oracle_.values.push_back(value); });
      if (store) {
        if (const std::string wrong = oracle_.check(**store); !wrong.empty()) sim_.fail(wrong);
        oracle_.opened((*store)->count());
        write(life, **store);
      } else if (store.error().kind != ErrorKind::kIo) {
        sim_.fail("open failed: " + store.error().to_string());
      }
    }
    NACRE_SOMETIMES("a boot ends in the middle of its work", !sim_.disk().is_on());
    NACRE_SOMETIMES("a boot ends with the process killed", !sim_.disk().is_on() && sim_.disk().cuts() == cuts);
    oracle_.power_lost |= sim_.disk().cuts() != cuts;
    if (!sim_.disk().is_on()) sim_.disk().restart();
  }

  void write(uint32_t life, ToyStore& store) {
    const uint64_t boot = sim_.disk().boot();
    std::vector<sync::Thread> writers;
    for (uint32_t w = 0; w < kWriters; ++w) {
      writers.emplace_back("writer", [&, w] {
        bool broken = false;
        each_part(life, Part::Kind::kAppend, [&](const Part& part) {
          for (size_t i = 0; part.writer == w && i < part.durable.size() && !broken; ++i) {
            broken = !append(store, boot, part.durable[i]);
          }
        });
      });
    }
    for (sync::Thread& writer : writers) writer.join();
  }

  bool append(ToyStore& store, uint64_t boot, bool durable) {
    const auto position = store.append(++values_, durable);
    if (!position || !sim_.disk().alive(boot)) return false;  // the dead acknowledge nothing
    if (appended_) appended_(*position);
    oracle_.survives_kill = std::max(oracle_.survives_kill, *position + 1);
    if (durable) oracle_.survives_power = std::max(oracle_.survives_power, *position + 1);
    return true;
  }

  Simulation& sim_;
  const Bugs& bugs_;
  const std::function<void(uint64_t)>& appended_;
  const std::vector<Part> parts_;
  Oracle oracle_;
  uint64_t values_ = 0;
};

}  // namespace

std::vector<std::string> ToyWorkload::plan(uint64_t seed, const std::string& profile) {
  std::vector<std::string> lines;
  for (const Part& part : draw_plan(seed, profile == "calm")) lines.push_back(part.to_string());
  return lines;
}

sync::RunResult ToyWorkload::run(uint64_t seed, const std::string& profile, const Keep& keep) {
  std::vector<Part> parts;
  const std::vector<Part> plan = draw_plan(seed, profile == "calm");
  for (size_t i = 0; i < plan.size(); ++i) {
    if (keep.empty() || keep[i]) parts.push_back(plan[i]);
  }
  Simulation sim(seed);
  return sim.run([&] { ToyRun(sim, bugs_, appended_, std::move(parts)).run(); });
}

}  // namespace nacre::sim
