// The sweep of cuts: at every I/O of the story, before it takes effect and after, the machine dies.
//
//   subsets    the power goes, and every subset of the pending operations gets through (of more than 10: a sample). Each
//              different state of the platter that this gives is opened.
//   deaths     the process dies, or the power goes under a profile of power_cut.h; up to three times more while the database recovers.
//              Of what survives the first time, several draws are taken, and each different one is opened.
//
// A crash state is what a machine finds that is started again: all names and bytes that are durable or, after a kill, in its cache.
#include <algorithm>
#include <cstring>
#include <set>

#include "base/checksum.h"
#include "sim/sweep/story.h"
#include "sim/sweep/sweep.h"

namespace nacre::sim {

namespace {

constexpr uint64_t kMostExhausted = 10;    // pending operations, of which all subsets are tried
constexpr uint64_t kSampledSubsets = 128;  // of more
constexpr uint64_t kDeepest = 3;           // deaths in recovery, one after another

// Places that one telling of the story serves, if they are asked for one after another. Which world a place is in depends on its
// window only.
constexpr uint64_t kWindow = 64;

std::shared_ptr<SimDisk> still_disk() { return SimDisk::create({.latency_ns_min = 0, .latency_ns_max = 0}); }

// The machine and the oracle at one place.
struct Moment {
  DiskState state;
  Ledger ledger;
};

struct Death {
  const char* name;
  FaultEffect before;
  FaultEffect after;
  CrashProfile profile = CrashProfile::kNothing;

  Loss loss() const { return before == FaultEffect::kKill ? Loss::kProcess : Loss::kPower; }
};
constexpr Death kDeaths[] = {
    {"kill", FaultEffect::kKill, FaultEffect::kKillAfter},
    {"power cut, nothing", FaultEffect::kPowerCut, FaultEffect::kPowerCutAfter, CrashProfile::kNothing},
    {"power cut, prefix", FaultEffect::kPowerCut, FaultEffect::kPowerCutAfter, CrashProfile::kPrefix},
    {"power cut, torn", FaultEffect::kPowerCut, FaultEffect::kPowerCutAfter, CrashProfile::kTorn},
    {"power cut, posix-min", FaultEffect::kPowerCut, FaultEffect::kPowerCutAfter, CrashProfile::kPosixMin},
    {"power cut, everything", FaultEffect::kPowerCut, FaultEffect::kPowerCutAfter, CrashProfile::kEverything},
};
// Draws of what survives the first death. Where there is not much to be drawn, the recoveries differ.
constexpr uint64_t draws_of(const Death& death) {
  switch (death.profile) {
    case CrashProfile::kTorn:
    case CrashProfile::kPosixMin: return 24;
    case CrashProfile::kPrefix: return 4;
    default: return 2;
  }
}

uint64_t crash_state(const DiskState& state, Loss loss) {
  const uint64_t durable = state.durable_hash();
  return base::mix64(durable, loss == Loss::kPower ? durable : state.visible_hash());  // a power cut leaves one content
}

class CutSweep final : public Sweep {
 public:
  explicit CutSweep(uint64_t script) : script_(Script::make(script, ScriptKind::kWhole)) {
    Simulation sim(1, plain_world());
    const auto result = sim.run([&] {
      Ledger ledger;
      Story(sim, sim.disk(), script_, ledger).tell();
    });
    if (result.ending != sync::Ending::kDone) broken_ = "the story without faults: " + result.report;
    sites_ = sim.disk().faults().sites();
  }

  // First those of subsets, two a site; then those of deaths.
  uint64_t trials() const override { return 4 * sites_; }
  uint64_t quick_trials() const override { return 100; }
  std::string places() const override {
    return std::to_string(sites_) + " sites, before and after each; " + std::to_string(std::size(kDeaths)) +
           " ways to die besides subsets";
  }
  std::string describe(uint64_t trial) const override {
    const uint64_t place = trial % (2 * sites_);
    return (is_of_subsets(trial) ? std::string("every subset") : std::string("every way to die")) +
           (place % 2 == 0 ? " before" : " after") + " I/O " + std::to_string(place / 2 + 1);
  }
  std::string run(uint64_t trial, Tally& tally) override {
    if (!broken_.empty()) return broken_;
    return is_of_subsets(trial) ? cut_subsets(trial, tally) : die(trial, tally);
  }

 private:
  bool is_of_subsets(uint64_t trial) const { return trial < 2 * sites_; }
  // The moment of a trial; null if its I/O failed by itself, so that there is no after.
  const Moment* moment_of(uint64_t trial);
  void tell_until(uint64_t first, uint64_t last);
  std::string cut_subsets(uint64_t trial, Tally& tally);
  std::string die(uint64_t trial, Tally& tally);
  void die_again(Simulation& sim, const Death& death, DiskState state, Ledger ledger, base::Prng prng,
                 Tally& tally) const;
  // Whether this state was not met before where the same had to be shown: else it need not be opened again.
  bool is_new(uint64_t crash_state, const Ledger& ledger, Loss loss) {
    return met_.emplace(crash_state, ledger.position(loss) << 1 | static_cast<uint64_t>(loss == Loss::kPower)).second;
  }

  const Script script_;
  uint64_t sites_ = 0;
  std::string broken_;
  std::map<uint64_t, Moment> moments_;  // of the window, by trial
  uint64_t previous_ = ~uint64_t{0};
  std::set<std::pair<uint64_t, uint64_t>> met_;
};

const Moment* CutSweep::moment_of(uint64_t trial) {
  if (!moments_.contains(trial)) {
    moments_.clear();
    const uint64_t end = trial == previous_ + 1 ? (trial / kWindow + 1) * kWindow : trial + 1;
    tell_until(trial, std::min(end, trial < 2 * sites_ ? 2 * sites_ : 4 * sites_) - 1);
  }
  previous_ = trial;
  const auto found = moments_.find(trial);
  return found == moments_.end() ? nullptr : &found->second;
}

void CutSweep::tell_until(uint64_t first, uint64_t last) {
  const uint64_t base = is_of_subsets(first) ? 0 : 2 * sites_;
  SimulationOptions world = plain_world();
  world.disk->seed = 1 + first / kWindow;
  world.disk->writeback_one_in = base == 0 ? 0 : first / kWindow % 3 * 8;
  Simulation sim(1, world);
  Ledger ledger;
  sim.disk().watch([&](bool after) {
    const uint64_t trial = base + 2 * (sim.disk().faults().sites() - 1) + (after ? 1 : 0);
    if (trial >= first && trial <= last) moments_.try_emplace(trial, Moment{sim.disk().state().copy(), ledger});
  });
  sim.disk().faults().plan({.nth = (last - base) / 2 + 2, .effect = FaultEffect::kKill});  // the rest is not needed
  const auto result = sim.run([&] { Story(sim, sim.disk(), script_, ledger).tell(); });
  if (result.ending != sync::Ending::kDone) broken_ = result.report;
}

std::string CutSweep::cut_subsets(uint64_t trial, Tally& tally) {
  const Moment* const moment = moment_of(trial);
  if (moment == nullptr || !broken_.empty()) return broken_;
  const uint64_t pending = pending_operations(moment->state);
  const bool all = pending <= kMostExhausted;
  const uint64_t subsets = all ? uint64_t{1} << pending : kSampledSubsets;
  const uint64_t mask = pending >= 64 ? ~uint64_t{0} : (uint64_t{1} << pending) - 1;
  base::Prng prng(trial);
  uint64_t number = 0;
  Simulation sim(1, plain_world(200'000'000));
  const auto result = sim.run([&] {
    for (; number < subsets; number++) {
      uint64_t subset = all ? number : prng.next() & mask;
      if (!all && number % 2 == 1) subset |= prng.next() & mask;  // half of them dense
      DiskState after = moment->state.copy_to_cut();
      cut_power(after, CrashProfile::kNothing, prng, subset);
      const uint64_t hash = crash_state(after, Loss::kPower);
      if (!is_new(hash, moment->ledger, Loss::kPower)) continue;
      const auto disk = still_disk();
      disk->adopt(std::move(after));
      Ledger ledger = moment->ledger;
      tally.crash_state(hash);
      Story(sim, *disk, script_, ledger).tell_the_end(Loss::kPower);
      tally.count("crash states: of subsets");
    }
  });
  tally.count("power cuts: of every subset", all ? subsets : 0);
  tally.count("power cuts: of a sample of subsets", all ? 0 : subsets);
  if (result.ending == sync::Ending::kDone) return "";
  return "subset " + std::to_string(number) + ": " + result.report;
}

std::string CutSweep::die(uint64_t trial, Tally& tally) {
  const Moment* const moment = moment_of(trial);
  if (moment == nullptr || !broken_.empty()) return broken_;
  std::string name;
  Simulation sim(1, plain_world(200'000'000));
  const auto result = sim.run([&] {
    for (const Death& death : kDeaths) {
      for (uint64_t i = 0; i < draws_of(death); i++) {
        name = std::string(death.name) + ", draw " + std::to_string(i);
        base::Prng prng(trial << 16 | i << 8 | static_cast<uint64_t>(&death - kDeaths));
        const Loss loss = death.loss();
        DiskState after = loss == Loss::kPower ? moment->state.copy_to_cut() : moment->state.copy();
        if (loss == Loss::kPower) cut_power(after, death.profile, prng);
        if (loss == Loss::kProcess) after.end_process();
        const bool fresh = is_new(crash_state(after, loss), moment->ledger, loss);
        if (fresh || i < 2) die_again(sim, death, std::move(after), moment->ledger, prng, tally);
      }
    }
  });
  return result.ending == sync::Ending::kDone ? "" : name + ": " + result.report;
}

// `state` is what the first death left.
void CutSweep::die_again(Simulation& sim, const Death& death, DiskState state, Ledger ledger, base::Prng prng,
                         Tally& tally) const {
  const auto disk = still_disk();
  disk->adopt(std::move(state));
  Story story(sim, *disk, script_, ledger);
  uint64_t deaths = 1;
  const auto note = [&] { tally.crash_state(crash_state(disk->state(), death.loss())); };
  note();
  for (const uint64_t depth = 1 + prng.below(kDeepest + 1); deaths < depth; deaths++) {
    disk->faults().clear();
    disk->faults().plan(
        {.nth = 1 + prng.below(40), .effect = prng.one_in(2) ? death.before : death.after, .profile = death.profile});
    story.tell_the_end(death.loss());
    if (disk->is_on()) break;  // it had recovered before
    disk->restart();
    note();
  }
  disk->faults().clear();
  story.tell_the_end(death.loss());
  tally.count("deaths: " + std::to_string(deaths) + " in a row");
  tally.count(std::string("crash states: ") + death.name, deaths);
}

}  // namespace

std::unique_ptr<Sweep> make_cut_sweep(uint64_t script) { return std::make_unique<CutSweep>(script); }

}  // namespace nacre::sim
