// Encoding: how a format of text writes bytes that are no text.
//
//   none     as they are
//   escape   the escapes of tsv.h
//   hex      two digits a byte, lower case when written
//   base64   RFC 4648 section 4, with padding
//
// What decodes is what encode wrote, but for the case of hex digits and needless escapes. Thread safety: pure functions.
#pragma once

#include <string>

#include "nacre/bytes.h"

namespace nacre::cli {

enum class Encoding : uint8_t { kNone, kEscape, kHex, kBase64 };

const char* to_string(Encoding encoding);

void append_encoded(std::string& out, Encoding encoding, Bytes bytes);

// What is wrong with a text, in words, and at which of its bytes. Null words: nothing.
struct DecodeError {
  const char* words = nullptr;
  size_t at = 0;
};

// The bytes that `text` stands for, in `bytes`: a view of `text` if it stands for itself, else of `room`.
DecodeError decode(Encoding encoding, Bytes text, std::string& room, Bytes& bytes);

}  // namespace nacre::cli
