#include "cli/entry_text.h"

#include "cli/json.h"
#include "cli/terminal.h"
#include "cli/tsv.h"

namespace nacre::cli {

namespace {

void set_field(nlohmann::ordered_json& object, const EntryStyle& style, const std::string& name, Bytes bytes) {
  if (style.json_hex) {
    object[name + "_hex"] = hex_digits(bytes);
  } else {
    set_bytes(object, name, bytes);
  }
}

std::string json_line(const EntryStyle& style, Bytes key, std::optional<Bytes> value) {
  nlohmann::ordered_json object;
  if (style.parts != EntryParts::kValues) set_field(object, style, "key", key);
  if (style.parts != EntryParts::kKeys) {
    if (value) {
      set_field(object, style, "value", *value);
    } else {
      object["value"] = nullptr;
    }
  }
  return json_text(object, -1, style.terminal) + "\n";
}

}  // namespace

std::string hex_digits(Bytes bytes) {
  constexpr char kHex[] = "0123456789abcdef";
  std::string digits;
  digits.reserve(2 * bytes.size());
  for (const char c : bytes) {
    digits += kHex[static_cast<uint8_t>(c) >> 4];
    digits += kHex[static_cast<uint8_t>(c) & 15];
  }
  return digits;
}

std::string shown(const EntryStyle& style, Bytes bytes) {
  if (style.form == EntryForm::kHex) return hex_digits(bytes);
  std::string text;
  if (style.terminal) {
    append_visible(text, bytes);
  } else {
    append_escaped(text, bytes);
  }
  return text;
}

std::string entry_line(const EntryStyle& style, Bytes key, std::optional<Bytes> value) {
  if (style.form == EntryForm::kJson) return json_line(style, key, value);
  std::string line;
  if (style.parts != EntryParts::kValues) line += shown(style, key);
  if (style.parts == EntryParts::kBoth) line += '\t';
  if (style.parts != EntryParts::kKeys && value) line += shown(style, *value);
  return line + '\n';
}

std::string value_line(const EntryStyle& style, Bytes key, Bytes value) {
  if (style.form == EntryForm::kJson) return json_line(style, key, value);
  if (style.form == EntryForm::kHex) return hex_digits(value) + "\n";
  if (!style.terminal) return std::string(value) + "\n";
  std::string text;
  append_visible_text(text, value);
  return text + "\n";
}

}  // namespace nacre::cli
