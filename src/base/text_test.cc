#include "base/text.h"

#include <gtest/gtest.h>

namespace nacre::base {
namespace {

std::string member(Bytes bytes) {
  std::string out;
  append_json_member(out, "name", bytes);
  return out;
}

TEST(Text, JsonHasNoControlCharacters) {
  EXPECT_EQ(member(""), R"("name":"")");
  EXPECT_EQ(member("a \"b\" \\ /"), R"("name":"a \"b\" \\ /")");
  EXPECT_EQ(member(Bytes("\0\n\t\x1f\x7f", 5)), R"("name":"\u0000\u000a\u0009\u001f\u007f")");
  EXPECT_EQ(member("\xc3\xa4\xf0\x9f\x90\x9a"), "\"name\":\"\xc3\xa4\xf0\x9f\x90\x9a\"");
}

TEST(Text, JsonSaysWhatIsNoTextInHex) {
  EXPECT_EQ(member("a\xff\"\n"), R"("name_hex":"61ff220a")");
  EXPECT_EQ(member("\xed\xa0\x80"), R"("name_hex":"eda080")");
}

}  // namespace
}  // namespace nacre::base
