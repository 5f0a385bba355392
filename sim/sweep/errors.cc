// The sweep of errors: I/O number N of the story fails, once or for good, for each error number that an operation of its kind can
// give; reads and writes are cut short; stored pages are lost.
#include <cerrno>

#include "sim/sweep/story.h"
#include "sim/sweep/sweep.h"

namespace nacre::sim {

namespace {

constexpr IoKinds kOpens = only(IoKind::kOpenDirectory) | only(IoKind::kOpenRead) | only(IoKind::kCreate) |
                           only(IoKind::kCreateMapped) | only(IoKind::kOpenMapped) | only(IoKind::kLock);
constexpr IoKinds kChanges = only(IoKind::kCreate) | only(IoKind::kCreateMapped) | only(IoKind::kRename) |
                             only(IoKind::kRemove) | only(IoKind::kLock) | kWrites | kSyncs;
constexpr IoKinds kNotStores = kEveryIo & ~only(IoKind::kStore);

struct Way {
  const char* name;
  IoKinds kinds;  // where it can strike
  FaultEffect effect = FaultEffect::kError;
  int32_t error_number = EIO;
  bool for_good = false;
};

constexpr Way kWays[] = {
    {.name = "EIO once", .kinds = kNotStores},
    {.name = "EIO for good", .kinds = kNotStores, .for_good = true},
    {.name = "EINTR once", .kinds = kNotStores, .error_number = EINTR},
    {.name = "EINTR for good", .kinds = kNotStores, .error_number = EINTR, .for_good = true},
    {.name = "ENOSPC once", .kinds = kChanges, .error_number = ENOSPC},
    {.name = "ENOSPC for good", .kinds = kChanges, .error_number = ENOSPC, .for_good = true},
    {.name = "EDQUOT once", .kinds = kChanges, .error_number = EDQUOT},
    {.name = "EDQUOT for good", .kinds = kChanges, .error_number = EDQUOT, .for_good = true},
    {.name = "EROFS once", .kinds = kChanges, .error_number = EROFS},
    {.name = "EROFS for good", .kinds = kChanges, .error_number = EROFS, .for_good = true},
    {.name = "EMFILE once", .kinds = kOpens, .error_number = EMFILE},
    {.name = "EMFILE for good", .kinds = kOpens, .error_number = EMFILE, .for_good = true},
    {.name = "short read once", .kinds = kReads, .effect = FaultEffect::kShort},
    {.name = "short write once", .kinds = kWrites, .effect = FaultEffect::kShort},
    {.name = "short write for good", .kinds = kWrites, .effect = FaultEffect::kShort, .for_good = true},
    {.name = "lost page once", .kinds = only(IoKind::kStore)},
    {.name = "lost page for good", .kinds = only(IoKind::kStore), .for_good = true},
};

// What the promises let an engine say in such a world.
Excuses excuses_of(const Way& way) {
  Excuses excuses{.kinds = {ErrorKind::kIo, ErrorKind::kClosed, ErrorKind::kBusy}, .passes = !way.for_good};
  if (way.error_number == ENOSPC || way.error_number == EDQUOT) excuses.kinds.insert(ErrorKind::kNoSpace);
  // By the contract of ReadableFile, a short read is the end of the file: the file is shorter than it should be.
  if (way.effect == FaultEffect::kShort && way.kinds == kReads) excuses.kinds.insert(ErrorKind::kCorruption);
  excuses.loses_pages = way.kinds == only(IoKind::kStore);
  return excuses;
}

struct Place {
  const Way* way = nullptr;
  uint64_t nth = 0;  // among the sites of its kinds
};

class ErrorSweep final : public Sweep {
 public:
  explicit ErrorSweep(uint64_t script) : script_(Script::make(script, ScriptKind::kWhole)) {
    Simulation sim(1, plain_world());
    const auto result = sim.run([&] {
      Ledger ledger;
      Story(sim, sim.disk(), script_, ledger).tell();
    });
    if (result.ending != sync::Ending::kDone) broken_ = "the story without faults: " + result.report;
    const Faults& faults = sim.disk().faults();
    sites_ = faults.sites();
    for (const Way& way : kWays) {
      uint64_t sites = 0;
      for (uint32_t kind = 0; kind < static_cast<uint32_t>(IoKind::kCount); kind++) {
        if ((way.kinds & IoKinds{1} << kind) != 0) sites += faults.sites(static_cast<IoKind>(kind));
      }
      for (uint64_t nth = 1; nth <= sites; nth++) places_.push_back({&way, nth});
    }
  }

  uint64_t trials() const override { return places_.size(); }
  uint64_t quick_trials() const override { return 300; }
  std::string places() const override {
    return std::to_string(sites_) + " sites, " + std::to_string(std::size(kWays)) + " ways to fail";
  }
  std::string describe(uint64_t trial) const override {
    return std::string(places_[trial].way->name) + ", from I/O " + std::to_string(places_[trial].nth) + " of its kinds";
  }

  std::string run(uint64_t trial, Tally& tally) override {
    if (!broken_.empty()) return broken_;
    const Place& place = places_[trial];
    const Way& way = *place.way;
    Simulation sim(1, plain_world());
    Answers answers;
    const auto result = sim.run([&] {
      Ledger ledger;
      sim.disk().faults().plan({.nth = place.nth,
                                .kinds = way.kinds,
                                .effect = way.effect,
                                .error_number = way.error_number,
                                .for_good = way.for_good});
      Story story(sim, sim.disk(), script_, ledger, excuses_of(way));
      story.tell();
      sim.disk().faults().clear();
      story.tell_the_end();
      answers = story.answers();
    });
    tally.count(std::string("struck: ") + way.name, sim.disk().faults().injected(way.effect) != 0 ? 1 : 0);
    for (const auto& [answer, count] : answers) {
      if (!answer.ends_with(": ok")) tally.count("answer: " + answer, count);
    }
    return result.ending == sync::Ending::kDone ? "" : result.report;
  }

 private:
  const Script script_;
  uint64_t sites_ = 0;
  std::string broken_;
  std::vector<Place> places_;
};

}  // namespace

std::unique_ptr<Sweep> make_error_sweep(uint64_t script) { return std::make_unique<ErrorSweep>(script); }

}  // namespace nacre::sim
