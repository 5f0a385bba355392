// The shell's lines: any bytes are words or an error at a column of the line; words that are written again are read as the same.

#include "base/fuzzing.h"
#include "cli/shell/words.h"

namespace nacre::cli {
namespace {

void check_typed(Bytes line, bool sound) {
  const auto typed = split_typed(line);
  if (!typed) {
    const bool behind_quote = line.ends_with('"') || line.ends_with('\'');
    const bool comment = line.find_first_not_of(" \t\r\n") == line.find('#');  // its quotes need not match
    NACRE_CHECK((!sound || behind_quote || comment) && typed.error().column <= line.size() + 1 &&
                !typed.error().what.empty());
    return;
  }
  NACRE_CHECK(typed->begin <= line.size());
  // What a completion does: the word being typed is replaced, and nothing else changes.
  const std::string replaced = std::string(line.substr(0, typed->begin)) + as_word(typed->text);
  const auto again = split_words(replaced);
  if (!again) NACRE_CHECK(false);
  if (!again->empty()) {  // else a comment
    NACRE_CHECK(again->size() == typed->before.size() + 1);
    NACRE_CHECK(again->back().text == typed->text);
  }
}

void run(Bytes line) {
  const auto words = split_words(line);
  check_typed(line, words.has_value());
  if (!words) {
    NACRE_CHECK(words.error().column >= 1 && words.error().column <= line.size() + 1 && !words.error().what.empty());
    return;
  }
  std::string again;
  for (const Word& word : *words) {
    NACRE_CHECK(word.column >= 1 && word.column <= line.size() && word.text.size() <= line.size());
    again += as_word(word.text) + " ";
  }
  const auto same = split_words(again);
  NACRE_CHECK(same && same->size() == words->size());
  for (size_t i = 0; i < words->size(); i++) NACRE_CHECK((*same)[i].text == (*words)[i].text);
  const auto whole = split_words("put " + as_word(line));
  NACRE_CHECK(whole && whole->size() == 2 && whole->back().text == line);
}

std::vector<std::string> seeds() {
  return {"put user:1 Alice",
          "put \"a b\" 'c \\ d'",
          "put \"\\x00\\n\\t\\r\\\\\\\"\" ''",
          "# put a b",
          "get \"open",
          "get 'open",
          "get \"\\q\"",
          "get \"a\"b",
          "get it's a\"b",
          "get \"\\x4",
          "scan --prefix \xc3\xa4 \"--limit\""};
}

const fuzz::Registration kHere({.name = "shell_words", .run = run, .seeds = seeds});

}  // namespace
}  // namespace nacre::cli
