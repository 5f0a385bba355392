#include "sim/history_workload.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "nacre/nacre.h"
#include "sim/history/checker.h"
#include "sim/history/client.h"
#include "sim/history/explain.h"
#include "sim/history_guest.h"
#include "sim/probes.h"
#include "sim/simulation.h"
#include "sim/small_database.h"
#include "sim/tally.h"
#include "sync/sync.h"

namespace nacre::sim {

namespace {

using history::End;
using history::Operation;
using history::Version;

constexpr uint32_t kKeysEach = 6;
constexpr uint32_t kThreads = 4;            // clients at most
constexpr Version kVersionsOfAPart = 1000;  // more than a part can write
constexpr CrashProfile kProfiles[] = {CrashProfile::kPrefix, CrashProfile::kTorn, CrashProfile::kPosixMin};

// ---- the plan --------------------------------------------------------------------------------------------------------

// How a boot ends. Without such a part it ends by a close.
enum class Ending : uint8_t { kClose, kDestroy, kAtIo, kAtTime };

struct Part {
  enum class What : uint8_t { kWork, kGuest, kHouse, kRestless, kEnd };
  What what = What::kWork;
  uint32_t thread = 0;
  uint32_t steps = 0;
  uint64_t seed = 0;
  Version versions = 0;  // the first that it writes
  Ending ending = Ending::kClose;
};

struct PlannedBoot {
  uint64_t seed = 0;  // of the options
  std::vector<Part> parts;
};

struct Plan {
  bool faulty = false;
  std::vector<PlannedBoot> boots;
};

Plan make_plan(uint64_t seed, const std::string& profile) {
  base::Prng prng(seed ^ 0x415709ULL);
  Plan plan{.faulty = profile == "faults"};
  Version versions = 1;
  for (uint64_t boots = 2 + prng.below(3); boots > 0; --boots) {
    PlannedBoot boot{.seed = prng.next()};
    const uint32_t threads = 2 + static_cast<uint32_t>(prng.below(3));
    for (uint32_t thread = 0; thread < threads; ++thread) {
      for (uint64_t parts = 1 + prng.below(5); parts > 0; --parts) {
        const auto steps = static_cast<uint32_t>(3 + prng.below(16));
        boot.parts.push_back({.thread = thread, .steps = steps, .seed = prng.next(), .versions = versions});
        versions += kVersionsOfAPart;
      }
    }
    for (uint64_t parts = prng.below(3); parts > 0; --parts) {
      const auto steps = static_cast<uint32_t>(3 + prng.below(20));
      boot.parts.push_back({.what = Part::What::kGuest, .steps = steps, .seed = prng.next(), .versions = versions});
      versions += kVersionsOfAPart;
    }
    for (uint64_t parts = 1 + prng.below(3); parts > 0; --parts) {
      const auto steps = static_cast<uint32_t>(2 + prng.below(12));
      boot.parts.push_back({.what = Part::What::kHouse, .steps = steps, .seed = prng.next()});
    }
    if (prng.one_in(2)) {
      const auto steps = static_cast<uint32_t>(20 + prng.below(100));
      boot.parts.push_back({.what = Part::What::kRestless, .steps = steps, .seed = prng.next()});
    }
    const auto ending = boots == 1 ? Ending::kClose : static_cast<Ending>(prng.below(4));
    if (ending != Ending::kClose)
      boot.parts.push_back({.what = Part::What::kEnd, .seed = prng.next(), .ending = ending});
    plan.boots.push_back(std::move(boot));
  }
  return plan;
}

std::string line_of(const Part& part) {
  switch (part.what) {
    case Part::What::kWork:
      return "client " + std::to_string(part.thread) + " does " + std::to_string(part.steps) + " things";
    case Part::What::kGuest:
      return "a guest makes, uses and drops a keyspace, " + std::to_string(part.steps) + " things";
    case Part::What::kHouse: return std::to_string(part.steps) + " flushes, compactions, drops and the like";
    case Part::What::kRestless:
      return "flushes and compacts while clients are at work, " + std::to_string(part.steps) + " times at most";
    case Part::What::kEnd: break;
  }
  switch (part.ending) {
    case Ending::kDestroy: return "ends without a close";
    case Ending::kAtIo: return "ends by a crash at some I/O";
    case Ending::kAtTime: return "ends by a crash after some time";
    case Ending::kClose: break;
  }
  return "ends by a close";
}

// ---- the run ---------------------------------------------------------------------------------------------------------

class HistoryRun {
 public:
  HistoryRun(Simulation& sim, bool faulty) : sim_(sim), faulty_(faulty) {
    past_.keys = house_.existence() + 1;
    past_.opened.assign(past_.keys, history::kAbsent);
  }

  void run(const Plan& plan) {
    for (const PlannedBoot& boot : plan.boots) one_boot(boot);
    faulty_ = false;
    one_boot({.seed = 1});  // the last word has a machine without faults
  }

 private:
  void one_boot(const PlannedBoot& planned);
  void plan_faults(const PlannedBoot& planned);
  void live(Db& db, const PlannedBoot& planned);
  void opened(const std::vector<Version>& found);
  void work(const history::Stage& stage, const std::vector<Part>& parts, uint32_t thread, std::vector<Operation>& done);
  void keep_house(const history::Stage& stage, const Part& part, std::vector<Operation>& done);
  void be_restless(Db& db, const Part& part);
  void check_files(Db& db);
  void drop_something(Db& db, base::Prng& prng);
  // What the open has of the keyspace that comes and goes; false after an error.
  bool look_for_guest(Db& db, const history::Stage& stage, std::vector<Version>& found);
  void be_guest(const history::Stage& stage, const Part& part, uint32_t thread, std::vector<Operation>& done);
  void close(Db& db, const PlannedBoot& planned);
  void crash_in_time(uint64_t seed);
  bool alive() const { return sim_.disk().alive(boot_); }

  // What the disk of this run does not do, no error may claim.
  void failed(const Error& error, const char* what) {
    const bool for_now =
        error.kind == ErrorKind::kNoSpace || (error.kind == ErrorKind::kBusy && error.system_errno != 0);
    if (faulty_ && (error.kind == ErrorKind::kIo || error.kind == ErrorKind::kClosed || for_now)) return;
    sim_.fail(std::string(what) + " failed: " + error.to_string());
  }
  bool good(const Result<void>& result, const char* what) {
    if (!alive()) return false;
    if (!result) failed(result.error(), what);
    return result.has_value();
  }

  Simulation& sim_;
  bool faulty_;
  uint64_t boot_ = 0;
  uint32_t working_ = 0;  // clients that have not ended
  history::Ticks ticks_;
  GuestHouse house_{.first_key = 2 * kKeysEach, .keys = kKeysEach, .newest = {}};
  Version next_incarnation_ = 1'000'000'000;  // for those that an open finds
  history::Boot past_;  // the boot that is or was; complete when the next open has read everything
};

// Half of the boots run in so small that the keys fill runs of several tables, partitions and deep levels.
engine::Miniature miniature_of(uint64_t seed) {
  base::Prng prng(seed ^ 0x3141ULL);
  return prng.one_in(2) ? engine::Miniature{} : draw_miniature(prng, 1'200, 2'000);
}

Options options_of(base::Prng& prng) {
  Options options = draw_small_options(prng);
  if (prng.one_in(4)) options.keyspace.block_bytes = 8192;
  return options;
}

void HistoryRun::plan_faults(const PlannedBoot& planned) {
  base::Prng prng(planned.seed ^ 0xfa17ULL);
  Faults& faults = sim_.disk().faults();
  faults.clear();
  if (faulty_) {
    const auto rate = [&] { return prng.one_in(2) ? static_cast<uint32_t>(100 + prng.below(1000)) : 0; };
    faults.set_rates({.read_error = rate(),
                      .write_error = rate(),
                      .sync_error = rate(),
                      .name_error = rate(),
                      .error_number = prng.one_in(2) ? EIO : ENOSPC});
  }
  for (const Part& part : planned.parts) {
    if (part.ending != Ending::kAtIo) continue;
    static constexpr FaultEffect kEnds[] = {FaultEffect::kPowerCut, FaultEffect::kPowerCutAfter, FaultEffect::kKill,
                                            FaultEffect::kKillAfter};
    base::Prng end(part.seed);
    faults.plan({.nth = 1 + end.below(end.one_in(2) ? 80 : 400),
                 .effect = kEnds[end.below(4)],
                 .profile = kProfiles[end.below(3)]});
  }
}

void HistoryRun::one_boot(const PlannedBoot& planned) {
  base::Prng prng(planned.seed);
  engine::miniature = miniature_of(planned.seed);
  plan_faults(planned);
  boot_ = sim_.disk().boot();
  const uint64_t cuts = sim_.disk().cuts();
  {
    auto db = Db::open("db", options_of(prng), sim_.runtime());
    if (good(db ? Result<void>() : db.error(), "open")) live(*db, planned);
  }
  for (const SimEventSink::Kept& event : sim_.events().events()) {
    NACRE_SOMETIMES("history: a compaction ends", event.kind == EventKind::kCompactionFinished);
    if (event.error.kind == ErrorKind::kCorruption) sim_.fail("damage was reported: " + event.error.to_string());
  }
  sim_.events().forget();
  if (sim_.disk().cuts() != cuts) {
    past_.end = End::kPowerCut;
  } else if (past_.end == End::kNone) {
    past_.end = End::kKill;  // or closed: then everything was made durable by an operation
  }
  if (!sim_.disk().is_on()) sim_.disk().restart();
}

// The past can be judged now, and a new one begins.
void HistoryRun::opened(const std::vector<Version>& found) {
  if (past_.end != End::kNone) {
    past_.survived.emplace();
    for (history::Key key = 0; key < past_.keys; ++key) {
      const bool there = key == house_.existence() && found[key] != history::kAbsent;  // nobody knows which incarnation
      past_.survived->push_back({key, there ? history::kAnyVersion : found[key]});
    }
  }
  const auto name = [this](history::Key key) {
    if (key == house_.existence()) return std::string("the keyspace of guests");
    return std::to_string(key / kKeysEach) + "/" + history::key_text(key % kKeysEach);
  };
  if (const std::string wrong = history::explain(past_, name); !wrong.empty()) sim_.fail(wrong);
  tally().count("operations of histories", past_.operations.size());
  tally().count("histories");
  const auto in_doubt = [](const Operation& operation) { return operation.outcome == history::Outcome::kInDoubt; };
  NACRE_SOMETIMES("history: a write is in doubt", std::ranges::any_of(past_.operations, in_doubt));
  NACRE_SOMETIMES("history: a boot with operations ends by a power cut",
                  past_.end == End::kPowerCut && !past_.operations.empty());
  past_ = history::Boot{.keys = past_.keys, .opened = found};
}

void HistoryRun::live(Db& db, const PlannedBoot& planned) {
  auto second = db.keyspace("second");
  if (!good(second ? Result<void>() : second.error(), "opening a keyspace")) return;
  history::Stage stage{
      .db = &db, .keyspaces = {db.default_keyspace(), *second}, .keys_each = kKeysEach, .ticks = &ticks_};
  stage.alive = [this] { return alive(); };
  stage.failed = [this](const Error& error, const char* what) { failed(error, what); };
  stage.pause = [this](uint64_t random) { sim_.clock().sleep_ns(1 + random % 1'000'000); };
  auto found = history::read_all(stage);
  if (!found || !look_for_guest(db, stage, *found)) return;
  opened(*found);

  std::vector<std::vector<Operation>> done(kThreads + planned.parts.size());  // one list a thread
  std::vector<sync::Thread> threads;
  working_ = kThreads;
  for (uint32_t thread = 0; thread < kThreads; ++thread) {
    threads.emplace_back("client", [&, thread] {
      work(stage, planned.parts, thread, done[thread]);
      working_--;
    });
  }
  for (size_t i = 0; i < planned.parts.size(); ++i) {
    const Part& part = planned.parts[i];
    std::vector<Operation>& mine = done[kThreads + i];
    if (part.what == Part::What::kGuest)
      threads.emplace_back("guest", [&] { be_guest(stage, part, kThreads + 1 + static_cast<uint32_t>(i), mine); });
    if (part.what == Part::What::kHouse) threads.emplace_back("house", [&] { keep_house(stage, part, mine); });
    if (part.what == Part::What::kRestless) threads.emplace_back("restless", [&] { be_restless(*stage.db, part); });
    if (part.ending == Ending::kAtTime) threads.emplace_back("plug", [&] { crash_in_time(part.seed); });
  }
  for (sync::Thread& thread : threads) thread.join();
  for (std::vector<Operation>& list : done) std::ranges::move(list, std::back_inserter(past_.operations));
  stage.keyspaces.clear();
  house_.newest.reset();
  second = Error{};
  if (alive()) check_files(db);
  close(db, planned);
}

// A client for each part, so that leaving one out changes no other.
void HistoryRun::work(const history::Stage& stage, const std::vector<Part>& parts, uint32_t thread,
                      std::vector<Operation>& done) {
  for (const Part& part : parts) {
    if (part.what != Part::What::kWork || part.thread != thread) continue;
    // Some are preempted in the midst of many calls.
    sync::Scheduler::instance().stall_current(part.seed % 6 == 0 ? 4 + static_cast<uint32_t>(part.seed / 6 % 40) : 0);
    history::Client client(stage, thread, part.seed, part.versions, 1);
    for (uint32_t step = 0; step < part.steps && client.step(); ++step) {
    }
    std::ranges::move(client.finish(), std::back_inserter(done));
  }
}

void HistoryRun::keep_house(const history::Stage& stage, const Part& part, std::vector<Operation>& done) {
  base::Prng prng(part.seed);
  for (uint32_t step = 0; step < part.steps && alive(); ++step) {
    sim_.clock().sleep_ns(1 + prng.below(prng.one_in(2) ? 100'000 : 3'000'000));
    if (!alive()) return;
    Operation flush{
        .kind = history::Kind::kFlush, .thread = kThreads, .invoked = ticks_.next(), .durability = Durability::kDisk};
    switch (prng.below(10)) {
      case 0:
      case 1:
      case 2:
      case 3:
        if (!good(stage.db->flush(), "flush")) break;
        flush.returned = ticks_.next();
        done.push_back(flush);
        break;
      case 4:
      case 5:
      case 6: good(stage.db->compact(), "compact"); break;
      case 7: good(stage.db->settle(), "settle"); break;
      case 8: drop_something(*stage.db, prng); break;
      default: check_files(*stage.db); break;
    }
  }
}

bool HistoryRun::look_for_guest(Db& db, const history::Stage& stage, std::vector<Version>& found) {
  found.resize(past_.keys, history::kAbsent);
  house_.newest.reset();
  const std::vector<std::string> names = db.keyspaces();
  if (std::ranges::find(names, kGuestKeyspace) == names.end()) return true;
  auto handle = db.keyspace(kGuestKeyspace);
  if (!good(handle ? Result<void>() : handle.error(), "opening the keyspace of guests")) return false;
  history::Stage alone = stage;
  alone.keyspaces = {*handle};
  const auto content = history::read_all(alone);
  if (!content) return false;
  std::ranges::copy(*content, found.begin() + house_.first_key);
  found[house_.existence()] = next_incarnation_++;
  house_.newest = std::make_shared<const GuestHouse::Lodging>(GuestHouse::Lodging{*handle, found[house_.existence()]});
  NACRE_SOMETIMES("history: a keyspace that comes and goes outlives its process", true);
  return true;
}

void HistoryRun::be_guest(const history::Stage& stage, const Part& part, uint32_t thread,
                          std::vector<Operation>& done) {
  Guest guest(stage, house_, thread, part.seed, part.versions);
  for (uint32_t step = 0; step < part.steps && guest.step(); ++step) {
    if (step % 4 == 3) sim_.clock().sleep_ns(1 + part.seed % 300'000);
  }
  std::ranges::move(guest.finish(), std::back_inserter(done));
}

// What clients hold is merged and dropped while they read it.
void HistoryRun::be_restless(Db& db, const Part& part) {
  base::Prng prng(part.seed);
  for (uint32_t step = 0; step < part.steps && working_ != 0 && alive(); ++step) {
    sim_.clock().sleep_ns(1 + prng.below(prng.one_in(2) ? 2'000 : 60'000));
    if (!alive()) return;
    if (prng.one_in(8)) {
      good(prng.one_in(2) ? db.settle() : db.compact(), "settle or compact");
    } else {
      good(db.flush(), "flush");
    }
  }
}

void HistoryRun::check_files(Db& db) {
  const auto findings = db.check();
  if (!good(findings ? Result<void>() : findings.error(), "check") || findings->empty()) return;
  failed(findings->front().error, "check: a finding");
}

void HistoryRun::drop_something(Db& db, base::Prng& prng) {
  {
    const auto passing = db.keyspace("passing");
    if (!good(passing ? Result<void>() : passing.error(), "opening a passing keyspace")) return;
    for (uint64_t left = 1 + prng.below(5); left > 0; --left) {
      const Result<void> put =
          passing->put(history::key_text(static_cast<uint32_t>(left)), std::string(prng.below(2000), 'p'));
      if (put || put.error().kind != ErrorKind::kNotFound) good(put, "a put");  // or another house dropped it
    }
  }
  const Result<void> dropped = db.drop_keyspace("passing");
  if (dropped || dropped.error().kind != ErrorKind::kNotFound) good(dropped, "a drop");
}

void HistoryRun::close(Db& db, const PlannedBoot& planned) {
  const bool silent =
      std::ranges::any_of(planned.parts, [](const Part& part) { return part.ending == Ending::kDestroy; });
  if (silent || !alive()) return;
  Operation close{
      .kind = history::Kind::kClose, .thread = kThreads, .invoked = ticks_.next(), .durability = Durability::kDisk};
  if (!good(db.close(), "close")) return;
  close.returned = ticks_.next();
  past_.operations.push_back(close);
}

void HistoryRun::crash_in_time(uint64_t seed) {
  base::Prng prng(seed);
  sim_.clock().sleep_ns(1 + prng.below(prng.one_in(2) ? 2'000'000 : 30'000'000));
  if (!alive()) return;
  if (prng.one_in(2)) {
    sim_.disk().kill_process();
  } else {
    sim_.disk().power_cut(kProfiles[prng.below(3)]);
  }
}

// ---- the workload ----------------------------------------------------------------------------------------------------

class HistoryWorkload final : public Workload {
 public:
  const char* name() const override { return "history"; }
  std::vector<std::string> profiles() const override { return {"mix", "faults"}; }

  std::vector<std::string> plan(uint64_t seed, const std::string& profile) override {
    std::vector<std::string> lines;
    const Plan plan = make_plan(seed, profile);
    for (size_t i = 0; i < plan.boots.size(); ++i) {
      for (const Part& part : plan.boots[i].parts)
        lines.push_back("boot " + std::to_string(i + 1) + " " + line_of(part));
    }
    return lines;
  }

  sync::RunResult run(uint64_t seed, const std::string& profile, const Keep& keep) override {
    Plan plan = make_plan(seed, profile);
    size_t number = 0;
    for (PlannedBoot& boot : plan.boots) {
      std::erase_if(boot.parts, [&](const Part&) {
        const size_t mine = number++;
        return mine < keep.size() && !keep[mine];
      });
    }
    Simulation sim(seed);
    return sim.run([&] { HistoryRun(sim, plan.faulty).run(plan); });
  }
};

}  // namespace

std::unique_ptr<Workload> history_workload() { return std::make_unique<HistoryWorkload>(); }

}  // namespace nacre::sim
