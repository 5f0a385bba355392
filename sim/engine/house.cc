// Housekeeping, weather, and what is looked at beside the data: statistics, files, second openers.
#include <algorithm>

#include "sim/engine/arrange.h"
#include "sim/engine/run.h"
#include "sim/probes.h"
#include "sim/tally.h"

namespace nacre::sim {

void EngineRun::keep_house(Boot& boot, const Part& part) {
  switch (part.kind) {
    case PartKind::kFlush:
    case PartKind::kCompact:
    case PartKind::kSettle:
    case PartKind::kSync: return flush_or_more(boot, part.kind);
    case PartKind::kRestless: return be_restless(boot, part);
    case PartKind::kCheck: return check(boot);
    case PartKind::kStats: return look_at_stats(boot);
    case PartKind::kSecondOpener: return open_a_second(boot, part);
    case PartKind::kNames: return list_names(boot);
    case PartKind::kCapacity:
    case PartKind::kReadOnly: return change_weather(boot, part);
    case PartKind::kPlug: return pull_the_plug(boot, part);
    default: fail(boot, "a part that nobody does");
  }
}

void EngineRun::flush_or_more(Boot& boot, PartKind what) {
  const Cut done = oracle_->history().settled_so_far();
  Result<void> result;
  if (what == PartKind::kFlush) result = boot.db->flush();
  if (what == PartKind::kCompact) result = boot.db->compact();
  if (what == PartKind::kSettle) result = boot.db->settle();
  if (what == PartKind::kSync) result = boot.db->sync();
  if (good(boot, Call::kWork, result, to_string(what))) oracle_->history().made_durable(done, what != PartKind::kSync);
}

// What readers hold is merged and dropped while they read it.
void EngineRun::be_restless(Boot& boot, const Part& part) {
  base::Prng prng(part.seed);
  for (uint64_t turns = 4 + prng.below(30); turns > 0 && alive(boot); turns--) {
    nap(1 + prng.below(600'000));
    if (!alive(boot)) return;
    flush_or_more(boot, prng.one_in(12) ? PartKind::kCompact : prng.one_in(6) ? PartKind::kSettle : PartKind::kFlush);
  }
}

void EngineRun::check(Boot& boot) {
  const auto findings = boot.db->check();
  if (!good(boot, Call::kRead, findings, "check")) return;
  for (const CheckFinding& finding : *findings) permitted(boot, Call::kRead, finding.error, "check");
}

void EngineRun::list_names(Boot& boot) {
  const std::vector<std::string> names = boot.db->keyspaces();
  for (uint32_t keyspace = 0; keyspace < kKeyspaces; keyspace++) {
    const bool there = std::find(names.begin(), names.end(), keyspace_name(keyspace)) != names.end();
    const bool sure = keyspace < kKeptKeyspaces;  // the lord may be at work on the others
    if (sure && !there) expect(boot, std::string(keyspace_name(keyspace)) + " is missing", "keyspaces()");
  }
}

// ---- statistics ------------------------------------------------------------------------------------------------------

void EngineRun::look_at_stats(Boot& boot) {
  const uint64_t before = boot.writes;
  const Stats stats = boot.db->stats();
  if (!alive(boot)) return;
  if (stats.writes < before) fail(boot, "stats() counts fewer writes than were acknowledged");
  if (stats.gets_found > stats.gets) fail(boot, "stats() counts more gets found than gets");
  for (const KeyspaceStats& keyspace : stats.keyspaces) {
    if (keyspace.gets_found > keyspace.gets || keyspace.multi_get_keys_found > keyspace.multi_get_keys)
      fail(boot, "stats() counts more found than asked for");
  }
}

// At rest, and if no call has failed, what is counted is exact.
void EngineRun::compare_stats(Boot& boot) {
  const Stats stats = boot.db->stats();
  if (!alive(boot)) return;
  if (stats.snapshots != 0) fail(boot, "stats() counts snapshots that were let go");
  if (!boot.all_counted) return;
  if (stats.writes != boot.writes) {
    fail(boot, "stats() counts " + std::to_string(stats.writes) + " writes of " + std::to_string(boot.writes));
  }
  if (dropping_.empty() && stats.operations_written != boot.changes) {
    fail(boot,
         "stats() counts " + std::to_string(stats.operations_written) + " changes of " + std::to_string(boot.changes));
  }
}

// ---- files -----------------------------------------------------------------------------------------------------------

namespace {

uint64_t live_tables(const Stats& stats) {
  uint64_t live = 0;
  for (const KeyspaceStats& keyspace : stats.keyspaces) {
    for (const LevelStats& level : keyspace.levels) live += level.tables;
  }
  return live;
}

}  // namespace

// By the ends of their names; a file of no known kind has no owner.
EngineRun::Files EngineRun::files_of_database(const Boot& boot) {
  Files files;
  for (const std::string& path : sim_.disk().files()) {
    if (!path.starts_with(path_ + "/") || strangers_.contains(path)) continue;
    const std::string name = path.substr(path_.size() + 1);
    if (name.ends_with(".sst")) {
      files.tables++;
    } else if (name.ends_with(".wal")) {
      files.logs++;
    } else if (name.starts_with("MANIFEST-") && !name.ends_with(".tmp")) {
      files.manifests++;
    } else if (name.ends_with(".reserve")) {
      files.reserves++;
    } else if (name != "CURRENT" && name != "LOCK") {
      fail(boot, path + " belongs to nobody");
    }
  }
  return files;
}

// In the last boot: every file has an owner. What a crash left unfinished cannot be proved ours, and may stay.
void EngineRun::compare_files(Boot& boot) {
  const auto settled = boot.db->settle();
  if (!good(boot, Call::kWork, settled, "settle")) return;
  const bool strict = plan_.profile == "calm";
  Files files;
  uint64_t live = 0;
  for (uint32_t turn = 0; turn < kMostTurns; turn++) {  // the keeper removes what is obsolete
    sim_.clock().sleep_ns(uint64_t{1} * 1'000'000'000);
    files = files_of_database(boot);
    live = live_tables(boot.db->stats());
    if (files.tables == live || !strict) break;
  }
  if (!alive(boot)) return;
  if (files.logs > kMostLogs) fail(boot, std::to_string(files.logs) + " files of the log lie about");
  if (!strict) return;
  if (files.tables != live)
    fail(boot, std::to_string(files.tables) + " tables lie about and " + std::to_string(live) + " are live");
  if (files.reserves > 1) fail(boot, std::to_string(files.reserves) + " reserves lie about");
  if (files.manifests != 1) fail(boot, std::to_string(files.manifests) + " manifests lie about");
}

void EngineRun::put_stranger(const Part& part) {
  if (never_opened_) return;  // a directory of others is refused
  static constexpr const char* kNames[] = {"notes.txt", "MANIFEST-old", "000123.sst.bak", "CURRENT~", "900001.sst"};
  const std::string path = path_ + "/" + kNames[part.seed % 5];
  strangers_[path] = value_of(Content{
      .present = true, .id = part.seed, .bytes = static_cast<uint32_t>(1 + (part.seed >> 8) % 3000), .text = {}});
  sim_.disk().set_content(path, strangers_[path]);
}

void EngineRun::compare_strangers() {
  if (lied_to_) return;  // a write that went astray may have hit one
  for (const auto& [path, content] : strangers_) {
    if (!sim_.disk().exists(path)) sim_.fail("somebody else's file was removed: " + path);
    if (sim_.disk().content(path) != content) sim_.fail("somebody else's file was changed: " + path);
  }
}

void EngineRun::open_a_second(Boot& boot, const Part& part) {
  Options options = options_of(plan_, boot.index);
  if (part.seed % 2 == 0) options.mode = OpenMode::kReadOnly;
  const auto second = Db::open(path_, options, sim_.runtime());
  if (!alive(boot)) return;
  if (second) fail(boot, "a second opener was let in");
  if (second.error().kind != ErrorKind::kBusy) permitted(boot, Call::kOpen, second.error(), "a second opener");
  NACRE_SOMETIMES("a second opener is refused", second.error().kind == ErrorKind::kBusy);
}

// An open for reading: it shows what the next open for writing will, and changes nothing.
void EngineRun::peek(Boot& boot, const Part&) {
  const DiskImage before = sim_.disk().image();
  {
    Options options = options_of(plan_, boot.index);
    options.mode = OpenMode::kReadOnly;
    auto db = Db::open(path_, options, sim_.runtime());
    if (!db) {
      const bool none = oracle_->history().begun(kLord) == 0 && boot.index <= 1;
      if (db.error().kind == ErrorKind::kNotFound && (none || never_opened_)) return;
      permitted(boot, Call::kOpen, db.error(), "an open for reading");
      return;
    }
    boot.db = &*db;
    const bool anything = lied_to_ && oracle_->is_power_lost();
    Sight sight(oracle_->history(), anything ? Cut{} : oracle_->must_survive());
    if (open_doors(boot, &sight)) {
      if (auto second = db->keyspace(keyspace_name(1))) boot.doors[1] = {.handle = *second, .space = 1};
      for (const Door& door : boot.doors) {
        if (!door.handle) continue;
        const auto entries = scan(boot, door, {});
        if (entries) expect(boot, sight.sees_range(door.space, "", std::nullopt, *entries), "an open for reading");
      }
      expect(boot, oracle_->judge_after_crash(sight), "an open for reading");
      const auto written = db->put("k", "v");
      if (written || written.error().kind != ErrorKind::kInvalidArgument)
        fail(boot, "a database that is open for reading took a write");
    }
    boot.doors = {};
    boot.db = nullptr;
  }
  sim_.events().forget();
  if (sim_.disk().image() != before) fail(boot, "an open for reading changed a file");
  NACRE_SOMETIMES("a database is opened for reading", true);
}

// ---- weather ---------------------------------------------------------------------------------------------------------

void EngineRun::change_weather(Boot& boot, const Part& part) {
  base::Prng prng(part.seed);
  SimDisk& disk = sim_.disk();
  if (!alive(boot)) return;
  if (part.kind == PartKind::kReadOnly) {
    disk.set_read_only(!disk.read_only());
  } else if (prng.one_in(3)) {
    disk.set_capacity(uint64_t{1} << 30);
  } else {
    disk.set_capacity(disk.used_bytes() + prng.below(prng.one_in(2) ? 100'000 : 2 << 20),
                      prng.one_in(2) ? ENOSPC : EDQUOT);
  }
}

namespace {

uint64_t memtables_that_wait(const Stats& stats) {
  uint64_t waiting = 0;
  for (const KeyspaceStats& keyspace : stats.keyspaces) waiting += keyspace.memtables - 1;  // one takes the writes
  return waiting;
}

}  // namespace

// There is room again: writes go on without reopening, unless a sync has failed, and what waits for its flush is flushed
// though nobody asks.
void EngineRun::wait_for_writes(Boot& boot) {
  sim_.disk().set_capacity(uint64_t{1} << 30);
  sim_.disk().set_read_only(false);
  const Weather& weather = boot.weather;
  if (!weather.space || weather.may_stop_writes()) return;
  const uint64_t before = boot.writes;
  uint64_t waiting = 0;
  for (uint32_t turn = 0; turn < kMostTurns; turn++) {
    if (boot.writes == before)
      write(boot, 0, Part{.kind = PartKind::kPut, .boot = boot.index, .thread = 0, .seed = 2 * (turn + 1)});
    if (!alive(boot) || boot.stopped[0]) return;
    waiting = memtables_that_wait(boot.db->stats());
    if (boot.writes != before && waiting == 0) return;
    NACRE_SOMETIMES("memtables wait for a flush that failed", waiting != 0);
    sim_.clock().sleep_ns(uint64_t{1} * 1'000'000'000);
  }
  if (boot.writes == before) fail(boot, "there is room, and writes are still refused");
  fail(boot, "there is room, and " + std::to_string(waiting) + " memtables still wait for their flush");
}

void EngineRun::pull_the_plug(Boot& boot, const Part& part) {
  if (!alive(boot)) return;
  const Plug plug = plug_of(plan_, part);
  if (plug.kill) {
    sim_.disk().kill_process();
  } else {
    sim_.disk().power_cut(plug.profile);
  }
}

}  // namespace nacre::sim
