#include "wal/log_survey.h"

#include <algorithm>
#include <array>

#include "format/file_names.h"

namespace nacre::wal {

namespace {

using format::kLogHeaderBytes;

Result<SurveyedSegment> read_header(Directory& directory, const std::string& name, uint64_t number,
                                    const format::Uuid& uuid) {
  SurveyedSegment segment;
  NACRE_TRY_ASSIGN(const auto file, directory.open_read(name));
  segment.file = {.number = number, .size_bytes = file->size_bytes()};
  std::array<char, kLogHeaderBytes> header;
  NACRE_TRY_ASSIGN(const size_t got, file->read(0, header));
  if (got < std::min<uint64_t>(segment.file.size_bytes, kLogHeaderBytes))
    return located(became_shorter(got), FileKind::kLog, number);
  const auto decoded = format::decode_segment_header(Bytes(header.data(), got));
  if (!decoded) {
    if (decoded.error().kind != ErrorKind::kCorruption) return located(decoded.error(), FileKind::kLog, number);
    segment.file.unreadable = true;
    return segment;
  }
  if (decoded->identity && decoded->identity->uuid != uuid) {
    return corruption(Operation::kRecover, FileKind::kLog, number, 0, "the log segment belongs to another database");
  }
  segment.identity = decoded->identity;
  segment.placement = decoded->placement;
  segment.mark = decoded->mark;
  return segment;
}

}  // namespace

Result<LogSurvey> LogSurvey::of(Directory& directory, const format::Uuid& uuid) {
  LogSurvey survey;
  NACRE_TRY_ASSIGN(const auto entries, directory.list());
  for (const DirectoryEntry& entry : entries) {
    const auto name = format::parse_name(entry.name);
    if (!name || name->kind != format::NameKind::kLog || name->temporary) continue;
    NACRE_TRY_ASSIGN(auto segment, read_header(directory, entry.name, name->number, uuid));
    survey.segments_.push_back(std::move(segment));
  }
  std::sort(survey.segments_.begin(), survey.segments_.end(),
            [](const auto& a, const auto& b) { return a.file.number < b.file.number; });
  return survey;
}

Result<const SurveyedSegment*> LogSurvey::holding(const format::LogFloor& floor) const {
  const SurveyedSegment* segment = numbered(floor.segment);
  if (segment == nullptr || !segment->placed()) return missing(floor.segment);
  if (segment->base_lsn() > floor.lsn) {
    return corruption(Operation::kRecover, FileKind::kLog, floor.segment, 0,
                      "the log segment begins behind the log floor that names it");
  }
  return segment;
}

Result<void> LogSurvey::check_from(const SurveyedSegment& start) const {
  for (const SurveyedSegment& segment : segments_) {
    if (!segment.placed() || segment.base_lsn() < start.base_lsn()) continue;
    if (segment.identity->number != segment.file.number) {
      return corruption(Operation::kRecover, FileKind::kLog, segment.file.number, 0,
                        "the log segment's header has another number than its name");
    }
    const uint64_t number = segment.placement->predecessor_number;
    if (&segment == &start || number == 0) continue;
    const SurveyedSegment* predecessor = numbered(number);
    if (predecessor == nullptr || predecessor->identity->salt != segment.placement->predecessor_salt) {
      return missing(number);
    }
  }
  return {};
}

Error LogSurvey::missing(uint64_t number) {
  return corruption(Operation::kRecover, FileKind::kLog, number, 0,
                    "a log segment is missing or its header is damaged");
}

const SurveyedSegment* LogSurvey::successor(const SurveyedSegment& segment) const {
  for (const SurveyedSegment& other : segments_) {
    if (other.placed() && other.placement->predecessor_number == segment.identity->number &&
        other.placement->predecessor_salt == segment.identity->salt) {
      return &other;
    }
  }
  return nullptr;
}

const SurveyedSegment* LogSurvey::numbered(uint64_t number) const {
  for (const SurveyedSegment& segment : segments_) {
    if (segment.file.number == number && segment.identity && segment.identity->number == number) return &segment;
  }
  return nullptr;
}

uint64_t LogSurvey::lsn_limit() const {
  uint64_t limit = 0;
  for (const SurveyedSegment& segment : segments_) {
    if (segment.placed())
      limit = std::max(limit, segment.base_lsn() + std::min(segment.file.size_bytes, format::kMaxLsn));
  }
  // A segment whose placement is lost lay behind a placed one, or behind another such.
  for (const SurveyedSegment& segment : segments_) {
    if (segment.identity && !segment.placed()) limit += std::min(segment.file.size_bytes, format::kMaxLsn);
    limit = std::min(limit, 2 * format::kMaxLsn);
  }
  return limit;
}

uint64_t LogSurvey::highest_number() const {
  uint64_t highest = 0;
  for (const SurveyedSegment& segment : segments_) {
    highest = std::max(highest, segment.file.number);
    if (segment.identity) highest = std::max(highest, segment.identity->number);
  }
  return highest;
}

}  // namespace nacre::wal
