#include "cli/format_jsonl.h"

#include <gtest/gtest.h>

#include "cli/testing.h"

namespace nacre::cli {
namespace {

using testing::Found;
using testing::read_all;
using testing::written;
using Entries = std::vector<std::pair<std::string, std::string>>;

constexpr FormatChoice kJsonl{TransferFormat::kJsonl, Encoding::kHex, Header::kAuto};

TEST(JsonlReader, ReadsEveryWayToWriteBytes) {
  EXPECT_EQ(read_all(kJsonl, R"({"key":"a","value":"b"})").entries, (Entries{{"a", "b"}}));
  EXPECT_EQ(read_all(kJsonl, " { \"value\" : \"\\u00e4\\ud83d\\udc1a\\n\" , \"key\" : \"\" } \r\n").entries,
            (Entries{{"", "ä🐚\n"}}));
  EXPECT_EQ(read_all(kJsonl, R"({"key_hex":"00fF","value_base64":"AP8="})").entries,
            (Entries{{std::string("\0\xff", 2), std::string("\0\xff", 2)}}));
  EXPECT_EQ(read_all(kJsonl, R"({"key_escape":"\\x00\\t","value":"\\x00"})").entries,
            (Entries{{std::string("\0\t", 2), "\\x00"}}));
}

TEST(JsonlReader, SaysWhereWhatIsWrong) {
  const std::tuple<const char*, const char*, const char*> cases[] = {
      {"", "line 1 column 1", "no JSON"},
      {"[1]", "line 1 column 1", "must be an object"},
      {"\"a\"", "line 1 column 3", "must be an object"},
      {"{\"key\":\"a\"}", "line 1 column 11", "no member for the value"},
      {"{\"value\":\"a\"}", "line 1 column 13", "no member for the key"},
      {"{\"key\":\"a\",\"kex\":1}", "line 1 column 16", "unknown member"},
      {"{\"key\":\"a\",\"key_hex\":\"00\"}", "line 1 column 20", "two keys"},
      {"{\"key\":{}}", "line 1 column 8", "object stands where"},
      {"{\"key\":null}", "line 1 column 11", "null stands where"},
      {"{\"key\":\"a\" \"value\":\"b\"}", "line 1 column 18", "no JSON"},
      {"{\"key\":\"a\",\"value\":\"b\"} x", "line 1 column 25", "no JSON"},
      {"{\"key\":\"a\xff\",\"value\":\"b\"}", "line 1 column 10", "no JSON"},
      {"{\"key\":\"\\ud800\",\"value\":\"b\"}", "line 1 column 15", "no JSON"},
      {"{\"key_hex\":\"0g\",\"value\":\"b\"}", "line 1 column 1", "no hex digit, at its byte 2"},
      {"{\"key\":\"a\",\"value\":\"b\"", "line 1 column 22", "no JSON"},
  };
  for (const auto& [text, where, words] : cases) {
    const std::string line = std::string(text) + "\n";
    const Found found = read_all(kJsonl, line);
    ASSERT_EQ(found.complaints.size(), 1U) << text;
    EXPECT_EQ(to_string(found.complaints[0]), where) << text << ": " << found.complaints[0].words;
    EXPECT_NE(found.complaints[0].words.find(words), std::string::npos) << text << ": " << found.complaints[0].words;
    EXPECT_EQ(found.rejected[0], line);
  }
}

TEST(JsonlReader, DeepNestingIsRefusedAtOnce) {
  const Found found = read_all(kJsonl, std::string(1 << 20, '[') + "\n" + std::string(1 << 20, '{'));
  EXPECT_EQ(found.complaints.size(), 2U);
}

TEST(JsonlWriter, TellsTextFromBytes) {
  EXPECT_EQ(written(kJsonl, {{"k\"", "\xff"}}), "{\"key\":\"k\\\"\",\"value_hex\":\"ff\"}\n");
  EXPECT_EQ(written({TransferFormat::kJsonl, Encoding::kBase64, Header::kAuto}, {{"\xff", "ä"}}),
            "{\"key_base64\":\"/w==\",\"value\":\"ä\"}\n");
  EXPECT_EQ(written({TransferFormat::kJsonl, Encoding::kEscape, Header::kAuto}, {{"k\xff", ""}}),
            "{\"key_escape\":\"k\\\\xff\",\"value\":\"\"}\n");
}

}  // namespace
}  // namespace nacre::cli
