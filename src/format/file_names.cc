#include "format/file_names.h"

#include <charconv>

namespace nacre::format {

namespace {

constexpr Bytes kTemporarySuffix = ".tmp";
constexpr Bytes kManifestPrefix = "MANIFEST-";
constexpr Bytes kReportPrefix = "LOG.";
constexpr size_t kMinDigits = 6;

std::string padded(uint64_t number) {
  std::string digits = std::to_string(number);
  if (digits.size() < kMinDigits) digits.insert(0, kMinDigits - digits.size(), '0');
  return digits;
}

// Whether the digits are canonical is left to the caller's comparison with the name made again.
std::optional<uint64_t> number_in(Bytes digits) {
  uint64_t number = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (error != std::errc() || end != digits.data() + digits.size() || number == 0) return std::nullopt;
  return number;
}

std::optional<FileName> likely_name(Bytes name) {
  if (name == kCurrentName) return FileName{.kind = NameKind::kCurrent};
  if (name == kLockName) return FileName{.kind = NameKind::kLock};
  if (name == kStatsName) return FileName{.kind = NameKind::kStats};
  if (name == kReportName) return FileName{.kind = NameKind::kReport};
  if (name == kRepairMarkName) return FileName{.kind = NameKind::kRepairMark};
  const auto numbered = [](NameKind kind, Bytes digits) -> std::optional<FileName> {
    const auto number = number_in(digits);
    if (!number) return std::nullopt;
    return FileName{.kind = kind, .number = *number};
  };
  if (name.starts_with(kManifestPrefix)) return numbered(NameKind::kManifest, name.substr(kManifestPrefix.size()));
  if (name.starts_with(kReportPrefix)) return numbered(NameKind::kReport, name.substr(kReportPrefix.size()));
  const size_t dot = name.rfind('.');
  if (dot == Bytes::npos) return std::nullopt;
  const Bytes digits = name.substr(0, dot);
  const Bytes extension = name.substr(dot);
  if (extension == ".wal") return numbered(NameKind::kLog, digits);
  if (extension == ".sst") return numbered(NameKind::kTable, digits);
  if (extension == ".blob") return numbered(NameKind::kBlob, digits);
  if (extension == ".reserve") return numbered(NameKind::kReserve, digits);
  return std::nullopt;
}

}  // namespace

std::string manifest_name(uint64_t number) { return std::string(kManifestPrefix) + padded(number); }
std::string log_name(uint64_t number) { return padded(number) + ".wal"; }
std::string table_name(uint64_t number) { return padded(number) + ".sst"; }
std::string blob_name(uint64_t number) { return padded(number) + ".blob"; }
std::string reserve_name(uint64_t number) { return padded(number) + ".reserve"; }
std::string report_name(uint64_t age) {
  return age == 0 ? std::string(kReportName) : std::string(kReportPrefix) + std::to_string(age);
}

std::string make_name(const FileName& name) {
  std::string text;
  switch (name.kind) {
    case NameKind::kCurrent: text = kCurrentName; break;
    case NameKind::kManifest: text = manifest_name(name.number); break;
    case NameKind::kLog: text = log_name(name.number); break;
    case NameKind::kTable: text = table_name(name.number); break;
    case NameKind::kBlob: text = blob_name(name.number); break;
    case NameKind::kReserve: text = reserve_name(name.number); break;
    case NameKind::kLock: text = kLockName; break;
    case NameKind::kStats: text = kStatsName; break;
    case NameKind::kReport: text = report_name(name.number); break;
    case NameKind::kRepairMark: text = kRepairMarkName; break;
  }
  if (name.temporary) text += kTemporarySuffix;
  return text;
}

std::optional<FileName> parse_name(Bytes name) {
  const bool temporary = name.ends_with(kTemporarySuffix);
  std::optional<FileName> parsed =
      likely_name(temporary ? name.substr(0, name.size() - kTemporarySuffix.size()) : name);
  if (!parsed) return std::nullopt;
  parsed->temporary = temporary;
  if (make_name(*parsed) != name) return std::nullopt;
  return parsed;
}

}  // namespace nacre::format
