// DamagedManifest: what can still be known of the tree: from CURRENT and its manifest, or from what is left of them.
//
// Edits are applied in order and without judging whether they fit: one behind damage may well not. `Trust` says what the
// result is good for.
//
// Thread safety: plain values.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "format/manifest_format.h"
#include "nacre/repair.h"
#include "nacre/runtime.h"

namespace nacre::salvage {

enum class Trust : uint8_t {
  kWhole,    // every acknowledged edit was read: what it does not name is not in force
  kPartial,  // some edits are lost: what it names and what it removed counts, the rest is unknown
  kNone,     // there is no manifest
};

struct KnownKeyspace {
  std::string name;
  KeyspaceOptions options;
  format::Sequence flushed_through = 0;
};

struct KnownTable {
  uint32_t keyspace = 0;
  uint32_t level = 0;
  uint64_t run = 0;
  format::TableRecord record;
};

struct KnownTree {
  Trust trust = Trust::kNone;
  format::Uuid uuid;  // nil if no manifest said it
  std::map<uint32_t, KnownKeyspace> keyspaces;
  std::map<uint64_t, KnownTable> tables;  // by number
  std::set<uint64_t> removed;             // numbers of tables, those of dropped keyspaces too
  std::set<uint32_t> dropped;             // ids of keyspaces
  format::LogFloor log_floor;
  uint64_t log_synced_through = 0;
  uint64_t next_file_number = 1;
  uint64_t first_new_number = 0;  // numbers from here on were given out behind the snapshot
  uint64_t next_keyspace_id = 0;

  void apply(const format::VersionEdit& edit);
  // A name for a keyspace of this id: the one given, unless none can be named so, or another one is.
  std::string name_for(uint32_t id, const std::string& name) const;
  // The name, with something behind it if a keyspace is named so.
  std::string made_up_name(std::string name) const { return made_up_name(std::move(name), std::nullopt); }

 private:
  bool is_free(const std::string& name, std::optional<uint32_t> id) const;
  std::string made_up_name(std::string name, std::optional<uint32_t> id) const;
  void create(uint32_t id, const format::KeyspaceRecord& created);
  void drop(uint32_t id);

  std::unordered_map<std::string, uint32_t> ids_;  // by name
  std::unordered_map<uint32_t, std::vector<uint64_t>>
      numbers_;  // of tables that were added to a keyspace, and may be gone
};

// Reads what `directory` has, and tells `findings` what is wrong with it. Never fails: nothing known is an answer.
KnownTree read_known_tree(Directory& directory, std::vector<RepairFinding>& findings);

}  // namespace nacre::salvage
