#include "cli/shell/words.h"

#include <algorithm>

#include "cli/terminal.h"
#include "cli/tsv.h"

namespace nacre::cli {

namespace {

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

size_t column_of(Bytes line, size_t at) {
  // Bytes that continue a UTF-8 character take no column.
  const auto begins = [](char c) { return (static_cast<uint8_t>(c) & 0xc0) != 0x80; };
  return 1 + static_cast<size_t>(std::ranges::count_if(line.substr(0, at), begins));
}

class Scanner {
 public:
  explicit Scanner(Bytes line) : line_(line) {}

  // False at the end of the line.
  bool find_word() {
    while (at_ < line_.size() && is_blank(line_[at_])) at_++;
    begin_ = at_;
    return at_ < line_.size();
  }

  // Reads the word that find_word found. `open`: its quote is not closed.
  std::expected<Word, LineError> read_word(bool* open) {
    Word word{.column = column_of(line_, begin_)};
    *open = false;
    const char quote = line_[at_];
    if (quote != '"' && quote != '\'') {
      while (at_ < line_.size() && !is_blank(line_[at_])) word.text += line_[at_++];
      return word;
    }
    word.quoted = true;
    for (at_++; at_ < line_.size() && line_[at_] != quote;) {
      if (quote == '"' && line_[at_] == '\\') {
        if (const char* wrong = read_escape(word.text)) return wrong_here(wrong);
      } else {
        word.text += line_[at_++];
      }
    }
    *open = at_ == line_.size();
    if (*open) return word;
    at_++;
    if (at_ < line_.size() && !is_blank(line_[at_]))
      return wrong_here("a closing quote ends its word: leave a blank behind it");
    return word;
  }

  size_t begin() const { return begin_; }
  bool at_end() const { return at_ == line_.size(); }
  std::unexpected<LineError> wrong_at(size_t at, const char* what) const {
    return std::unexpected(LineError{.column = column_of(line_, at), .what = what});
  }

 private:
  std::unexpected<LineError> wrong_here(const char* what) const { return wrong_at(at_, what); }

  const char* read_escape(std::string& text) {
    if (at_ + 1 < line_.size() && line_[at_ + 1] == '"') {
      text += '"';
      at_ += 2;
      return nullptr;
    }
    const size_t length = at_ + 1 < line_.size() && line_[at_ + 1] == 'x' ? 4 : 2;
    std::string byte;
    if (unescape(line_.substr(at_, length), byte) != nullptr)
      return "unknown escape; known are \\n \\t \\r \\\\ \\\" and \\xHH (single quotes take everything as it is)";
    text += byte;
    at_ += length;
    return nullptr;
  }

  Bytes line_;
  size_t at_ = 0;
  size_t begin_ = 0;
};

}  // namespace

std::expected<std::vector<Word>, LineError> split_words(Bytes line) {
  std::vector<Word> words;
  Scanner scanner(line);
  while (scanner.find_word()) {
    if (words.empty() && line[scanner.begin()] == '#') break;
    bool open = false;
    auto word = scanner.read_word(&open);
    if (!word) return std::unexpected(word.error());
    if (open) return scanner.wrong_at(scanner.begin(), "the quote that begins here is not closed");
    words.push_back(*std::move(word));
  }
  return words;
}

std::expected<TypedLine, LineError> split_typed(Bytes line) {
  TypedLine typed{.begin = line.size()};
  Scanner scanner(line);
  while (scanner.find_word()) {
    bool open = false;
    auto word = scanner.read_word(&open);
    if (!word) return std::unexpected(word.error());
    if (open || (scanner.at_end() && !word->quoted)) {
      typed.begin = scanner.begin();
      typed.text = std::move(word->text);
      typed.quoted = word->quoted;
      return typed;
    }
    if (scanner.at_end()) return scanner.wrong_at(line.size(), "the word is complete");
    typed.before.push_back(*std::move(word));
  }
  return typed;
}

std::string as_word(Bytes bytes, bool open) {
  const bool plain = !bytes.empty() && std::ranges::none_of(bytes, is_blank) && bytes.front() != '"' &&
                     bytes.front() != '\'' && bytes.front() != '#' && bytes.front() != '-' &&
                     bytes.find('\\') == Bytes::npos && visible(bytes) == bytes;
  if (plain || (open && bytes.empty())) return std::string(bytes);
  std::string word = "\"";
  for (size_t begin = 0; begin <= bytes.size();) {
    const size_t end = std::min(bytes.find('"', begin), bytes.size());
    append_visible(word, bytes.substr(begin, end - begin));
    if (end < bytes.size()) word += "\\\"";
    begin = end + 1;
  }
  if (!open) word += '"';
  return word;
}

}  // namespace nacre::cli
