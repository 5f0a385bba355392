#include "cli/shell/words.h"

#include <gtest/gtest.h>

#include "base/prng.h"

namespace nacre::cli {
namespace {

std::vector<std::string> texts(Bytes line) {
  const auto words = split_words(line);
  if (!words) return {"column " + std::to_string(words.error().column) + ": " + words.error().what.substr(0, 12)};
  std::vector<std::string> out;
  for (const Word& word : *words) out.push_back((word.quoted ? "q:" : "") + word.text);
  return out;
}

using Texts = std::vector<std::string>;

TEST(ShellWords, SplitsLines) {
  EXPECT_EQ(texts(""), Texts{});
  EXPECT_EQ(texts(" \t\r\n"), Texts{});
  EXPECT_EQ(texts("  put  a\tb \n"), (Texts{"put", "a", "b"}));
  EXPECT_EQ(texts("put it's a\"b C:\\x41"), (Texts{"put", "it's", "a\"b", "C:\\x41"}));
  EXPECT_EQ(texts("put \"a b\" ''"), (Texts{"put", "q:a b", "q:"}));
  EXPECT_EQ(texts(R"("\n\t\r\\\"\x41\xfF" '\n "')"), (Texts{"q:\n\t\r\\\"A\xff", "q:\\n \""}));
  EXPECT_EQ(texts("# put a b"), Texts{});
  EXPECT_EQ(texts("put #1 '#'"), (Texts{"put", "#1", "q:#"}));
  EXPECT_EQ(texts("put \xff\xfe \xc3\xa4"), (Texts{"put", "\xff\xfe", "\xc3\xa4"}));
}

TEST(ShellWords, NamesTheColumnOfWhatIsWrong) {
  EXPECT_EQ(texts("put \"abc"), Texts{"column 5: the quote th"});
  EXPECT_EQ(texts("put 'abc"), Texts{"column 5: the quote th"});
  EXPECT_EQ(texts("put \"a\"b"), Texts{"column 8: a closing qu"});
  EXPECT_EQ(texts("put \"a\\q\""), Texts{"column 7: unknown esca"});
  EXPECT_EQ(texts("put \"a\\x4g\""), Texts{"column 7: unknown esca"});
  EXPECT_EQ(texts("put \"a\\"), Texts{"column 7: unknown esca"});
  EXPECT_EQ(texts("put \xc3\xa4\xc3\xb6 \"a"), Texts{"column 8: the quote th"}) << "characters count, not bytes";
}

TEST(ShellWords, WhatIsQuotedIsReadBack) {
  base::Prng prng(7);
  for (int round = 0; round < 3000; round++) {
    std::string bytes;
    for (uint64_t length = prng.below(12); length > 0; length--) {
      constexpr char kNasty[] = "\"'\\ #-\n\t\rxa\x1b";
      bytes += prng.below(2) == 0 ? kNasty[prng.below(sizeof kNasty)] : static_cast<char>(prng.below(256));
    }
    const auto words = split_words("get " + as_word(bytes) + " end");
    ASSERT_TRUE(words) << as_word(bytes);
    ASSERT_EQ(words->size(), 3U) << as_word(bytes);
    EXPECT_EQ((*words)[1].text, bytes);
    EXPECT_TRUE((*words)[1].quoted || !bytes.starts_with('-')) << "would be taken for an option";
    for (const char c : as_word(bytes)) EXPECT_TRUE(c >= ' ' && c != 0x7f) << "a terminal obeys it";
  }
}

TEST(ShellWords, TheWordBeingTyped) {
  const auto typed = [](Bytes line) {
    const auto found = split_typed(line);
    return found ? std::to_string(found->before.size()) + "|" + found->text + "|" + std::to_string(found->begin)
                 : "error";
  };
  EXPECT_EQ(typed(""), "0||0");
  EXPECT_EQ(typed("ge"), "0|ge|0");
  EXPECT_EQ(typed("get "), "1||4");
  EXPECT_EQ(typed("get us"), "1|us|4");
  EXPECT_EQ(typed("get \"a b"), "1|a b|4");
  EXPECT_EQ(typed("get \""), "1||4");
  EXPECT_EQ(typed("get \"a\" "), "2||8");
  EXPECT_EQ(typed("get \"a\""), "error");
  EXPECT_EQ(typed("get \"a\\"), "error");
}

}  // namespace
}  // namespace nacre::cli
