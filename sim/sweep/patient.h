// Patient: a small stored database, what it should show, and its examination after somebody has damaged it.
//
// An examination opens the database, reads everything in every way, and checks it. An answer is an error that says kCorruption and
// names a file, or it is right. Wrong data, "not found" for what is there, or an error of another kind fail. A log that was live may
// lose its end, down to what was synced.
//
// Thread safety: none. To be used inside a simulation, but for `make`.
#pragma once

#include <string>

#include "sim/sweep/story.h"
#include "sim/sweep/sweep.h"

namespace nacre::sim {

struct Patient {
  const char* name;
  Script script;
  DiskImage image;
  Ledger ledger;                 // what it may show
  DatabaseContent content;       // what it shows if nothing is wrong
  std::vector<DiskImage> youth;  // what the files were, at each I/O that changed one, if wanted

  // Tells the script with this seed of the world, which decides the identity of the database.
  static Patient make(const char* name, Script script, uint64_t seed = 1, bool with_youth = false);
  std::vector<std::string> files() const;  // their paths
};

enum class Access : uint8_t { kReadOnly, kWriting };

class Examination {
 public:
  Examination(Simulation& sim, const Patient& patient, Loss loss = Loss::kPower)
      : sim_(sim), patient_(patient), loss_(loss) {}

  // What came of it, for the table; failure() says whether that is not allowed. Changes nothing on `disk` if `access` is kReads.
  std::string examine(SimDisk& disk, Access access);
  const std::string& failure() const { return failure_; }
  // What check() found, in order.
  const std::vector<CheckFinding>& findings() const { return findings_; }

 private:
  void judge(const char* what, const Error& error);
  void read_keyspace(const Keyspace& keyspace, const std::string& name);
  void compare(const std::string& keyspace, const std::string& key, const std::optional<Value>& got);

  Simulation& sim_;
  const Patient& patient_;
  const Loss loss_;  // what a live log may have lost
  std::string failure_;
  std::vector<CheckFinding> findings_;
  bool found_ = false;
};

// "table", "log", "manifest", "CURRENT", "LOCK".
std::string family_of(const std::string& path);

}  // namespace nacre::sim
