#include "salvage/damaged_manifest.h"

#include <algorithm>

#include "base/result.h"
#include "format/file_names.h"
#include "tree/manifest.h"

namespace nacre::salvage {

using format::VersionEdit;

bool KnownTree::is_free(const std::string& name, std::optional<uint32_t> id) const {
  if (name == format::kDefaultKeyspaceName) return false;
  const auto taken = ids_.find(name);
  return taken == ids_.end() || taken->second == id;
}

std::string KnownTree::made_up_name(std::string name, std::optional<uint32_t> id) const {
  while (!is_free(name, id)) name += '_';
  return name;
}

std::string KnownTree::name_for(uint32_t id, const std::string& name) const {
  if (id == format::kDefaultKeyspace) return format::kDefaultKeyspaceName;
  if (!name.empty() && name.size() <= format::kMaxKeyspaceNameBytes && is_free(name, id)) return name;
  return made_up_name("keyspace-" + std::to_string(id), id);
}

void KnownTree::create(uint32_t id, const format::KeyspaceRecord& created) {
  std::string name = name_for(id, created.name);
  if (const auto before = keyspaces.find(id); before != keyspaces.end()) ids_.erase(before->second.name);
  ids_[name] = id;
  keyspaces[id] = {.name = std::move(name), .options = created.options};
  next_keyspace_id = std::max(next_keyspace_id, uint64_t{id} + 1);
}

void KnownTree::drop(uint32_t id) {
  dropped.insert(id);
  if (const auto known = keyspaces.find(id); known != keyspaces.end()) {
    ids_.erase(known->second.name);
    keyspaces.erase(known);
  }
  for (const uint64_t number : numbers_[id]) {
    const auto table = tables.find(number);
    if (table == tables.end() || table->second.keyspace != id) continue;
    tables.erase(table);
    removed.insert(number);
  }
  numbers_.erase(id);
}

void KnownTree::apply(const VersionEdit& edit) {
  if (edit.next_file_number) next_file_number = std::max(next_file_number, *edit.next_file_number);
  if (edit.next_keyspace_id) next_keyspace_id = std::max(next_keyspace_id, *edit.next_keyspace_id);
  if (edit.log_floor && edit.log_floor->lsn >= log_floor.lsn) log_floor = *edit.log_floor;
  if (edit.log_synced_through) log_synced_through = std::max(log_synced_through, *edit.log_synced_through);
  if (edit.created) create(edit.keyspace, *edit.created);
  if (edit.dropped) drop(edit.keyspace);
  if (edit.flushed_through && keyspaces.contains(edit.keyspace)) {
    format::Sequence& through = keyspaces[edit.keyspace].flushed_through;
    through = std::max(through, *edit.flushed_through);
  }
  for (const uint64_t number : edit.removed) {
    tables.erase(number);
    removed.insert(number);
  }
  for (const format::PlacedTable& placed : edit.added) {
    removed.erase(placed.table.number);  // moved
    numbers_[edit.keyspace].push_back(placed.table.number);
    tables[placed.table.number] = {
        .keyspace = edit.keyspace, .level = placed.level, .run = placed.run, .record = placed.table};
    next_file_number = std::max(next_file_number, placed.table.number + 1);
  }
}

namespace {

// A manifest as far as it can be read.
struct Reading {
  KnownTree tree;
  std::vector<RepairFinding> findings;
};

void apply_payload(Bytes payload, uint64_t offset, const std::string& name, Reading& reading) {
  format::EditReader edits(payload);
  VersionEdit edit;
  while (true) {
    const auto more = edits.next(&edit);
    if (!more) {
      reading.tree.trust = Trust::kPartial;
      reading.findings.push_back(
          {.kind = RepairFinding::Kind::kDoubtful,
           .file = name,
           .offset = offset,
           .bytes = payload.size(),
           .what = std::string("edits of the tree cannot be understood: ") + more.error().reason});
      return;
    }
    if (!*more) return;
    reading.tree.apply(edit);
  }
}

Reading read_one(const tree::ManifestFile& file) {
  Reading reading;
  const std::string name = format::manifest_name(file.header.number);
  reading.tree.uuid = file.header.uuid;
  reading.tree.trust = Trust::kWhole;
  format::ManifestReader reader(file.bytes, file.header);
  bool snapshot_read = false;
  while (true) {
    const auto payload = reader.next();
    if (payload && !payload->has_value()) break;
    if (payload) {
      const bool first = reader.record_offset() == format::kManifestHeaderBytes;
      snapshot_read = snapshot_read || first;
      apply_payload(**payload, reader.record_offset(), name, reading);
      if (first) reading.tree.first_new_number = reading.tree.next_file_number;
      continue;
    }
    const uint64_t begin = payload.error().offset;
    const auto resumed = reader.resume();
    reading.tree.trust = Trust::kPartial;
    reading.findings.push_back({.kind = RepairFinding::Kind::kDoubtful,
                                .file = name,
                                .offset = begin,
                                .bytes = resumed.value_or(file.bytes.size()) - begin,
                                .what = "edits of the tree are damaged: which tables are in force is not fully known"});
    if (!resumed) break;
  }
  if (reader.torn_bytes() != 0) {
    reading.findings.push_back({.file = name,
                                .offset = reader.end_offset(),
                                .bytes = reader.torn_bytes(),
                                .what = "the manifest ends in an edit that was never acknowledged: left out"});
  }
  if (!snapshot_read && reading.tree.trust == Trust::kWhole) {
    reading.tree.trust = Trust::kPartial;
    reading.findings.push_back({.kind = RepairFinding::Kind::kDoubtful,
                                .file = name,
                                .offset = format::kManifestHeaderBytes,
                                .what = "the manifest's snapshot is damaged or missing"});
  }
  return reading;
}

// Whether all tables that it names are there: a manifest that never came into force, or was replaced long ago, names others.
bool tables_are_there(const KnownTree& tree, const std::set<std::string>& names) {
  return std::all_of(tree.tables.begin(), tree.tables.end(),
                     [&](const auto& table) { return names.contains(format::table_name(table.first)); });
}

// The best of all manifests in the directory: a whole one, whose tables are there, the newest.
std::optional<Reading> best_manifest(Directory& directory, const std::set<std::string>& names) {
  std::optional<Reading> best;
  int best_rank = -1;
  for (const std::string& name : names) {  // by number, but for very long ones
    const auto parsed = format::parse_name(name);
    if (!parsed || parsed->kind != format::NameKind::kManifest || parsed->temporary) continue;
    const auto opened = directory.open_read(name);
    char header_bytes[format::kManifestHeaderBytes];
    if (!opened || (*opened)->read(0, header_bytes).value_or(0) != sizeof header_bytes) continue;
    const auto header = format::decode_manifest_header(Bytes(header_bytes, sizeof header_bytes));
    if (!header) continue;
    const auto file = tree::read_manifest(directory, {.manifest_number = parsed->number, .uuid = header->uuid});
    if (!file) continue;
    Reading reading = read_one(*file);
    const int rank = (reading.tree.trust == Trust::kWhole ? 2 : 0) + (tables_are_there(reading.tree, names) ? 1 : 0);
    if (rank < best_rank) continue;
    reading.findings.push_back({.file = name, .what = "taken for the manifest in force: the best one that there is"});
    best = std::move(reading);
    best_rank = rank;
  }
  return best;
}

RepairFinding about(const Error& error) {
  const bool current = error.file_kind == FileKind::kCurrent;
  return {.file = current ? format::kCurrentName : format::manifest_name(error.file_number),
          .offset = error.offset,
          .what = error.to_string()};
}

}  // namespace

KnownTree read_known_tree(Directory& directory, std::vector<RepairFinding>& findings) {
  std::set<std::string> names;
  if (const auto entries = directory.list()) {
    for (const DirectoryEntry& entry : *entries) names.insert(entry.name);
  }
  const auto take = [&](Reading reading) {
    findings.insert(findings.end(), reading.findings.begin(), reading.findings.end());
    return std::move(reading.tree);
  };
  const auto current = tree::read_current(directory);
  if (!current) findings.push_back(about(current.error()));
  if (current && !current->has_value())
    findings.push_back({.file = format::kCurrentName, .what = "CURRENT is missing"});
  if (current && current->has_value()) {
    const auto file = tree::read_manifest(directory, **current);
    if (file) return take(read_one(*file));
    findings.push_back(about(file.error()));
  }
  if (auto best = best_manifest(directory, names)) return take(*std::move(best));
  findings.push_back(
      {.kind = RepairFinding::Kind::kDoubtful,
       .what = "there is no manifest that can be read: the names and options of keyspaces are lost, and which "
               "tables were in force is not known"});
  KnownTree tree;
  if (current && current->has_value()) tree.uuid = (*current)->uuid;
  return tree;
}

}  // namespace nacre::salvage
