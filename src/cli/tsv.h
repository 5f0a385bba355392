// TSV as the tool reads and writes it: one entry a line, a tab between key and value.
//
//   escapes: \t \n \r \\ and \xHH (two hex digits) stand for one byte each; every other byte stands for itself, but a
//   backslash must begin an escape. A line ends with \n; the last one may lack it.
//
// So any bytes survive a round trip, and ordinary text needs no escape at all. Thread safety: pure functions.
#pragma once

#include <string>

#include "nacre/bytes.h"

namespace nacre::cli {

void append_escaped(std::string& out, Bytes bytes);

// Null and the bytes in `out`, or what is wrong with `text`, in words.
const char* unescape(Bytes text, std::string& out);

struct TsvEntry {
  std::string key;
  std::string value;
};

// Parses one line without its line feed. Null, or what is wrong, in words.
const char* parse_tsv_line(Bytes line, TsvEntry& entry);

}  // namespace nacre::cli
