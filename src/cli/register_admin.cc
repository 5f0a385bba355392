// The words of stats, check, flush, compact, keyspaces, options.

#include <algorithm>

#include "cli/command_line.h"

namespace nacre::cli {

namespace {

// As options write it, a file of options and statistics have it with underscores.
std::string with_dashes(std::string word) {
  std::ranges::replace(word, '_', '-');
  return word;
}

void add_keyspaces(CommandLine& line) {
  Arguments& arguments = line.arguments();
  KeyspacesArguments& what = arguments.keyspaces;
  CLI::App* keyspaces = line.add("keyspaces", "List, create or drop keyspaces",
                                 [&] { return run_keyspaces(arguments.common, arguments.keyspaces); });
  keyspaces->add_option("ACTION", what.action, "list, create or drop")
      ->check(CLI::IsMember({"list", "create", "drop"}))
      ->capture_default_str();
  keyspaces->add_option("NAME", what.name, "Keyspace to create or drop");
  keyspaces->add_option("--compression", what.compression, "create: of all levels but the bottom one")
      ->check(CLI::IsMember({"none", "lz4", "zstd"}));
  keyspaces->add_option("--bottom-compression", what.bottom_compression, "create: of the bottom level")
      ->check(CLI::IsMember({"none", "lz4", "zstd"}));
  keyspaces->add_option("--shape", what.shape, "create: the shape that compaction keeps")
      ->check(CLI::IsMember({"lazy-leveled", "leveled", "tiered"}, with_dashes));
  keyspaces->add_option("--filter-bits", what.filter_bits, "create: filter bits a key, 0 to 24")
      ->check(is_count, "UINT");
  keyspaces->add_option("--block-bytes", what.block_bytes, "create: size of a block, 1024 to 65536")
      ->check(is_count, "UINT");
  keyspaces->add_flag("--yes", what.yes, "drop: without asking");
  line.takes_bytes(keyspaces);
  line.prints_json(keyspaces);
}

}  // namespace

void add_admin_commands(CommandLine& line) {
  Arguments& arguments = line.arguments();
  add_keyspaces(line);
  CLI::App* stats =
      line.add("stats", "Show levels, sizes and amplification", [&] { return run_stats(arguments.common); });
  stats->add_option("--keyspace", arguments.common.keyspace, "Only this keyspace")->each([&](const std::string&) {
    arguments.common.all_keyspaces = false;
  });
  line.prints_json(stats);
  line.prints_json(line.add("check", "Verify everything that is stored", [&] { return run_check(arguments.common); }));
  line.logs(
      line.add("flush", "Write what is in memory and log into tables", [&] { return run_flush(arguments.common); }));
  line.logs(
      line.add("compact", "Rewrite all data into one run a keyspace", [&] { return run_compact(arguments.common); }));
  line.add_without_database("options", "Print every option with its range and default, as a file for --options",
                            [&] { return run_options(arguments.common); });
}

}  // namespace nacre::cli
