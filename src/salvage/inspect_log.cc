// Log segments: header, records, operations, where the records end and why.

#include <algorithm>

#include "format/batch_format.h"
#include "format/log_format.h"
#include "salvage/items.h"
#include "salvage/patient_file.h"
#include "wal/segment_reader.h"

namespace nacre::salvage {

namespace {

using format::kLogHeaderBytes;
using format::LogRecordHeader;
using format::LogRecordKind;

class LogInspection {
 public:
  LogInspection(wal::SegmentReader& reader, const format::SegmentHeader& header, const InspectOptions& options,
                Items& items)
      : reader_(reader),
        options_(options),
        items_(items),
        base_lsn_(header.placement ? header.placement->base_lsn : 0) {}

  void run() {
    const auto searched = reader_.search(
        kLogHeaderBytes, [this](uint64_t offset, const LogRecordHeader& header) { show_record(offset, header); });
    if (!searched) items_.damage(searched.error().offset, 0, searched.error());
    show_end();
  }

 private:
  void show_record(uint64_t offset, const LogRecordHeader& header);
  void show_operations(uint64_t offset, const LogRecordHeader& header);
  void show_end();

  wal::SegmentReader& reader_;
  const InspectOptions& options_;
  Items& items_;
  const uint64_t base_lsn_;
  uint64_t next_offset_ = kLogHeaderBytes;  // behind the last record
  uint64_t records_ = 0;
  std::optional<uint64_t> successor_;  // the number of the file in which a closing record says that the log goes on
};

void LogInspection::show_record(uint64_t offset, const LogRecordHeader& header) {
  const uint64_t lsn = base_lsn_ + (offset - kLogHeaderBytes);
  if (offset > next_offset_)
    items_.damage(next_offset_, offset - next_offset_, "no whole record, and whole ones follow");
  next_offset_ = offset + header.record_bytes();
  if (header.kind == LogRecordKind::kClosing) {
    successor_ = header.first_sequence;
    return items_.add({.what = "closing",
                       .offset = offset,
                       .bytes = header.record_bytes(),
                       .fields = {number("next_segment", *successor_)}});
  }
  records_++;
  items_.add({.what = "record",
              .offset = offset,
              .bytes = header.record_bytes(),
              .fields = {number("lsn", lsn), number("sequence", header.first_sequence),
                         number("operations", header.count), number("synced_through", header.synced_through(lsn))}});
  if (options_.entries) show_operations(offset, header);
}

void LogInspection::show_operations(uint64_t offset, const LogRecordHeader& header) {
  const auto record = reader_.read(offset);
  if (!record || !*record) return;  // it was there a moment ago: a file in use
  format::BatchReader batch((*record)->payload);
  format::BatchOp op;
  for (format::Sequence sequence = header.first_sequence; !items_.stopped(); sequence++) {
    const auto more = batch.next(&op);
    if (!more) return items_.damage(offset, header.record_bytes(), more.error(), 1);
    if (!*more) return;
    InspectItem item{.what = "operation", .depth = 1, .offset = offset};
    const bool range = op.kind == format::EntryKind::kRangeErase;
    item.fields = {word("kind", range                                ? "erase range"
                                : op.kind == format::EntryKind::kPut ? "put"
                                                                     : "erase"),
                   number("keyspace", op.keyspace), bytes("key", op.key), number("sequence", sequence)};
    if (range) item.fields.push_back(bytes("end", op.value));
    if (op.kind == format::EntryKind::kPut) item.fields.push_back(number("value_bytes", op.value.size()));
    if (op.kind == format::EntryKind::kPut && options_.values) item.fields.push_back(bytes("value", op.value));
    items_.add(item);
  }
}

void LogInspection::show_end() {
  if (successor_) {
    return items_.add(
        {.what = "end",
         .offset = next_offset_,
         .fields = {number("records", records_),
                    word("why", *successor_ == 0 ? "the log was closed" : "the log goes on in the next segment")}});
  }
  const auto record = reader_.read(next_offset_);
  if (record && !*record && reader_.looked_begun()) {
    return items_.damage(next_offset_, 0, "a record begins here and is not whole: torn by a crash, or damaged");
  }
  items_.add({.what = "end",
              .offset = next_offset_,
              .fields = {number("records", records_), word("why", "no record of this use of the file follows")}});
}

}  // namespace

void inspect_log(std::unique_ptr<ReadableFile> file, uint64_t file_number, const InspectOptions& options,
                 Items& items) {
  std::string area(std::min<uint64_t>(file->size_bytes(), kLogHeaderBytes), '\0');
  (void)read_what_can_be(*file, 0, area);
  const auto header = format::decode_segment_header(area);
  if (!header) return items.damage(0, area.size(), header.error());
  if (!header->identity) {
    return items.add(
        {.what = "header", .bytes = area.size(), .fields = {word("why", "empty: the file was never used")}});
  }
  InspectItem item{
      .what = "header",
      .bytes = area.size(),
      .fields = {number("segment", header->identity->number), word("database", header->identity->uuid.to_string()),
                 number("salt", header->identity->salt)}};
  if (const auto& placement = header->placement) {
    item.fields.push_back(number("base_lsn", placement->base_lsn));
    item.fields.push_back(number("predecessor", placement->predecessor_number));
    item.fields.push_back(number("synced_through", std::max(placement->synced_through, header->mark)));
  } else {
    item.fields.push_back(word("placement", "none: not a part of the log yet, or lost"));
  }
  items.add(item);
  auto patient = std::make_unique<PatientFile>(std::move(file));
  const PatientFile& read = *patient;
  wal::SegmentReader reader(std::move(patient), file_number, header->identity->salt);
  LogInspection(reader, *header, options, items).run();
  if (const Unreadable& unreadable = read.unreadable(); unreadable.bytes != 0)
    items.damage(unreadable.first, unreadable.bytes, "the system cannot read it");
}

}  // namespace nacre::salvage
