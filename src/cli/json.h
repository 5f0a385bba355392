// Bytes as JSON: text where they are UTF-8, hex digits under another name where they are not.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "nacre/bytes.h"

namespace nacre::cli {

bool is_utf8(Bytes bytes);

// object[name] = bytes, or object[name + "_hex"] = their hex digits if they are not UTF-8.
void set_bytes(nlohmann::ordered_json& object, const std::string& name, Bytes bytes);

// The object as text. For a terminal: what it would obey is written with \u escapes (terminal.h).
std::string json_text(const nlohmann::ordered_json& object, int indent, bool terminal);

}  // namespace nacre::cli
