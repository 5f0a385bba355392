#include "tree/directory_audit.h"

#include <algorithm>
#include <set>
#include <unordered_map>

#include "format/file_names.h"
#include "format/reserve_format.h"
#include "sync/sync.h"
#include "tree/manifest.h"

namespace nacre::tree {

namespace {

using format::FileName;
using format::NameKind;

// Files of others with larger numbers do not matter: the counter never gets there, and must not be driven there.
constexpr uint64_t kHighestCounted = format::kMaxSoundFileNumber / 2;

// A text that an error can point to for good. Each text is kept once; there are as many as tables were found cut off.
const char* kept(std::string text) {
  static sync::Mutex mutex;
  static auto* const texts = new std::set<std::string>();
  sync::MutexLock lock(mutex);
  return texts->insert(std::move(text)).first->c_str();
}

Error bad_table(uint64_t number, const char* reason) {
  return corruption(Operation::kOpen, FileKind::kTable, number, 0, reason);
}

Result<void> check_identity(Directory& directory, const TableMeta& meta, TableOpener& opener) {
  NACRE_TRY_ASSIGN(auto file, directory.open_read(format::table_name(meta.number())));
  auto identity = opener.identify(*file);
  if (!identity) return located(identity.error(), FileKind::kTable, meta.number());
  if (!*identity) return bad_table(meta.number(), "the file does not end as a table does");
  if ((*identity)->uuid != meta.identity().uuid)
    return bad_table(meta.number(), "the table belongs to another database");
  if ((*identity)->number != meta.number())
    return bad_table(meta.number(), "the table was renamed: it has another number");
  return {};
}

// By number: whether the audit has met the file of a live table.
using LiveTables = std::unordered_map<uint64_t, std::pair<const TableMeta*, bool>>;

LiveTables live_tables(const TreeState& state) {
  LiveTables live;
  for (const auto& [id, keyspace] : state.keyspaces) {
    for (const Run& run : keyspace.version->runs()) {
      for (const auto& table : run.tables()) live.emplace(table->number(), std::pair(table.get(), false));
    }
  }
  return live;
}

bool is_own_table(Directory& directory, const format::TableIdentity& own, TableOpener& opener) {
  auto file = directory.open_read(format::table_name(own.number));
  if (!file) return false;
  const auto identity = opener.identify(**file);
  return identity && (!*identity || **identity == own);
}

bool is_own_manifest(Directory& directory, uint64_t number, const format::Uuid& uuid) {
  auto file = directory.open_read(format::manifest_name(number));
  if (!file) return false;
  char bytes[format::kManifestHeaderBytes];
  const auto got = (*file)->read(0, bytes);
  if (!got) return false;
  const auto header = format::decode_manifest_header({bytes, *got});
  return header ? header->uuid == uuid : header.error().kind == ErrorKind::kCorruption;
}

bool is_own_reserve(Directory& directory, uint64_t number, const format::Uuid& uuid) {
  auto file = directory.open_read(format::reserve_name(number));
  if (!file) return false;
  char bytes[format::kReserveHeaderBytes];
  const auto got = (*file)->read(0, bytes);
  return got && !format::is_reserve_of_another({bytes, *got}, uuid, number);
}

// Whether MANIFEST-000001 was ever in force: anything behind its first record can only have been written after that.
Result<bool> was_in_force(Directory& directory) {
  NACRE_TRY_ASSIGN(auto file, directory.open_read(format::manifest_name(1)));
  std::string bytes(file->size_bytes(), '\0');
  NACRE_TRY_ASSIGN(const size_t got, file->read(0, bytes));
  bytes.resize(got);
  const auto header = format::decode_manifest_header(bytes);
  if (!header && header.error().kind == ErrorKind::kUnsupported) return header.error();
  if (!header) return false;
  format::ManifestReader reader(bytes, *header);
  const auto snapshot = reader.next();
  if (!snapshot) return true;
  if (!*snapshot) return false;
  const auto edit = reader.next();
  return !edit || *edit || reader.last_acknowledged();
}

}  // namespace

Result<void> check_repaired(const std::vector<DirectoryEntry>& entries) {
  const bool marked = std::any_of(entries.begin(), entries.end(),
                                  [](const DirectoryEntry& entry) { return entry.name == format::kRepairMarkName; });
  if (!marked) return {};
  return invalid_argument(
      Operation::kOpen,
      "a repair into this directory is under way or was cut off, as REPAIR-UNFINISHED says: if none runs, "
      "remove the directory and repair the damaged database again");
}

Result<DirectoryAudit> audit_directory(Directory& directory, const TreeState& state, const TableHome& home,
                                       uint64_t manifest_number) {
  NACRE_TRY_ASSIGN(const auto entries, directory.list());
  NACRE_TRY(check_repaired(entries));
  DirectoryAudit audit;
  LiveTables live = live_tables(state);
  for (const DirectoryEntry& entry : entries) {
    const auto name = format::parse_name(entry.name);
    if (!name || (name->temporary && name->kind != NameKind::kCurrent)) {
      audit.unknown_files.push_back(entry.name);
      continue;
    }
    const uint64_t number = name->number;
    if (format::is_numbered(name->kind) && number <= kHighestCounted) {
      audit.highest_number = std::max(audit.highest_number, number);
    }
    bool known = true;
    if (name->kind == NameKind::kTable) {
      if (const auto at = live.find(number); at != live.end()) {
        const TableMeta& meta = *at->second.first;
        at->second.second = true;
        if (entry.size_bytes != meta.file_bytes())
          return bad_table(number, kept("the table's file has " + std::to_string(entry.size_bytes) +
                                        " bytes, and the manifest recorded " + std::to_string(meta.file_bytes())));
        NACRE_TRY(check_identity(directory, meta, home.opener()));
      } else if (state.is_own_number(number) &&
                 is_own_table(directory, {.uuid = home.uuid(), .number = number}, home.opener())) {
        audit.leftover_tables.push_back(number);
      } else {
        known = false;
      }
    } else if (name->kind == NameKind::kManifest && number != manifest_number) {
      known = state.is_own_number(number) && is_own_manifest(directory, number, home.uuid());
      if (known) audit.leftover_manifests.push_back(number);
    } else if (name->kind == NameKind::kReserve) {
      known = state.is_own_number(number) && is_own_reserve(directory, number, home.uuid());
      if (known) audit.reserves.push_back({.number = number, .bytes = entry.size_bytes});
    } else if (name->kind == NameKind::kBlob) {
      known = false;
    }
    if (!known) audit.unknown_files.push_back(entry.name);
  }
  uint64_t missing = UINT64_MAX;
  for (const auto& [number, table] : live) {
    if (!table.second) missing = std::min(missing, number);
  }
  if (missing != UINT64_MAX) return bad_table(missing, "a table of the tree is missing");
  return audit;
}

Result<void> check_creatable(Directory& directory, std::vector<std::string>* leftovers) {
  NACRE_TRY_ASSIGN(const auto entries, directory.list());
  NACRE_TRY(check_repaired(entries));
  bool foreign = false;
  for (const DirectoryEntry& entry : entries) {
    const auto name = format::parse_name(entry.name);
    if (!name || (name->temporary && name->kind != NameKind::kCurrent)) {
      foreign = true;
      continue;
    }
    bool lost_current = name->kind == NameKind::kLog || name->kind == NameKind::kTable ||
                        name->kind == NameKind::kBlob || name->kind == NameKind::kReserve;
    if (name->kind == NameKind::kManifest) {
      lost_current = name->number != 1;
      if (!lost_current) {
        NACRE_TRY_ASSIGN(lost_current, was_in_force(directory));
      }
    }
    if (lost_current) {
      return corruption(Operation::kOpen, FileKind::kCurrent, 0, 0,
                        "CURRENT is missing beside files of a database: restore it, or a backup");
    }
    if (name->kind == NameKind::kManifest || name->temporary) leftovers->push_back(entry.name);
  }
  if (foreign) {
    return invalid_argument(Operation::kOpen,
                            "the directory is not a database and holds other files: name an empty or a new directory");
  }
  return {};
}

}  // namespace nacre::tree
