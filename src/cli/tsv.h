// The escapes by which the tool writes bytes as a line of text, in TSV files and on the command line.
//
//   \t \n \r \\ and \xHH (two hex digits) stand for one byte each; every other byte stands for itself, but a backslash must
//   begin an escape.
//
// So any bytes survive a round trip, and ordinary text needs no escape at all. Thread safety: pure functions.
#pragma once

#include <string>

#include "nacre/bytes.h"

namespace nacre::cli {

void append_escaped(std::string& out, Bytes bytes);

// Null and the bytes in `out`, or what is wrong with `text`, in words; `at`, if not null, is then the byte where.
const char* unescape(Bytes text, std::string& out, size_t* at = nullptr);

}  // namespace nacre::cli
