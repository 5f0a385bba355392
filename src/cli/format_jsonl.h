// JSON lines: one object a line, as `nacre scan --json` prints them, https://jsonlines.org.
//
//   {"key":"user:1","value":"Alice"}
//   {"key":"raw","value_hex":"00fe"}
//
// A member is named after how its text stands for bytes: `key`, the text itself in UTF-8; `key_hex`, `key_base64`,
// `key_escape` (encoding.h); so for `value`. A line has one member for the key and one for the value, and no others.
#pragma once

#include "cli/encoding.h"
#include "cli/entry_writer.h"
#include "cli/line_reader.h"

namespace nacre::cli {

class JsonlReader : public LineReader {
 public:
  JsonlReader(ByteSource& source, size_t most) : LineReader(source, most) {}

 protected:
  bool parse(Bytes line, Entry& entry) override;

 private:
  std::string texts_[2];
  std::string rooms_[2];
};

// `encoding` is of keys and values that are not UTF-8, and not kNone.
class JsonlWriter : public EntryWriter {
 public:
  explicit JsonlWriter(Encoding encoding) : encoding_(encoding) {}
  void append(std::string& out, Bytes key, Bytes value) override;

 private:
  void append_member(std::string& out, const char* name, Bytes bytes);

  Encoding encoding_;
};

}  // namespace nacre::cli
