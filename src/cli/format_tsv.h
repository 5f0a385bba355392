// TSV: one entry a line, a tab between key and value, both in an encoding that has no tab and no line feed.
//
// A line ends with \n; the last one may lack it. There is no header: a line is an entry or it is wrong.
#pragma once

#include "cli/encoding.h"
#include "cli/entry_writer.h"
#include "cli/line_reader.h"

namespace nacre::cli {

class TsvReader : public LineReader {
 public:
  TsvReader(ByteSource& source, Encoding encoding, size_t most) : LineReader(source, most), encoding_(encoding) {}

 protected:
  bool parse(Bytes line, Entry& entry) override;

 private:
  Encoding encoding_;
  std::string key_;
  std::string value_;
};

class TsvWriter : public EntryWriter {
 public:
  explicit TsvWriter(Encoding encoding) : encoding_(encoding) {}
  void append(std::string& out, Bytes key, Bytes value) override;

 private:
  Encoding encoding_;
};

}  // namespace nacre::cli
