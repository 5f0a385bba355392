// What all formats have in common: any entries come back from any of them, however the input is cut into pieces; where a record
// is wrong, the others come back.

#include "cli/transfer_format.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "cli/input_buffer.h"
#include "cli/testing.h"

namespace nacre::cli {
namespace {

using testing::Found;
using testing::read_all;
using testing::written;
using Entries = std::vector<std::pair<std::string, std::string>>;

// Bytes that formats trip over are frequent.
rc::Gen<std::string> any_bytes() {
  const auto byte = rc::gen::weightedOneOf<char>(
      {{4, rc::gen::element(',', '"', '\n', '\r', '\t', '\\', ' ', '\0', '\x7f', '{', '}', '=', 'x', '\xc3', '\xa4')},
       {2, rc::gen::arbitrary<char>()},
       {2, rc::gen::element('k', 'e', 'y', 'a', '0', 'f')}});
  return rc::gen::weightedOneOf<std::string>(
      {{8, rc::gen::container<std::string>(byte)},
       {1, rc::gen::element<std::string>("key", "value", "\xef\xbb\xbfkey", "\"key\"", "\xef\xbb\xbf\"", "", "\r\n",
                                         "\xed\xa0\x80", "\xf0\x9f\x90\x9a", "key_hex", "00")},
       {1, rc::gen::map(rc::gen::inRange<size_t>(0, 200), [](size_t size) { return std::string(size, '\\'); })}});
}

std::string name_of(const FormatChoice& choice) {
  return std::string(to_string(choice.format)) + " " + to_string(choice.encoding) +
         (choice.header == Header::kNo ? " without header" : "");
}

TEST(TransferFormat, AnyEntriesComeBack) {
  for (const FormatChoice& choice : testing::all_choices()) {
    const bool held = rc::check(name_of(choice), [&] {
      const Entries entries =
          *rc::gen::resize(30, rc::gen::container<Entries>(rc::gen::pair(any_bytes(), any_bytes())));
      const std::string text = written(choice, entries);
      const auto piece = *rc::gen::element<size_t>(1, 2, 3, 7, 4096, SIZE_MAX);
      const Found found = read_all(choice, text, text.size() > 10'000 ? std::max<size_t>(piece, 1000) : piece);
      RC_ASSERT(found.end == Step::kEnd);
      RC_ASSERT(found.complaints.empty());
      RC_ASSERT(found.entries == entries);
      RC_ASSERT(found.place.records == entries.size());
      RC_ASSERT(found.place.bytes == text.size());
    });
    EXPECT_TRUE(held) << name_of(choice);
  }
}

// Text that is not written by us: whatever it is, every piece of it is accounted for, and pieces do not matter.
TEST(TransferFormat, AnyTextIsEntriesAndRejects) {
  for (const FormatChoice& choice : testing::all_choices()) {
    if (choice.format == TransferFormat::kDump) continue;
    const bool held = rc::check(name_of(choice), [&] {
      std::string text;
      for (const std::string& part : *rc::gen::resize(40, rc::gen::container<std::vector<std::string>>(any_bytes())))
        text += part;
      const Found found = read_all(choice, text);
      RC_ASSERT(found.end == Step::kEnd);
      RC_ASSERT(found.place.bytes == text.size());
      RC_ASSERT(found.place.records == found.entries.size() + found.rejected.size());
      RC_ASSERT(found.place.lines >= found.place.records);
      for (size_t i = 0; i < found.rejected.size(); i++) {
        RC_ASSERT(!found.complaints[i].words.empty());
        RC_ASSERT(text.find(found.rejected[i]) != std::string::npos);
        RC_ASSERT(found.complaints[i].line >= 1U);
      }
      const Found piecewise = read_all(choice, text, text.size() > 10'000 ? 1000 : 1);
      RC_ASSERT(piecewise.entries == found.entries);
      RC_ASSERT(piecewise.rejected == found.rejected);
    });
    EXPECT_TRUE(held) << name_of(choice);
  }
}

TEST(TransferFormat, LargeEntriesComeBack) {
  const Entries entries = {{"a", std::string(300'000, '\\')},
                           {std::string(65'536, '\n'), std::string(InputBuffer::kFirstBytes, '"')},
                           {"b", ""},
                           {"", std::string(700'000, ',')}};
  for (const FormatChoice& choice : testing::all_choices()) {
    for (const size_t piece : {size_t{65'536}, SIZE_MAX}) {
      const Found found = read_all(choice, written(choice, entries), piece);
      EXPECT_TRUE(found.end == Step::kEnd && found.entries == entries) << name_of(choice);
    }
  }
}

TEST(TransferFormat, AWrongRecordCostsOnlyItself) {
  const std::pair<FormatChoice, std::string> cases[] = {
      {{TransferFormat::kTsv, Encoding::kEscape, Header::kAuto}, "no tab\n"},
      {{TransferFormat::kTsv, Encoding::kHex, Header::kAuto}, "6b\t7\n"},
      {{TransferFormat::kTsv, Encoding::kBase64, Header::kAuto}, "aw==\tdg=\n"},
      {{TransferFormat::kCsv, Encoding::kNone, Header::kNo}, "a,b,\"c\nd\"\n"},
      {{TransferFormat::kCsv, Encoding::kHex, Header::kNo}, "6b,0g\r\n"},
      {{TransferFormat::kJsonl, Encoding::kHex, Header::kAuto}, "{\"key\":1}\n"},
  };
  for (const auto& [choice, wrong] : cases) {
    const std::string first = written(choice, {{"k1", "v1"}});
    const std::string second = written(choice, {{"k2", "v2"}});
    std::string text = first;
    text += wrong;
    text += second;
    const Found found = read_all(choice, text);
    ASSERT_EQ(found.complaints.size(),
              choice.format == TransferFormat::kCsv && wrong.find('\n') + 1 < wrong.size() ? 2U : 1U)
        << name_of(choice);
    EXPECT_EQ(found.complaints[0].line, 2U) << name_of(choice);
    EXPECT_EQ(found.entries, (Entries{{"k1", "v1"}, {"k2", "v2"}})) << name_of(choice);
  }
}

TEST(TransferFormat, AnInputThatFailsOrIsInterruptedIsNoEnd) {
  for (const FormatChoice& choice : testing::all_choices()) {
    const std::string text = written(choice, {{"k1", "v1"}, {"k2", "v2"}});
    for (const auto& [state, step] : {std::pair{ByteSource::State::kFailed, Step::kFailed},
                                      std::pair{ByteSource::State::kInterrupted, Step::kInterrupted}}) {
      testing::MemorySource source(Bytes(text).substr(0, text.size() - 1), SIZE_MAX, state);
      const Found found = read_all(*make_reader(choice, source));
      EXPECT_EQ(found.end, step) << name_of(choice);
      EXPECT_LE(found.entries.size(), choice.format == TransferFormat::kDump ? 2U : 1U)
          << "the last line may lack more than its end; " << name_of(choice);
    }
  }
}

TEST(TransferFormat, IsGuessedByTheName) {
  EXPECT_EQ(format_of_file("a/b.tsv"), TransferFormat::kTsv);
  EXPECT_EQ(format_of_file("b.csv"), TransferFormat::kCsv);
  EXPECT_EQ(format_of_file("b.ndjson"), TransferFormat::kJsonl);
  EXPECT_EQ(format_of_file("b.dump"), TransferFormat::kDump);
  EXPECT_EQ(format_of_file("csv"), std::nullopt);
  EXPECT_EQ(format_of_file(""), std::nullopt);
}

}  // namespace
}  // namespace nacre::cli
