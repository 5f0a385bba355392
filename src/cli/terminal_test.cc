#include "cli/terminal.h"

#include <gtest/gtest.h>

#include <clocale>

#include "base/prng.h"
#include "cli/tsv.h"

namespace nacre::cli {
namespace {

// The character set of the terminal for one test.
class CharacterSet {
 public:
  explicit CharacterSet(const char* name) { std::setlocale(LC_CTYPE, name); }
  ~CharacterSet() { std::setlocale(LC_CTYPE, "C"); }
};

TEST(Terminal, ShowsTextAndNeverObeysBytes) {
  const CharacterSet utf8("C.UTF-8");
  EXPECT_EQ(visible("plain \xc3\xa4 \xe2\x82\xac \xf0\x9f\x90\x9a"), "plain \xc3\xa4 \xe2\x82\xac \xf0\x9f\x90\x9a");
  EXPECT_EQ(visible("\x1b[31m"), "\\x1b[31m");
  EXPECT_EQ(visible("a\nb\tc\rd\\"), "a\\nb\\tc\\rd\\\\");
  EXPECT_EQ(visible("\x9b"
                    "31m"),
            "\\x9b31m");
  EXPECT_EQ(visible("\xc2\x9b"), "\\xc2\\x9b") << "the C1 control CSI as UTF-8";
  EXPECT_EQ(visible("\xe2\x80\xae"), "\\xe2\\x80\\xae") << "right-to-left override";
  EXPECT_EQ(visible("\xe2\x80\xa8"), "\\xe2\\x80\\xa8") << "line separator";
  EXPECT_EQ(visible("\xc3"), "\\xc3") << "half a character";
  EXPECT_EQ(visible("\xed\xa0\x80"), "\\xed\\xa0\\x80") << "a surrogate";
  EXPECT_EQ(visible(Bytes("\0\x7f", 2)), "\\x00\\x7f");
  const CharacterSet ascii("C");
  EXPECT_EQ(visible("\xc3\x9b"), "\\xc3\\x9b") << "a terminal of another character set takes 0x9b for CSI";
}

TEST(Terminal, WhatIsVisibleCanBeReadBack) {
  for (const char* set : {"C", "C.UTF-8"}) {
    const CharacterSet chosen(set);
    base::Prng prng(3);
    for (int round = 0; round < 3000; round++) {
      std::string bytes;
      for (uint64_t length = prng.below(20); length > 0; length--) bytes += static_cast<char>(prng.below(256));
      const std::string text = visible(bytes);
      std::string again;
      ASSERT_EQ(unescape(text, again), nullptr) << text;
      ASSERT_EQ(again, bytes);
      for (const char c : text) ASSERT_TRUE(c < 0 || (c >= ' ' && c != 0x7f)) << text;
      std::string lines;
      append_visible_text(lines, bytes);
      for (const char c : lines) ASSERT_TRUE(c < 0 || (c >= ' ' && c != 0x7f) || c == '\n' || c == '\t') << lines;
    }
  }
}

TEST(Terminal, CutsToColumns) {
  const CharacterSet utf8("C.UTF-8");
  EXPECT_EQ(display_width("a\xc3\xa4"), 2U);
  EXPECT_EQ(display_width("\xe6\xbc\xa2"), 2U) << "a wide character takes two columns";
  EXPECT_EQ(shortened("12345678", 8), "12345678");
  EXPECT_EQ(shortened("123456789", 8), "12345...");
  EXPECT_EQ(shortened("\xe6\xbc\xa2\xe6\xbc\xa2\xe6\xbc\xa2\xe6\xbc\xa2\xe6\xbc\xa2", 8),
            "\xe6\xbc\xa2\xe6\xbc\xa2...");
}

TEST(Terminal, WrapsAtBlanks) {
  EXPECT_EQ(wrapped("one two three four", 2, 9), "one two\n  three\n  four");
  EXPECT_EQ(wrapped("averylongword b", 0, 5), "averylongword\nb");
  EXPECT_EQ(wrapped("", 0, 5), "");
}

}  // namespace
}  // namespace nacre::cli
