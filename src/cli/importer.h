// Importer: entries from a reader into a database.
//
// One thread writes in input order, many records to a batch: whatever stops an import, what it kept is a prefix of the input,
// never a hole. A record is *settled* once the batch with it is written, or it is rejected or passed over; the number of settled
// records is where a later import goes on (`--skip-entries`).
//
// What the input says of a keyspace's options counts for a keyspace that the import makes; one that was there keeps its own, which is
// told if they differ.
//
// Thread safety: one thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "cli/command.h"
#include "cli/entry_reader.h"
#include "cli/progress.h"
#include "cli/rejects.h"
#include "cli/transfer.h"

namespace nacre::cli {

// Why an import ended.
struct ImportEnd {
  enum class Why : uint8_t {
    kWhole,
    kWrong,    // a record is wrong, and the next one could be read
    kBroken,   // the rest of the input cannot be read as its format
    kWrite,    // the database refused
    kInput,    // the input could not be read
    kRejects,  // the file for rejected records could not be written
    kInterrupted,
  };
  Why why = Why::kWhole;
  std::string where;  // "line 7 column 3", where that is known
  std::string words;
  Error error = {};  // of kWrite
};

class Importer {
 public:
  // `made`: the database was made for this import.
  Importer(Session& session, bool made, const CommonOptions& common, const ImportArguments& arguments,
           EntryReader& reader, Rejects& rejects)
      : session_(session),
        made_(made),
        memory_bytes_(session.db.options().memory_bytes),
        options_(common.write_options()),
        arguments_(arguments),
        reader_(reader),
        rejects_(rejects),
        keyspace_(session.keyspace) {}

  // Reads to the end or to what stops it; what came before is written either way.
  ImportEnd run(Progress& progress);
  // Writes what is pending, while the input has no more to give: the reader may be in the middle of a record.
  void write_while_idle();
  uint64_t kept() const { return kept_; }
  // A write whose outcome only the next open tells (ErrorKind::kIo): so many entries behind settled().
  uint64_t uncertain() const { return uncertain_; }
  const Place& settled() const { return settled_; }  // every record before it is kept, rejected or skipped

 private:
  ImportEnd read(Progress& progress);
  std::optional<ImportEnd> add(const Entry& entry);
  std::optional<ImportEnd> reject(Progress& progress, const Complaint& complaint);
  std::optional<ImportEnd> enter_keyspace(Progress& progress);
  Result<Keyspace> keyspace_for(const std::string& name, const KeyspaceOptions& options, Progress& progress);
  ImportEnd end_of_input() const;
  Result<void> write();
  bool skipped() const { return reader_.place().records <= arguments_.skip_entries; }

  Session& session_;
  bool made_;
  uint64_t memory_bytes_;
  WriteOptions options_;
  const ImportArguments& arguments_;
  EntryReader& reader_;
  Rejects& rejects_;
  Keyspace keyspace_;
  Batch batch_;
  uint64_t pending_ = 0;
  uint64_t kept_ = 0;
  uint64_t uncertain_ = 0;
  std::optional<Error> failed_;  // a write did
  Place done_;                   // behind what is pending
  Place settled_;
};

}  // namespace nacre::cli
