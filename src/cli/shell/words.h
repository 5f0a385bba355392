// A line of the shell as words.
//
//   word           any bytes but blanks; does not begin with a quote. Backslashes mean nothing in it
//   "word"         blanks belong to it; escapes: \n \t \r \\ \" and \xHH (two hex digits)
//   'word'         blanks belong to it; nothing has a meaning in it, and it contains no '
//   # ...          a line whose first word begins with # has no words
//
// Behind a closing quote comes a blank or the end. So any bytes can be written, and as_word() writes them.
// Thread safety: pure functions.
#pragma once

#include <expected>
#include <string>
#include <vector>

#include "nacre/bytes.h"

namespace nacre::cli {

struct Word {
  std::string text;
  size_t column = 1;    // where it begins, in characters from 1
  bool quoted = false;  // so it is no option, whatever it begins with
};

struct LineError {
  size_t column = 1;
  std::string what;
};

std::expected<std::vector<Word>, LineError> split_words(Bytes line);

// The line up to the place where somebody types: whole words, and the one that is being typed, which may be empty or an open quote.
struct TypedLine {
  std::vector<Word> before;
  std::string text;  // of the word being typed, unescaped
  size_t begin = 0;  // byte at which it begins, its quote included
  bool quoted = false;
};
// An error also directly behind a closing quote, where nothing can be typed but a blank.
std::expected<TypedLine, LineError> split_typed(Bytes line);

// `bytes` as a word that split_words reads back: bare if that is possible and looks like itself, else in double quotes. `open` leaves
// out the closing quote, for a word that is being typed.
std::string as_word(Bytes bytes, bool open = false);

}  // namespace nacre::cli
