// What the tests of this folder share: tables that are a few bytes, an opener that understands them and counts, a
// database on a FaultyDirectory, and the text of a tree, by which states are compared.
#pragma once

#include <atomic>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "base/coding.h"
#include "format/file_names.h"
#include "tree/faulty_directory.h"
#include "tree/version_set.h"

namespace nacre::tree {

inline const format::Uuid kTestUuid = format::Uuid::from_random(0x1111111111111111, 0x2222222222222222);

// "some bytes", uuid, number, "END!": ends as a table of these tests does.
inline std::string table_file(const format::Uuid& uuid, uint64_t number) {
  std::string bytes = "some bytes";
  bytes += uuid.view();
  base::append_fixed(bytes, number);
  return bytes + "END!";
}
inline const uint64_t kTableFileBytes = table_file(kTestUuid, 1).size();

// Hands out made-up addresses as tables.
class FakeOpener final : public TableOpener {
 public:
  Result<std::optional<format::TableIdentity>> identify(ReadableFile& file) override {
    std::string bytes(file.size_bytes(), '\0');
    NACRE_TRY(file.read(0, bytes));
    if (bytes.size() != kTableFileBytes || !bytes.ends_with("END!")) return std::optional<format::TableIdentity>();
    return std::optional(format::TableIdentity{.uuid = format::Uuid::load(bytes.data() + 10),
                                               .number = base::load<uint64_t>(bytes.data() + 26)});
  }
  Result<table::Table*> open(const TableMeta& meta) override {
    if (failing_opens > 0) {
      failing_opens--;
      return Error{.kind = ErrorKind::kIo, .operation = Operation::kOpen};
    }
    opens++;
    return reinterpret_cast<table::Table*>(meta.number() * 4096 + opens);
  }
  void close(table::Table*) override { closes++; }

  std::atomic<uint64_t> opens{0};
  std::atomic<uint64_t> closes{0};
  std::atomic<int> failing_opens{0};
};

// A table of keys [smallest, largest] and sequences [from, to].
inline format::PlacedTable placed(uint32_t level, uint64_t run, uint64_t number, std::string smallest,
                                  std::string largest, format::Sequence from = 1, format::Sequence to = 1) {
  return {.level = level,
          .run = run,
          .table = {.number = number,
                    .file_bytes = kTableFileBytes,
                    .data_bytes = 100,
                    .entries = 10,
                    .smallest_sequence = from,
                    .largest_sequence = to,
                    .entries_hash = number * 31,
                    .smallest_key = std::move(smallest),
                    .largest_key = std::move(largest)}};
}

inline std::string to_text(const Version& version) {
  std::string text;
  for (const Run& run : version.runs()) {
    text += "  L" + std::to_string(run.level()) + " run " + std::to_string(run.id()) + ":";
    for (const auto& table : run.tables()) {
      text += " " + std::to_string(table->number()) + "[" + table->record().smallest_key + "," +
              table->record().largest_key + (table->record().largest_exclusive ? ")" : "]");
    }
    text += "\n";
  }
  return text;
}

inline std::string to_text(const KeyspaceOptions& options) {
  return " codecs " + std::to_string(static_cast<int>(options.compression)) + "," +
         std::to_string(static_cast<int>(options.bottom_compression)) + " shape " +
         std::to_string(static_cast<int>(options.shape)) + " filter " + std::to_string(options.filter_bits_per_key) +
         " block " + std::to_string(options.block_bytes);
}

// All that a reopen must find again. Counters of numbers only rise, so they are left out.
inline std::string to_text(const TreeState& state) {
  std::string text = "floor " + std::to_string(state.log_floor.lsn) + "." + std::to_string(state.log_floor.segment) +
                     " synced " + std::to_string(state.log_synced_through) + " last " +
                     std::to_string(state.last_sequence) + " keyspaces " + std::to_string(state.next_keyspace_id) +
                     "\n";
  for (const auto& [id, keyspace] : state.keyspaces) {
    text += std::to_string(id) + " " + keyspace.record.name + " through " + std::to_string(keyspace.flushed_through) +
            to_text(keyspace.record.options) + "\n" + to_text(*keyspace.version);
  }
  return text;
}

// A database in `directory`: the set, what its callbacks said, and files made to order.
struct TestTree {
  explicit TestTree(FaultyDirectory& in) : directory(in) {}

  VersionSetOptions options(OpenMode mode = OpenMode::kCreateIfMissing) {
    VersionSetOptions options;
    options.mode = mode;
    options.uuid = kTestUuid;
    options.opener = opener;
    options.manifest_limit_bytes = manifest_limit_bytes;
    options.on_obsolete = [this](const ObsoleteTable& table) {
      sync::MutexLock lock(mutex);
      obsolete.push_back(table.number);
    };
    options.on_install = [this](std::span<const Installed> changed) {
      sync::MutexLock lock(mutex);
      installed.insert(installed.end(), changed.begin(), changed.end());
    };
    return options;
  }
  Result<void> open(OpenMode mode = OpenMode::kCreateIfMissing) {
    report = {};
    NACRE_TRY_ASSIGN(set, VersionSet::open(directory, options(mode), &report));
    return mode == OpenMode::kReadOnly ? Result<void>() : set->begin_writing();
  }
  void close() {
    set.reset();
    forget_installed();
  }
  // Drops the versions that the listener was given: outside the mutex, since that may make tables obsolete.
  void forget_installed() {
    std::vector<Installed> gone;
    sync::MutexLock lock(mutex);
    gone.swap(installed);
  }
  // A new table file of the next number, synced, its name not.
  Result<uint64_t> make_table() {
    const uint64_t number = set->next_file_number();
    NACRE_TRY_ASSIGN(auto file, directory.create(format::table_name(number)));
    NACRE_TRY(file->append(table_file(set->uuid(), number)));
    NACRE_TRY(file->sync());
    return number;
  }
  // The next flush of the default keyspace: one table of [smallest, largest] in a run of its own.
  Result<uint64_t> flush(const std::string& smallest, const std::string& largest) {
    NACRE_TRY_ASSIGN(const uint64_t number, make_table());
    const format::Sequence before = set->state().keyspaces.at(0).flushed_through;
    format::VersionEdit edit;
    edit.flushed_through = before + 10;
    edit.added = {placed(0, set->next_run_id(), number, smallest, largest, before + 1, before + 10)};
    NACRE_TRY(set->commit(edit));
    return number;
  }
  std::string text() const { return to_text(set->state()); }

  FaultyDirectory& directory;
  uint64_t manifest_limit_bytes = uint64_t{1} << 20;
  std::shared_ptr<FakeOpener> opener = std::make_shared<FakeOpener>();
  sync::Mutex mutex;
  std::vector<uint64_t> obsolete;    // changed under the mutex; tests look when all is quiet
  std::vector<Installed> installed;  // the same
  OpenReport report;
  std::unique_ptr<VersionSet> set;
};

}  // namespace nacre::tree
