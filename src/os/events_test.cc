#include "nacre/events.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

namespace nacre {
namespace {

TEST(Events, EveryKindHasAWordOfItsOwn) {
  std::set<std::string_view> words;
  const int last = static_cast<int>(EventKind::kCompactionDeclined);
  for (int i = 0; i <= last; ++i) words.insert(to_string(static_cast<EventKind>(i)));
  EXPECT_EQ(words.size(), static_cast<size_t>(last) + 1);
  EXPECT_FALSE(words.contains("unknown_event"));
  EXPECT_EQ(to_string(static_cast<EventKind>(last + 1)), "unknown_event") << "a kind was added without a word";
  std::set<std::string_view> severities;
  for (int i = 0; i <= static_cast<int>(Severity::kError); ++i) severities.insert(to_string(static_cast<Severity>(i)));
  EXPECT_EQ(severities, (std::set<std::string_view>{"debug", "info", "warning", "error"}));
}

TEST(Events, EveryKindOfFileHasAWordOfItsOwn) {
  std::set<std::string> lines;
  for (int i = 0; i <= static_cast<int>(FileKind::kOther); ++i)
    lines.insert(to_string(Event{.kind = EventKind::kOpened, .file_kind = static_cast<FileKind>(i)}));
  EXPECT_EQ(lines.size(), static_cast<size_t>(FileKind::kOther) + 1);
}

TEST(Events, EmptyFieldsAreLeftOut) {
  EXPECT_EQ(to_string(Event{.kind = EventKind::kSpaceReturned}), "space_returned");
  EXPECT_EQ(
      to_string(Event{.kind = EventKind::kCompactionFinished,
                      .database = "/data/db",
                      .keyspace = "users",
                      .job = 4,
                      .bytes_in = 100,
                      .bytes_out = 60,
                      .files_in = 3,
                      .files_out = 1,
                      .entries = 9,
                      .duration_ns = 1234,
                      .level_to = 1}),
      "compaction_finished database=/data/db keyspace=users job=4 bytes_in=100 bytes_out=60 files_in=3 files_out=1 "
      "entries=9 duration_ns=1234 level_to=1");
}

TEST(Events, TextThatWouldBreakTheLineIsQuoted) {
  EXPECT_EQ(to_string(Event{.kind = EventKind::kWriteDelayed, .keyspace = "a b\"c\n", .cause = "too many runs"}),
            "write_delayed keyspace=\"a b\\\"c\\x0a\" cause=\"too many runs\"");
  EXPECT_EQ(to_string(Event{.kind = EventKind::kOpened, .database = "C:\\x \x7f"}),
            "opened database=\"C:\\\\x \\x7f\"");
  for (const char* plain : {"aZ09-_./:", "\xc3\xa9t\xc3\xa9"})  // UTF-8 is left as it is
    EXPECT_EQ(to_string(Event{.kind = EventKind::kOpened, .database = plain}), std::string("opened database=") + plain);
  for (const char* quoted : {"a@", "a[", "a`", "a{", "a;", "a!"})
    EXPECT_EQ(to_string(Event{.kind = EventKind::kOpened, .database = quoted}),
              std::string("opened database=\"") + quoted + "\"");
}

TEST(Events, ErrorsAreShownWhereTheyBelong) {
  const Error error{.kind = ErrorKind::kCorruption,
                    .operation = Operation::kRead,
                    .file_kind = FileKind::kTable,
                    .file_number = 13,
                    .offset = 8192,
                    .reason = "block checksum mismatch"};
  EXPECT_EQ(to_string(Event{.kind = EventKind::kCorruption, .error = error}),
            "corruption error=\"corruption while reading 000013.sst at offset 8192: block checksum mismatch\"");
  EXPECT_EQ(to_string(Event{.kind = EventKind::kOpened, .error = error}), "opened");
  for (const EventKind kind :
       {EventKind::kWritesStopped, EventKind::kBackgroundError, EventKind::kJobGivenUp, EventKind::kNoSpace})
    EXPECT_TRUE(to_string(Event{.kind = kind, .error = error}).contains("block checksum mismatch"));
}

TEST(Events, AsJsonTheyAreOneObject) {
  EXPECT_EQ(to_json(Event{.kind = EventKind::kSlowOperation,
                          .severity = Severity::kWarning,
                          .wall_ns = 5,
                          .keyspace = "a\"b\n\xc3\xa9",
                          .operation = "put",
                          .duration_ns = 7,
                          .sync_ns = 6}),
            "{\"kind\":\"slow_operation\",\"severity\":\"warning\",\"wall_ns\":5,\"keyspace\":\"a\\\"b\\u000a\xc3\xa9\","
            "\"operation\":\"put\",\"duration_ns\":7,\"sync_ns\":6}");
  EXPECT_EQ(to_json(Event{.kind = EventKind::kOpened, .keyspace = "\xff\x01"}),
            "{\"kind\":\"opened\",\"severity\":\"info\",\"wall_ns\":0,\"keyspace_hex\":\"ff01\"}");
}

}  // namespace
}  // namespace nacre
