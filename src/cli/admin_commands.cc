// stats, check, flush, compact, options.

#include <algorithm>
#include <array>
#include <cstdio>

#include "cli/command.h"
#include "cli/json.h"
#include "cli/progress.h"
#include "cli/terminal.h"
#include "cli/tsv.h"

namespace nacre::cli {

namespace {

nlohmann::ordered_json to_json(const KeyspaceOptions& options) {
  return {{"compression", to_string(options.compression)},
          {"bottom_compression", to_string(options.bottom_compression)},
          {"shape", to_string(options.shape)},
          {"filter_bits_per_key", options.filter_bits_per_key},
          {"block_bytes", options.block_bytes}};
}

nlohmann::ordered_json to_json(const Options& options) {
  return {{"memory_bytes", options.memory_bytes},
          {"durability", to_string(options.durability)},
          {"mode", to_string(options.mode)},
          {"memtable", to_string(options.memtable)},
          {"row_cache_percent", options.row_cache_percent},
          {"keyspace", to_json(options.keyspace)}};
}

nlohmann::ordered_json to_json(const KeyspaceStats& keyspace, const KeyspaceOptions& options) {
  nlohmann::ordered_json object;
  set_bytes(object, "name", keyspace.name);
  object["options"] = to_json(options);
  object["memtables"] = keyspace.memtables;
  object["memtable_bytes"] = keyspace.memtable_bytes;
  object["space_amplification"] = keyspace.space_amplification();
  object["read_amplification"] = keyspace.read_amplification();
  object["levels"] = nlohmann::ordered_json::array();
  for (const LevelStats& level : keyspace.levels) {
    object["levels"].push_back({{"level", level.level},
                                {"runs", level.runs},
                                {"tables", level.tables},
                                {"bytes", level.bytes},
                                {"entries", level.entries},
                                {"tombstones", level.tombstones}});
  }
  return object;
}

void print_json(std::FILE* out, Db& db, const Stats& stats) {
  nlohmann::ordered_json object;
  object["options"] = to_json(db.options());
  object["last_sequence"] = stats.last_sequence;
  object["table_file_bytes"] = stats.table_file_bytes;
  object["memory_bytes"] = stats.memory_bytes;
  object["memory_ceiling_bytes"] = stats.memory_ceiling_bytes;
  object["memory"] = {{"memtables", stats.memory.memtables}, {"log", stats.memory.log},
                      {"cache", stats.memory.cache},         {"tables", stats.memory.tables},
                      {"cursors", stats.memory.cursors},     {"jobs", stats.memory.jobs}};
  object["space_amplification"] = stats.space_amplification();
  object["read_amplification"] = stats.read_amplification();
  object["keyspaces"] = nlohmann::ordered_json::array();
  for (const KeyspaceStats& keyspace : stats.keyspaces) {
    object["keyspaces"].push_back(to_json(keyspace, db.keyspace(keyspace.name).value().options()));
  }
  std::fprintf(out, "%s\n", json_text(object, 2, is_terminal(out)).c_str());
}

constexpr int kTableColumns = 63;

// A row of the table of levels; on a narrow terminal without what can be missed.
void print_row(std::FILE* out, int columns, const std::array<std::string, 6>& cells, const std::string& bar) {
  const auto& [level, runs, tables, bytes, entries, tombstones] = cells;
  std::string row(256, '\0');
  const int length =
      columns > kTableColumns
          ? std::snprintf(row.data(), row.size(), "  %-8s %-6s %-7s %-11s %-12s %-11s %s", level.c_str(), runs.c_str(),
                          tables.c_str(), bytes.c_str(), entries.c_str(), tombstones.c_str(), bar.c_str())
          : std::snprintf(row.data(), row.size(), "  %-6s %-5s %-10s %s", level.c_str(), runs.c_str(), bytes.c_str(),
                          entries.c_str());
  row.resize(std::min(static_cast<size_t>(length), row.size() - 1));
  row.resize(row.find_last_not_of(' ') + 1);
  std::fprintf(out, "%s\n", row.c_str());
}

void print_options(std::FILE* out, const KeyspaceOptions& options) {
  std::fprintf(out, "  compression %s, at the bottom %s; shape %s; filter bits per key %u; block bytes %u\n",
              std::string(to_string(options.compression)).c_str(),
              std::string(to_string(options.bottom_compression)).c_str(), std::string(to_string(options.shape)).c_str(),
              options.filter_bits_per_key, options.block_bytes);
}

// A level as a bar whose length is its share of the largest one.
void print_levels(std::FILE* out, const KeyspaceStats& keyspace, const KeyspaceOptions& options) {
  const bool terminal = is_terminal(out);
  const int columns = terminal ? terminal_columns(out) : 100;
  const auto widest_bar = static_cast<uint64_t>(std::clamp(columns - kTableColumns, 1, 24));
  std::string name;
  append_visible(name, keyspace.name);
  std::fprintf(out, "keyspace %s\n", name.c_str());
  print_options(out, options);
  print_row(out, columns, {"level", "runs", "tables", "bytes", "entries", "tombstones"}, "");
  uint64_t largest = 1;
  for (const LevelStats& level : keyspace.levels) largest = std::max(largest, level.bytes);
  if (keyspace.memtable_bytes != 0) {
    print_row(out, columns,
              {"memory", std::to_string(keyspace.memtables), "", human_bytes(keyspace.memtable_bytes), "", ""}, "");
  }
  for (const LevelStats& level : keyspace.levels) {
    const auto width = static_cast<size_t>(widest_bar * level.bytes / largest);
    print_row(out, columns,
              {"L" + std::to_string(level.level), std::to_string(level.runs), std::to_string(level.tables),
               human_bytes(level.bytes), std::to_string(level.entries), std::to_string(level.tombstones)},
              std::string(std::max<size_t>(width, level.bytes != 0), '#'));
  }
  if (keyspace.levels.empty()) std::fprintf(out, "  (no tables)\n");
}

}  // namespace

void print_stats(std::FILE* out, const CommonOptions& common, Session& session) {
  Stats stats = session.db.stats();
  if (!common.all_keyspaces) {
    std::erase_if(stats.keyspaces, [&](const KeyspaceStats& keyspace) { return keyspace.name != common.keyspace; });
  }
  if (common.json) {
    print_json(out, session.db, stats);
    return;
  }
  for (const KeyspaceStats& keyspace : stats.keyspaces) {
    print_levels(out, keyspace, session.db.keyspace(keyspace.name).value().options());
  }
  char sums[256];
  std::snprintf(sums, sizeof sums,
                "tables %s, last sequence %llu, space amplification %.2f, runs a point read may meet %.0f",
                human_bytes(stats.table_file_bytes).c_str(), static_cast<unsigned long long>(stats.last_sequence),
                stats.space_amplification(), stats.read_amplification());
  const size_t columns = is_terminal(out) ? static_cast<size_t>(terminal_columns(out)) : SIZE_MAX;
  std::fprintf(out, "%s\n\noptions of this handle\n%s", wrapped(sums, 0, columns).c_str(),
               to_toml(session.db.options()).c_str());
}

int run_stats(const CommonOptions& common) {
  int exit_code = kSuccess;
  auto session = open_session(common, OpenMode::kReadOnly, &exit_code);
  if (!session) return exit_code;
  print_stats(stdout, common, *session);
  return kSuccess;
}

namespace {

void print_findings(std::FILE* out, const std::vector<CheckFinding>& findings) {
  nlohmann::ordered_json object{{"sound", findings.empty()}, {"findings", nlohmann::ordered_json::array()}};
  for (const CheckFinding& finding : findings) {
    object["findings"].push_back(
        {{"error", finding.error.to_string()}, {"where", finding.detail}, {"offset", finding.error.offset}});
  }
  std::fprintf(out, "%s\n", json_text(object, 2, is_terminal(out)).c_str());
}

}  // namespace

int check_session(std::FILE* out, const CommonOptions& common, Session& session) {
  Result<std::vector<CheckFinding>> findings = std::vector<CheckFinding>{};
  {
    Progress progress("check", session.db.stats().table_file_bytes);
    findings = session.db.check([&progress](uint64_t done, uint64_t) { progress.update(done, 0); });
  }
  if (!findings) return fail("check", findings.error());
  if (common.json) {
    print_findings(out, *findings);
  } else {
    for (const CheckFinding& finding : *findings) {
      std::string line;
      append_visible_text(line, finding.error.to_string() + " (" + finding.detail + ")");
      std::fprintf(out, "%s\n", line.c_str());
    }
    if (findings->empty()) std::fprintf(out, "sound\n");
  }
  return findings->empty() ? kSuccess : kFailure;
}

int run_check(const CommonOptions& common) {
  int exit_code = kSuccess;
  Error refusal;
  auto session = open_session(common, OpenMode::kReadOnly, &exit_code, &refusal);
  if (session) return check_session(stdout, common, *session);
  const bool damaged = refusal.kind == ErrorKind::kCorruption || refusal.kind == ErrorKind::kUnsupported;
  if (common.json && damaged) print_findings(stdout, {{.error = refusal, .detail = "the open was refused"}});
  return exit_code;
}

int run_flush(const CommonOptions& common) {
  int exit_code = kSuccess;
  auto session = open_session(common, OpenMode::kMustExist, &exit_code);
  if (!session) return exit_code;
  if (const auto flushed = session->db.flush(); !flushed) return fail("flush", flushed.error());
  return finish(*session, kSuccess);
}

int run_compact(const CommonOptions& common) {
  int exit_code = kSuccess;
  auto session = open_session(common, OpenMode::kMustExist, &exit_code);
  if (!session) return exit_code;
  if (const auto compacted = session->db.compact(); !compacted) return fail("compact", compacted.error());
  return finish(*session, kSuccess);
}

int run_options(const CommonOptions& common) {
  const std::optional<Options> options = read_options(common);
  if (!options) return kUsage;
  std::fputs(to_commented_toml(*options).c_str(), stdout);
  return kSuccess;
}

}  // namespace nacre::cli
