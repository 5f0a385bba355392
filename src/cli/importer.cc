#include "cli/importer.h"

#include <cerrno>
#include <cstring>

namespace nacre::cli {

namespace {

constexpr uint64_t kBatchBytes = 256 << 10;
constexpr uint64_t kLargestEntryBytes = Options{}.memory_bytes / 4 - 64;  // see Batch; the rest is its encoding

const char* over_limit(const Entry& entry) {
  if (entry.key.size() > kMaxKeyBytes) return "the key is longer than 64 KiB";
  if (entry.key.size() + entry.value.size() > kLargestEntryBytes)
    return "key and value are together longer than 128 MiB";
  return nullptr;
}

ImportEnd refused(const Error& error) { return {.why = ImportEnd::Why::kWrite, .error = error}; }

}  // namespace

ImportEnd Importer::run(Progress& progress) {
  ImportEnd end = read(progress);
  if (end.why == ImportEnd::Why::kWrite) return end;
  const auto written = write();
  return written ? end : refused(written.error());
}

// Everything added so far is in the database after this.
Result<void> Importer::write() {
  if (pending_ > 0) {
    if (const auto written = session_.db.write(batch_, options_); !written) {
      if (written.error().kind == ErrorKind::kIo) uncertain_ = pending_;
      return written;
    }
    kept_ += pending_;
    pending_ = 0;
    batch_.clear();
  }
  settled_ = done_;
  return {};
}

void Importer::write_while_idle() {
  if (failed_) return;
  if (const auto written = write(); !written) failed_ = written.error();
}

std::optional<ImportEnd> Importer::add(const Entry& entry) {
  batch_.put(keyspace_, entry.key, entry.value);
  pending_++;
  done_ = reader_.place();
  if (batch_.size_bytes() < kBatchBytes) return std::nullopt;
  const auto written = write();
  if (written) return std::nullopt;
  return refused(written.error());
}

std::optional<ImportEnd> Importer::reject(Progress& progress, const Complaint& complaint) {
  if (arguments_.on_error == "stop")
    return ImportEnd{.why = ImportEnd::Why::kWrong, .where = to_string(complaint), .words = complaint.words};
  if (rejects_.will_be_told()) progress.clear();
  if (!rejects_.add(complaint, reader_.rejected()))
    return ImportEnd{.why = ImportEnd::Why::kRejects,
                     .words = rejects_.file() + ": cannot be written: " + std::strerror(errno)};
  done_ = reader_.place();
  return std::nullopt;
}

std::optional<ImportEnd> Importer::enter_keyspace() {
  if (arguments_.keyspace) return std::nullopt;  // where the person wants it
  auto keyspace = session_.db.keyspace(reader_.keyspace());
  if (!keyspace) return refused(keyspace.error());
  keyspace_ = *std::move(keyspace);
  return std::nullopt;
}

// What passes over records that an earlier import settled has still to find them there.
ImportEnd Importer::end_of_input() const {
  const uint64_t records = reader_.place().records;
  if (records >= arguments_.skip_entries) return {};
  return {.why = ImportEnd::Why::kBroken,
          .words = "the input ends before --skip-entries " + std::to_string(arguments_.skip_entries) +
                   ": it has only " + counted(records)};
}

ImportEnd Importer::read(Progress& progress) {
  Entry entry;
  for (;;) {
    const Place before = reader_.place();
    std::optional<ImportEnd> end;
    const Step step = reader_.next(entry);
    if (failed_) return refused(*failed_);
    switch (step) {
      case Step::kEntry: {
        const char* const wrong = over_limit(entry);
        if (skipped()) {
          done_ = reader_.place();
        } else if (wrong == nullptr) {
          end = add(entry);
        } else {
          end = reject(progress, {reader_.place().lines == 0 ? 0 : before.lines + 1, 0, before.bytes, wrong});
        }
        break;
      }
      case Step::kKeyspace: end = enter_keyspace(); break;
      case Step::kBad:
        if (skipped()) {
          done_ = reader_.place();
        } else {
          end = reject(progress, reader_.complaint());
        }
        break;
      case Step::kBroken:
        return {.why = ImportEnd::Why::kBroken,
                .where = to_string(reader_.complaint()),
                .words = reader_.complaint().words};
      case Step::kEnd: return end_of_input();
      case Step::kFailed: return {.why = ImportEnd::Why::kInput};
      case Step::kInterrupted: return {.why = ImportEnd::Why::kInterrupted, .words = "interrupted"};
    }
    if (end) return *std::move(end);
    progress.update(reader_.place().bytes, reader_.place().records);
  }
}

}  // namespace nacre::cli
