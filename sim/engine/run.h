// EngineRun: carries out a plan (plan.h) on one simulated machine, and compares all that the engine answers with the oracle.
//
// A boot: its arrangements are made, the database is opened, what it shows is compared and decided, the threads do their parts
// at once, the database is closed. A crash may come anywhere in it; the process is then dead, what it is told from there on
// counts for nothing, and the next boot begins.
//
// By file: run.cc boots, commits.cc what writers and the lord do, reads.cc, house.cc, what_if.cc damaged files.
//
// Thread safety: simulated threads call the methods; between two points of the scheduler one is alone.
#pragma once

#include <array>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/prng.h"
#include "nacre/db.h"
#include "sim/engine/oracle.h"
#include "sim/engine/plan.h"
#include "sim/engine/weather.h"
#include "sim/simulation.h"
#include "sim/workload.h"

namespace nacre::sim {

// Of virtual time: what takes longer waits for something that does not come.
inline constexpr uint64_t kLongestCallNs = uint64_t{1800} * 1'000'000'000;

inline constexpr uint64_t kMostLogs = 10;
inline constexpr uint32_t kMostTurns = 120;  // seconds that writes may take to go on

class EngineRun {
 public:
  EngineRun(Simulation& sim, const Plan& plan, const Workload::Keep& keep);
  void run();

 private:
  // A keyspace as it is now: the handle, and which space of the history it is.
  struct Door {
    std::optional<Keyspace> handle;
    uint32_t space = 0;
  };
  // What a thread keeps for later.
  struct Held {
    uint32_t keyspace = 0;
    Door door;
    Snapshot snapshot;
    Sight sight;
    std::optional<Cursor> cursor;
    Entries cursor_shows;
    std::optional<Value> value;
    std::string value_copy;
  };
  // Everything of one life of the process. The handles point into the Db.
  struct Boot {
    uint32_t index = 0;
    uint64_t number = 0;  // of the disk
    Db* db = nullptr;
    Weather weather;
    std::array<Door, kKeyspaces> doors;
    std::array<bool, kStreams> stopped{};  // its last commit is in doubt
    std::array<std::vector<Held>, kThreads> held;
    uint64_t writes = 0;  // acknowledged, and what they changed
    uint64_t changes = 0;
    bool left_to_destructor = false;
    bool puts_refused = false;  // the last put was, for the reserve is in use
    bool all_counted = true;    // no call failed, so statistics are exact
  };

  // --- run.cc
  const std::vector<const Part*>& parts_of(uint32_t boot, uint32_t thread) const { return parts_[boot][thread]; }
  void one_boot(uint32_t index);
  void arrange(Boot& boot);
  void before_open(Boot& boot);
  bool open_and_live(Boot& boot);
  void live(Boot& boot);
  void work(Boot& boot, uint32_t thread);
  void act(Boot& boot, uint32_t thread, const Part& part);
  void read_events(Boot& boot);
  void end_boot(Boot& boot, uint64_t cuts_before);
  void close(Boot& boot);
  void begin_anew();
  bool compare_opened(Boot& boot);
  bool open_doors(Boot& boot, Sight* sight);
  std::optional<uint32_t> space_of(const Place& place, uint32_t id);
  bool is_known(uint32_t space) const;

  uint64_t disk_number() const { return sim_.disk().boot(); }
  bool alive(const Boot& boot) const { return sim_.disk().alive(boot.number); }
  [[noreturn]] void fail(const Boot& boot, const std::string& why);
  // "" passes. What is wrong only counts while the process lives.
  void expect(const Boot& boot, const std::string& wrong, const char* where);
  // True: it worked, and the process lived. An error that the weather does not permit ends the run.
  bool permitted(Boot& boot, Call call, const Error& error, const char* what);
  template <class T>
  bool good(Boot& boot, Call call, const Result<T>& result, const char* what) {
    if (result) return alive(boot);
    return permitted(boot, call, result.error(), what);
  }
  void nap(uint64_t ns) {
    if (ns != 0) sim_.clock().sleep_ns(ns);
  }
  Place place(uint32_t keyspace, const Door& door, uint32_t area, uint32_t slot) const;
  std::string key(uint32_t keyspace, uint32_t area, uint32_t slot) const {
    return key_of(plan_.families[keyspace], area, slot);
  }
  bool dropping(const Door& door) const { return dropping_.contains(door.space); }

  // --- commits.cc
  void write(Boot& boot, uint32_t stream, const Part& part);
  Result<void> apply(Boot& boot, const std::vector<Change>& changes, const std::array<Door, kKeyspaces>& doors,
                     const std::vector<Content>& contents, const Part& part);
  void record(uint32_t stream, const std::array<Door, kKeyspaces>& doors, const std::vector<Change>& changes,
              std::vector<Content>* contents);
  void transact(Boot& boot, uint32_t stream, const Part& part);
  bool count_up(Boot& boot, uint32_t stream, Transaction& txn, Sight& sight, const Part& part);
  bool fill_roll(Boot& boot, uint32_t stream, Transaction& txn, Sight& sight, const Part& part);
  bool look_for_pair(Boot& boot, uint32_t stream, Transaction& txn, Sight& sight, const Part& part);
  bool may_conflict(uint32_t stream, const Sight& sight, uint32_t area, uint32_t keyspace) const;
  void ended(Boot& boot, uint32_t stream, const Result<void>& result, bool refusal_is_right, uint64_t changes,
             const char* what);
  void toggle(Boot& boot, const Part& part);
  Content new_content(uint32_t bytes) { return {.present = true, .id = ++contents_, .bytes = bytes, .text = {}}; }

  // --- reads.cc
  // `sight`: of the snapshot that it reads; then what a scan shows before its error counts as well.
  std::optional<Entries> scan(Boot& boot, const Door& door, const ScanOptions& options, Sight* sight = nullptr);
  bool read_works(Boot& boot, const Door& door, const Result<void>& result, const char* what);
  void get(Boot& boot, uint32_t thread, const Part& part);
  void multi_get(Boot& boot, const Part& part);
  void scan_now(Boot& boot, const Part& part);
  void look(Boot& boot, const Part& part);
  void look_at(Boot& boot, uint32_t keyspace, const Door& door, const Snapshot& snapshot, Sight& sight,
               base::Prng& prng);
  void compare_ways(Boot& boot, uint32_t keyspace, const Door& door, const Snapshot& snapshot, const Entries& entries,
                    base::Prng& prng);
  void compare_gets(Boot& boot, const Door& door, const Snapshot& snapshot, const Entries& entries, base::Prng& prng);
  void walk(Boot& boot, const Door& door, const ScanOptions& options, const Entries& entries, base::Prng& prng);
  void hold(Boot& boot, uint32_t thread, const Part& part);
  void look_back(Boot& boot, Held& held);
  void let_go(Boot& boot, uint32_t thread);
  std::pair<uint32_t, Door> some_door(Boot& boot, base::Prng& prng) const;

  // --- house.cc
  void keep_house(Boot& boot, const Part& part);
  void flush_or_more(Boot& boot, PartKind what);
  void be_restless(Boot& boot, const Part& part);
  void check(Boot& boot);
  void look_at_stats(Boot& boot);
  void compare_stats(Boot& boot);
  void open_a_second(Boot& boot, const Part& part);
  void list_names(Boot& boot);
  void change_weather(Boot& boot, const Part& part);
  void pull_the_plug(Boot& boot, const Part& part);
  void put_stranger(const Part& part);
  void peek(Boot& boot, const Part& part);
  void compare_strangers();
  struct Files {
    uint64_t tables = 0;
    uint64_t logs = 0;
    uint64_t manifests = 0;
    uint64_t reserves = 0;
  };
  Files files_of_database(const Boot& boot);
  void compare_files(Boot& boot);
  void wait_for_writes(Boot& boot);

  // --- what_if.cc
  void what_if_damaged(Boot& boot, const Part& part);
  std::string damage_something(const Part& part);
  void read_damaged(Boot& boot, const Cut& floor, const std::string& table, const std::string& what);

  Simulation& sim_;
  const Plan& plan_;
  std::vector<std::vector<std::vector<const Part*>>> parts_;  // by boot and thread; the kept ones
  std::string path_ = "db";
  std::unique_ptr<Oracle> oracle_ = std::make_unique<Oracle>();
  std::set<uint32_t> dropping_;                     // spaces whose drop has begun
  std::vector<std::pair<uint32_t, uint32_t>> ids_;  // Keyspace::id and space
  std::map<std::string, std::string> strangers_;
  uint32_t next_space_ = kKeptKeyspaces;
  uint64_t contents_ = 0;
  uint32_t databases_ = 1;
  bool lied_to_ = false;         // a device that lies had this database: what it lost may be anything
  bool ruined_ = false;          // and now shows it
  bool never_opened_ = true;     // no open of this database ever worked
  bool closed_cleanly_ = false;  // by the last boot, which then left only files that are in use
  uint32_t recoveries_cut_ = 0;
};

}  // namespace nacre::sim
