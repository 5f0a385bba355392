#include "cli/format_jsonl.h"

#include <iterator>
#include <nlohmann/json.hpp>
#include <optional>

#include "cli/json.h"

namespace nacre::cli {

namespace {

// Bytes of a line that tell how far the parser has come.
class Reading {
 public:
  using iterator_category = std::forward_iterator_tag;
  using value_type = char;
  using difference_type = std::ptrdiff_t;
  using pointer = const char*;
  using reference = const char&;

  Reading() = default;
  Reading(const char* at, const char** furthest) : at_(at), furthest_(furthest) {}
  reference operator*() const { return *at_; }
  Reading& operator++() {
    *furthest_ = ++at_;
    return *this;
  }
  Reading operator++(int) {
    const Reading old = *this;
    ++*this;
    return old;
  }
  bool operator==(const Reading& other) const { return at_ == other.at_; }
  bool operator!=(const Reading& other) const { return at_ != other.at_; }

 private:
  const char* at_ = nullptr;
  const char** furthest_ = nullptr;
};

struct Member {
  size_t field;  // 0 key, 1 value
  Encoding encoding;
};

std::optional<Member> member_of(Bytes name) {
  constexpr Bytes kFields[] = {"key", "value"};
  constexpr Encoding kEncodings[] = {Encoding::kHex, Encoding::kBase64, Encoding::kEscape};
  for (size_t field = 0; field < 2; field++) {
    if (!name.starts_with(kFields[field])) continue;
    const Bytes rest = name.substr(kFields[field].size());
    if (rest.empty()) return Member{field, Encoding::kNone};
    for (const Encoding encoding : kEncodings) {
      if (rest.starts_with('_') && rest.substr(1) == to_string(encoding)) return Member{field, encoding};
    }
  }
  return std::nullopt;
}

// Takes the events of nlohmann's parser; the first answer of false ends it, with words.
class Entries {
 public:
  using Json = nlohmann::json;

  explicit Entries(std::string* texts) : texts_(texts) {}

  bool start_object(size_t) { return depth_++ == 0 || no("an object stands where a string is expected"); }
  bool end_object() {
    if (!seen_[0]) return no("there is no member for the key: key, key_hex, key_base64 or key_escape");
    if (!seen_[1]) return no("there is no member for the value: value, value_hex, value_base64 or value_escape");
    return true;
  }
  bool key(std::string& name) {
    const auto member = member_of(name);
    if (!member)
      return no("unknown member (known are key and value, with _hex, _base64 or _escape behind them or not)");
    if (seen_[member->field]) return no(member->field == 0 ? "there are two keys" : "there are two values");
    seen_[member->field] = true;
    current_ = *member;
    return true;
  }
  bool string(std::string& text) {
    if (depth_ == 0) return no(kNoObject);
    encodings_[current_.field] = current_.encoding;
    texts_[current_.field].swap(text);
    return true;
  }
  bool null() { return other("null"); }
  bool boolean(bool) { return other("a boolean"); }
  bool number_integer(Json::number_integer_t) { return other("a number"); }
  bool number_unsigned(Json::number_unsigned_t) { return other("a number"); }
  bool number_float(Json::number_float_t, const std::string&) { return other("a number"); }
  bool start_array(size_t) { return other("an array"); }
  bool end_array() { return other("an array"); }
  bool binary(Json::binary_t&) { return other("binary data"); }
  bool parse_error(size_t, const std::string&, const Json::exception& error) {
    const Bytes text = error.what();  // "[json.exception.parse_error.101] parse error at line 1, column 5: ..."
    const size_t colon = text.find(": ");
    return no("no JSON: " + std::string(colon == Bytes::npos ? text : text.substr(colon + 2)));
  }

  const std::string& words() const { return words_; }
  Encoding encoding(size_t field) const { return encodings_[field]; }

 private:
  static constexpr const char* kNoObject = R"(a line must be an object, {"key":...,"value":...})";

  bool other(const char* what) {
    return no(depth_ == 0 ? kNoObject : std::string(what) + " stands where a string is expected");
  }
  bool no(std::string words) {
    words_ = std::move(words);
    return false;
  }

  std::string* texts_;
  Encoding encodings_[2] = {};
  bool seen_[2] = {};
  Member current_ = {};
  size_t depth_ = 0;
  std::string words_;
};

}  // namespace

bool JsonlReader::parse(Bytes line, Entry& entry) {
  const char* furthest = line.data();
  Entries entries(texts_);
  if (!nlohmann::json::sax_parse(Reading(line.data(), &furthest), Reading(line.data() + line.size(), &furthest),
                                 &entries)) {
    return wrong(entries.words(), furthest == line.data() ? 0 : static_cast<size_t>(furthest - line.data()) - 1);
  }
  Bytes* const fields[] = {&entry.key, &entry.value};
  for (size_t i = 0; i < 2; i++) {
    const DecodeError bad = decode(entries.encoding(i), texts_[i], rooms_[i], *fields[i]);
    if (bad.words == nullptr) continue;
    return wrong(
        (i == 0 ? "key: " : "value: ") + std::string(bad.words) + ", at its byte " + std::to_string(bad.at + 1), 0);
  }
  return true;
}

namespace {

// What JSON can hold: UTF-8.
std::string encoded_in_ascii(Encoding encoding, Bytes bytes) {
  std::string text;
  append_encoded(text, encoding, bytes);
  if (encoding != Encoding::kEscape) return text;
  std::string ascii;
  for (const char c : text) {
    if (static_cast<uint8_t>(c) < 0x80) {
      ascii += c;
    } else {
      ascii += "\\x";
      append_encoded(ascii, Encoding::kHex, Bytes(&c, 1));
    }
  }
  return ascii;
}

}  // namespace

void JsonlWriter::append_member(std::string& out, const char* name, Bytes bytes) {
  const bool text = is_utf8(bytes);
  out += '"';
  out += name;
  if (!text) (out += '_') += to_string(encoding_);
  out += "\":";
  out += nlohmann::json(text ? std::string(bytes) : encoded_in_ascii(encoding_, bytes)).dump();
}

void JsonlWriter::append(std::string& out, Bytes key, Bytes value) {
  out += '{';
  append_member(out, "key", key);
  out += ',';
  append_member(out, "value", value);
  out += "}\n";
}

}  // namespace nacre::cli
