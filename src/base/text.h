// Bytes of any kind as text: what is UTF-8 and what is not.
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

}  // namespace nacre::base
