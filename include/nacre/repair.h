// repair: saves what can be read of a damaged database into a new one.
//
// The source is only read, and must not be open for writing. The new database holds the newest readable version of each key,
// with its erases applied; snapshots do not survive. Nothing is lost or brought back in silence: every range of keys that may be
// wrong has a finding.
//
// When the manifest is whole, tables that it does not name are left alone. When it is not, every table found counts, and all of
// their keyspaces are in doubt: one that a compaction had replaced may bring back what was overwritten or erased.
// The log is applied up to the first damage in it, so that what is saved of it is a prefix of the commits. What of it the tables had
// taken already is used where these are damaged or missing.
//
// Thread safety: one call for a target at a time.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "nacre/bytes.h"
#include "nacre/error.h"
#include "nacre/export.h"
#include "nacre/runtime.h"

namespace nacre {

struct RepairOptions {
  // Applies what the log holds behind damage, too: later commits without earlier ones. All keys are then in doubt, as without.
  bool log_past_damage = false;
  uint64_t memory_bytes = uint64_t{512} << 20;  // what writing the new database may hold; more if an entry needs it
  std::function<void(uint64_t done, uint64_t all)> progress = {};  // bytes of the source
};

struct RepairFinding {
  enum class Kind : uint8_t {
    kNote,      // something was wrong, and nothing is lost by it
    kDoubtful,  // keys may show an older value, or one that was erased
    kLost,      // the same, and entries are gone
  };

  Kind kind = Kind::kNote;
  std::string file;                      // of the source; empty: none
  uint64_t offset = 0;                   // in it
  uint64_t bytes = 0;                    // 0: not known
  std::string keyspace;                  // whose keys are concerned; empty: those of every keyspace
  std::optional<std::string> from = {};  // the first of these keys; nothing: from the beginning
  std::optional<std::string> to = {};    // the last of them; nothing: to the end
  uint64_t entries = 0;                  // gone; 0: not known
  std::string what;                      // in words
};

struct RepairReport {
  uint64_t keyspaces = 0;
  uint64_t tables = 0;       // read, in whole or in part
  uint64_t log_records = 0;  // applied: those with operations that the tables did not have yet
  uint64_t entries = 0;      // written to the new database
  uint64_t bytes = 0;        // of their keys and values
  std::vector<RepairFinding> findings;

  // Whether all that the source held is known to be in the new database.
  NACRE_API bool complete() const;
  // Whether a finding says that this key of the new database may be missing, old or erased.
  NACRE_API bool is_doubtful(Bytes keyspace, Bytes key) const;
};

// Reads the database in directory `source` and makes a new one in `into`, which must be empty or missing. kBusy: the source is open
// for writing. kNotFound, kInvalidArgument: there is no database, or `into` holds files. After an error, and after a crash, `into` is of
// no use: while it holds REPAIR-UNFINISHED, which is there before anything else, Db::open refuses it.
NACRE_API Result<RepairReport> repair(const std::string& source, const std::string& into,
                                      const RepairOptions& options = {},
                                      const Runtime& runtime = Runtime::standard()) noexcept;

}  // namespace nacre
