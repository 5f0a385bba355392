// Options as TOML: what is read, what is refused, where and in which words.

#include <gtest/gtest.h>

#include "config/option_table.h"
#include "nacre/config.h"

namespace nacre::config {
namespace {

// "ok", or the error as a person sees it.
std::string outcome(std::string_view text) {
  const auto options = options_from_toml(text);
  return options ? "ok" : options.error().to_string("f");
}

Options read(std::string_view text) {
  const auto options = options_from_toml(text);
  EXPECT_TRUE(options.has_value()) << options.error().to_string("f");
  return options.value_or(Options{});
}

// A member that is not here does not compile; one that is here and has no row in the table is not read back.
TEST(OptionTable, HasEveryMember) {
  const auto& [mode, durability, memory_bytes, memtable, row_cache_percent, keyspace] = Options{};
  const auto& [compression, bottom_compression, shape, filter_bits_per_key, block_bytes] = KeyspaceOptions{};
  (void)mode, (void)durability, (void)memory_bytes, (void)memtable, (void)row_cache_percent, (void)keyspace;
  (void)compression, (void)bottom_compression, (void)shape, (void)filter_bits_per_key, (void)block_bytes;
  EXPECT_EQ(option_rows().size(), 10U);
  const Options other{.mode = OpenMode::kReadOnly,
                      .durability = Durability::kDisk,
                      .memory_bytes = (uint64_t{1} << 40) + 1,
                      .memtable = MemtableKind::kSkipList,
                      .row_cache_percent = 50,
                      .keyspace = {.compression = Compression::kNone,
                                   .bottom_compression = Compression::kZstd,
                                   .shape = CompactionShape::kTiered,
                                   .filter_bits_per_key = 24,
                                   .block_bytes = 65536}};
  for (const OptionRow& row : option_rows()) EXPECT_NE(row.get(other), row.default_value()) << row.name;
  EXPECT_EQ(options_from_toml(to_toml(other)), other);
}

TEST(OptionTable, DefaultsAreInRange) {
  for (const OptionRow& row : option_rows()) {
    EXPECT_GE(row.default_value(), row.least) << row.name;
    EXPECT_LE(row.default_value(), row.most) << row.name;
  }
}

TEST(Toml, WhatIsLeftOutHasItsDefault) {
  for (const char* text : {"", "\n", "# a comment", "[keyspace]", "keyspace = {}", "\xEF\xBB\xBF"}) {
    EXPECT_EQ(read(text), Options{}) << text;
  }
  EXPECT_EQ(read("[keyspace]\nblock_bytes = 4096\n"), (Options{.keyspace = {.block_bytes = 4096}}));
}

TEST(Toml, EveryWayOfWritingAValue) {
  for (const char* text :
       {"67108864", "67_108_864", "0x4000000", "'64MiB'", "\"64 MiB\"", "'65536KiB'", "'67108864B'"}) {
    EXPECT_EQ(read(std::string("memory_bytes = ") + text).memory_bytes, uint64_t{64} << 20) << text;
  }
  for (const char* text :
       {"keyspace.compression = 'zstd'", "[keyspace]\ncompression = \"zstd\"", "keyspace = {compression = 'zstd'}"}) {
    EXPECT_EQ(read(text).keyspace.compression, Compression::kZstd) << text;
  }
  EXPECT_EQ(read("memory_bytes = '16TiB'").memory_bytes, uint64_t{16} << 40);
  EXPECT_EQ(read("memory_bytes = '18446744073709551615B'").memory_bytes, UINT64_MAX);
}

TEST(Toml, WrongNamesGetTheNearestRightOne) {
  EXPECT_EQ(outcome("\n  memroy_bytes = 1"), "f:2:3: unknown option \"memroy_bytes\": did you mean \"memory_bytes\"?");
  EXPECT_EQ(outcome("row_cache = 5"), "f:1:1: unknown option \"row_cache\": did you mean \"row_cache_percent\"?");
  EXPECT_EQ(outcome("Durability = 'os'"), "f:1:1: unknown option \"Durability\": did you mean \"durability\"?");
  EXPECT_EQ(outcome("[keyspaces]"), "f:1:2: unknown option \"keyspaces\": did you mean \"keyspace\"?");
  EXPECT_EQ(outcome("[keyspace]\nshapes = 1"), "f:2:1: unknown option \"shapes\": did you mean \"shape\"?");
  EXPECT_EQ(outcome("threads = 8"), "f:1:1: unknown option \"threads\": the nearest is \"mode\"");
  EXPECT_EQ(outcome("shape = 'tiered'"), "f:1:1: unknown option \"shape\": it belongs below [keyspace]");
  EXPECT_EQ(outcome("[keyspace]\nmode = 1"), "f:2:1: unknown option \"mode\": it stands before [keyspace]");
  EXPECT_EQ(outcome("'mode.x' = 1"), "f:1:1: unknown option \"mode.x\": did you mean \"mode\"?");
  EXPECT_EQ(outcome("\"a\\n\\u0000\\u00FC\" = 1"),
            "f:1:1: unknown option \"a\\x0A\\x00\xC3\xBC\": the nearest is \"mode\"");
}

TEST(Toml, TheFirstThingWrongIsTold) {
  EXPECT_EQ(outcome("zeta = 1\nalpha = 1\n"), "f:1:1: unknown option \"zeta\": the nearest is \"mode\"");
  EXPECT_EQ(outcome("row_cache_percent = 51\nalpha = 1\n").substr(0, 7), "f:1:21:");
}

TEST(Toml, ValuesOutOfRange) {
  EXPECT_EQ(outcome("memory_bytes = 16777215"),
            "f:1:16: memory_bytes is 16777215B, which is out of its range: bytes, at least 16MiB");
  EXPECT_EQ(outcome("row_cache_percent = -1"),
            "f:1:21: row_cache_percent is -1, which is out of its range: percent of memory_bytes, from 0 to 50");
  EXPECT_EQ(outcome("[keyspace]\nblock_bytes = '128KiB'"),
            "f:2:15: keyspace.block_bytes is 128KiB, which is out of its range: bytes, from 1KiB to 64KiB");
  EXPECT_EQ(
      outcome("keyspace.shape = 'tired'"),
      "f:1:18: keyspace.shape is \"tired\", which is none of lazy_leveled, leveled, tiered: did you mean \"tiered\"?");
  EXPECT_EQ(outcome("durability = 'DISK'"),
            "f:1:14: durability is \"DISK\", which is none of memory, os, disk: did you mean \"disk\"?");
}

// What the table says of each, tried at both ends and beyond.
TEST(Toml, RangesAreThoseOfTheTable) {
  for (const OptionRow& row : option_rows()) {
    if (row.quantity == Quantity::kWord) continue;
    const std::string begin = (row.table.empty() ? "" : std::string(row.table) + ".") + std::string(row.name) + " = ";
    const auto with = [&](uint64_t value) {
      return outcome(begin +
                     (row.quantity == Quantity::kBytes ? "'" + bytes_text(value) + "'" : std::to_string(value)));
    };
    EXPECT_EQ(with(row.least), "ok") << row.name;
    EXPECT_EQ(with(row.most), "ok") << row.name;
    if (row.least > 0) {
      EXPECT_NE(with(row.least - 1), "ok") << row.name;
    }
    if (row.most < UINT64_MAX) {
      EXPECT_NE(with(row.most + 1), "ok") << row.name;
    }
  }
}

TEST(Toml, SizesThatAreNone) {
  for (const char* text : {"512MB", "512mib", "MiB", "", "512", "-1MiB", "1.5GiB", "512  MiB", "512MiB ", " 512MiB",
                           "16777216TiB", "18446744073709551616B"}) {
    EXPECT_EQ(outcome(std::string("memory_bytes = '") + text + "'"),
              std::string("f:1:16: memory_bytes: \"") + text +
                  "\" is no size: write a whole number and B, KiB, MiB, GiB or TiB, as \"512MiB\"");
  }
}

TEST(Toml, WrongTypes) {
  const std::string size = ": write a number of bytes, as 536870912 or \"512MiB\"";
  EXPECT_EQ(outcome("memory_bytes = true"), "f:1:16: memory_bytes is true or false" + size);
  EXPECT_EQ(outcome("memory_bytes = 1e9"), "f:1:16: memory_bytes is a number with a fraction" + size);
  EXPECT_EQ(outcome("memory_bytes = 2026-12-01"), "f:1:16: memory_bytes is a date or time" + size);
  EXPECT_EQ(outcome("memory_bytes = ['1GiB']"), "f:1:16: memory_bytes is an array" + size);
  EXPECT_EQ(outcome("[memory_bytes]"), "f:1:1: memory_bytes is a table" + size);
  EXPECT_EQ(outcome("row_cache_percent = '5'"), "f:1:21: row_cache_percent is text: write a whole number, as 0");
  EXPECT_EQ(outcome("durability = 2"),
            "f:1:14: durability is a whole number: write one word of memory, os, disk in quotes");
  EXPECT_EQ(outcome("keyspace = 'default'"),
            "f:1:12: keyspace is text: write [keyspace] on a line of its own, and its options below");
  EXPECT_EQ(outcome("[[keyspace]]").substr(0, 26), "f:1:1: keyspace is an arra");
}

TEST(Toml, WhatIsNotToml) {
  EXPECT_EQ(outcome("mode = 'read_only'\nmode = 'read_only'").substr(0, 15), "f:2:8: not TOML");
  for (const char* text : {"mode", "mode =", "mode = must_exist", "= 1", "[keyspace", "[=]", "mode = 'read_only",
                           "# \xFF", "mode = 'read_only' x = 1", "[keyspace]\n[keyspace]",
                           "keyspace.shape = 'tiered'\n[keyspace]", "\r", "\x01", "# \x7F"}) {
    EXPECT_NE(outcome(text).find(": not TOML: "), std::string::npos) << text << ": " << outcome(text);
  }
  EXPECT_EQ(outcome(std::string_view("x = [1\0", 7)).find('\0'), std::string::npos);  // the parser's words have it
  // What the parser takes for blanks here was undefined behaviour.
  EXPECT_EQ(outcome("\xEF\xBB\xBF[j\xD1\x9B]"),
            "f:1:3: no option has letters beyond ASCII: they may stand in comments only");
  EXPECT_EQ(outcome("# \xD1\x9B\nx = +'\xD1\x9B"),
            "f:2:7: no option has letters beyond ASCII: they may stand in comments only");
  EXPECT_NE(outcome(std::string_view("mode\0= 1", 8)).find(": not TOML: "), std::string::npos);
  // Parsers disagree of what this is; an option it is not.
  EXPECT_NE(outcome("mode = \"\"\"must_exist\"\"\""), "ok");
}

TEST(Toml, NothingOfTheTextExhaustsTheStack) {
  std::string dots = "a";
  while (dots.size() < kMaxConfigBytes - 40) dots += ".a";
  EXPECT_EQ(outcome(dots + "= 1").substr(0, 31), "f:1:130: more dots and brackets");
  EXPECT_EQ(outcome("# \xC3\xBC\n'\\#'." + dots + "= 1").substr(0, 31), "f:2:133: more dots and brackets");
  EXPECT_EQ(outcome("x = " + std::string(60000, '[')).substr(0, 31), "f:1:69: more dots and brackets ");
  EXPECT_EQ(outcome("# " + std::string(60000, '[')), "ok");
  EXPECT_NE(outcome("mode = '" + std::string(60000, '.') + "'").find("which is none of"), std::string::npos);
  EXPECT_EQ(outcome(std::string(kMaxConfigBytes, '\n')), "ok");
  EXPECT_EQ(outcome(std::string(kMaxConfigBytes + 1, '\n')),
            "f: the text has more than 65536 bytes: is it the right file?");
}

TEST(Toml, CommentedTextIsReadBack) {
  const Options options{.durability = Durability::kDisk, .keyspace = {.block_bytes = 1025}};
  const std::string text = to_commented_toml(options);
  EXPECT_EQ(read(text), options);
  for (const OptionRow& row : option_rows()) {
    EXPECT_NE(text.find("\n" + std::string(row.name) + " = "), std::string::npos) << row.name;
    EXPECT_NE(text.find("Default: " + value_text(row, row.default_value())), std::string::npos) << row.name;
  }
}

TEST(Words, OfEveryEnumeration) {
  EXPECT_EQ(to_string(OpenMode::kReadOnly), "read_only");
  EXPECT_EQ(to_string(Durability::kOs), "os");
  EXPECT_EQ(to_string(MemtableKind::kSkipList), "skip_list");
  EXPECT_EQ(to_string(Compression::kZstd), "zstd");
  EXPECT_EQ(to_string(CompactionShape::kLazyLeveled), "lazy_leveled");
  EXPECT_EQ(to_string(static_cast<Compression>(7)), "?");
}

TEST(File, ThatCannotBeRead) {
  const auto none = options_from_file("no/such/file.toml");
  ASSERT_FALSE(none.has_value());
  EXPECT_EQ(none.error().to_string("x"),
            "x: not found while opening a file: there is no such file (No such file or directory)");
  EXPECT_FALSE(options_from_file("/").has_value());
  EXPECT_FALSE(options_from_file("").has_value());
  EXPECT_FALSE(options_from_file("/dev/zero").has_value());
  EXPECT_EQ(options_from_file("/dev/null"), Options{});
}

}  // namespace
}  // namespace nacre::config
