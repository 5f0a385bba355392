#include "salvage/survey.h"

#include <algorithm>
#include <set>

#include "base/result.h"
#include "format/batch_format.h"
#include "format/file_names.h"
#include "salvage/patient_file.h"

namespace nacre::salvage {

using format::NameKind;
using format::TableIdentity;

std::string Survey::keyspace_name(uint32_t id) const {
  const auto known = tree.keyspaces.find(id);
  return known != tree.keyspaces.end() ? known->second.name : tree.name_for(id, "");
}

std::string Survey::keyspace_name(const SurveyedTable& table) const {
  if (table.keyspace) return keyspace_name(*table.keyspace);
  return tree.made_up_name("table-" + std::to_string(table.facts.id.number));
}

bool holds_data(const std::vector<DirectoryEntry>& entries) {
  return std::any_of(entries.begin(), entries.end(), [](const DirectoryEntry& entry) {
    const auto name = format::parse_name(entry.name);
    if (!name || name->temporary) return false;
    return name->kind == NameKind::kCurrent || name->kind == NameKind::kManifest || name->kind == NameKind::kLog ||
           name->kind == NameKind::kTable || name->kind == NameKind::kBlob;
  });
}

namespace {

class Surveyor {
 public:
  Surveyor(Directory& directory, bool log_past_damage) : directory_(directory), log_past_damage_(log_past_damage) {}

  Result<Survey> run();

 private:
  struct TableFile {
    std::string name;
    TableIdentity id;
  };

  void identify_tables();
  void identify_logs();
  format::Uuid likely_uuid() const;
  void read_table(const TableFile& file);
  void note_faults(const SurveyedTable& table);
  void note_missing_tables();
  bool manifest_lost_its_end();
  bool counts(uint64_t number) const;
  bool was_dropped(const SurveyedTable& table) const;
  void note(RepairFinding::Kind kind, std::string file, std::string what) {
    survey_.findings.push_back({.kind = kind, .file = std::move(file), .what = std::move(what)});
  }

  Directory& directory_;
  const bool log_past_damage_;
  std::vector<DirectoryEntry> entries_;
  std::vector<TableFile> files_;
  std::map<std::string, size_t> uuids_;  // how many files say so
  std::vector<SurveyedTable> read_;      // of this database, counting or not
  std::set<uint64_t> numbers_read_;
  Survey survey_;
};

Result<Survey> Surveyor::run() {
  NACRE_TRY_ASSIGN(entries_, directory_.list());
  if (!holds_data(entries_)) {
    return Error{
        .kind = ErrorKind::kNotFound, .operation = Operation::kOpen, .reason = "there is no file of a database"};
  }
  survey_.tree = read_known_tree(directory_, survey_.findings);
  KnownTree& tree = survey_.tree;
  identify_tables();
  identify_logs();
  if (tree.uuid.is_nil()) tree.uuid = likely_uuid();
  for (const TableFile& file : files_) read_table(file);

  const auto read_log = [&] {
    const bool floor_known = tree.trust == Trust::kWhole && tree.log_floor.lsn != 0;
    LogBegin begin{.synced_through = tree.log_synced_through};
    if (floor_known) begin.floor = tree.log_floor;
    std::vector<RepairFinding> findings;
    survey_.log = std::make_unique<DamagedLog>(directory_, tree.uuid, begin, log_past_damage_, findings);
    return findings;
  };
  std::vector<RepairFinding> log_findings = read_log();
  if (tree.trust == Trust::kWhole && manifest_lost_its_end()) {
    tree.trust = Trust::kPartial;
    note(RepairFinding::Kind::kDoubtful, "",
         "the manifest lost its end: there are younger files than it knows; all tables are taken for live");
    log_findings = read_log();
  }
  survey_.findings.insert(survey_.findings.end(), log_findings.begin(), log_findings.end());
  note_missing_tables();
  for (SurveyedTable& table : read_) {
    if (!counts(table.facts.id.number)) continue;
    if (was_dropped(table)) {
      note(RepairFinding::Kind::kNote, table.facts.name, "a table of a keyspace that was dropped: passed over");
      continue;
    }
    note_faults(table);
    survey_.tables.push_back(std::move(table));
  }
  return std::move(survey_);
}

void Surveyor::identify_tables() {
  for (const DirectoryEntry& entry : entries_) {
    const auto name = format::parse_name(entry.name);
    if (!name || name->kind != NameKind::kTable || name->temporary) continue;
    TableFile file{.name = entry.name, .id = {.uuid = survey_.tree.uuid, .number = name->number}};
    if (const auto opened = directory_.open_read(entry.name); opened && entry.size_bytes >= format::kFooterBytes) {
      std::string footer(format::kFooterBytes, '\0');
      (void)read_what_can_be(**opened, entry.size_bytes - footer.size(), footer);  // its checksum will tell
      if (const auto id = format::peek_identity(footer)) {
        uuids_[std::string(id->uuid.view())]++;
        file.id = *id;
      }
    }
    files_.push_back(std::move(file));
  }
}

void Surveyor::identify_logs() {
  for (const DirectoryEntry& entry : entries_) {
    const auto name = format::parse_name(entry.name);
    if (!name || name->kind != NameKind::kLog || name->temporary) continue;
    const auto file = directory_.open_read(entry.name);
    if (!file) continue;
    std::string area(std::min<uint64_t>((*file)->size_bytes(), format::kLogHeaderBytes), '\0');
    (void)read_what_can_be(**file, 0, area);
    const auto header = format::decode_segment_header(area);
    if (header && header->identity) uuids_[std::string(header->identity->uuid.view())]++;
  }
}

format::Uuid Surveyor::likely_uuid() const {
  const auto most =
      std::max_element(uuids_.begin(), uuids_.end(), [](const auto& a, const auto& b) { return a.second < b.second; });
  return most == uuids_.end() ? format::Uuid() : format::Uuid::load(most->first.data());
}

void Surveyor::read_table(const TableFile& file) {
  const KnownTree& tree = survey_.tree;
  TableIdentity id = file.id;
  if (id.uuid.is_nil()) id.uuid = tree.uuid;
  if (id.uuid != tree.uuid) {
    return note(RepairFinding::Kind::kNote, file.name, "a table of another database: passed over");
  }
  if (numbers_read_.contains(id.number))
    return note(RepairFinding::Kind::kNote, file.name, "the same table lies under another name as well: passed over");
  if (!counts(id.number) && tree.trust != Trust::kWhole) return;
  auto opened = directory_.open_read(file.name);
  if (!opened) return note(RepairFinding::Kind::kNote, file.name, "cannot be opened: " + opened.error().to_string());
  const DamagedTable table(*std::move(opened), id);
  SurveyedTable surveyed{.facts = {.name = file.name, .id = id}, .file_bytes = table.file_bytes()};
  if (table.footer()) surveyed.keyspace = table.footer()->keyspace;
  if (const auto& said = table.properties()) {
    surveyed.facts.keys = {.from = said->smallest_key, .to = said->largest_key};
    surveyed.facts.entries = said->entries;
    surveyed.facts.entries_hash = said->entries_hash;
    surveyed.largest_sequence = said->largest_sequence;
  }
  if (table.tombstones()) {
    std::vector<format::RangeTombstone> tombstones;
    table.tombstones()->append_tombstones(&tombstones);
    surveyed.tombstones = format::TombstoneSet::build(tombstones);
  }
  if (const auto known = tree.tables.find(id.number); known != tree.tables.end()) {
    const format::TableRecord& record = known->second.record;
    surveyed.keyspace = known->second.keyspace;
    surveyed.facts.keys = {.from = record.smallest_key, .to = record.largest_key};
    surveyed.facts.entries = record.entries;
    surveyed.facts.entries_hash = record.entries_hash;
    surveyed.largest_sequence = record.largest_sequence;
    if (record.range_tombstones == 0) surveyed.tombstones.emplace();
  }
  surveyed.faults = table.faults();
  for (const auto& place : table.places()) {
    surveyed.largest_block_bytes = std::max(surveyed.largest_block_bytes, place.gap ? 0 : place.bytes);
  }
  read_.push_back(std::move(surveyed));
  numbers_read_.insert(id.number);
}

bool Surveyor::counts(uint64_t number) const {
  const KnownTree& tree = survey_.tree;
  return tree.trust == Trust::kWhole ? tree.tables.contains(number) : !tree.removed.contains(number);
}

// By what the table says of itself: edits that put it in force would have been lost with others.
bool Surveyor::was_dropped(const SurveyedTable& table) const {
  const KnownTree& tree = survey_.tree;
  return table.keyspace && tree.dropped.contains(*table.keyspace) && !tree.tables.contains(table.facts.id.number);
}

// Whether what lies in the directory is younger than a manifest that seems whole.
bool Surveyor::manifest_lost_its_end() {
  const KnownTree& tree = survey_.tree;
  bool young = false;
  for (const SurveyedTable& table : read_) {
    const uint64_t number = table.facts.id.number;
    if (table.keyspace && *table.keyspace >= tree.next_keyspace_id) return true;
    young =
        young || (number >= tree.first_new_number && !tree.tables.contains(number) && !tree.removed.contains(number));
  }
  const bool missing = std::any_of(tree.tables.begin(), tree.tables.end(),
                                   [&](const auto& named) { return !numbers_read_.contains(named.first); });
  if (young && (missing || survey_.log->damaged())) return true;
  uint64_t beyond = 0;
  bool any = false;
  const auto read = survey_.log->deliver([&](const LogRecord& record) {
    any = true;
    format::BatchReader reader(record.payload);
    format::BatchOp op;
    for (auto more = reader.next(&op); more && *more; more = reader.next(&op))
      beyond += op.keyspace >= tree.next_keyspace_id;
  });
  (void)read.has_value();  // what fails is told when the log is delivered for good
  const bool log_without_floor = tree.log_floor.lsn == 0 && any;
  return beyond != 0 || log_without_floor;
}

void Surveyor::note_missing_tables() {
  for (const auto& [number, known] : survey_.tree.tables) {
    if (numbers_read_.contains(number)) continue;
    FileFindings findings(survey_.findings, format::table_name(number), survey_.keyspace_name(known.keyspace));
    findings.lost(0, known.record.file_bytes, {.from = known.record.smallest_key, .to = known.record.largest_key},
                  known.record.entries, "the table is missing");
  }
}

void Surveyor::note_faults(const SurveyedTable& table) {
  FileFindings findings(survey_.findings, table.facts.name, survey_.keyspace_name(table));
  for (const Fault& fault : table.faults) {
    findings.note(fault.offset, fault.bytes, std::string("its ") + fault.part + " is damaged: " + why(fault.error));
  }
  if (!table.tombstones) {
    findings.doubtful(0, 0, table.facts.keys,
                      "range erases that the table may have held are lost: erased keys may come back");
  }
  if (!table.keyspace) {
    findings.doubtful(0, 0, {}, "which keyspace the table belongs to is not known: it gets one of its own");
  }
}

}  // namespace

Result<Survey> survey_database(Directory& directory, bool log_past_damage) {
  return Surveyor(directory, log_past_damage).run();
}

}  // namespace nacre::salvage
