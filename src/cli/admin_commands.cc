// stats, check, compact.

#include <algorithm>
#include <cstdio>

#include "cli/command.h"
#include "cli/human.h"
#include "cli/json.h"
#include "cli/progress.h"
#include "cli/terminal.h"
#include "cli/top_screen.h"

namespace nacre::cli {

namespace {

// Levels as bars, each of its share of the largest one, and what the data takes beyond one copy of it.
void print_keyspace(const KeyspaceStats& keyspace, const ScreenOptions& options) {
  std::vector<std::string> lines{"keyspace " + printable(keyspace.name)};
  draw_levels(lines, keyspace.levels, keyspace.memtable_bytes, keyspace.memtables, options);
  if (!keyspace.levels.empty()) {
    char figures[64];
    std::snprintf(figures, sizeof figures, "%.2f", keyspace.space_amplification());
    const size_t width = std::clamp<size_t>(options.columns, 40, 64) - 30;
    lines.push_back("one copy of the data [" + bar(1 / keyspace.space_amplification(), width, options.ascii) + "]");
    lines.push_back("space amplification " + std::string(figures) + " at most");
    std::snprintf(figures, sizeof figures, "%.0f", keyspace.read_amplification());
    lines.push_back("a get may meet " + std::string(figures) + " runs");
  }
  for (const std::string& line : lines) std::printf("%s\n", clipped(line, options.columns).c_str());
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
  const ScreenOptions options{.columns = Terminal::columns(), .ascii = !Terminal::speaks_utf8()};
  for (const KeyspaceStats& keyspace : stats.keyspaces) print_keyspace(keyspace, options);
  std::printf("tables %s, last sequence %llu\n", human_bytes(static_cast<double>(stats.table_file_bytes)).c_str(),
              static_cast<unsigned long long>(stats.last_sequence));
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
