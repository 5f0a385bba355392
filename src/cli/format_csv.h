// CSV by RFC 4180: a row has two fields, key and value. A field may be quoted, `"`, and then hold commas, line ends and, doubled,
// quotes. What is between quotes, or between commas without them, is text in an encoding (encoding.h).
//
//   rows end with \n or \r\n, the last one may lack it; rows are written with \n
//   a field is quoted when it must be: it has a comma, a quote, \r or \n, or begins or ends with a blank
//   header: a first row of key,value that is not half quoted; an entry of just those words is written half quoted
//
// Stricter than many: a quote inside a field without quotes, text behind a closing quote, and a \r outside of quotes that ends
// no row are wrong. A reader goes on at the next line behind the place that was wrong.
#pragma once

#include "cli/encoding.h"
#include "cli/entry_reader.h"
#include "cli/entry_writer.h"
#include "cli/input_buffer.h"

namespace nacre::cli {

enum class Header : uint8_t {
  kAuto,  // to read: if it says key,value
  kYes,
  kNo,
};

class CsvReader : public EntryReader {
 public:
  CsvReader(ByteSource& source, Encoding encoding, Header header, size_t most)
      : input_(source, most), encoding_(encoding), header_(header) {}
  Step next(Entry& entry) override;

 private:
  // A field of the row that begins where the input's ahead() does.
  struct Field {
    size_t begin = 0;
    size_t end = 0;
    bool quoted = false;
    bool doubled = false;  // has quotes of its own
  };
  // What follows a field.
  enum class Stop : uint8_t { kComma, kRowEnd, kWrong, kNoMore };

  Step row(Entry& entry);
  Step entry_of_row(Entry& entry);
  Step reject();
  Step without_input();
  bool is_header();
  Bytes field_bytes(const Field& field, std::string& room);
  bool decode_field(size_t index, Bytes& bytes);
  Stop field(Field& field);
  Stop plain_field(Field& field);
  Stop quoted_field(Field& field);
  Stop behind_field();
  Stop wrong(std::string words, size_t at);
  void take(size_t bytes);

  InputBuffer input_;
  Encoding encoding_;
  Header header_;
  size_t at_ = 0;  // of ahead(): what is looked at next
  size_t wrong_at_ = 0;
  Field fields_[2];
  std::string unquoted_[2];
  std::string rooms_[2];
};

class CsvWriter : public EntryWriter {
 public:
  CsvWriter(Encoding encoding, bool header) : encoding_(encoding), header_(header) {}
  void begin(std::string& out) override;
  void append(std::string& out, Bytes key, Bytes value) override;

 private:
  Encoding encoding_;
  bool header_;
  std::string key_;
  std::string value_;
};

}  // namespace nacre::cli
