// The names of the files in a database directory, made and taken apart.
//
//   CURRENT             names the manifest in force
//   MANIFEST-000001     the log of what the tree consists of
//   000012.wal          a segment of the write-ahead log
//   000013.sst          a table
//   000014.blob         a value log (reserved)
//   000015.reserve      space that is kept for the time when the device is full
//   LOCK                held by the one writer
//   STATS               what the writer publishes of itself
//   LOG, LOG.1 ...      the report for people, and its older parts
//   REPAIR-UNFINISHED   says that a repair into this directory is under way, or was cut off
//   CURRENT.tmp ...     a file being written that will be renamed: any of the names above and ".tmp"
//
// Numbers are decimal, padded with zeros to six digits and longer when they must be, never 0; manifests, log segments,
// tables, blobs and reserves draw them from one counter, so a number names one file for ever. Parsing is strict: a name is ours
// only if making it again gives the same bytes ("0000013.sst" and "13.sst" are somebody else's), so no two names mean
// the same file, and nothing that we did not write is taken for ours by a likeness.
//
// Thread safety: pure functions.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "nacre/bytes.h"

namespace nacre::format {

enum class NameKind : uint8_t {
  kCurrent,
  kManifest,
  kLog,
  kTable,
  kBlob,
  kReserve,
  kLock,
  kStats,
  kReport,
  kRepairMark
};

struct FileName {
  NameKind kind = NameKind::kCurrent;
  uint64_t number = 0;     // 0 for the kinds without one, and for LOG itself
  bool temporary = false;  // ends in ".tmp"

  friend bool operator==(const FileName&, const FileName&) = default;
};

inline constexpr const char* kCurrentName = "CURRENT";
inline constexpr const char* kCurrentTemporaryName = "CURRENT.tmp";
inline constexpr const char* kLockName = "LOCK";
inline constexpr const char* kStatsName = "STATS";
inline constexpr const char* kReportName = "LOG";
inline constexpr const char* kRepairMarkName = "REPAIR-UNFINISHED";

std::string manifest_name(uint64_t number);
std::string log_name(uint64_t number);
std::string table_name(uint64_t number);
std::string blob_name(uint64_t number);
std::string reserve_name(uint64_t number);
std::string report_name(uint64_t age);  // 0: LOG, 1: LOG.1 ...

std::string make_name(const FileName& name);
// Nothing if the name is not one that make_name makes.
std::optional<FileName> parse_name(Bytes name);

// True for the kinds whose numbers come from the database's one counter.
constexpr bool is_numbered(NameKind kind) {
  return kind == NameKind::kManifest || kind == NameKind::kLog || kind == NameKind::kTable || kind == NameKind::kBlob ||
         kind == NameKind::kReserve;
}

}  // namespace nacre::format
