// LogSurvey: which log segments a directory holds, and how they hang together.
//
// Segments form chains: the first of a chain has no predecessor, each other names its own by number and salt. A
// directory can hold several: the live one; leftovers of a log that was replaced; and a log that was begun by an open
// which a crash ended before the manifest named it. Only the chain from the segment that the manifest's log floor names
// counts.
//
// Thread safety: plain values.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/result.h"
#include "format/log_format.h"
#include "nacre/runtime.h"

namespace nacre::wal {

// A file whose name is a log segment's.
struct LogFile {
  uint64_t number = 0;  // in its name
  uint64_t size_bytes = 0;
  // Its header is damaged, or it is none of ours under one of our names: not to be removed without a human.
  // (A header of zeros is what a crash during creation leaves, and is not counted as that.)
  bool unreadable = false;
};

struct SurveyedSegment {
  LogFile file;
  std::optional<format::SegmentIdentity> identity;    // nothing: its making was cut off, or unreadable
  std::optional<format::SegmentPlacement> placement;  // nothing: never used, or lost
  uint64_t mark = 0;

  bool placed() const { return placement.has_value(); }
  uint64_t base_lsn() const { return placement->base_lsn; }
  // Through where the log was known synced, as the header says.
  uint64_t synced_through() const {
    return placement && placement->synced_through > mark ? placement->synced_through : mark;
  }
};

class LogSurvey {
 public:
  // Reads all headers. A segment of another database, or of a newer format, is refused by name.
  static Result<LogSurvey> of(Directory& directory, const format::Uuid& uuid);

  const std::vector<SurveyedSegment>& segments() const { return segments_; }

  // The segment that `floor` names. It was placed durably before the manifest named it: if it is not there, or does not
  // hold the floor, the log is damaged.
  Result<const SurveyedSegment*> holding(const format::LogFloor& floor) const;

  // Refuses what no crash can bring about in the part of the log from `start` on: a placed segment under another's
  // name, or one whose predecessor is missing.
  Result<void> check_from(const SurveyedSegment& start) const;

  // The placed segment that names `segment` as its predecessor; null if there is none.
  const SurveyedSegment* successor(const SurveyedSegment& segment) const;

  // The segment that has this number in name and header; null if there is none.
  const SurveyedSegment* numbered(uint64_t number) const;

  // The error for a segment that must exist.
  static Error missing(uint64_t number);

  // Every lsn that any segment may hold lies below.
  uint64_t lsn_limit() const;
  uint64_t highest_number() const;

 private:
  std::vector<SurveyedSegment> segments_;  // by number in the name
};

}  // namespace nacre::wal
