// repair(): surveys the source, and writes the newest version of each key through an ordinary Db.

#include "nacre/repair.h"

#include <algorithm>
#include <iterator>

#include "base/result.h"
#include "format/file_names.h"
#include "nacre/db.h"
#include "salvage/newest_versions.h"
#include "salvage/survey.h"
#include "salvage/unmarked_files.h"

namespace nacre {

namespace {

using salvage::KnownKeyspace;
using salvage::Survey;
using salvage::Trust;

constexpr uint64_t kBatchBytes = uint64_t{1} << 20;

class Repair {
 public:
  Repair(const RepairOptions& options, const Runtime& runtime) : options_(options), runtime_(runtime) {}

  Result<RepairReport> run(const std::string& source, const std::string& into);

 private:
  // What is saved of one keyspace.
  struct Saved {
    salvage::NewestVersions versions;
    format::Sequence flushed_through = 0;  // as far as it is known
    bool any = false;
  };

  Result<void> fill(const std::string& into);
  void add_tables();
  void add_log();
  Result<void> mark_target();
  void add_record(const salvage::LogRecord& record);
  Result<void> write_keyspace(Db& db, const std::string& name, Saved& saved);
  uint64_t memory_bytes() const;
  void advance(uint64_t bytes) {
    done_bytes_ += bytes;
    if (options_.progress) options_.progress(std::min(done_bytes_, all_bytes_), all_bytes_);
  }

  const RepairOptions& options_;
  const Runtime& runtime_;
  std::unique_ptr<Directory> source_;
  std::unique_ptr<Directory> target_;
  Survey survey_;
  std::map<std::string, Saved> saved_;  // by name of the keyspace
  RepairReport report_;
  uint64_t done_bytes_ = 0;
  uint64_t all_bytes_ = 0;
};

Result<RepairReport> Repair::run(const std::string& source, const std::string& into) {
  NACRE_TRY_ASSIGN(source_, runtime_.file_system->open_directory(source, false));
  const auto lock = source_->lock(format::kLockName, LockKind::kRead);
  if (!lock && lock.error().kind == ErrorKind::kBusy) return lock.error();
  NACRE_TRY_ASSIGN(survey_, salvage::survey_database(*source_, options_.log_past_damage));
  NACRE_TRY_ASSIGN(target_, runtime_.file_system->open_directory(into, true));
  NACRE_TRY_ASSIGN(const auto there, target_->list());
  if (!there.empty()) {
    return invalid_argument(Operation::kOpen, "the directory to repair into holds files: name a new one");
  }
  for (const salvage::SurveyedTable& table : survey_.tables) all_bytes_ += table.file_bytes;
  all_bytes_ += survey_.log->file_bytes();
  if (const Result<void> filled = fill(into); !filled) {
    const auto made = target_->list();
    for (const DirectoryEntry& entry : made ? *made : std::vector<DirectoryEntry>()) {
      if (entry.name != format::kRepairMarkName) (void)target_->remove(entry.name).has_value();
    }
    const auto left = target_->list();  // what stays is not opened while the mark is there
    if (left && left->size() == 1) (void)target_->remove(format::kRepairMarkName).has_value();
    return filled.error();
  }
  std::vector<RepairFinding> by_weight;  // what is lost first
  for (const auto kind : {RepairFinding::Kind::kLost, RepairFinding::Kind::kDoubtful, RepairFinding::Kind::kNote}) {
    std::copy_if(report_.findings.begin(), report_.findings.end(), std::back_inserter(by_weight),
                 [kind](const RepairFinding& finding) { return finding.kind == kind; });
  }
  report_.findings = std::move(by_weight);
  return std::move(report_);
}

Result<void> Repair::fill(const std::string& into) {
  report_.findings = std::move(survey_.findings);
  for (const auto& [id, known] : survey_.tree.keyspaces) {
    saved_[known.name].flushed_through = known.flushed_through;
    saved_[known.name].any = true;
  }
  add_tables();
  add_log();
  Options options;
  options.mode = OpenMode::kCreateNew;
  options.memory_bytes = memory_bytes();
  const auto& keyspaces = survey_.tree.keyspaces;
  if (const auto known = keyspaces.find(format::kDefaultKeyspace); known != keyspaces.end()) {
    options.keyspace = known->second.options;
  }
  NACRE_TRY(mark_target());
  Runtime runtime = runtime_;
  runtime.file_system = salvage::without_repair_marks(runtime_.file_system);
  NACRE_TRY_ASSIGN(Db db, Db::open(into, options, runtime));
  for (auto& [name, saved] : saved_) {
    if (saved.any) NACRE_TRY(write_keyspace(db, name, saved));
  }
  NACRE_TRY(db.flush());
  NACRE_TRY_ASSIGN(const auto wrong, db.check());
  if (!wrong.empty()) return wrong.front().error;
  NACRE_TRY(db.close());
  NACRE_TRY(target_->remove(format::kRepairMarkName));
  return target_->sync();
}

// Before anything else is there: an open refuses what has the mark.
Result<void> Repair::mark_target() {
  NACRE_TRY_ASSIGN(const auto mark, target_->create(format::kRepairMarkName));
  NACRE_TRY(mark->sync());
  return target_->sync();
}

void Repair::add_tables() {
  for (salvage::SurveyedTable& table : survey_.tables) {
    const std::string name = survey_.keyspace_name(table);
    Saved& saved = saved_[name];
    saved.any = true;
    if (survey_.tree.trust != Trust::kWhole)
      saved.flushed_through = std::max(saved.flushed_through, table.largest_sequence);
    if (table.tombstones) saved.versions.add_tombstones(*table.tombstones);
    salvage::FileFindings findings(report_.findings, table.facts.name, name);
    saved.versions.add_table(std::make_unique<salvage::TableSource>(*source_, std::move(table.facts),
                                                                    std::move(findings), saved.versions.doubts(),
                                                                    [this](uint64_t bytes) { advance(bytes); }));
    report_.tables++;
  }
  for (const RepairFinding& finding : report_.findings) {  // tables that are missing, range erases that are lost
    if (finding.kind == RepairFinding::Kind::kNote) continue;
    const auto saved = saved_.find(finding.keyspace);
    if (saved != saved_.end()) saved->second.versions.doubts().add({.from = finding.from, .to = finding.to});
  }
}

void Repair::add_log() {
  const auto delivered = survey_.log->deliver([this](const salvage::LogRecord& record) {
    add_record(record);
    advance(record.payload.size());
  });
  if (delivered) return;
  const Error& error = delivered.error();
  report_.findings.push_back({.kind = RepairFinding::Kind::kLost,
                              .file = format::log_name(error.file_number),
                              .offset = error.offset,
                              .what = std::string("log records can no longer be read, and are left out") +
                                      (options_.log_past_damage ? ": " : " with all behind them: ") +
                                      salvage::why(error)});
}

void Repair::add_record(const salvage::LogRecord& record) {
  const salvage::KnownTree& tree = survey_.tree;
  const bool whole = tree.trust == Trust::kWhole;
  // Without a hole the log has the newest write of each key that it has any of, but for writes without the log, which a whole
  // manifest tells.
  const bool only_unflushed = whole || survey_.log->damaged() || survey_.log->torn();
  format::BatchReader reader(record.payload);
  format::BatchOp op;
  format::Sequence sequence = record.first_sequence;
  bool applied = false;
  for (auto more = reader.next(&op); !more || *more; more = reader.next(&op), sequence++) {
    if (!more || sequence > format::kMaxSoundSequence) {
      report_.findings.push_back(
          {.kind = RepairFinding::Kind::kLost, .what = "a log record is whole and cannot be understood"});
      return;
    }
    const bool known = tree.keyspaces.contains(op.keyspace);
    if (!known && (whole || tree.dropped.contains(op.keyspace))) continue;
    const bool mark = op.kind == format::EntryKind::kErase && op.key.empty();  // also stands for a drop
    Saved& saved = saved_[survey_.keyspace_name(op.keyspace)];
    saved.any = saved.any || !mark;
    if (only_unflushed && sequence <= saved.flushed_through) {
      saved.versions.add_held_operation(op, sequence);
      continue;
    }
    saved.versions.add_operation(op, sequence);
    applied = true;
  }
  report_.log_records += applied;
}

// A value must fit a quarter of it.
uint64_t Repair::memory_bytes() const {
  uint64_t largest = survey_.log->largest_record_bytes();
  for (const salvage::SurveyedTable& table : survey_.tables) largest = std::max(largest, table.largest_block_bytes);
  return std::max(options_.memory_bytes, 5 * largest + kMinMemoryBytes);
}

Result<void> Repair::write_keyspace(Db& db, const std::string& name, Saved& saved) {
  KeyspaceOptions options;
  for (const auto& [id, known] : survey_.tree.keyspaces) {
    if (known.name == name) options = known.options;
  }
  const bool is_default = name == format::kDefaultKeyspaceName;
  auto created = is_default ? db.keyspace(name) : db.create_keyspace(name, options);
  if (!created && created.error().kind == ErrorKind::kInvalidArgument) created = db.create_keyspace(name, {});
  NACRE_TRY_ASSIGN(const Keyspace keyspace, std::move(created));
  report_.keyspaces++;
  Batch batch;
  const auto write = [&]() -> Result<void> {
    NACRE_TRY(db.write(batch, Durability::kMemory));
    batch.clear();
    return {};
  };
  NACRE_TRY(saved.versions.for_each([&](Bytes key, Bytes value) -> Result<void> {
    if (key.size() > kMaxKeyBytes) {
      salvage::FileFindings(report_.findings, "", name)
          .lost(0, 0, {.from = std::string(key), .to = std::string(key)}, 1, "a key is longer than any can be");
      return {};
    }
    batch.put(keyspace, key, value);
    report_.entries++;
    report_.bytes += key.size() + value.size();
    return batch.size_bytes() >= kBatchBytes ? write() : Result<void>();
  }));
  if (saved.versions.rescued() != 0) {
    salvage::FileFindings(report_.findings, "", name)
        .note(0, 0,
              std::to_string(saved.versions.rescued()) +
                  " entries come from the log: the tables that had taken them are damaged or missing");
  }
  return batch.empty() ? Result<void>() : write();
}

}  // namespace

bool RepairReport::complete() const {
  return std::all_of(findings.begin(), findings.end(),
                     [](const RepairFinding& finding) { return finding.kind == RepairFinding::Kind::kNote; });
}

bool RepairReport::is_doubtful(Bytes keyspace, Bytes key) const {
  return std::any_of(findings.begin(), findings.end(), [&](const RepairFinding& finding) {
    if (finding.kind == RepairFinding::Kind::kNote) return false;
    if (!finding.keyspace.empty() && finding.keyspace != keyspace) return false;
    return (!finding.from || Bytes(*finding.from) <= key) && (!finding.to || key <= Bytes(*finding.to));
  });
}

Result<RepairReport> repair(const std::string& source, const std::string& into, const RepairOptions& options,
                            const Runtime& runtime) noexcept {
  return Repair(options, runtime).run(source, into);
}

}  // namespace nacre
