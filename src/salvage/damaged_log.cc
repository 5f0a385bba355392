#include "salvage/damaged_log.h"

#include <algorithm>
#include <array>

#include "base/result.h"
#include "format/file_names.h"
#include "salvage/findings.h"
#include "salvage/patient_file.h"

namespace nacre::salvage {

using format::kLogHeaderBytes;
using format::LogRecordHeader;
using format::LogRecordKind;

DamagedLog::DamagedLog(Directory& directory, const format::Uuid& uuid, const LogBegin& begin, bool past_damage,
                       std::vector<RepairFinding>& findings)
    : directory_(directory), uuid_(uuid), begin_(begin), past_damage_(past_damage), findings_(findings) {
  read_segments();
  choose(begin_.floor ? chain_from_floor() : newest_chain());
}

void DamagedLog::read_segments() {
  const auto entries = directory_.list();
  if (!entries) return;
  for (const DirectoryEntry& entry : *entries) {
    const auto name = format::parse_name(entry.name);
    if (name && name->kind == format::NameKind::kLog && !name->temporary) read_segment(entry.name, name->number);
  }
}

void DamagedLog::read_segment(const std::string& name, uint64_t number) {
  auto file = directory_.open_read(name);
  if (!file) {
    findings_.push_back({.kind = RepairFinding::Kind::kLost, .file = name, .what = file.error().to_string()});
    return;
  }
  const uint64_t bytes = (*file)->size_bytes();
  std::array<char, kLogHeaderBytes> area;
  const auto got = (*file)->read(0, area);
  const auto header =
      got ? format::decode_segment_header(Bytes(area.data(), *got)) : Result<format::SegmentHeader>(got.error());
  if (!header) {
    // Whether the log needs it shows in its neighbours; without a floor nothing else tells.
    findings_.push_back({.kind = begin_.floor ? RepairFinding::Kind::kNote : RepairFinding::Kind::kLost,
                         .file = name,
                         .bytes = kLogHeaderBytes,
                         .what = "a log segment cannot be read: " + why(header.error())});
    return;
  }
  if (!header->identity) return;  // its making was cut off: it was never used
  if (header->identity->uuid != uuid_ || header->identity->number != number) {
    findings_.push_back(
        {.file = name, .what = "a log segment of another database, or under another's name: passed over"});
    return;
  }
  auto segment = std::make_unique<Segment>();
  segment->number = number;
  segment->file_bytes = bytes;
  segment->identity = *header->identity;
  segment->placement = header->placement;
  segment->synced_through = std::max(header->mark, header->placement ? header->placement->synced_through : 0);
  file_bytes_ += bytes;
  search(*segment, *std::move(file));
  segments_.push_back(std::move(segment));
}

void DamagedLog::search(Segment& segment, std::unique_ptr<ReadableFile> file) {
  auto patient = std::make_unique<PatientFile>(std::move(file));
  const PatientFile& read = *patient;
  wal::SegmentReader reader(std::move(patient), segment.number, segment.identity.salt);
  const auto searched = reader.search(kLogHeaderBytes, [&](uint64_t offset, const LogRecordHeader& header) {
    segment.records.push_back({.offset = offset, .header = header});
  });
  if (read.unreadable().bytes != 0) {
    damaged_ = true;
    findings_.push_back({.kind = RepairFinding::Kind::kLost,
                         .file = format::log_name(segment.number),
                         .offset = read.unreadable().first,
                         .bytes = read.unreadable().bytes,
                         .what = "the system cannot read all of the segment: records there are lost"});
  }
  if (searched) return;
  damaged_ = true;
  findings_.push_back(
      {.kind = RepairFinding::Kind::kLost,
       .file = format::log_name(segment.number),
       .offset = searched.error().offset,
       .what = "the rest of the segment cannot be searched for records: " + searched.error().to_string()});
}

const DamagedLog::Segment* DamagedLog::numbered(uint64_t number, uint64_t salt) const {
  for (const auto& segment : segments_) {
    if (segment->number == number && (salt == 0 || segment->identity.salt == salt)) return segment.get();
  }
  return nullptr;
}

// The segment in which the log goes on: placed behind this one, or, if its placement is lost, named by the closing record.
DamagedLog::Segment* DamagedLog::successor(const Segment& segment) {
  for (const auto& other : segments_) {
    if (other->placement && other->placement->predecessor_number == segment.number &&
        other->placement->predecessor_salt == segment.identity.salt) {
      return other.get();
    }
  }
  if (segment.records.empty() || segment.records.back().header.kind != LogRecordKind::kClosing) return nullptr;
  const Found& closing = segment.records.back();
  const auto named = std::find_if(segments_.begin(), segments_.end(), [&](const auto& other) {
    return other->number == closing.header.first_sequence && !other->placement;
  });
  if (named == segments_.end() || !segment.placement) return nullptr;
  (*named)->placement = {.base_lsn = segment.lsn_of(closing.offset),
                         .predecessor_number = segment.number,
                         .predecessor_salt = segment.identity.salt};
  return named->get();
}

std::vector<const DamagedLog::Segment*> DamagedLog::chain_from_floor() {
  std::vector<const Segment*> chain;
  const Segment* segment = numbered(begin_.floor->segment, 0);
  if (segment == nullptr || !segment->placement || segment->placement->base_lsn > begin_.floor->lsn) {
    note_missing(begin_.floor->segment,
                 "the log segment from which on the log is needed is missing, or its header is damaged");
    segment = nullptr;
    for (const auto& other : segments_) {
      if (other->placement && other->placement->predecessor_number == begin_.floor->segment) segment = other.get();
    }
  }
  for (; segment != nullptr && chain.size() < segments_.size(); segment = successor(*segment)) chain.push_back(segment);
  return chain;
}

std::vector<const DamagedLog::Segment*> DamagedLog::newest_chain() {
  const Segment* tail = nullptr;
  for (const auto& segment : segments_) {
    const bool used = !segment->records.empty() && segment->records.front().header.kind == LogRecordKind::kBatch;
    if (!segment->placement || !used) continue;
    if (tail == nullptr || segment->placement->base_lsn > tail->placement->base_lsn) tail = segment.get();
  }
  std::vector<const Segment*> chain;
  for (const Segment* segment = tail; segment != nullptr && chain.size() < segments_.size();) {
    chain.push_back(segment);
    const Segment* before = numbered(segment->placement->predecessor_number, segment->placement->predecessor_salt);
    segment = before != nullptr && before->placement ? before : nullptr;
  }
  std::reverse(chain.begin(), chain.end());
  while (tail != nullptr && (tail = successor(*tail)) != nullptr && chain.size() < segments_.size())
    chain.push_back(tail);
  return chain;
}

// What of the chain is delivered, and what is wrong with it.
void DamagedLog::choose(const std::vector<const Segment*>& chain) {
  if (chain.empty()) return;
  const bool floor_is_there = !begin_.floor || chain.front()->number == begin_.floor->segment;
  uint64_t lsn = begin_.floor ? begin_.floor->lsn : chain.front()->placement->base_lsn;  // behind what was delivered
  uint64_t synced_through = begin_.synced_through;
  uint64_t behind = 0;            // records behind the first hole
  const Segment* hole = nullptr;  // the segment it lies in
  const Segment* last = chain.front();
  const LogRecordHeader* closing = nullptr;
  for (const Segment* segment : chain) {
    if (segment->placement->base_lsn > lsn && hole == nullptr && floor_is_there) hole = last;
    synced_through = std::max(synced_through, segment->synced_through);
    last = segment;
    closing = nullptr;
    for (const Found& found : segment->records) {
      const uint64_t at = segment->lsn_of(found.offset);
      synced_through = std::max(synced_through, found.header.synced_through(at));
      if (at < lsn) continue;
      if (at > lsn && hole == nullptr && floor_is_there) hole = segment;
      if (found.header.kind == LogRecordKind::kClosing) {
        closing = &found.header;
        continue;
      }
      const bool whole = hole == nullptr && floor_is_there;
      if (whole) lsn = at + found.header.record_bytes();
      if (!whole) behind++;
      if (whole || past_damage_) deliveries_.push_back({.segment = segment, .offset = found.offset});
    }
  }
  if (!floor_is_there) return;  // said already
  if (hole != nullptr) return note_hole(*hole, lsn, synced_through > lsn, behind);
  if (closing != nullptr && closing->first_sequence != 0) {
    return note_missing(closing->first_sequence,
                        "a log segment that another one names is missing, or its header is damaged");
  }
  if (closing == nullptr || synced_through > lsn) note_end(*last, lsn, synced_through > lsn);
}

void DamagedLog::note_missing(uint64_t number, const char* what) {
  damaged_ = true;
  findings_.push_back({.kind = RepairFinding::Kind::kLost,
                       .file = format::log_name(number),
                       .what = std::string(what) + ": commits that no table holds yet are lost"});
}

void DamagedLog::note_hole(const Segment& segment, uint64_t lsn, bool synced, uint64_t records_behind) {
  (synced ? damaged_ : torn_) = true;
  std::string what = synced ? "log records that had been synced are damaged"
                            : "log records are damaged, or were torn by a crash: they had not been synced";
  if (records_behind != 0) {
    what += "; " + std::to_string(records_behind) + " whole records behind them are " +
            (past_damage_ ? "applied all the same: later commits without earlier ones"
                          : "left out: what is kept is a prefix of the commits");
  }
  findings_.push_back({.kind = RepairFinding::Kind::kLost,
                       .file = format::log_name(segment.number),
                       .offset = kLogHeaderBytes + (lsn - segment.placement->base_lsn),
                       .what = what});
}

// The log was not closed: does it end where it was written to?
void DamagedLog::note_end(const Segment& segment, uint64_t lsn, bool synced) {
  const uint64_t offset = kLogHeaderBytes + (lsn - segment.placement->base_lsn);
  if (synced) return note_hole(segment, lsn, true, 0);
  auto file = directory_.open_read(format::log_name(segment.number));
  if (!file) return;
  wal::SegmentReader reader(std::make_unique<PatientFile>(*std::move(file)), segment.number, segment.identity.salt);
  const auto record = reader.read(offset);
  if (record && !*record && reader.looked_begun()) note_hole(segment, lsn, false, 0);
}

uint64_t DamagedLog::largest_record_bytes() const {
  uint64_t largest = 0;
  for (const auto& segment : segments_) {
    for (const Found& found : segment->records) largest = std::max(largest, found.header.record_bytes());
  }
  return largest;
}

Result<void> DamagedLog::deliver(const std::function<void(const LogRecord&)>& apply) {
  const Segment* open = nullptr;
  std::unique_ptr<wal::SegmentReader> reader;
  Result<void> outcome;
  for (const Delivery& delivery : deliveries_) {
    if (delivery.segment != open) {
      open = delivery.segment;
      reader.reset();
      if (auto file = directory_.open_read(format::log_name(open->number))) {
        reader = std::make_unique<wal::SegmentReader>(std::make_unique<PatientFile>(*std::move(file)), open->number,
                                                      open->identity.salt);
      } else if (outcome) {
        outcome = located(file.error(), FileKind::kLog, open->number);
      }
    }
    if (reader != nullptr) {
      const auto delivered = deliver_one(delivery, *reader, apply);
      if (!delivered && outcome) outcome = delivered;
    }
    if (!outcome && !past_damage_) break;
  }
  return outcome;
}

Result<void> DamagedLog::deliver_one(const Delivery& delivery, wal::SegmentReader& reader,
                                     const std::function<void(const LogRecord&)>& apply) const {
  auto record = reader.read(delivery.offset);
  if (record && !*record) record = malformed("it was whole a moment ago", delivery.offset);
  if (!record) return located(record.error(), FileKind::kLog, delivery.segment->number);
  const format::LogRecordHeader& header = (*record)->header;
  apply({.first_sequence = header.first_sequence, .count = header.count, .payload = (*record)->payload});
  return {};
}

}  // namespace nacre::salvage
