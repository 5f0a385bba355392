// DamagedLog: the records of a log of which parts may be damaged or missing.
//
// Segments whose header checks are searched for records; placements say where in the log each lies. What is delivered is
// decided before anything is:
//   - With a floor, from a whole manifest: from there on, up to the first hole.
//   - Without: the newest segments that follow one another without a gap, up to their end. For every key that is written there the
//     newest write is there too, so nothing older than the tables can come back. A hole in it ends this: then only
//     operations above what the tables are known to hold may be applied (`only_unflushed`).
// A hole above everything that the log says was synced may be where a crash tore it. It is told as a loss all the same, since nothing
// tells it from records that rotted; but of the other files it says nothing: `torn`, not `damaged`.
// Behind a hole records are delivered only if asked for: later commits without earlier ones are no state that ever was.
// Pages that the system cannot read are like damaged ones, and a finding.
//
// Memory: 24 bytes a record, and a buffer of 1 MiB or the largest record. Thread safety: one thread.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "format/log_format.h"
#include "nacre/repair.h"
#include "nacre/runtime.h"
#include "wal/segment_reader.h"

namespace nacre::salvage {

struct LogBegin {
  std::optional<format::LogFloor> floor;  // nothing: not known
  uint64_t synced_through = 0;
};

struct LogRecord {
  format::Sequence first_sequence = 0;
  uint32_t count = 0;
  Bytes payload;  // valid during the call
};

class DamagedLog {
 public:
  // Reads the headers and finds the records of all segments of the database, and tells `findings` of what is lost.
  DamagedLog(Directory& directory, const format::Uuid& uuid, const LogBegin& begin, bool past_damage,
             std::vector<RepairFinding>& findings);

  // Whether the log has a hole below what was synced, or lacks segments, or cannot be read in full.
  bool damaged() const { return damaged_; }
  // Whether it has a hole above that.
  bool torn() const { return torn_; }
  uint64_t file_bytes() const { return file_bytes_; }
  uint64_t largest_record_bytes() const;
  // In order. What can no longer be read ends it, or, past damage, is left out. Answers the first error.
  Result<void> deliver(const std::function<void(const LogRecord&)>& apply);

 private:
  struct Found {
    uint64_t offset = 0;  // in the file
    format::LogRecordHeader header;
  };
  struct Segment {
    uint64_t number = 0;
    uint64_t file_bytes = 0;
    format::SegmentIdentity identity;
    std::optional<format::SegmentPlacement> placement;
    uint64_t synced_through = 0;  // as the header says
    std::vector<Found> records;

    uint64_t lsn_of(uint64_t offset) const { return placement->base_lsn + (offset - format::kLogHeaderBytes); }
  };
  struct Delivery {
    const Segment* segment;
    uint64_t offset;
  };

  void read_segments();
  void read_segment(const std::string& name, uint64_t number);
  void search(Segment& segment, std::unique_ptr<ReadableFile> file);
  Result<void> deliver_one(const Delivery& delivery, wal::SegmentReader& reader,
                           const std::function<void(const LogRecord&)>& apply) const;
  const Segment* numbered(uint64_t number, uint64_t salt) const;
  Segment* successor(const Segment& segment);
  std::vector<const Segment*> chain_from_floor();
  std::vector<const Segment*> newest_chain();
  void choose(const std::vector<const Segment*>& chain);
  void note_missing(uint64_t number, const char* what);
  void note_hole(const Segment& segment, uint64_t lsn, bool synced, uint64_t records_behind);
  void note_end(const Segment& segment, uint64_t lsn, bool synced);

  Directory& directory_;
  const format::Uuid uuid_;
  const LogBegin begin_;
  const bool past_damage_;
  std::vector<RepairFinding>& findings_;
  std::vector<std::unique_ptr<Segment>> segments_;
  std::vector<Delivery> deliveries_;
  uint64_t file_bytes_ = 0;
  bool damaged_ = false;
  bool torn_ = false;
};

}  // namespace nacre::salvage
