#include "cli/format_csv.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "cli/line_reader.h"

namespace nacre::cli {

namespace {

constexpr Bytes kKeyName = "key";
constexpr Bytes kValueName = "value";
constexpr Bytes kByteOrderMark = "\xef\xbb\xbf";

// Bytes that a field without quotes cannot hold.
constexpr std::array<bool, 256> kSpecial = [] {
  std::array<bool, 256> special{};
  for (const char c : {',', '"', '\r', '\n'}) special[static_cast<uint8_t>(c)] = true;
  return special;
}();

bool is_special(char c) { return kSpecial[static_cast<uint8_t>(c)]; }

}  // namespace

CsvReader::Stop CsvReader::wrong(std::string words, size_t at) {
  complaint_.words = std::move(words);
  wrong_at_ = at;
  return Stop::kWrong;
}

CsvReader::Stop CsvReader::field(Field& field) {
  field = {.begin = at_, .end = at_};
  if (!input_.need(at_ + 1)) return ending(input_) == Step::kEnd ? Stop::kRowEnd : Stop::kNoMore;
  return input_.ahead()[at_] == '"' ? quoted_field(field) : plain_field(field);
}

CsvReader::Stop CsvReader::plain_field(Field& field) {
  for (;;) {
    const Bytes ahead = input_.ahead();
    const auto special = std::find_if(ahead.begin() + static_cast<std::ptrdiff_t>(at_), ahead.end(), is_special);
    at_ = static_cast<size_t>(special - ahead.begin());
    if (special != ahead.end()) break;
    if (!input_.more()) break;
  }
  field.end = at_;
  if (at_ < input_.ahead().size() && input_.ahead()[at_] == '"')
    return wrong("a quote inside a field without quotes (quote the field, and double the quote)", at_);
  return behind_field();
}

CsvReader::Stop CsvReader::quoted_field(Field& field) {
  const size_t opened = at_++;
  field.begin = at_;
  field.quoted = true;
  for (;;) {
    const Bytes ahead = input_.ahead();
    at_ = std::min(ahead.find('"', at_), ahead.size());
    if (at_ == ahead.size()) {
      if (input_.more()) continue;
      if (ending(input_) != Step::kEnd) return Stop::kNoMore;
      return wrong("the quoted field that begins here has no end", opened);
    }
    if (!input_.need(at_ + 2) || input_.ahead()[at_ + 1] != '"') break;
    field.doubled = true;
    at_ += 2;
  }
  field.end = at_++;
  return behind_field();
}

// at_ is behind a field; passes over what ends it.
CsvReader::Stop CsvReader::behind_field() {
  if (!input_.need(at_ + 1)) return ending(input_) == Step::kEnd ? Stop::kRowEnd : Stop::kNoMore;
  const char c = input_.ahead()[at_];
  if (c == ',' || c == '\n') {
    at_++;
    return c == ',' ? Stop::kComma : Stop::kRowEnd;
  }
  if (c != '\r') return wrong("text behind a closing quote (a quote inside a field is doubled)", at_);
  if (!input_.need(at_ + 2) || input_.ahead()[at_ + 1] != '\n') {
    if (ending(input_) == Step::kFailed || ending(input_) == Step::kInterrupted) return Stop::kNoMore;
    return wrong("a carriage return that ends no line (quote the field that holds it)", at_);
  }
  at_ += 2;
  return Stop::kRowEnd;
}

void CsvReader::take(size_t bytes) {
  const Bytes taken = input_.ahead().substr(0, bytes);
  place_.lines += static_cast<uint64_t>(std::count(taken.begin(), taken.end(), '\n')) + !taken.ends_with('\n');
  input_.consume(bytes);
  place_.bytes = input_.offset();
}

// The input gives no more, and what is ahead is no whole row.
Step CsvReader::without_input() {
  const Step why = ending(input_);
  if (why == Step::kBroken) complaint_ = {place_.lines + 1, 0, place_.bytes, kTooLong};
  return why;
}

// The row is wrong at wrong_at_: gives it up through the end of that line.
Step CsvReader::reject() {
  size_t end = input_.ahead().find('\n', std::max(wrong_at_, at_));
  while (end == Bytes::npos) {
    const size_t searched = input_.ahead().size();
    if (input_.more()) {
      end = input_.ahead().find('\n', searched);
    } else if (ending(input_) == Step::kEnd) {
      end = searched - 1;
    } else {
      return without_input();
    }
  }
  const Bytes before = input_.ahead().substr(0, wrong_at_);
  const size_t line_begin = before.rfind('\n') + 1;  // 0 if there is none
  complaint_.line = place_.lines + 1 + static_cast<uint64_t>(std::count(before.begin(), before.end(), '\n'));
  complaint_.column = wrong_at_ - line_begin + 1;
  complaint_.offset = input_.offset() + wrong_at_;
  rejected_ = input_.ahead().substr(0, end + 1);
  place_.records++;
  take(end + 1);
  return Step::kBad;
}

Bytes CsvReader::field_bytes(const Field& field, std::string& room) {
  const Bytes text = input_.ahead().substr(field.begin, field.end - field.begin);
  if (!field.doubled) return text;
  room.clear();
  for (size_t i = 0; i < text.size(); i++) {
    room += text[i];
    if (text[i] == '"') i++;
  }
  return room;
}

bool CsvReader::decode_field(size_t index, Bytes& bytes) {
  const Field& field = fields_[index];
  const DecodeError bad = decode(encoding_, field_bytes(field, unquoted_[index]), rooms_[index], bytes);
  if (bad.words == nullptr) return true;
  wrong(bad.words, field.doubled ? field.begin : field.begin + bad.at);
  return false;
}

bool CsvReader::is_header() {
  if (header_ == Header::kYes) return true;
  if (header_ == Header::kNo || fields_[0].quoted != fields_[1].quoted) return false;
  Bytes name = field_bytes(fields_[0], unquoted_[0]);
  if (name.starts_with(kByteOrderMark)) name.remove_prefix(kByteOrderMark.size());
  return name == kKeyName && field_bytes(fields_[1], unquoted_[1]) == kValueName;
}

// at_ is behind a row of two fields.
Step CsvReader::entry_of_row(Entry& entry) {
  if (place_.records == 0 && !had_header_ && is_header()) {
    had_header_ = true;
    take(at_);
    return Step::kEntry;
  }
  if (!decode_field(0, entry.key) || !decode_field(1, entry.value)) {
    at_--;  // the row's last byte may be the line feed that reject() looks for
    return reject();
  }
  place_.records++;
  take(at_);
  return Step::kEntry;
}

Step CsvReader::row(Entry& entry) {
  at_ = 0;
  if (!input_.need(1)) return without_input();
  Stop stop = field(fields_[0]);
  if (stop == Stop::kRowEnd) {
    if (at_ > 0 && input_.ahead()[at_ - 1] == '\n') at_--;
    stop = wrong("there is no comma between key and value", fields_[0].end);
  } else if (stop == Stop::kComma) {
    stop = field(fields_[1]);
    if (stop == Stop::kRowEnd) return entry_of_row(entry);
    if (stop == Stop::kComma)
      stop =
          wrong("a third field begins behind this comma; a row is key,value (quote a field that has a comma)", at_ - 1);
  }
  return stop == Stop::kNoMore ? without_input() : reject();
}

Step CsvReader::next(Entry& entry) {
  if (place_.bytes == 0 && input_.need(kByteOrderMark.size() + 1)) {
    const Bytes ahead = input_.ahead();
    if (ahead.starts_with(kByteOrderMark) && ahead[kByteOrderMark.size()] == '"') input_.consume(kByteOrderMark.size());
  }
  const bool had_header = had_header_;
  const Step step = row(entry);
  return had_header == had_header_ ? step : row(entry);
}

namespace {

bool must_quote(Bytes text) {
  if (text.empty()) return false;
  return text.front() == ' ' || text.back() == ' ' || std::any_of(text.begin(), text.end(), is_special);
}

void append_field(std::string& out, Bytes text, bool quote) {
  if (!quote) {
    out += text;
    return;
  }
  out += '"';
  for (size_t begin = 0; begin < text.size();) {
    const size_t end = std::min(text.find('"', begin), text.size() - 1) + 1;
    out += text.substr(begin, end - begin);
    if (out.back() == '"') out += '"';
    begin = end;
  }
  out += '"';
}

}  // namespace

void CsvWriter::begin(std::string& out) {
  if (header_) out.append(kKeyName).append(",").append(kValueName).append("\n");
}

void CsvWriter::append(std::string& out, Bytes key, Bytes value) {
  key_.clear();
  value_.clear();
  append_encoded(key_, encoding_, key);
  append_encoded(value_, encoding_, value);
  const bool quote_key = must_quote(key_);
  const bool like_header = !quote_key && value_ == kValueName && Bytes(key_).ends_with(kKeyName);
  append_field(out, key_, quote_key);
  out += ',';
  append_field(out, value_, like_header || must_quote(value_));
  out += '\n';
}

}  // namespace nacre::cli
