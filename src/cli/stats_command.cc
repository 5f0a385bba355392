// stats: what a database holds, level by level, and the options in force.

#include <algorithm>
#include <cstdio>

#include "cli/command.h"
#include "cli/human.h"
#include "cli/json.h"
#include "cli/terminal.h"
#include "cli/top_screen.h"

namespace nacre::cli {

namespace {

nlohmann::ordered_json options_json(const KeyspaceOptions& options) {
  return {{"compression", to_string(options.compression)},
          {"bottom_compression", to_string(options.bottom_compression)},
          {"shape", to_string(options.shape)},
          {"filter_bits_per_key", options.filter_bits_per_key},
          {"block_bytes", options.block_bytes}};
}

nlohmann::ordered_json options_json(const Options& options) {
  return {{"memory_bytes", options.memory_bytes},
          {"durability", to_string(options.durability)},
          {"mode", to_string(options.mode)},
          {"memtable", to_string(options.memtable)},
          {"row_cache_percent", options.row_cache_percent},
          {"keyspace", options_json(options.keyspace)}};
}

void print_json(std::FILE* out, Session& session, const Stats& stats) {
  nlohmann::ordered_json object = nlohmann::ordered_json::parse(to_json(stats));
  object["options"] = options_json(session.db.options());
  for (size_t i = 0; i < stats.keyspaces.size(); i++) {
    const auto keyspace = session.db.keyspace(stats.keyspaces[i].name);
    if (keyspace) object["keyspaces"][i]["options"] = options_json(keyspace->options());
  }
  std::fprintf(out, "%s\n", json_text(object, 2, is_terminal(out)).c_str());
}

std::string in_words(const KeyspaceOptions& options) {
  const auto word = [](auto value) { return std::string(to_string(value)); };
  return "compression " + word(options.compression) + ", at the bottom " + word(options.bottom_compression) +
         "; shape " + word(options.shape) + "; filter bits per key " + std::to_string(options.filter_bits_per_key) +
         "; block bytes " + std::to_string(options.block_bytes);
}

// Levels as bars, each of its share of the largest one, and what they cost.
void print_keyspace(std::FILE* out, Session& session, const KeyspaceStats& keyspace, const ScreenOptions& options) {
  std::vector<std::string> lines{"keyspace " + visible(keyspace.name)};
  draw_levels(lines, keyspace.levels, keyspace.memtable_bytes, keyspace.memtables, options);
  if (!keyspace.levels.empty()) {
    draw_space(lines, keyspace, options);
    const auto runs = static_cast<uint64_t>(keyspace.read_amplification());
    lines.push_back("a get may meet " + human_count(runs) + (runs == 1 ? " run" : " runs"));
  }
  for (const std::string& line : lines) std::fprintf(out, "%s\n", clipped(line, options.columns).c_str());
  if (const auto handle = session.db.keyspace(keyspace.name))
    std::fprintf(out, "%s\n", wrapped(in_words(handle->options()), 0, options.columns).c_str());
}

}  // namespace

void print_stats(std::FILE* out, const CommonOptions& common, Session& session) {
  Stats stats = session.db.stats();
  if (!common.all_keyspaces) {
    std::erase_if(stats.keyspaces, [&](const KeyspaceStats& keyspace) { return keyspace.name != common.keyspace; });
  }
  if (common.json) {
    print_json(out, session, stats);
    return;
  }
  const size_t columns = is_terminal(out) ? static_cast<size_t>(terminal_columns(out)) : 100;
  const ScreenOptions options{.columns = columns, .ascii = !speaks_utf8()};
  for (const KeyspaceStats& keyspace : stats.keyspaces) print_keyspace(out, session, keyspace, options);
  std::fprintf(out, "tables %s, last sequence %llu\n\noptions that this command opened it with\n%s",
               human_bytes(stats.table_file_bytes).c_str(), static_cast<unsigned long long>(stats.last_sequence),
               to_toml(session.db.options()).c_str());
}

int run_stats(const CommonOptions& common) {
  int exit_code = kSuccess;
  auto session = open_session(common, OpenMode::kReadOnly, &exit_code);
  if (!session) return exit_code;
  print_stats(stdout, common, *session);
  return kSuccess;
}

}  // namespace nacre::cli
