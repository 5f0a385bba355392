// Manifest: the file that says what the tree consists of, read and written. Its bytes are drawn in
// format/manifest_format.h; this is the I/O around them, and the only place that knows that edits go to a file.
//
// Writing. A record is appended and synced before its edits hold; then its mark is appended, and pushed to the kernel
// but not synced (ManifestReader says what marks are for). After any failure the file's tail is undefined: the writer
// is given up and never synced again.
//
// Putting a manifest in force, so that a crash at any point leaves CURRENT naming a whole manifest:
//   1. the new manifest, a snapshot, is written and synced;
//   2. CURRENT.tmp is written and synced;
//   3. the directory is synced: both names are durable before a rename can be;
//   4. CURRENT.tmp is renamed to CURRENT;
//   5. the directory is synced: from here on the old manifest is not needed, and may be removed.
// Up to 3 a failure changed nothing. From 4 on it is unknown which manifest a reopen finds; both say the same until the
// next edit, so the writer must stop there.
//
// Thread safety: none; VersionSet serialises.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/result.h"
#include "format/manifest_format.h"
#include "nacre/runtime.h"

namespace nacre::tree {

// What CURRENT says; nothing if there is no CURRENT.
Result<std::optional<format::CurrentFile>> read_current(Directory& directory);
// Gives CURRENT its name once more, and durably: after an earlier life whose sync of the directory failed, or did not come, the
// name that we see need not be one that a power cut leaves, and the kernel may never try again.
Result<void> renew_current(Directory& directory, const format::CurrentFile& current);

// A manifest in memory, its header checked.
struct ManifestFile {
  std::string bytes;
  format::ManifestHeader header;
};
// kCorruption with file and offset, kUnsupported for a newer format.
Result<ManifestFile> read_manifest(Directory& directory, const format::CurrentFile& current);

struct ReplayReport {
  uint64_t records = 0;
  uint64_t end_offset = 0;
  uint64_t torn_bytes = 0;         // dropped behind end_offset: a record that nobody was told of, or marks
  bool last_acknowledged = false;  // the last record has its mark
};
// Gives each record's payload to `apply`. Errors, those of `apply` too, come back as kCorruption with file and offset,
// or as kUnsupported.
Result<ReplayReport> replay_manifest(const ManifestFile& file, const std::function<Result<void>(Bytes payload)>& apply);

class ManifestWriter {
 public:
  // Steps 1 to 3 above, and the removal of what they made if one fails.
  static Result<std::unique_ptr<ManifestWriter>> prepare(Directory& directory, const format::ManifestHeader& header,
                                                         Bytes snapshot);
  // Steps 4 and 5, and the mark behind the snapshot.
  Result<void> put_in_force(Directory& directory);

  // Makes a record durable. kNoSpace: it was not written whole, and is nowhere; any other error: nobody knows. After an error,
  // and after a failed mark, every later call fails without touching the file.
  Result<void> append(Bytes payload);
  // Writes the mark behind what append() made durable. Its failure loses nothing and shows in the next append().
  void acknowledge();

  // Set once the file is given up.
  const std::optional<Error>& failure() const { return failure_; }

  uint64_t number() const { return header_.number; }
  uint64_t bytes() const { return bytes_; }
  uint64_t snapshot_bytes() const { return snapshot_bytes_; }

 private:
  ManifestWriter(std::unique_ptr<WritableFile> file, const format::ManifestHeader& header)
      : file_(std::move(file)), header_(header) {}
  Result<void> write_snapshot(Bytes snapshot);

  std::unique_ptr<WritableFile> file_;
  const format::ManifestHeader header_;
  uint64_t bytes_ = 0;
  uint64_t snapshot_bytes_ = 0;
  std::optional<Error> failure_;
};

}  // namespace nacre::tree
