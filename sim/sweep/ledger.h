// Ledger: what one writer asked of a database, what it was answered, and hence which states the database may show.
//
// Written from docs/PROMISES.md, sharing no code with the engine. Entries stand in commit order. Each is acknowledged, in
// doubt (kIo: wholly in or wholly out), or was refused and is struck out. A database that is opened must show apply(e1..ek)
// for one k, across all keyspaces, with entries in doubt in or out; k is at least the floor of what was lost since: nothing, the
// process, or the power. What an open has shown is decided: it is the new beginning of the ledger.
//
// An acknowledged creation or drop of a keyspace is durable, and so is all that was acknowledged before it.
//
// Thread safety: none needed.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "nacre/options.h"

namespace nacre::sim {

using KeyspaceContent = std::map<std::string, std::string>;
using DatabaseContent = std::map<std::string, KeyspaceContent>;

struct LedgerChange {
  enum class Kind : uint8_t { kPut, kErase, kEraseRange };
  Kind kind = Kind::kPut;
  std::string keyspace;
  std::string key;
  std::string value;  // the end, of a range
};

struct LedgerEntry {
  enum class Kind : uint8_t { kWrite, kCreate, kDrop };
  enum class Answer : uint8_t { kNone, kAcknowledged, kInDoubt };
  Kind kind = Kind::kWrite;
  Durability durability = Durability::kOs;
  std::string keyspace;               // created or dropped
  std::vector<LedgerChange> changes;  // of a write
  Answer answer = Answer::kNone;      // none yet: as good as in doubt
};

// What happened to the database since it was last open.
enum class Loss : uint8_t {
  kNothing,  // a clean close
  kProcess,  // killed, or closed without a promise
  kPower,
  kSyncedEnd,  // the log was taken back to what it was earlier: nobody can see that (the limit of promise 7)
};

class Ledger {
 public:
  Ledger() { content_["default"]; }

  void begin(LedgerEntry entry);  // is about to be asked
  void acknowledged();            // the newest entry; as durable as it asked to be
  void in_doubt() { entries_.back().answer = LedgerEntry::Answer::kInDoubt; }
  void refused() { entries_.pop_back(); }
  void made_durable() { power_floor_ = process_floor_ = entries_.size(); }  // flush, sync or close said so

  // An empty string if an open handle may show `seen`.
  std::string check_live(const DatabaseContent& seen) const;
  // The same for what an open finds.
  std::string check_found(const DatabaseContent& seen, Loss loss) const;
  // The same; and if it may be, it is decided.
  std::string check_opened(const DatabaseContent& seen, Loss loss);

  const std::map<std::string, std::vector<std::string>>& keys() const { return keys_; }  // ever written, by keyspace
  size_t size() const { return entries_.size(); }
  size_t floor(Loss loss) const;
  // A number for what may be shown after a loss. Along one story equal numbers mean equal states.
  uint64_t position(Loss loss) const {
    return opens_ << 48 | options_.changes << 40 | floor(loss) << 24 | entries_.size();
  }

  // Of the default keyspace. A change is no commit and waits for none: what was answered well every open finds, and what is in doubt is
  // there or not.
  struct KeyspaceChoice {
    std::optional<KeyspaceOptions> sure;      // none: nobody has told
    std::optional<KeyspaceOptions> in_doubt;  // or these
    uint64_t changes = 0;                     // of the two
  };
  KeyspaceChoice& options() { return options_; }

 private:
  static void apply(const LedgerEntry& entry, DatabaseContent& content);
  // The entries that are to be applied, in doubt ones as `choice` says, or false if there is no such choice.
  bool replay(size_t count, uint64_t choice, DatabaseContent* content) const;
  uint32_t doubts(size_t count) const;
  std::string difference(const DatabaseContent& seen, size_t lowest) const;

  DatabaseContent content_;  // decided
  std::vector<LedgerEntry> entries_;
  KeyspaceChoice options_;
  uint64_t opens_ = 0;  // decided so often
  size_t power_floor_ = 0;
  size_t process_floor_ = 0;
  std::map<std::string, std::vector<std::string>> keys_;
};

}  // namespace nacre::sim
