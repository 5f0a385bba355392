#include "cli/format_dump.h"

#include <gtest/gtest.h>

#include "cli/testing.h"

namespace nacre::cli {
namespace {

using testing::Found;
using testing::read_all;
using testing::written;
using Entries = std::vector<std::pair<std::string, std::string>>;

constexpr FormatChoice kDump{TransferFormat::kDump, Encoding::kNone, Header::kAuto};

// Two keyspaces, several blocks.
struct Sample {
  Entries entries;
  std::string dump;
};

Sample sample() {
  Sample sample;
  DumpWriter writer(2);
  writer.begin(sample.dump);
  for (const char* name : {"default", "other"}) {
    writer.keyspace(sample.dump, name);
    for (int i = 0; i < 4; i++) {
      const std::string key = name + std::to_string(i);
      const std::string value(i == 2 ? dump::kBlockBytes : 10, static_cast<char>('a' + i));
      writer.append(sample.dump, key, value);
      sample.entries.emplace_back(key, value);
    }
  }
  writer.end(sample.dump);
  return sample;
}

bool is_prefix(const Entries& some, const Entries& all) {
  return some.size() <= all.size() && std::equal(some.begin(), some.end(), all.begin());
}

TEST(Dump, HasTheBytesThatTheFormatSays) {
  const std::string dump = written(kDump, {{"k", "vv"}});
  const auto hex = [&](size_t at, size_t bytes) {
    std::string text;
    append_encoded(text, Encoding::kHex, Bytes(dump).substr(at, bytes));
    return text;
  };
  EXPECT_EQ(dump.size(), 32U + 32 + 7 + 32 + 11 + 32 + 16);
  EXPECT_EQ(hex(0, 24), "4e61637265446d7001000000010000000000000000000000");
  EXPECT_EQ(hex(32, 16), "01000000000000000700000000000000");
  EXPECT_EQ(dump.substr(64, 7), "default");
  EXPECT_EQ(hex(71, 16), "02000000010000000b00000000000000");
  EXPECT_EQ(hex(103, 11), "01000000020000006b7676");
  EXPECT_EQ(hex(114, 16), "03000000000000001000000000000000");
  EXPECT_EQ(hex(146, 16), "01000000000000000300000000000000");
  EXPECT_EQ(hex(24, 8), "4525f85d74a964c3");
  EXPECT_EQ(hex(48, 16), "05bc075cec876fbe1e2319b614e48b4d");
  EXPECT_EQ(hex(130, 16), "eba24c46becd6b759bbd1105057cdcae");
}

TEST(Dump, KeepsKeyspacesApart) {
  const Sample whole = sample();
  const Found found = read_all(kDump, whole.dump, 1000);
  EXPECT_EQ(found.end, Step::kEnd);
  EXPECT_EQ(found.keyspaces, (std::vector<std::string>{"default", "other"}));
  EXPECT_EQ(found.entries, whole.entries);
}

TEST(Dump, ACutIsNoticedAndWhatStandsBeforeIsGood) {
  const Sample whole = sample();
  for (size_t size = 0; size < whole.dump.size(); size += size < 400 || whole.dump.size() - size < 400 ? 1 : 97) {
    const Found found = read_all(kDump, Bytes(whole.dump).substr(0, size));
    ASSERT_EQ(found.end, Step::kBroken) << size;
    ASSERT_FALSE(found.complaints.empty());
    ASSERT_TRUE(is_prefix(found.entries, whole.entries)) << size;
  }
  const Found late = read_all(kDump, Bytes(whole.dump).substr(0, whole.dump.size() - 1));
  EXPECT_EQ(late.entries, whole.entries);
  EXPECT_NE(late.complaints[0].words.find("cut off"), std::string::npos);
}

TEST(Dump, ADamagedByteIsNoticedAndCostsItsBlockOnly) {
  const Sample whole = sample();
  for (size_t at = 0; at < whole.dump.size(); at += at < 400 || whole.dump.size() - at < 400 ? 1 : 211) {
    std::string damaged = whole.dump;
    damaged[at] = static_cast<char>(damaged[at] ^ 0x10);
    const Found found = read_all(kDump, damaged);
    ASSERT_FALSE(found.complaints.empty()) << at;
    size_t next = 0;
    for (const auto& entry : found.entries) {
      while (next < whole.entries.size() && whole.entries[next] != entry) next++;
      ASSERT_LT(next++, whole.entries.size()) << "an entry that was never written; byte " << at;
    }
    ASSERT_GE(found.entries.size(), found.end == Step::kEnd ? whole.entries.size() - 3 : 0) << at;
  }
}

TEST(Dump, BlocksThatAreLostDoubledOrMovedAreNoticed) {
  const std::string dump = written(kDump, {{"k", "v"}});
  const std::string keyspace = dump.substr(32, 39);
  const std::string entries = dump.substr(71, 42);
  const std::string end = dump.substr(113);
  for (const std::string& blocks : {keyspace + end, keyspace + entries + entries + end, entries + keyspace + end, end,
                                    keyspace + entries + end + "x", keyspace + entries + end + dump}) {
    EXPECT_EQ(read_all(kDump, dump.substr(0, 32) + blocks).end, Step::kBroken);
  }
}

TEST(Dump, IsNothingElse) {
  for (const Bytes text : {"", "key\tvalue\n", "Nacre", "NacreDmpxxxxxxxxxxxxxxxxxxxxxxxxxxxx"}) {
    const Found found = read_all(kDump, text);
    EXPECT_EQ(found.end, Step::kBroken) << text;
    EXPECT_FALSE(found.complaints.at(0).words.empty());
  }
}

}  // namespace
}  // namespace nacre::cli
