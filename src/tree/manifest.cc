#include "tree/manifest.h"

#include "format/file_names.h"

namespace nacre::tree {

namespace {

using format::CurrentFile;
using format::ManifestHeader;

// The whole of a file. A file that shrinks under the read is an error of the system, not a short manifest.
Result<std::string> read_whole(ReadableFile& file, uint64_t limit_bytes) {
  if (file.size_bytes() > limit_bytes) return malformed("the file is larger than it can be");
  std::string bytes(file.size_bytes(), '\0');
  NACRE_TRY_ASSIGN(const size_t got, file.read(0, bytes));
  if (got != bytes.size()) return became_shorter(got);
  return bytes;
}

Error in_manifest(Error error, uint64_t number, uint64_t base_offset = 0) {
  if (error.operation == Operation::kDecode || error.operation == Operation::kCommit)
    error.operation = Operation::kRecover;
  return located(error, FileKind::kManifest, number, base_offset);
}

void remove_quietly(Directory& directory, const std::string& name) {
  (void)directory.remove(name);  // what stays is found again at the next open
}

Result<void> write_current_temporary(Directory& directory, const CurrentFile& current) {
  if (auto removed = directory.remove(format::kCurrentTemporaryName);
      !removed && removed.error().kind != ErrorKind::kNotFound) {
    return removed;
  }
  NACRE_TRY_ASSIGN(auto file, directory.create(format::kCurrentTemporaryName));
  NACRE_TRY(file->append(format::encode_current(current)));
  return file->sync();
}

// A directory cannot be given up for a new one: a sync of it that fails is final, whatever the device said.
Result<void> sync_names(Directory& directory) {
  Result<void> synced = directory.sync();
  if (!synced) synced.error().kind = ErrorKind::kIo;
  return synced;
}

}  // namespace

Result<std::optional<CurrentFile>> read_current(Directory& directory) {
  auto opened = directory.open_read(format::kCurrentName);
  if (!opened && opened.error().kind == ErrorKind::kNotFound) return std::optional<CurrentFile>();
  NACRE_TRY_ASSIGN(auto file, std::move(opened));
  const auto in_current = [](Error error) {
    if (error.operation == Operation::kDecode) error.operation = Operation::kOpen;
    return located(error, FileKind::kCurrent, 0);
  };
  auto bytes = read_whole(*file, format::kMaxCurrentBytes);
  if (!bytes) return in_current(bytes.error());
  auto current = format::decode_current(*bytes);
  if (!current) return in_current(current.error());
  return std::optional<CurrentFile>(*current);
}

Result<ManifestFile> read_manifest(Directory& directory, const CurrentFile& current) {
  const uint64_t number = current.manifest_number;
  auto opened = directory.open_read(format::manifest_name(number));
  if (!opened && opened.error().kind == ErrorKind::kNotFound) {
    return corruption(Operation::kOpen, FileKind::kManifest, number, 0, "CURRENT names a manifest that does not exist");
  }
  NACRE_TRY_ASSIGN(auto input, std::move(opened));
  auto bytes = read_whole(*input, UINT64_MAX);
  if (!bytes) return in_manifest(bytes.error(), number);
  auto header = format::decode_manifest_header(*bytes);
  if (!header) return in_manifest(header.error(), number);
  if (header->uuid != current.uuid) {
    return corruption(Operation::kOpen, FileKind::kManifest, number, 0, "the manifest belongs to another database");
  }
  if (header->number != number) {
    return corruption(Operation::kOpen, FileKind::kManifest, number, 0,
                      "the manifest was renamed: it has another number");
  }
  return ManifestFile{.bytes = *std::move(bytes), .header = *header};
}

Result<ReplayReport> replay_manifest(const ManifestFile& file,
                                     const std::function<Result<void>(Bytes payload)>& apply) {
  ReplayReport report;
  format::ManifestReader reader(file.bytes, file.header);
  for (;;) {
    auto payload = reader.next();
    if (!payload) return in_manifest(payload.error(), file.header.number);
    if (!payload->has_value()) break;
    if (auto applied = apply(**payload); !applied) {
      Error error = applied.error();
      if (error.kind != ErrorKind::kUnsupported) error.kind = ErrorKind::kCorruption;
      error.offset = 0;
      return in_manifest(error, file.header.number, reader.record_offset());
    }
    report.records++;
  }
  report.end_offset = reader.end_offset();
  report.torn_bytes = reader.torn_bytes();
  report.last_acknowledged = reader.last_acknowledged();
  if (report.records == 0) {
    return corruption(Operation::kRecover, FileKind::kManifest, file.header.number, format::kManifestHeaderBytes,
                      "the manifest's snapshot is damaged or missing");
  }
  return report;
}

Result<void> renew_current(Directory& directory, const format::CurrentFile& current) {
  NACRE_TRY(write_current_temporary(directory, current));
  NACRE_TRY(directory.rename(format::kCurrentTemporaryName, format::kCurrentName));
  return directory.sync();
}

Result<std::unique_ptr<ManifestWriter>> ManifestWriter::prepare(Directory& directory, const ManifestHeader& header,
                                                                Bytes snapshot) {
  const std::string name = format::manifest_name(header.number);
  NACRE_TRY_ASSIGN(auto file, directory.create(name));
  std::unique_ptr<ManifestWriter> writer(new ManifestWriter(std::move(file), header));
  auto result = writer->write_snapshot(snapshot);
  if (result) {
    result = write_current_temporary(directory, {.manifest_number = header.number, .uuid = header.uuid});
    if (result) result = sync_names(directory);
    if (!result) remove_quietly(directory, format::kCurrentTemporaryName);
  }
  if (!result) {
    writer.reset();
    remove_quietly(directory, name);
    return result.error();
  }
  return writer;
}

Result<void> ManifestWriter::write_snapshot(Bytes snapshot) {
  if (snapshot.size() > format::kMaxManifestRecordBytes) {
    return invalid_argument(Operation::kCommit, "the tree has more tables than a manifest can hold");
  }
  std::string bytes = format::encode_manifest_header(header_);
  format::append_manifest_record(bytes, header_, bytes.size(), snapshot);
  NACRE_TRY(file_->append(bytes));
  NACRE_TRY(file_->sync());
  bytes_ = bytes.size();
  snapshot_bytes_ = bytes.size();
  return {};
}

Result<void> ManifestWriter::put_in_force(Directory& directory) {
  NACRE_TRY(directory.rename(format::kCurrentTemporaryName, format::kCurrentName));
  NACRE_TRY(sync_names(directory));
  acknowledge();
  return {};
}

Result<void> ManifestWriter::append(Bytes payload) {
  if (failure_) return *failure_;
  std::string record;
  format::append_manifest_record(record, header_, bytes_, payload);
  auto result = file_->append(record);
  if (result) result = file_->sync();
  if (!result) {
    failure_ = located(result.error(), FileKind::kManifest, header_.number);
    if (failure_->operation == Operation::kSync) failure_->kind = ErrorKind::kIo;
    return *failure_;
  }
  bytes_ += record.size();
  return {};
}

void ManifestWriter::acknowledge() {
  if (failure_) return;
  std::string mark;
  format::append_manifest_record(mark, header_, bytes_, {});
  if (auto result = file_->append(mark); !result) {
    failure_ = located(result.error(), FileKind::kManifest, header_.number);
    return;
  }
  file_->start_writeback();
  bytes_ += mark.size();
}

}  // namespace nacre::tree
