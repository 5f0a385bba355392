#include "wal/recovery.h"

#include <algorithm>
#include <memory>
#include <optional>

#include "base/bits.h"
#include "base/result.h"
#include "format/file_names.h"
#include "wal/segment_reader.h"

namespace nacre::wal {

namespace {

using format::kLogHeaderBytes;
using format::LogRecordHeader;
using format::LogRecordKind;

class Recovery {
 public:
  using Deliver = std::function<Result<void>(const RecoveredRecord&)>;

  Recovery(Directory& directory, const LogSurvey& survey, const LogBegin& from, const Deliver& deliver,
           LogDamage* damage)
      : directory_(directory), survey_(survey), from_(from), deliver_(deliver), damage_(damage) {}

  // Delivers from the floor, which `start` holds, to the log's end.
  Result<RecoveryReport> run(const SurveyedSegment& start);

 private:
  // How the records of one segment end.
  struct End {
    bool closed = false;  // by a closing record
    uint64_t successor_number = 0;
  };
  // What is found at or behind a hole.
  struct Remains {
    uint64_t end_lsn = 0;         // behind the last of it; at least the hole
    uint64_t synced_through = 0;  // the greatest word
    uint64_t records = 0;
    uint64_t first_sequence = 0;          // of the first batch
    std::optional<uint64_t> closing_lsn;  // of a closing record in the segment searched last
    uint64_t successor_number = 0;        // that it names
    bool any = false;                     // a batch, or a placed segment
  };

  Result<std::unique_ptr<SegmentReader>> open(const SurveyedSegment& segment);
  Result<End> replay(SegmentReader& reader, const SurveyedSegment& segment, uint64_t limit_lsn);
  Result<const SurveyedSegment*> named_successor(const SurveyedSegment& segment, uint64_t number);
  Result<void> judge_hole(SegmentReader& reader, const SurveyedSegment& segment);
  Result<void> search(SegmentReader& reader, uint64_t offset, uint64_t base_lsn, Remains& remains);
  Result<void> search_behind(const SurveyedSegment& segment, Remains& remains);
  Error lost(const SurveyedSegment& segment, const Remains& remains);

  uint64_t offset_of_end(const SurveyedSegment& segment) const {
    return kLogHeaderBytes + (report_.end_lsn - segment.base_lsn());
  }
  Error broken(const SurveyedSegment& segment, const char* reason) const {
    return corruption(Operation::kRecover, FileKind::kLog, segment.file.number, offset_of_end(segment), reason);
  }

  // Who decodes a payload does not know where it lies.
  Error in_record(const Error& error, const SurveyedSegment& segment) const {
    if (error.operation != Operation::kDecode) return error;
    return located(error, FileKind::kLog, segment.file.number, offset_of_end(segment) + format::kLogRecordHeaderBytes);
  }

  Directory& directory_;
  const LogSurvey& survey_;
  const LogBegin from_;
  const Deliver& deliver_;
  LogDamage* damage_;
  RecoveryReport report_;
  uint64_t next_sequence_ = 0;  // behind the last batch delivered; 0: none was
};

Result<RecoveryReport> Recovery::run(const SurveyedSegment& start) {
  report_.end_lsn = from_.floor.lsn;
  const SurveyedSegment* segment = &start;
  for (size_t steps = 0; steps <= survey_.segments().size(); ++steps) {
    const SurveyedSegment* next = survey_.successor(*segment);
    if (next != nullptr && next->base_lsn() < report_.end_lsn) {
      return broken(*next, "a log segment begins before the end of the one before it");
    }
    NACRE_TRY_ASSIGN(auto reader, open(*segment));
    NACRE_TRY_ASSIGN(const End end, replay(*reader, *segment, next != nullptr ? next->base_lsn() : UINT64_MAX));
    if (next != nullptr && report_.end_lsn == next->base_lsn()) {
      report_.bytes_read += reader->bytes_read();
      segment = next;
      continue;
    }
    if (end.closed && next != nullptr) return broken(*segment, "a log segment ends before the next one begins");
    const bool closed_for_good = end.closed && end.successor_number == 0;
    if (!closed_for_good || report_.end_lsn < from_.synced_through) NACRE_TRY(judge_hole(*reader, *segment));
    report_.bytes_read += reader->bytes_read();
    return std::move(report_);
  }
  return broken(*segment, "log segments follow one another in a circle");
}

Result<std::unique_ptr<SegmentReader>> Recovery::open(const SurveyedSegment& segment) {
  NACRE_TRY_ASSIGN(auto file, directory_.open_read(format::log_name(segment.file.number)));
  return std::make_unique<SegmentReader>(std::move(file), segment.file.number, segment.identity->salt);
}

// Delivers records until one is not whole, or the closing one, or `limit_lsn`, where the next segment begins.
Result<Recovery::End> Recovery::replay(SegmentReader& reader, const SurveyedSegment& segment, uint64_t limit_lsn) {
  while (report_.end_lsn < limit_lsn) {
    NACRE_TRY_ASSIGN(const auto record, reader.read(offset_of_end(segment)));
    if (!record) return End{};
    if (record->header.kind == LogRecordKind::kClosing) {
      return End{.closed = true, .successor_number = record->header.first_sequence};
    }
    if (record->header.first_sequence < next_sequence_ || record->header.first_sequence > format::kMaxSoundSequence) {
      return broken(segment, "a log record has a sequence that no commit can have given it");
    }
    const uint64_t end_lsn = report_.end_lsn + record->header.record_bytes();
    if (end_lsn > limit_lsn) return broken(segment, "a log record reaches into the next segment");
    const auto delivered = deliver_({.first_sequence = record->header.first_sequence,
                                     .count = record->header.count,
                                     .payload = record->payload,
                                     .lsn = report_.end_lsn,
                                     .end_lsn = end_lsn});
    if (!delivered) return in_record(delivered.error(), segment);
    report_.end_lsn = end_lsn;
    ++report_.records;
    next_sequence_ = record->header.first_sequence + record->header.count;
  }
  return End{};
}

// The log is not whole at end_lsn, in `segment`: torn, or damaged?
Result<void> Recovery::judge_hole(SegmentReader& reader, const SurveyedSegment& segment) {
  Remains remains{.end_lsn = report_.end_lsn,
                  .synced_through = std::max(segment.synced_through(), from_.synced_through)};
  const uint64_t offset = offset_of_end(segment);
  NACRE_TRY(search(reader, offset, segment.base_lsn(), remains));
  NACRE_TRY(search_behind(segment, remains));
  if (remains.synced_through > report_.end_lsn) return lost(segment, remains);
  NACRE_TRY_ASSIGN(const auto record, reader.read(offset));
  if (!remains.any && (record || !reader.looked_begun())) return {};
  report_.torn = true;
  report_.torn_file_number = segment.file.number;
  report_.torn_offset = offset;
  report_.bytes_dropped = std::max(remains.end_lsn - report_.end_lsn, format::kLogRecordHeaderBytes);
  report_.records_dropped = remains.records;
  return {};
}

// Adds what survives from byte `offset` on in a segment that begins at `base_lsn`.
Result<void> Recovery::search(SegmentReader& reader, uint64_t offset, uint64_t base_lsn, Remains& remains) {
  remains.closing_lsn.reset();
  return reader.search(offset, [&](uint64_t at, const LogRecordHeader& header) {
    const uint64_t lsn = base_lsn + (at - kLogHeaderBytes);
    remains.synced_through = std::max(remains.synced_through, header.synced_through(lsn));
    if (header.kind == LogRecordKind::kClosing) {
      remains.closing_lsn = lsn;
      remains.successor_number = header.first_sequence;
      remains.end_lsn = std::max(remains.end_lsn, lsn);
      return;
    }
    if (lsn < report_.end_lsn) return;
    if (remains.records++ == 0) remains.first_sequence = header.first_sequence;
    remains.end_lsn = std::max(remains.end_lsn, lsn + header.record_bytes());
    remains.any = true;
  });
}

// The same for all segments that follow `segment`, which was searched last.
Result<void> Recovery::search_behind(const SurveyedSegment& segment, Remains& remains) {
  const SurveyedSegment* before = &segment;
  for (size_t steps = 0; steps < survey_.segments().size(); ++steps) {
    const SurveyedSegment* next = survey_.successor(*before);
    uint64_t base_lsn = 0;
    if (next != nullptr) {
      base_lsn = next->base_lsn();
      remains.any = true;
    } else if (remains.closing_lsn && remains.successor_number != 0) {
      NACRE_TRY_ASSIGN(next, named_successor(*before, remains.successor_number));
      base_lsn = *remains.closing_lsn;  // its placement is lost, or was never written
    } else {
      return {};
    }
    NACRE_TRY_ASSIGN(auto reader, open(*next));
    remains.synced_through = std::max(remains.synced_through, next->synced_through());
    remains.end_lsn = std::max(remains.end_lsn, base_lsn);
    NACRE_TRY(search(*reader, kLogHeaderBytes, base_lsn, remains));
    report_.bytes_read += reader->bytes_read();
    before = next;
  }
  return {};
}

// The segment that the closing record of `segment` names and that is not placed behind it.
Result<const SurveyedSegment*> Recovery::named_successor(const SurveyedSegment& segment, uint64_t number) {
  const SurveyedSegment* next = survey_.numbered(number);
  if (next == nullptr) return LogSurvey::missing(number);
  if (next->placed()) return broken(segment, "a log segment names a successor that does not follow it");
  return next;
}

Error Recovery::lost(const SurveyedSegment& segment, const Remains& remains) {
  if (damage_ != nullptr) {
    const bool known = next_sequence_ != 0 && remains.first_sequence > next_sequence_;
    *damage_ = {.file_number = segment.file.number,
                .offset = offset_of_end(segment),
                .begin_lsn = report_.end_lsn,
                .synced_through = remains.synced_through,
                .records_behind = remains.records,
                .operations_lost = known ? remains.first_sequence - next_sequence_ : 0};
  }
  return broken(segment, "acknowledged log records are damaged: restore a backup");
}

// Without a floor no open was ever completed, so no write was accepted: a log with records belongs to a manifest that lost
// its end.
Result<void> check_never_used(Directory& directory, const LogSurvey& survey) {
  for (const SurveyedSegment& segment : survey.segments()) {
    if (!segment.placed()) continue;
    NACRE_TRY_ASSIGN(auto file, directory.open_read(format::log_name(segment.file.number)));
    SegmentReader reader(std::move(file), segment.file.number, segment.identity->salt);
    NACRE_TRY_ASSIGN(const auto record, reader.read(kLogHeaderBytes));
    if (record || segment.placement->predecessor_number != 0) {
      return corruption(Operation::kRecover, FileKind::kLog, segment.file.number, kLogHeaderBytes,
                        "the manifest lost its end: the log has records, and the manifest knows of no log");
    }
  }
  return {};
}

}  // namespace

Result<RecoveryReport> recover_log(Directory& directory, const format::Uuid& uuid, const LogBegin& from,
                                   const std::function<Result<void>(const RecoveredRecord&)>& deliver,
                                   LogDamage* damage) {
  if (damage != nullptr) *damage = {};
  if (from.floor.lsn % format::kLogAlignment != 0 || from.floor.lsn > format::kMaxLsn) {
    return corruption(Operation::kRecover, FileKind::kManifest, 0, 0, "the log floor is no position in a log");
  }
  NACRE_TRY_ASSIGN(const LogSurvey survey, LogSurvey::of(directory, uuid));
  // No record is delivered from beyond.
  const uint64_t next_lsn =
      base::align_up(std::max({from.floor.lsn, survey.lsn_limit(), format::kFirstLsn}), kLogHeaderBytes);
  if (next_lsn >= format::kMaxLsn || (from.room_bytes != 0 && next_lsn + from.room_bytes > format::kMaxSoundLsn)) {
    return corruption(Operation::kRecover, FileKind::kLog, 0, 0, "the log's positions are used up");
  }
  RecoveryReport report;
  if (from.floor.lsn != 0) {
    NACRE_TRY_ASSIGN(const SurveyedSegment* start, survey.holding(from.floor));
    NACRE_TRY(survey.check_from(*start));
    NACRE_TRY_ASSIGN(report, Recovery(directory, survey, from, deliver, damage).run(*start));
  } else {
    NACRE_TRY(check_never_used(directory, survey));
  }
  report.next_lsn = next_lsn;
  report.highest_number = survey.highest_number();
  for (const SurveyedSegment& segment : survey.segments()) report.files.push_back(segment.file);
  return report;
}

Result<void> remove_released(Directory& directory, const format::Uuid& uuid, const format::LogFloor& floor) {
  if (floor.lsn == 0) return {};
  NACRE_TRY_ASSIGN(const LogSurvey survey, LogSurvey::of(directory, uuid));
  NACRE_TRY_ASSIGN(const SurveyedSegment* start, survey.holding(floor));
  for (const SurveyedSegment& segment : survey.segments()) {
    if (!segment.placed() || segment.base_lsn() >= start->base_lsn()) continue;
    if (segment.identity->number != segment.file.number) continue;
    NACRE_TRY(directory.remove(format::log_name(segment.file.number)));
  }
  return {};
}

}  // namespace nacre::wal
