// The table of options: of each its name, range and default, and when to change it. It is the one source for what text may say
// (toml_reader.h), for the words about it (toml_writer.h) and, by a test, for docs/TUNING.md.
//
// Every option is a number here: a word of an enumeration its place among the words, which is its value.
//
// Thread safety: constant.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "nacre/options.h"

namespace nacre::config {

enum class Quantity : uint8_t { kWord, kNumber, kBytes };

struct OptionRow {
  std::string_view table;  // of TOML; empty: none
  std::string_view name;
  Quantity quantity = Quantity::kNumber;
  std::span<const std::string_view> words;  // of kWord
  std::string_view unit;
  uint64_t least = 0;
  uint64_t most = 0;
  bool while_open = false;  // can change then: Db::set_options, Keyspace::set_options
  std::string_view meaning;
  std::string_view change_when;
  uint64_t (*get)(const Options& options) = nullptr;
  void (*set)(Options& options, uint64_t value) = nullptr;  // of a value in range

  uint64_t default_value() const { return get(Options{}); }
};

inline constexpr std::string_view kKeyspaceTable = "keyspace";

// Those of one table stand together, the ones of none first.
std::span<const OptionRow> option_rows();
const OptionRow* find_option(std::string_view table, std::string_view name);

// The words of an enumeration; T is one of options.h.
template <class T>
std::span<const std::string_view> words_of();

// 536870912 as "512MiB": the largest unit that says it exactly. And back: whole numbers with a unit only, at most UINT64_MAX.
std::string bytes_text(uint64_t bytes);
std::optional<uint64_t> parse_bytes(std::string_view text);

// A value as people read it: 512MiB, lz4, 10.
std::string value_text(const OptionRow& row, uint64_t value);
// What values there are: "bytes, from 1KiB to 64KiB".
std::string range_text(const OptionRow& row);

}  // namespace nacre::config
