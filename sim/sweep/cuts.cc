// The sweep of cuts: at every I/O of the story, before it takes effect and after, the machine dies.
//
//   subsets    the power goes, and every subset of the pending operations gets through (of more than 10: a sample). The states of
//              the platter that this gives are collected at the I/O itself, and each different one is opened.
//   profiles   the power goes under a profile of power_cut.h, and up to three times more while the database recovers
//   kills      the process dies, likewise
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

// What a machine may find when its power is back. Contents are shared between states.
struct Platter {
  std::map<std::string, std::shared_ptr<const std::string>> files;
};

// The different platters that a moment of the story can leave.
class Aftermath {
 public:
  void collect(const DiskState& state, base::Prng& prng) {
    pending_ = pending_operations(state);
    const bool all = pending_ <= kMostExhausted;
    const uint64_t subsets = all ? uint64_t{1} << pending_ : kSampledSubsets;
    for (uint64_t i = 0; i < subsets; i++) {
      const uint64_t mask = pending_ >= 64 ? ~uint64_t{0} : (uint64_t{1} << pending_) - 1;
      uint64_t subset = all ? i : prng.next() & mask;
      if (!all && i % 2 == 1) subset |= prng.next() & mask;  // half of them dense
      DiskState after = state.copy();
      cut_power(after, CrashProfile::kNothing, prng, subset);
      add(after);
    }
  }
  uint64_t pending() const { return pending_; }
  const std::vector<Platter>& platters() const { return platters_; }

 private:
  void add(const DiskState& state) {
    if (!seen_.insert(state.durable_hash()).second) return;
    Platter& platter = platters_.emplace_back();
    for (const auto& [directory, node] : state.directories) {
      platter.files[directory + "/"] = nullptr;
      for (const auto& [name, inode] : node->visible) platter.files[directory + "/" + name] = shared(*inode);
    }
  }
  std::shared_ptr<const std::string> shared(const Inode& inode) {
    const Bytes bytes = inode.visible->bytes();
    auto& content = contents_[{bytes.size(), base::checksum64(bytes, 0)}];
    if (content == nullptr) content = std::make_shared<const std::string>(bytes);
    return content;
  }

  uint64_t pending_ = 0;
  std::set<uint64_t> seen_;
  std::map<std::pair<uint64_t, uint64_t>, std::shared_ptr<const std::string>> contents_;
  std::vector<Platter> platters_;
};

struct Death {
  const char* name;
  FaultEffect before;
  FaultEffect after;
  CrashProfile profile = CrashProfile::kNothing;
};
constexpr Death kDeaths[] = {
    {"kill", FaultEffect::kKill, FaultEffect::kKillAfter},
    {"power cut, nothing", FaultEffect::kPowerCut, FaultEffect::kPowerCutAfter, CrashProfile::kNothing},
    {"power cut, prefix", FaultEffect::kPowerCut, FaultEffect::kPowerCutAfter, CrashProfile::kPrefix},
    {"power cut, torn", FaultEffect::kPowerCut, FaultEffect::kPowerCutAfter, CrashProfile::kTorn},
    {"power cut, posix-min", FaultEffect::kPowerCut, FaultEffect::kPowerCutAfter, CrashProfile::kPosixMin},
    {"power cut, everything", FaultEffect::kPowerCut, FaultEffect::kPowerCutAfter, CrashProfile::kEverything},
};
constexpr uint64_t kDraws = 2;  // of what survives, for each death

class CutSweep final : public Sweep {
 public:
  CutSweep() {
    Simulation sim(1, plain_world());
    const auto result = sim.run([&] {
      Ledger ledger;
      Story(sim, sim.disk(), ledger).tell(StoryKind::kWhole);
    });
    if (result.ending != sync::Ending::kDone) broken_ = "the story without faults: " + result.report;
    sites_ = sim.disk().faults().sites();
  }

  // First those of subsets, two a site; then those of deaths.
  uint64_t trials() const override { return subset_trials() + death_trials(); }
  uint64_t quick_trials() const override { return 350; }
  std::string places() const override {
    return std::to_string(sites_) + " sites, before and after each; " + std::to_string(std::size(kDeaths)) +
           " ways to die besides subsets";
  }
  std::string describe(uint64_t trial) const override {
    const bool subsets = trial < subset_trials();
    const uint64_t place = subsets ? trial : (trial - subset_trials()) / (std::size(kDeaths) * kDraws);
    return (subsets ? std::string("every subset") : std::string(death_of(trial).name)) +
           (place % 2 == 0 ? " before" : " after") + " I/O " + std::to_string(place / 2 + 1);
  }
  std::string run(uint64_t trial, Tally& tally) override {
    if (!broken_.empty()) return broken_;
    return trial < subset_trials() ? cut_subsets(trial, tally) : die(trial, tally);
  }

 private:
  uint64_t subset_trials() const { return 2 * sites_; }
  uint64_t death_trials() const { return 2 * sites_ * std::size(kDeaths) * kDraws; }
  const Death& death_of(uint64_t trial) const {
    return kDeaths[(trial - subset_trials()) / kDraws % std::size(kDeaths)];
  }

  std::string cut_subsets(uint64_t trial, Tally& tally);
  std::string die(uint64_t trial, Tally& tally);

  uint64_t sites_ = 0;
  std::string broken_;
};

std::string CutSweep::cut_subsets(uint64_t trial, Tally& tally) {
  const uint64_t site = trial / 2 + 1;
  const bool wanted_after = trial % 2 == 1;
  Aftermath aftermath;
  Ledger at_the_cut;
  {
    Simulation sim(1, plain_world());
    Ledger ledger;
    bool done = false;
    sim.disk().watch([&](bool after) {
      if (done || sim.disk().faults().sites() != site || after != wanted_after) return;
      done = true;
      at_the_cut = ledger;
      base::Prng prng(trial);
      aftermath.collect(sim.disk().state(), prng);
    });
    sim.disk().faults().plan({.nth = site + 1, .effect = FaultEffect::kKill});  // the rest is not needed
    const auto result = sim.run([&] { Story(sim, sim.disk(), ledger).tell(StoryKind::kWhole); });
    if (result.ending != sync::Ending::kDone) return result.report;
    if (!done) return "";  // this I/O failed by itself: there is no after
  }
  tally["power cuts: of every subset"] += aftermath.pending() <= kMostExhausted ? 1 : 0;
  tally["power cuts: of a sample of subsets"] += aftermath.pending() <= kMostExhausted ? 0 : 1;
  uint64_t number = 0;
  Simulation sim(1, plain_world(200'000'000));
  const auto result = sim.run([&] {
    for (const Platter& platter : aftermath.platters()) {
      const auto disk = SimDisk::create({.latency_ns_min = 0, .latency_ns_max = 0});
      DiskImage image;
      for (const auto& [path, content] : platter.files) image[path] = content == nullptr ? "" : *content;
      disk->restore(image);
      Ledger ledger = at_the_cut;
      Story(sim, *disk, ledger).tell_the_end(Loss::kPower);
      number++;
    }
  });
  tally["crash states: of subsets"] += number;
  if (result.ending == sync::Ending::kDone) return "";
  return "platter " + std::to_string(number) + ": " + result.report;
}

std::string CutSweep::die(uint64_t trial, Tally& tally) {
  const uint64_t place = (trial - subset_trials()) / (std::size(kDeaths) * kDraws);
  const Death& death = death_of(trial);
  base::Prng prng(trial);
  SimulationOptions world = plain_world();
  world.disk->seed = trial;
  world.disk->writeback_one_in = death.profile == CrashProfile::kPosixMin ? 8 : 0;
  Simulation sim(1, world);
  uint64_t deaths = 0;
  const auto result = sim.run([&] {
    Ledger ledger;
    Story story(sim, sim.disk(), ledger);
    sim.disk().faults().plan(
        {.nth = place / 2 + 1, .effect = place % 2 == 0 ? death.before : death.after, .profile = death.profile});
    story.tell(StoryKind::kWhole);
    const uint64_t depth = prng.below(kDeepest + 1);
    for (uint64_t i = 0; i < depth && !sim.disk().is_on(); i++) {
      deaths++;
      sim.disk().restart();
      sim.disk().faults().clear();
      sim.disk().faults().plan(
          {.nth = 1 + prng.below(40), .effect = prng.one_in(2) ? death.before : death.after, .profile = death.profile});
      story.tell_the_end(death.before == FaultEffect::kKill ? Loss::kProcess : Loss::kPower);
    }
    sim.disk().faults().clear();
    if (sim.disk().is_on()) return;
    deaths++;
    sim.disk().restart();
    story.tell_the_end(death.before == FaultEffect::kKill ? Loss::kProcess : Loss::kPower);
  });
  tally["deaths: " + std::to_string(deaths) + " in a row"]++;
  tally[std::string("crash states: ") + death.name] += deaths;
  return result.ending == sync::Ending::kDone ? "" : result.report;
}

}  // namespace

std::unique_ptr<Sweep> make_cut_sweep() { return std::make_unique<CutSweep>(); }

}  // namespace nacre::sim
