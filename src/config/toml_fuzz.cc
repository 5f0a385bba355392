// Options as TOML: any text gives options or one error with its place, which people can read; options are written and read back as they
// were. And drawn: a text made of right and wrong lines is refused exactly if one is wrong.

#include "base/fuzzing.h"
#include "config/option_table.h"
#include "nacre/config.h"

namespace nacre::config {
namespace {

void check_error(const ConfigError& error, Bytes text) {
  const auto lines = static_cast<size_t>(std::count(text.begin(), text.end(), '\n')) + 1;
  NACRE_CHECK(error.line <= lines && (error.line == 0) == (error.column == 0) && error.column <= text.size() + 2);
  NACRE_CHECK(error.message.size() > 10 && error.message.size() < 400);
  const std::string shown = error.to_string("f");
  NACRE_CHECK(std::none_of(shown.begin(), shown.end(), [](char c) { return c >= 0 && c < 0x20; }));
}

void check_round_trip(const Options& options) {
  NACRE_CHECK(options_from_toml(to_toml(options)) == options);
  NACRE_CHECK(options_from_toml(to_commented_toml(options)) == options);
}

void run(Bytes bytes) {
  const auto options = options_from_toml(bytes);
  if (options) {
    check_round_trip(*options);
  } else {
    check_error(options.error(), bytes);
  }
}

// A value for the row, and whether it is in range.
std::pair<std::string, bool> drawn_value(const OptionRow& row, fuzz::Input& input) {
  const uint64_t number =
      input.mostly(row.least + input.below(row.most - row.least > 65535 ? 65536 : row.most - row.least + 1));
  const bool in_range = number >= row.least && number <= row.most;
  if (row.quantity == Quantity::kWord) {
    if (!in_range) return {"\"" + std::to_string(number) + "\"", false};
    return {"'" + std::string(row.words[number]) + "'", true};
  }
  if (row.quantity == Quantity::kBytes && input.flag()) return {"\"" + bytes_text(number) + "\"", in_range};
  return {std::to_string(number), in_range && number <= INT64_MAX};
}

void run_drawn(Bytes bytes) {
  fuzz::Input input(bytes);
  Options expected;
  bool sound = true;
  const bool with_header = input.flag();  // or dotted keys: TOML allows one of the two
  std::string text;
  std::string_view table;
  for (const OptionRow& row : option_rows()) {
    if (input.below(3) == 0) continue;
    if (row.table != table && with_header) {
      table = row.table;
      text.append("[").append(table).append("]\n");
    }
    auto [value, right] = drawn_value(row, input);
    std::string name(row.name);
    if (input.below(16) == 15) {
      name.insert(input.below(name.size() + 1), 1, 'x');
      right = false;
    }
    if (row.table != table) name.insert(0, std::string(row.table).append(" . "));
    text.append(name).append(input.flag() ? "=" : "\t= ").append(value).append(input.flag() ? "\n" : " # a = '''\r\n");
    sound &= right;
    if (!right) continue;
    const auto alone = options_from_toml((row.table.empty() ? "" : std::string(row.table) + ".") +
                                         std::string(row.name) + "=" + value);
    NACRE_CHECK(alone.has_value());
    row.set(expected, row.get(*alone));
  }
  const auto options = options_from_toml(text);
  NACRE_CHECK(options.has_value() == sound);
  if (!options) return check_error(options.error(), text);
  NACRE_CHECK(*options == expected);
  check_round_trip(*options);
}

std::vector<std::string> seeds() {
  return {to_commented_toml(Options{}),
          to_toml(Options{}),
          "memory_bytes = 67_108_864\nkeyspace.compression = 'none'\n",
          "[keyspace]\nblock_bytes = \"16 KiB\"\nshape = \"tiered\"",
          "keyspace = {compression = \"zstd\", filter_bits_per_key = 0x0C}",
          "memory = 1\n",
          "memory_bytes = \"512MB\"",
          "mode = \"\"\"\nmust_exist\"\"\"",
          "a.b.c = [[{d = 1979-05-27}], 1.5, true]\n",
          "memory_bytes = 20000000\nmemory_bytes = 20000000\n",
          "[[keyspace]]\n"};
}
std::vector<std::string> drawn_seeds() { return fuzz::random_seeds(4, 60); }

const fuzz::Registration kHere({.name = "toml", .run = run, .seeds = seeds});
const fuzz::Registration kDrawn({.name = "toml_drawn", .run = run_drawn, .seeds = drawn_seeds});

}  // namespace
}  // namespace nacre::config
