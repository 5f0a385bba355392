#include "tree/tree_state.h"

#include <algorithm>

namespace nacre::tree {

namespace {

using format::VersionEdit;

Error misfit(const char* reason) { return invalid_argument(Operation::kCommit, reason); }

void raise(uint64_t& counter, const std::optional<uint64_t>& to) {
  if (to) counter = std::max(counter, *to);
}

}  // namespace

Result<void> TreeState::create(const VersionEdit& edit) {
  const format::KeyspaceRecord& record = *edit.created;
  if (record.id != edit.keyspace) return misfit("an edit creates another keyspace than it is about");
  if (record.id < next_keyspace_id) return misfit("the id of a keyspace is used again");
  if (record.name.empty() || record.name.size() > format::kMaxKeyspaceNameBytes) {
    return misfit("the name of a keyspace must have 1 to 255 bytes");
  }
  if (find(record.name) != nullptr) return misfit("a keyspace of this name exists");
  if ((record.id == format::kDefaultKeyspace) != (record.name == format::kDefaultKeyspaceName)) {
    return misfit("the keyspace with id 0, and no other, is named default");
  }
  keyspaces[record.id] = KeyspaceState{.record = record, .version = base::make_intrusive<Version>(std::vector<Run>{})};
  next_keyspace_id = uint64_t{record.id} + 1;
  return {};
}

// Every added table must now stand in the tree once: as many of their numbers are found as were added.
Result<void> TreeState::check_numbers(const VersionEdit& edit) const {
  if (edit.added.empty()) return {};
  std::vector<uint64_t> added;
  for (const auto& placed : edit.added) added.push_back(placed.table.number);
  std::sort(added.begin(), added.end());
  if (added.back() >= next_file_number) return misfit("an edit adds a table whose number was never given out");
  size_t found = 0;
  for (const auto& [id, keyspace] : keyspaces) {
    for (const Run& run : keyspace.version->runs()) {
      for (const uint64_t number : run.numbers()) {
        found += std::binary_search(added.begin(), added.end(), number) ? 1 : 0;
      }
    }
  }
  const bool twice = std::adjacent_find(added.begin(), added.end()) != added.end();
  if (twice || found != added.size()) return misfit("an edit adds a table that is in the tree already");
  return {};
}

Result<void> TreeState::apply(const VersionEdit& edit, const std::shared_ptr<TableHome>& home, Displaced& displaced) {
  // Of two segments with one floor the first stays: the log releases by what is in force.
  if (edit.log_floor && edit.log_floor->lsn > log_floor.lsn) log_floor = *edit.log_floor;
  raise(log_synced_through, edit.log_synced_through);
  raise(next_file_number, edit.next_file_number);
  raise(reserved_file_number, edit.reserved_file_number);
  raise(last_sequence, edit.last_sequence);
  raise(next_run_id, edit.next_run_id);
  raise(next_keyspace_id, edit.next_keyspace_id);
  foreign_numbers.insert(foreign_numbers.end(), edit.foreign_numbers.begin(), edit.foreign_numbers.end());

  if (edit.created) NACRE_TRY(create(edit));
  const bool about_tables = edit.created || edit.flushed_through || !edit.added.empty() || !edit.removed.empty();
  if (!about_tables && !edit.dropped && !edit.options) return {};
  const auto at = keyspaces.find(edit.keyspace);
  if (at == keyspaces.end()) {
    return Error{
        .kind = ErrorKind::kNotFound, .operation = Operation::kCommit, .reason = "the keyspace does not exist"};
  }
  KeyspaceState& keyspace = at->second;
  if (edit.dropped) {
    if (edit.keyspace == format::kDefaultKeyspace) return misfit("the default keyspace cannot be dropped");
    if (edit.created || edit.options || !edit.added.empty() || !edit.removed.empty())
      return misfit("an edit changes what it drops");
    for (const Run& run : keyspace.version->runs()) {
      displaced.insert(displaced.end(), run.tables().begin(), run.tables().end());
    }
    keyspaces.erase(at);
    return {};
  }
  if (edit.options) keyspace.record.options = *edit.options;
  if (!about_tables) return {};
  DeriveContext context{.home = home,
                        .flushed_before = keyspace.flushed_through,
                        .flushed_after = edit.flushed_through.value_or(keyspace.flushed_through)};
  if (context.flushed_after < context.flushed_before) return misfit("a flush came out of order");
  context.is_flush = edit.flushed_through && !edit.created && edit.removed.empty();
  NACRE_TRY_ASSIGN(keyspace.version, derive_version(*keyspace.version, edit, context, displaced));
  keyspace.flushed_through = context.flushed_after;
  last_sequence = std::max(last_sequence, keyspace.flushed_through);
  for (const auto& placed : edit.added) next_run_id = std::max(next_run_id, placed.run + 1);
  return check_numbers(edit);
}

std::vector<VersionEdit> TreeState::snapshot() const {
  std::vector<VersionEdit> edits;
  edits.push_back({.log_floor = log_floor,
                   .next_file_number = next_file_number,
                   .last_sequence = last_sequence,
                   .next_run_id = next_run_id,
                   .reserved_file_number = reserved_file_number,
                   .foreign_numbers = foreign_numbers,
                   .log_synced_through = log_synced_through});
  for (const auto& [id, keyspace] : keyspaces) {
    VersionEdit edit{.keyspace = id, .created = keyspace.record, .flushed_through = keyspace.flushed_through};
    for (const Run& run : keyspace.version->runs()) {
      for (const auto& table : run.tables()) {
        edit.added.push_back({.level = run.level(), .run = run.id(), .table = table->record()});
      }
    }
    edits.push_back(std::move(edit));
  }
  edits.push_back({.next_keyspace_id = next_keyspace_id});  // last: creating the keyspaces above needs their ids unused
  return edits;
}

bool TreeState::has_sound_counters() const {
  return next_file_number <= format::kMaxSoundFileNumber && reserved_file_number <= format::kMaxSoundFileNumber &&
         next_run_id <= format::kMaxCounter / 2 && last_sequence <= format::kMaxSoundSequence &&
         next_keyspace_id <= uint64_t{UINT32_MAX} + 1;
}

bool TreeState::is_own_number(uint64_t file_number) const {
  const auto holds = [file_number](const format::NumberRange& range) {
    return range.first <= file_number && file_number < range.end;
  };
  return file_number < reserved_file_number && std::none_of(foreign_numbers.begin(), foreign_numbers.end(), holds);
}

const KeyspaceState* TreeState::find(Bytes name) const {
  for (const auto& [id, keyspace] : keyspaces) {
    if (keyspace.record.name == name) return &keyspace;
  }
  return nullptr;
}

}  // namespace nacre::tree
