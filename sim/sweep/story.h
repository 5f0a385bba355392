// Story: the teller of a script. One thread does to a database what the script says, life after life.
//
// The teller writes down in a Ledger what it asks and what it is answered. It judges each answer at once: an error must be one
// that the faults in the world excuse, what is read must be what the ledger allows, a handle in doubt must take no writes. What is
// wrong ends the simulation with words.
//
// It goes on as far as it can: after an error with the next step, after a failed open with the next life. When the machine
// dies under it, it stops where it is.
//
// Thread safety: one simulated thread tells.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <string>

#include "nacre/db.h"
#include "sim/simulation.h"
#include "sim/sweep/ledger.h"
#include "sim/sweep/script.h"

namespace nacre::sim {

// How a call was answered, for the table at the end of a sweep.
using Answers = std::map<std::string, uint64_t>;

// What the world does to the engine, and so which errors it may give.
struct Excuses {
  std::set<ErrorKind> kinds;  // that an error may have
  bool passes = false;        // the fault strikes once: what failed goes well if it is asked again
  bool loses_pages = false;   // of the page cache: what is not on the platter may be lost with the handle
};

class Story {
 public:
  // All but the excuses must outlive the story. `disk` may be another than that of the simulation.
  Story(Simulation& sim, SimDisk& disk, const Script& script, Ledger& ledger, Excuses excuses = {})
      : sim_(sim), disk_(disk), script_(script), ledger_(ledger), excuses_(std::move(excuses)) {}

  // Opens `disk`'s database on the threads and the clock of the simulation.
  static Result<Db> open(Simulation& sim, SimDisk& disk, Options options, OpenMode mode = OpenMode::kCreateIfMissing);

  void tell();
  // One more life, in a world without faults, after `loss` if a machine died: all must be well, and writes are taken again.
  void tell_the_end(std::optional<Loss> loss = {});
  const Answers& answers() const { return answers_; }
  uint64_t lives() const { return lives_; }

 private:
  void live(const std::function<void()>& steps, bool killed);
  bool open_and_look();
  // Each is one entry of the ledger, or makes entries durable.
  void take(const ScriptStep& step);
  void create(const std::string& keyspace, const KeyspaceOptions& options);
  void drop(const std::string& keyspace);
  void configure(const KeyspaceOptions& options);
  void look_at_options();
  void write(std::vector<LedgerChange> changes, Durability durability);
  void change_in_transaction(const std::string& keyspace, const std::string& key);
  void make_durable(const char* what, const std::function<Result<void>()>& call);
  void look();
  void check();

  bool alive() const { return disk_.alive(boot_); }
  // Whether the answer is good; if not, it is judged.
  bool judge(const char* what, const Result<void>& answer);
  void settle_entry(const char* what, const Result<void>& answer);
  std::optional<Keyspace> keyspace(const std::string& name);
  std::optional<DatabaseContent> read_all();
  std::string next_value(size_t bytes);
  [[noreturn]] void fail(const std::string& why) { sim_.fail(why); }

  Simulation& sim_;
  SimDisk& disk_;
  const Script& script_;
  Ledger& ledger_;
  Excuses excuses_;
  Db* db_ = nullptr;
  uint64_t boot_ = 0;
  uint64_t lives_ = 0;
  uint64_t values_ = 0;
  bool stopped_ = false;  // this handle left a write in doubt
  Loss loss_ = Loss::kNothing;
  KeyspaceOptions options_ = script_.options.keyspace;  // of the default keyspace
  std::optional<KeyspaceOptions> options_in_doubt_;     // it may have these instead
  Answers answers_;
};

// Everything that an open database shows, by scans both ways, gets and multi-gets, which must agree. `keys` are looked for even if
// no scan shows them. The error is the first that a read answered; `disagreement` is set if two reads contradict each other.
Result<DatabaseContent> read_database(Db& db, const std::map<std::string, std::vector<std::string>>& keys,
                                      std::string* disagreement);

}  // namespace nacre::sim
