#include "cli/format_csv.h"

#include <gtest/gtest.h>

#include "cli/testing.h"

namespace nacre::cli {
namespace {

using testing::Found;
using testing::read_all;
using testing::written;
using Entries = std::vector<std::pair<std::string, std::string>>;

Found read(Bytes text, Header header = Header::kAuto, Encoding encoding = Encoding::kNone) {
  const Found found = read_all({TransferFormat::kCsv, encoding, header}, text);
  EXPECT_EQ(read_all({TransferFormat::kCsv, encoding, header}, text, 1).entries, found.entries) << text;
  return found;
}

TEST(CsvReader, ReadsWhatTheRfcSays) {
  EXPECT_EQ(read("a,b\r\nc,d\r\n").entries, (Entries{{"a", "b"}, {"c", "d"}}));
  EXPECT_EQ(read("a,b\nc,d").entries, (Entries{{"a", "b"}, {"c", "d"}}));
  EXPECT_EQ(read("\"a\",\"b \r\nb\"\r\n\"c,c\",d").entries, (Entries{{"a", "b \r\nb"}, {"c,c", "d"}}));
  EXPECT_EQ(read("\"a\"\"a\",\"\"\"\"\n\"\",\"\"").entries, (Entries{{"a\"a", "\""}, {"", ""}}));
  EXPECT_EQ(read(" a , b \n,\n").entries, (Entries{{" a ", " b "}, {"", ""}}));
  EXPECT_EQ(read("\\x41,\\\n").entries, (Entries{{"\\x41", "\\"}}));
  EXPECT_EQ(read("\\x41,\\\\\n", Header::kAuto, Encoding::kEscape).entries, (Entries{{"A", "\\"}}));
  EXPECT_EQ(read("").entries, Entries{});
}

TEST(CsvReader, CountsLinesInsideOfQuotes) {
  const Found found = read("\"a\n\n\",\"b\n\"\nc;d\n");
  ASSERT_EQ(found.complaints.size(), 1U);
  EXPECT_EQ(to_string(found.complaints[0]), "line 5 column 4");
  EXPECT_EQ(found.place.lines, 5U);
  EXPECT_EQ(found.place.records, 2U);
}

TEST(CsvReader, SaysWhereWhatIsWrong) {
  const std::tuple<const char*, const char*, const char*> cases[] = {
      {"a,b,c\n", "line 1 column 4", "third field"},
      {"a\n", "line 1 column 2", "no comma"},
      {"\n", "line 1 column 1", "no comma"},
      {"a,b\"c\n", "line 1 column 4", "quote inside a field"},
      {"a,\"b\"c\n", "line 1 column 6", "behind a closing quote"},
      {"a,\"b\n\n", "line 1 column 3", "has no end"},
      {"a,b\rc,d\n", "line 1 column 4", "carriage return"},
      {"a,\"b\n\"\"\n\"x,c\n", "line 3 column 2", "behind a closing quote"},
  };
  for (const auto& [text, where, words] : cases) {
    const Found found = read(text);
    ASSERT_EQ(found.complaints.size(), 1U) << text;
    EXPECT_EQ(to_string(found.complaints[0]), where) << text;
    EXPECT_NE(found.complaints[0].words.find(words), std::string::npos) << found.complaints[0].words;
    EXPECT_EQ(found.rejected[0], text);
    EXPECT_EQ(found.end, Step::kEnd);
  }
}

TEST(CsvReader, KnowsAHeaderByItsWords) {
  for (const char* text : {"key,value\na,b\n", "key,value\r\na,b\n", "\"key\",\"value\"\na,b\n",
                           "\xef\xbb\xbfkey,value\na,b\n", "\xef\xbb\xbf\"key\",\"value\"\na,b\n"}) {
    const Found found = read(text);
    EXPECT_TRUE(found.had_header) << text;
    EXPECT_EQ(found.entries, (Entries{{"a", "b"}})) << text;
    EXPECT_EQ(found.place.records, 1U) << text;
    EXPECT_EQ(read(text, Header::kNo).entries.size(), 2U) << text;
  }
  EXPECT_EQ(read("a,b\nkey,value\n").entries.size(), 2U) << "only the first line";
  EXPECT_EQ(read("Schlüssel,Wert\na,b\n", Header::kYes).entries, (Entries{{"a", "b"}}));
  EXPECT_EQ(read("key,value\n").entries, Entries{});
  EXPECT_EQ(read("key,\"value\"\n").entries, (Entries{{"key", "value"}})) << "half quoted";
}

TEST(CsvWriter, QuotesWhatMustBe) {
  const FormatChoice choice{TransferFormat::kCsv, Encoding::kNone, Header::kAuto};
  EXPECT_EQ(written(choice, {{"a", "b c"}, {"x,y", "say \"hi\""}, {"", " "}}),
            "key,value\na,b c\n\"x,y\",\"say \"\"hi\"\"\"\n,\" \"\n");
  EXPECT_EQ(written({TransferFormat::kCsv, Encoding::kNone, Header::kNo}, {{"key", "value"}}), "key,\"value\"\n");
  EXPECT_EQ(written({TransferFormat::kCsv, Encoding::kHex, Header::kNo}, {{"key", "\n"}}), "6b6579,0a\n");
}

}  // namespace
}  // namespace nacre::cli
