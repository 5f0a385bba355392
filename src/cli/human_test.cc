#include "cli/human.h"

#include <gtest/gtest.h>

#include <clocale>

namespace nacre::cli {
namespace {

TEST(Human, Numbers) {
  EXPECT_EQ(human_count(0), "0");
  EXPECT_EQ(human_count(999), "999");
  EXPECT_EQ(human_count(1234567), "1,234,567");
  EXPECT_EQ(human_bytes(uint64_t{1023}), "1023 B");
  EXPECT_EQ(human_bytes(1536.0), "1.5 KiB");
  EXPECT_EQ(short_count(999), "999");
  EXPECT_EQ(short_count(2.5), "2.5");
  EXPECT_EQ(short_count(1'234'567), "1.2 M");
  EXPECT_EQ(human_time(0.000000123), "123 ns");
  EXPECT_EQ(human_time(0.0000012), "1.2 us");
  EXPECT_EQ(human_time(0.0012), "1.2 ms");
  EXPECT_EQ(human_time(1200), "1200.0 s");
  EXPECT_EQ(human_age(7300), "2 h");
}

TEST(Human, CutsAndFillsToColumns) {
  std::setlocale(LC_CTYPE, "C.UTF-8");
  EXPECT_EQ(clipped("12345", 3), "123");
  EXPECT_EQ(clipped("\033[1m12345\033[0m", 3), "\033[1m123\033[0m") << "colours are switched back";
  EXPECT_EQ(clipped("\xe6\xbc\xa2\xe6\xbc\xa2x", 3), "\xe6\xbc\xa2") << "a wide character takes two columns";
  EXPECT_EQ(columns_of("\033[31m\xe6\xbc\xa2\xc3\xa4\033[0m"), 3U);
  EXPECT_EQ(left("\xe6\xbc\xa2", 4), "\xe6\xbc\xa2  ");
  EXPECT_EQ(right("ab", 4), "  ab");
  EXPECT_EQ(right("abcdef", 4), "abcdef");
  EXPECT_EQ(bar(0.5, 4, true), "##  ");
  EXPECT_EQ(bar(0.001, 4, true), "#   ");
  std::setlocale(LC_CTYPE, "C");
}

}  // namespace
}  // namespace nacre::cli
