// CURRENT, manifests, and what a directory consists of by them.

#include <algorithm>
#include <map>
#include <set>

#include "base/result.h"
#include "format/file_names.h"
#include "salvage/damaged_manifest.h"
#include "salvage/damaged_table.h"
#include "salvage/items.h"
#include "salvage/patient_file.h"

namespace nacre::salvage {

namespace {

using format::VersionEdit;

const char* shape_word(CompactionShape shape) {
  switch (shape) {
    case CompactionShape::kLazyLeveled: return "lazy leveled";
    case CompactionShape::kLeveled: return "leveled";
    case CompactionShape::kTiered: return "tiered";
  }
  return "unknown";
}

std::vector<InspectField> fields_of(const KeyspaceOptions& options) {
  return {word("compression", codec_word(options.compression)),
          word("bottom_compression", codec_word(options.bottom_compression)), word("shape", shape_word(options.shape)),
          number("filter_bits_per_key", options.filter_bits_per_key), number("block_bytes", options.block_bytes)};
}

InspectItem table_item(uint32_t level, uint64_t run, const format::TableRecord& table, uint32_t depth,
                       uint64_t offset) {
  return {.what = "table",
          .depth = depth,
          .offset = offset,
          .fields = {number("table", table.number), number("level", level), number("run", run),
                     number("file_bytes", table.file_bytes), number("entries", table.entries),
                     number("erases", table.erases), number("range_tombstones", table.range_tombstones),
                     number("smallest_sequence", table.smallest_sequence),
                     number("largest_sequence", table.largest_sequence), bytes("smallest_key", table.smallest_key),
                     bytes("largest_key", table.largest_key)}};
}

void show_edit(const VersionEdit& edit, uint64_t offset, Items& items) {
  InspectItem item{.what = "edit", .depth = 1, .offset = offset};
  const auto add = [&](const char* name, const std::optional<uint64_t>& value) {
    if (value) item.fields.push_back(number(name, *value));
  };
  item.fields.push_back(number("keyspace", edit.keyspace));
  if (edit.created) {
    item.fields.push_back(bytes("created", edit.created->name));
    for (InspectField& field : fields_of(edit.created->options)) item.fields.push_back(std::move(field));
  }
  if (edit.dropped) item.fields.push_back(word("dropped", "yes"));
  add("flushed_through", edit.flushed_through);
  if (edit.log_floor) {
    item.fields.push_back(number("log_floor", edit.log_floor->lsn));
    item.fields.push_back(number("log_floor_segment", edit.log_floor->segment));
  }
  add("log_synced_through", edit.log_synced_through);
  add("last_sequence", edit.last_sequence);
  add("next_file_number", edit.next_file_number);
  add("reserved_file_number", edit.reserved_file_number);
  add("next_run_id", edit.next_run_id);
  add("next_keyspace_id", edit.next_keyspace_id);
  items.add(item);
  for (const uint64_t removed : edit.removed) {
    items.add({.what = "removed", .depth = 2, .offset = offset, .fields = {number("table", removed)}});
  }
  for (const format::PlacedTable& added : edit.added)
    items.add(table_item(added.level, added.run, added.table, 2, offset));
}

void show_record(Bytes payload, uint64_t offset, Items& items) {
  items.add({.what = "record", .offset = offset, .bytes = format::kManifestRecordHeaderBytes + payload.size()});
  format::EditReader edits(payload);
  VersionEdit edit;
  while (!items.stopped()) {
    const auto more = edits.next(&edit);
    if (!more) return items.damage(offset, payload.size(), more.error(), 1);
    if (!*more) return;
    show_edit(edit, offset, items);
  }
}

}  // namespace

void inspect_manifest(ReadableFile& file, Items& items) {
  std::string image(file.size_bytes(), '\0');
  if (!read_what_can_be(file, 0, image)) items.damage(0, image.size(), "the system cannot read all of it");
  const auto header = format::decode_manifest_header(image);
  if (!header) return items.damage(0, std::min<uint64_t>(image.size(), format::kManifestHeaderBytes), header.error());
  items.add({.what = "header",
             .bytes = format::kManifestHeaderBytes,
             .fields = {number("manifest", header->number), word("database", header->uuid.to_string()),
                        number("version", header->version)}});
  format::ManifestReader reader(image, *header);
  while (!items.stopped()) {
    const auto payload = reader.next();
    if (payload && !payload->has_value()) break;
    if (payload) {
      show_record(**payload, reader.record_offset(), items);
      continue;
    }
    const uint64_t begin = payload.error().offset;
    const auto resumed = reader.resume();
    items.damage(begin, resumed.value_or(image.size()) - begin, payload.error());
    if (!resumed) return;
  }
  if (reader.torn_bytes() != 0) {
    items.damage(reader.end_offset(), reader.torn_bytes(),
                 "an edit that was never acknowledged: torn by a crash, or damaged");
  }
  items.add(
      {.what = "end",
       .offset = reader.end_offset(),
       .fields = {word("last_record", reader.last_acknowledged() ? "acknowledged" : "not known to be acknowledged")}});
}

void inspect_current(ReadableFile& file, Items& items) {
  std::string text(std::min<uint64_t>(file.size_bytes(), format::kMaxCurrentBytes), '\0');
  (void)read_what_can_be(file, 0, text);
  const auto current = format::decode_current(text);
  if (!current) return items.damage(0, text.size(), current.error());
  items.add({.what = "current",
             .bytes = text.size(),
             .fields = {word("manifest", format::manifest_name(current->manifest_number)),
                        word("database", current->uuid.to_string())}});
}

namespace {

std::string state_of(const format::FileName& name, const KnownTree& tree) {
  switch (name.kind) {
    case format::NameKind::kTable:
      if (tree.tables.contains(name.number)) return "in force";
      return tree.trust == Trust::kWhole ? "not in force" : "not known";
    case format::NameKind::kLog:
      if (tree.log_floor.lsn == 0) return "not known";
      return name.number == tree.log_floor.segment ? "holds the log's floor" : "";
    default: return "";
  }
}

const char* name_word(format::NameKind kind) {
  switch (kind) {
    case format::NameKind::kCurrent: return "current";
    case format::NameKind::kManifest: return "manifest";
    case format::NameKind::kLog: return "log";
    case format::NameKind::kTable: return "table";
    case format::NameKind::kBlob: return "blob";
    case format::NameKind::kReserve: return "reserve";
    case format::NameKind::kLock: return "lock";
    case format::NameKind::kReport: return "report";
    case format::NameKind::kStats: return "statistics";
    case format::NameKind::kRepairMark: return "mark of an unfinished repair";
  }
  return "unknown";
}

void show_files(Directory& directory, const KnownTree& tree, Items& items) {
  auto entries = directory.list();
  if (!entries) return items.damage(0, 0, entries.error());
  std::sort(entries->begin(), entries->end(), [](const auto& a, const auto& b) { return a.name < b.name; });
  std::set<uint64_t> there;  // of the tables in force
  for (const DirectoryEntry& entry : *entries) {
    const auto name = format::parse_name(entry.name);
    InspectItem item{
        .what = "file",
        .bytes = entry.size_bytes,
        .fields = {bytes("name", entry.name), word("kind", !name ? "of somebody else" : name_word(name->kind))}};
    if (const std::string state = name ? state_of(*name, tree) : ""; !state.empty())
      item.fields.push_back(word("state", state));
    if (name && name->kind == format::NameKind::kTable && !name->temporary) {
      const auto known = tree.tables.find(name->number);
      if (known != tree.tables.end()) {
        there.insert(name->number);
        const uint64_t recorded = known->second.record.file_bytes;
        item.damaged = recorded != entry.size_bytes;
        if (item.damaged)
          item.fields.push_back(word("why", entry.name + " has " + std::to_string(entry.size_bytes) +
                                                " bytes, and the manifest recorded " + std::to_string(recorded)));
      }
    }
    items.add(item);
  }
  for (const auto& [number, table] : tree.tables) {
    if (!there.contains(number)) items.damage(0, table.record.file_bytes, format::table_name(number) + " is missing");
  }
}

}  // namespace

void inspect_directory(Directory& directory, Items& items) {
  std::vector<RepairFinding> findings;
  const KnownTree tree = read_known_tree(directory, findings);
  for (const RepairFinding& finding : findings) {
    items.damage(finding.offset, finding.bytes, (finding.file.empty() ? "" : finding.file + ": ") + finding.what);
  }
  if (tree.trust != Trust::kNone) {
    items.add({.what = "database",
               .fields = {word("database", tree.uuid.to_string()), number("log_floor", tree.log_floor.lsn),
                          number("log_floor_segment", tree.log_floor.segment),
                          number("next_file_number", tree.next_file_number)}});
  }
  std::map<uint32_t, std::vector<const KnownTable*>> tables_of;
  for (const auto& [table_number, table] : tree.tables) tables_of[table.keyspace].push_back(&table);
  for (const auto& [id, keyspace] : tree.keyspaces) {
    InspectItem item{.what = "keyspace",
                     .fields = {bytes("name", keyspace.name), number("id", id),
                                number("flushed_through", keyspace.flushed_through)}};
    for (InspectField& field : fields_of(keyspace.options)) item.fields.push_back(std::move(field));
    items.add(item);
    std::vector<const KnownTable*>& tables = tables_of[id];
    std::sort(tables.begin(), tables.end(), [](const KnownTable* a, const KnownTable* b) {
      if (a->level != b->level) return a->level < b->level;
      return a->run != b->run ? a->run > b->run : a->record.smallest_key < b->record.smallest_key;
    });
    for (const KnownTable* table : tables) items.add(table_item(table->level, table->run, table->record, 1, 0));
  }
  show_files(directory, tree, items);
}

}  // namespace nacre::salvage
