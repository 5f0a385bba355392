// Bytes of any kind as text: what is UTF-8 and what is not, and how JSON says them.
//
// Thread safety: pure functions.
#pragma once

#include <string>

#include "nacre/bytes.h"

namespace nacre::base {

// How many bytes at the front of `bytes` are one character of UTF-8 (RFC 3629: no overlong forms, no surrogates, nothing
// above U+10FFFF); 0 if they are none.
size_t utf8_character_bytes(Bytes bytes);
bool is_utf8(Bytes bytes);

// Appends the two hex digits of a byte, lower case.
void append_hex(std::string& out, char byte);

// Appends `text`, which is UTF-8, as a string of JSON, in its quotes. No control character, DEL included, stands in it as it is.
void append_json_string(std::string& out, Bytes text);

// Appends a member of an object: "name":"bytes", or "name_hex":"their hex digits" where they are not UTF-8. `name` needs no escapes.
void append_json_member(std::string& out, Bytes name, Bytes bytes);

}  // namespace nacre::base
