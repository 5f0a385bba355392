#include "sim/engine/run.h"

#include <algorithm>

#include "sim/engine/arrange.h"
#include "sim/probes.h"
#include "sim/tally.h"
#include "sync/sync.h"

namespace nacre::sim {

EngineRun::EngineRun(Simulation& sim, const Plan& plan, const Workload::Keep& keep) : sim_(sim), plan_(plan) {
  parts_.assign(plan.boots, std::vector<std::vector<const Part*>>(kThreads + 1));
  for (size_t i = 0; i < plan.parts.size(); i++) {
    const Part& part = plan.parts[i];
    if (keep.empty() || keep[i]) parts_[part.boot][part.thread].push_back(&part);
  }
  begin_anew();
  databases_ = 1;
  path_ = "db";
}

void EngineRun::run() {
  for (uint32_t index = 0; index < plan_.boots; index++) one_boot(index);
}

// What a device that lies has ruined is given up for another database.
void EngineRun::begin_anew() {
  oracle_ = std::make_unique<Oracle>();
  for (uint32_t keyspace = 0; keyspace < kKeptKeyspaces; keyspace++) {
    const auto share = [&](uint32_t area, uint32_t slots, bool counted) {
      for (uint32_t slot = 0; slot < slots; slot++)
        oracle_->history().share({keyspace, key(keyspace, area, slot)}, counted);
    };
    share(kCommonArea, kCommonSlots, false);
    share(kLedgerArea, kLedgerSlots, true);
    share(kRollArea, kRollSlots, false);
    share(kPairArea, 2, false);
  }
  dropping_.clear();
  ids_.clear();
  strangers_.clear();
  next_space_ = kKeptKeyspaces;
  lied_to_ = ruined_ = closed_cleanly_ = false;
  never_opened_ = true;
  path_ = "db" + std::to_string(++databases_);
}

// ---- what is wrong ---------------------------------------------------------------------------------------------------

void EngineRun::fail(const Boot& boot, const std::string& why) {
  sim_.fail("profile " + plan_.profile + ", boot " + std::to_string(boot.index) + ": " + why);
}

void EngineRun::expect(const Boot& boot, const std::string& wrong, const char* where) {
  if (!wrong.empty() && alive(boot)) fail(boot, std::string(where) + ": " + wrong);
}

bool EngineRun::permitted(Boot& boot, Call call, const Error& error, const char* what) {
  boot.all_counted = false;
  if (!alive(boot)) return false;
  if (sim_.events().count(EventKind::kWritesStopped) != 0) boot.weather.stopped = true;
  // A writer may be refused while another still writes the reason into LOG: the event is on its way.
  if (error.kind == ErrorKind::kClosed && boot.db != nullptr && boot.db->stats().writes_stopped)
    boot.weather.stopped = true;
  if (!boot.weather.permits(call, error)) fail(boot, std::string(what) + " failed: " + error.to_string());
  tally().count("errors met");
  NACRE_SOMETIMES("a read fails", call == Call::kRead);
  NACRE_SOMETIMES("a write is in doubt", call == Call::kWrite && error.kind == ErrorKind::kIo);
  NACRE_SOMETIMES("a write finds no space", call == Call::kWrite && error.kind == ErrorKind::kNoSpace);
  NACRE_SOMETIMES("a write is refused while flushes fail", call == Call::kWrite && error.kind == ErrorKind::kBusy);
  NACRE_SOMETIMES("a write is refused after a failed sync", call == Call::kWrite && error.kind == ErrorKind::kClosed);
  NACRE_SOMETIMES("a close is not clean", call == Call::kClose);
  NACRE_SOMETIMES("an open fails", call == Call::kOpen);
  NACRE_SOMETIMES("damage is told", error.kind == ErrorKind::kCorruption);
  if (lied_to_ && error.kind != ErrorKind::kClosed && error.kind != ErrorKind::kBusy) ruined_ = true;
  return false;
}

Place EngineRun::place(uint32_t keyspace, const Door& door, uint32_t area, uint32_t slot) const {
  return {door.space, key(keyspace, area, slot)};
}

// ---- boots -----------------------------------------------------------------------------------------------------------

void EngineRun::one_boot(uint32_t index) {
  Boot boot{.index = index};
  engine::miniature = miniature_of(plan_, index);
  const uint64_t cuts = sim_.disk().cuts();
  boot.number = disk_number();
  boot.weather.damage = lied_to_;
  before_open(boot);
  boot.number = disk_number();
  arrange(boot);
  const bool opened = open_and_live(boot);
  NACRE_SOMETIMES("a boot dies before it is open", !opened && !sim_.disk().is_on());
  NACRE_SOMETIMES("a boot ends in the middle of its work", opened && !sim_.disk().is_on());
  read_events(boot);
  end_boot(boot, cuts);
}

void EngineRun::before_open(Boot& boot) {
  for (const Part* part : parts_of(boot.index, kArrangement)) {
    if (part->kind == PartKind::kStranger) put_stranger(*part);
    if (part->kind == PartKind::kPeek) peek(boot, *part);
    if (part->kind == PartKind::kDamage) what_if_damaged(boot, *part);
  }
}

void EngineRun::arrange(Boot& boot) {
  for (const Part* part : parts_of(boot.index, kArrangement)) {
    if (part->kind == PartKind::kRates) {
      const FaultRates rates = rates_of(plan_, *part);
      sim_.disk().faults().set_rates(rates);
      boot.weather.add(rates);
      lied_to_ |= rates.sync_lie != 0 || rates.write_misdirected != 0;
    }
    if (part->kind == PartKind::kFault) sim_.disk().faults().plan(fault_of(plan_, *part));
  }
  for (const Part* part : parts_of(boot.index, kPlugThread)) {
    boot.weather.space |= part->kind == PartKind::kCapacity;
    boot.weather.read_only |= part->kind == PartKind::kReadOnly;
  }
}

void EngineRun::end_boot(Boot& boot, uint64_t cuts_before) {
  SimDisk& disk = sim_.disk();
  tally().count("boots");
  NACRE_SOMETIMES("a process is killed", !disk.is_on() && disk.cuts() == cuts_before);
  if (disk.cuts() != cuts_before) oracle_->power_lost();
  if (!disk.is_on()) disk.restart();
  disk.faults().clear();
  disk.set_capacity(uint64_t{1} << 30);
  disk.set_read_only(false);
  const bool died_in_recovery = boot.db == nullptr && disk_number() != boot.number;
  recoveries_cut_ = died_in_recovery ? recoveries_cut_ + 1 : 0;
  NACRE_SOMETIMES("three boots in a row die in recovery", recoveries_cut_ >= 3);
  compare_strangers();
  if (ruined_) begin_anew();
}

void EngineRun::read_events(Boot& boot) {
  for (const SimEventSink::Kept& event : sim_.events().events()) {
    NACRE_SOMETIMES("a log has a torn tail", event.kind == EventKind::kTornTail);
    NACRE_SOMETIMES("a compaction ends", event.kind == EventKind::kCompactionFinished);
    NACRE_SOMETIMES("a merge at rest is declined", event.kind == EventKind::kCompactionDeclined);
    NACRE_SOMETIMES("tables are moved", event.kind == EventKind::kTablesMoved);
    NACRE_SOMETIMES("a manifest is replaced", event.kind == EventKind::kManifestReplaced);
    NACRE_SOMETIMES("space returns", event.kind == EventKind::kSpaceReturned);
    NACRE_SOMETIMES("a writer is delayed", event.kind == EventKind::kWriteDelayed);
    NACRE_SOMETIMES("an open recovers a log", event.kind == EventKind::kRecovered);
    if (event.kind == EventKind::kFlushFinished) tally().count("flushes");
    if (event.kind == EventKind::kCompactionFinished) tally().count("compactions");
    if (event.kind == EventKind::kTablesMoved) tally().count("moves");
    if (disk_number() != boot.number) continue;  // the dead may say anything
    if (event.kind == EventKind::kCorruption && !boot.weather.damage && !boot.weather.short_reads)
      fail(boot, "damage was reported: " + event.error.to_string());
    if (event.kind == EventKind::kWritesStopped && !boot.weather.may_stop_writes())
      fail(boot, "writes stopped without need: " + event.error.to_string());
  }
  if (alive(boot) && boot.weather.stopped && sim_.events().count(EventKind::kWritesStopped) == 0)
    fail(boot, "writes stopped, and no event told it");
  sim_.events().forget();
}

// ---- one life --------------------------------------------------------------------------------------------------------

bool EngineRun::open_and_live(Boot& boot) {
  {
    auto db = Db::open(path_, options_of(plan_, boot.index), sim_.runtime());
    if (!good(boot, Call::kOpen, db, "open")) return false;
    boot.db = &*db;
    never_opened_ = closed_cleanly_ = false;
    live(boot);
    boot.doors = {};
  }
  // It told nobody, but in fair weather nothing can have gone wrong.
  if (boot.left_to_destructor && boot.weather.fair() && alive(boot)) {
    oracle_->history().made_durable(oracle_->history().settled_so_far(), true);
    closed_cleanly_ = true;
  }
  return true;
}

void EngineRun::live(Boot& boot) {
  if (!compare_opened(boot)) return;
  for (const Part* part : parts_of(boot.index, kArrangement)) {
    if (part->kind != PartKind::kFlips) continue;
    sim_.disk().faults().set_rates({.read_flip = static_cast<uint32_t>(5 + part->seed % 60)});
    boot.weather.damage = true;
  }
  {
    std::vector<sync::Thread> threads;
    for (uint32_t thread = 0; thread < kThreads; thread++) {
      if (parts_of(boot.index, thread).empty()) continue;
      threads.emplace_back("part " + std::to_string(thread), [this, &boot, thread] { work(boot, thread); });
    }
    for (sync::Thread& thread : threads) thread.join();
  }
  if (!alive(boot)) return;
  wait_for_writes(boot);
  compare_stats(boot);
  check(boot);
  if (!alive(boot)) return;
  if (boot.index + 1 == plan_.boots) compare_files(boot);
  close(boot);
}

void EngineRun::work(Boot& boot, uint32_t thread) {
  for (const Part* part : parts_of(boot.index, thread)) {
    nap(part->nap_ns);
    if (!alive(boot)) break;
    const uint64_t began_ns = sync::Scheduler::instance().now_ns();
    act(boot, thread, *part);
    const uint64_t took_ns = sync::Scheduler::instance().now_ns() - began_ns;
    if (took_ns > kLongestCallNs && alive(boot))
      fail(boot, std::string(to_string(part->kind)) + " took " + std::to_string(took_ns / 1'000'000'000) + " s");
  }
  let_go(boot, thread);
}

void EngineRun::act(Boot& boot, uint32_t thread, const Part& part) {
  switch (part.kind) {
    case PartKind::kPut:
    case PartKind::kErase:
    case PartKind::kEraseRange:
    case PartKind::kBatch:
    case PartKind::kBlast:
    case PartKind::kShared: return write(boot, thread, part);
    case PartKind::kCount:
    case PartKind::kRoll:
    case PartKind::kPair: return transact(boot, thread, part);
    case PartKind::kToggle: return toggle(boot, part);
    case PartKind::kGet: return get(boot, thread, part);
    case PartKind::kMultiGet: return multi_get(boot, part);
    case PartKind::kScan: return scan_now(boot, part);
    case PartKind::kLook: return look(boot, part);
    case PartKind::kHold: return hold(boot, thread, part);
    case PartKind::kLookBack:
      if (auto& held = boot.held[thread]; !held.empty()) look_back(boot, held[part.seed % held.size()]);
      return;
    default: return keep_house(boot, part);
  }
}

void EngineRun::close(Boot& boot) {
  CloseWay way = CloseWay::kClose;
  for (const Part* part : parts_of(boot.index, kArrangement)) {
    if (part->kind == PartKind::kClose) way = close_of(*part);
  }
  const Cut all = oracle_->history().settled_so_far();
  boot.doors = {};
  boot.left_to_destructor = way == CloseWay::kDestructor;
  if (boot.left_to_destructor) return;
  if (way == CloseWay::kBusyFirst) {
    const Snapshot held = boot.db->snapshot();
    const auto refused = boot.db->close();
    if (alive(boot) && (refused || refused.error().kind != ErrorKind::kBusy))
      fail(boot, "a close was not refused while a snapshot was held");
  }
  const auto closed = boot.db->close();
  if (good(boot, Call::kClose, closed, "close")) {
    oracle_->history().made_durable(all, true);
    closed_cleanly_ = true;
    tally().count("clean closes");
  }
}

// ---- what an open shows ----------------------------------------------------------------------------------------------

// Opens the keyspaces that are there, and those that always should be.
bool EngineRun::open_doors(Boot& boot, Sight* sight) {
  const std::vector<std::string> names = boot.db->keyspaces();
  boot.doors[0] = {.handle = boot.db->default_keyspace(), .space = 0};
  for (uint32_t k = kKeptKeyspaces; k < kKeyspaces; k++) {
    const std::string name = keyspace_name(k);
    const Place place{kNamesSpace, name};
    if (std::find(names.begin(), names.end(), name) == names.end()) {
      boot.doors[k] = {};
      expect(boot, sight->sees(place, std::nullopt), "after the open");
      continue;
    }
    auto handle = boot.db->keyspace(name);
    if (!good(boot, Call::kOpen, handle, "opening a keyspace")) return false;
    const std::optional<uint32_t> space = space_of(place, handle->id());
    if (!space) fail(boot, "there is a keyspace " + name + " that nobody created");
    boot.doors[k] = {.handle = *handle, .space = *space};
    expect(boot, sight->sees(place, std::to_string(*space)), "after the open");
  }
  return true;
}

// By its id, or it is the one whose creation is in doubt.
std::optional<uint32_t> EngineRun::space_of(const Place& place, uint32_t id) {
  for (const auto& [known, space] : ids_) {
    if (known == id) return space;
  }
  const Track* track = oracle_->history().find(place);
  if (track == nullptr) return std::nullopt;
  for (auto version = track->versions.rbegin(); version != track->versions.rend(); ++version) {
    if (!version->content.present) continue;
    const auto space = static_cast<uint32_t>(std::stoul(version->content.text));
    const bool known = std::any_of(ids_.begin(), ids_.end(), [&](const auto& each) { return each.second == space; });
    if (known) return std::nullopt;
    ids_.emplace_back(id, space);
    return space;
  }
  return std::nullopt;
}

// Whether the history has the creation of that space.
bool EngineRun::is_known(uint32_t space) const {
  for (uint32_t keyspace = kKeptKeyspaces; keyspace < kKeyspaces; keyspace++) {
    const Track* track = oracle_->history().find({kNamesSpace, keyspace_name(keyspace)});
    if (track == nullptr) continue;
    for (const Version& version : track->versions) {
      if (version.content.text == std::to_string(space)) return true;
    }
  }
  return false;
}

bool EngineRun::compare_opened(Boot& boot) {
  const bool anything = lied_to_ && oracle_->is_power_lost();
  Sight sight(oracle_->history(), anything ? Cut{} : oracle_->must_survive());
  if (!open_doors(boot, &sight)) return false;
  auto second = boot.db->keyspace(keyspace_name(1));
  // The first time it is created, and a job may have met a failing manifest before.
  if (!good(boot, Call::kWork, second, "opening a keyspace")) return false;
  boot.doors[1] = {.handle = *second, .space = 1};
  std::array<Entries, kKeyspaces> all;
  for (uint32_t k = 0; k < kKeyspaces; k++) {
    if (!boot.doors[k].handle) continue;
    auto entries = scan(boot, boot.doors[k], {});
    if (!entries) return false;
    all[k] = *std::move(entries);
  }
  // Twice: what is seen last may rule out a commit that would explain what is seen first.
  for (uint32_t k = 0; k < 2 * kKeyspaces; k++) {
    const Door& door = boot.doors[k % kKeyspaces];
    if (door.handle)
      expect(boot, sight.sees_range(door.space, "", std::nullopt, all[k % kKeyspaces]), "after the open");
  }
  if (!alive(boot)) return false;
  for (uint32_t s = 0; s < kStreams; s++) {
    NACRE_SOMETIMES("a crash loses commits", sight.most(s) < oracle_->history().begun(s));
    NACRE_SOMETIMES("a commit in doubt survives", sight.least(s) > oracle_->history().settled(s));
    NACRE_SOMETIMES("a device that lied leaves a prefix", anything && sight.most(s) < oracle_->must_survive()[s]);
  }
  const auto explains = [&](Sight& supposed) {
    for (uint32_t k = 0; k < kKeyspaces; k++) {
      const Door& door = boot.doors[k];
      if (k >= kKeptKeyspaces) {
        const auto there = door.handle ? std::optional<std::string>(std::to_string(door.space)) : std::nullopt;
        if (!supposed.sees({kNamesSpace, keyspace_name(k)}, there).empty()) return false;
      }
      if (door.handle && !supposed.sees_range(door.space, "", std::nullopt, all[k]).empty()) return false;
    }
    return true;
  };
  expect(boot, oracle_->decide(sight, explains), "after the open");
  // Ids of creations that a lying device lost are given again.
  std::erase_if(ids_, [&](const auto& each) { return !is_known(each.second); });
  return true;
}

}  // namespace nacre::sim
