#include "cli/keyspace_list.h"

#include <algorithm>

#include "cli/entry_text.h"
#include "cli/human.h"
#include "cli/json.h"
#include "cli/range.h"
#include "cli/terminal.h"

namespace nacre::cli {

uint64_t entries_in_tables(const KeyspaceStats& keyspace) {
  uint64_t entries = 0;
  for (const LevelStats& level : keyspace.levels) entries += level.entries - std::min(level.entries, level.tombstones);
  return entries;
}

Result<std::vector<KeyspaceLine>> list_keyspaces(Db& db) {
  std::vector<KeyspaceLine> lines;
  for (const KeyspaceStats& stats : db.stats().keyspaces) {
    KeyspaceLine line{.name = stats.name, .memory_bytes = stats.memtable_bytes};
    for (const LevelStats& level : stats.levels) line.table_bytes += level.bytes;
    line.entries = entries_in_tables(stats);
    const auto keyspace = db.keyspace(stats.name);
    if (!keyspace) return keyspace.error();
    const auto counted = count_entries(*keyspace, {.limit = kCountedEntries + 1});
    if (!counted) return counted.error();
    line.exact = *counted <= kCountedEntries;
    line.entries = line.exact ? *counted : std::max(line.entries, *counted);
    lines.push_back(std::move(line));
  }
  return lines;
}

void print_keyspaces(std::FILE* out, const std::vector<KeyspaceLine>& lines, bool json, bool terminal) {
  if (json) {
    auto array = nlohmann::ordered_json::array();
    for (const KeyspaceLine& line : lines) {
      nlohmann::ordered_json object;
      set_bytes(object, "name", line.name);
      object["entries"] = line.entries;
      object["entries_exact"] = line.exact;
      object["table_bytes"] = line.table_bytes;
      object["memory_bytes"] = line.memory_bytes;
      array.push_back(std::move(object));
    }
    std::fprintf(out, "%s\n", json_text(array, 2, terminal).c_str());
    return;
  }
  constexpr size_t kNumbersColumns = 38;
  constexpr size_t kNarrowColumns = 26;  // without the memory
  constexpr size_t kLeastName = 8;
  const size_t columns = terminal ? static_cast<size_t>(terminal_columns(out)) : SIZE_MAX;
  const bool narrow = columns < kNumbersColumns + 2 * kLeastName;
  const size_t room = std::max(columns, kNarrowColumns + kLeastName) - (narrow ? kNarrowColumns : kNumbersColumns);
  std::vector<std::string> names;
  size_t width = kLeastName;
  for (const KeyspaceLine& line : lines) {
    std::string name = shown({.terminal = terminal}, line.name);
    if (terminal) name = shortened(name, room);
    width = std::max(width, display_width(name));
    names.push_back(std::move(name));
  }
  const auto print_line = [&](const std::string& name, const std::string& entries, const std::string& tables,
                              const std::string& memory) {
    std::fprintf(out, "%s%s  %12s  %10s", name.c_str(), std::string(width - display_width(name), ' ').c_str(),
                 entries.c_str(), tables.c_str());
    if (!narrow) std::fprintf(out, "  %10s", memory.c_str());
    std::fprintf(out, "\n");
  };
  print_line("keyspace", "entries", "tables", "memory");
  for (size_t i = 0; i < lines.size(); i++) {
    print_line(names[i], (lines[i].exact ? "" : "~") + human_count(lines[i].entries), human_bytes(lines[i].table_bytes),
               human_bytes(lines[i].memory_bytes));
  }
}

namespace {

Compression compression_of(const std::string& name) {
  return name == "none" ? Compression::kNone : name == "zstd" ? Compression::kZstd : Compression::kLz4;
}

}  // namespace

KeyspaceOptions keyspace_options(const KeyspacesArguments& arguments, std::string& wrong) {
  KeyspaceOptions options;
  const auto is_one_of = [&wrong](const char* option, const std::optional<std::string>& value,
                                  std::initializer_list<const char*> known) {
    if (!value) return false;
    std::string list;
    for (const char* name : known) {
      if (*value == name) return true;
      list += (list.empty() ? "" : ", ") + std::string(name);
    }
    wrong = std::string(option) + " is one of " + list;
    return false;
  };
  if (is_one_of("--compression", arguments.compression, {"none", "lz4", "zstd"}))
    options.compression = compression_of(*arguments.compression);
  if (is_one_of("--bottom-compression", arguments.bottom_compression, {"none", "lz4", "zstd"}))
    options.bottom_compression = compression_of(*arguments.bottom_compression);
  std::optional<std::string> shape = arguments.shape;
  if (shape) std::ranges::replace(*shape, '_', '-');  // as a file of options and statistics have it
  if (is_one_of("--shape", shape, {"lazy-leveled", "leveled", "tiered"})) {
    options.shape = *shape == "leveled"  ? CompactionShape::kLeveled
                    : *shape == "tiered" ? CompactionShape::kTiered
                                         : CompactionShape::kLazyLeveled;
  }
  if (arguments.filter_bits.value_or(0) > 24) wrong = "--filter-bits is a number from 0 to 24";
  if (arguments.filter_bits)
    options.filter_bits_per_key = static_cast<uint32_t>(std::min<uint64_t>(*arguments.filter_bits, 24));
  const uint64_t block_bytes = arguments.block_bytes.value_or(options.block_bytes);
  if (block_bytes < 1024 || block_bytes > 65536) wrong = "--block-bytes is a number from 1024 to 65536";
  options.block_bytes = static_cast<uint32_t>(std::min<uint64_t>(block_bytes, 65536));
  return options;
}

}  // namespace nacre::cli
