// stats, check, compact.

#include <cstdio>

#include "cli/command.h"
#include "cli/json.h"
#include "cli/progress.h"
#include "cli/tsv.h"

namespace nacre::cli {

namespace {

std::string human_bytes(uint64_t bytes) {
  constexpr const char* kUnits[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB"};
  double value = static_cast<double>(bytes);
  size_t unit = 0;
  while (value >= 1024 && unit + 1 < std::size(kUnits)) {
    value /= 1024;
    unit++;
  }
  char text[32];
  std::snprintf(text, sizeof text, unit == 0 ? "%.0f %s" : "%.1f %s", value, kUnits[unit]);
  return text;
}

// A level as a bar whose length is its share of the largest one.
void print_levels(const KeyspaceStats& keyspace) {
  std::string name;
  append_escaped(name, keyspace.name);
  std::printf("keyspace %s\n", name.c_str());
  std::printf("  %-8s %-6s %-7s %-11s %-12s %-11s\n", "level", "runs", "tables", "bytes", "entries", "tombstones");
  uint64_t largest = 1;
  for (const LevelStats& level : keyspace.levels) largest = std::max(largest, level.bytes);
  if (keyspace.memtable_bytes != 0) {
    std::printf("  %-8s %-6llu %-7s %-11s\n", "memory", static_cast<unsigned long long>(keyspace.memtables), "",
                human_bytes(keyspace.memtable_bytes).c_str());
  }
  for (const LevelStats& level : keyspace.levels) {
    const auto width = static_cast<size_t>(24 * level.bytes / largest);
    std::printf("  L%-7u %-6llu %-7llu %-11s %-12llu %-11llu %s\n", level.level,
                static_cast<unsigned long long>(level.runs), static_cast<unsigned long long>(level.tables),
                human_bytes(level.bytes).c_str(), static_cast<unsigned long long>(level.entries),
                static_cast<unsigned long long>(level.tombstones),
                std::string(std::max<size_t>(width, level.bytes != 0), '#').c_str());
  }
  if (keyspace.levels.empty()) std::printf("  (no tables)\n");
}

}  // namespace

int run_stats(const CommonOptions& common) {
  int exit_code = kSuccess;
  auto session = open_session(common, OpenMode::kReadOnly, &exit_code);
  if (!session) return exit_code;
  Stats stats = session->db.stats();
  if (!common.all_keyspaces) {
    std::erase_if(stats.keyspaces, [&](const KeyspaceStats& keyspace) { return keyspace.name != common.keyspace; });
  }
  if (common.json) {
    std::printf("%s\n", nlohmann::ordered_json::parse(to_json(stats)).dump(2).c_str());
    return kSuccess;
  }
  for (const KeyspaceStats& keyspace : stats.keyspaces) print_levels(keyspace);
  std::printf("tables %s, last sequence %llu, space amplification %.2f, runs a point read may meet %.0f\n",
              human_bytes(stats.table_file_bytes).c_str(), static_cast<unsigned long long>(stats.last_sequence),
              stats.space_amplification(), stats.read_amplification());
  return kSuccess;
}

namespace {

void print_findings(const std::vector<CheckFinding>& findings) {
  nlohmann::ordered_json object{{"sound", findings.empty()}, {"findings", nlohmann::ordered_json::array()}};
  for (const CheckFinding& finding : findings) {
    object["findings"].push_back(
        {{"error", finding.error.to_string()}, {"where", finding.detail}, {"offset", finding.error.offset}});
  }
  std::printf("%s\n", object.dump(2).c_str());
}

}  // namespace

int run_check(const CommonOptions& common) {
  int exit_code = kSuccess;
  Error refusal;
  auto session = open_session(common, OpenMode::kReadOnly, &exit_code, &refusal);
  if (!session) {
    const bool damaged = refusal.kind == ErrorKind::kCorruption || refusal.kind == ErrorKind::kUnsupported;
    if (common.json && damaged) print_findings({{.error = refusal, .detail = "the open was refused"}});
    return exit_code;
  }
  Result<std::vector<CheckFinding>> findings = std::vector<CheckFinding>{};
  {
    Progress progress("check", session->db.stats().table_file_bytes);
    findings = session->db.check([&progress](uint64_t done, uint64_t) { progress.update(done, 0); });
  }
  if (!findings) return fail("check", findings.error());
  if (common.json) {
    print_findings(*findings);
  } else {
    for (const CheckFinding& finding : *findings) {
      std::printf("%s (%s)\n", finding.error.to_string().c_str(), finding.detail.c_str());
    }
    if (findings->empty()) std::printf("sound\n");
  }
  return findings->empty() ? kSuccess : kFailure;
}

int run_compact(const CommonOptions& common) {
  int exit_code = kSuccess;
  auto session = open_session(common, OpenMode::kMustExist, &exit_code);
  if (!session) return exit_code;
  if (const auto compacted = session->db.compact(); !compacted) return fail("compact", compacted.error());
  return finish(*session, kSuccess);
}

}  // namespace nacre::cli
