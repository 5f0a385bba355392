// Keys and values as lines of text.
//
//   text   key, tab, value, with the escapes of the TSV format (tsv.h); on a terminal also of what it would obey (terminal.h)
//   JSON   {"key":...,"value":...}, one object a line; hex digits under key_hex, value_hex where bytes are not UTF-8 (json.h)
//   hex    the digits of the key, tab, those of the value
//
// Thread safety: pure functions.
#pragma once

#include <cstdint>
#include <cstdio>
#include <optional>
#include <string>

#include "nacre/bytes.h"

namespace nacre::cli {

enum class EntryForm : uint8_t { kText, kJson, kHex };
enum class EntryParts : uint8_t { kBoth, kKeys, kValues };

struct EntryStyle {
  EntryForm form = EntryForm::kText;
  bool json_hex = false;  // in JSON: hex digits always
  EntryParts parts = EntryParts::kBoth;
  bool terminal = false;
};

std::string hex_digits(Bytes bytes);

// A key or a value alone, as a line of text or hex digits has it.
std::string shown(const EntryStyle& style, Bytes bytes);
// The whole line, its end included. No value: in JSON null, elsewhere none.
std::string entry_line(const EntryStyle& style, Bytes key, std::optional<Bytes> value);

// The value alone, as `get` prints it: the bytes themselves and a line end, unless they go to a terminal.
std::string value_line(const EntryStyle& style, Bytes key, Bytes value);

}  // namespace nacre::cli
