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
    writer.keyspace(sample.dump, name, {});
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

std::string bytes_of(Bytes hex) {
  std::string room;
  Bytes bytes;
  EXPECT_EQ(decode(Encoding::kHex, hex, room, bytes).words, nullptr);
  return std::string(bytes);
}

TEST(Dump, HasTheBytesThatTheFormatSays) {
  DumpWriter writer(1);
  std::string dump;
  writer.begin(dump);
  writer.keyspace(dump, "default",
                  {.compression = Compression::kNone,
                   .bottom_compression = Compression::kZstd,
                   .shape = CompactionShape::kLeveled,
                   .filter_bits_per_key = 24,
                   .block_bytes = 4096});
  writer.append(dump, "k", "vv");
  writer.end(dump);
  EXPECT_EQ(dump, bytes_of("4e61637265446d700100000001000000"
                           "0100000000000000"
                           "628d72a4a44febd3"
                           "01000000000000001300000000000000"
                           "e34e741985261b4468c095ea22dc1bb9"
                           "00020100"
                           "18000000"
                           "00100000"
                           "64656661756c74"
                           "02000000010000000b00000000000000"
                           "ae6ab7ed3a25fccae391df8a5a4817a5"
                           "01000000020000006b7676"
                           "03000000000000001000000000000000"
                           "e6a6d858511aa652b00c214ae289d115"
                           "01000000000000000300000000000000"));
}

// Of the first version of the tool that had dumps.
TEST(Dump, WithoutOptionsIsReadToo) {
  const Found found = read_all(kDump, bytes_of("4e61637265446d70010000000200000000000000000000004adb98811dfe6aa0"
                                               "0100000000000000070000000000000005bc075cec876fbe1e2319b614e48b4d"
                                               "64656661756c7402000000010000000b0000000000000066effaf4244fb65f20"
                                               "1c96de4bf97bda01000000020000006b76760100000000000000050000000000"
                                               "00005af3d87c183f4e2781114be909642ae26f7468657202000000010000000a"
                                               "0000000000000085e0da5216ae0ce79e10e96cae5c554e010000000100000078"
                                               "79030000000000000010000000000000001c214646db1c204a606515a85bbae7"
                                               "c202000000000000000500000000000000"));
  EXPECT_EQ(found.end, Step::kEnd);
  EXPECT_EQ(found.keyspaces, (std::vector<std::string>{"default", "other"}));
  EXPECT_EQ(found.options, (std::vector<std::optional<KeyspaceOptions>>{std::nullopt, std::nullopt}));
  EXPECT_EQ(found.entries, (Entries{{"k", "vv"}, {"x", "y"}}));
}

// A dump of one keyspace, with any bytes as its payload and any features.
Found read_keyspace(Bytes payload, char features) {
  std::string dump = written(kDump, {}).substr(0, 2 * dump::kHeaderBytes).append(payload);
  dump[16] = features;
  dump[dump::kHeaderBytes + 8] = static_cast<char>(payload.size());
  const auto store = [&dump](size_t at, uint64_t number) {
    for (size_t i = 0; i < 8; i++) dump[at + i] = static_cast<char>(number >> (8 * i));
  };
  store(24, dump::checksum(Bytes(dump).substr(0, 24), 0));
  store(48, dump::checksum(payload, 32));
  store(56, dump::checksum(Bytes(dump).substr(32, 24), 32));
  return read_all(kDump, dump);
}

TEST(Dump, OptionsThatNoKeyspaceHasAreRefused) {
  const std::string sound = bytes_of(
                                "00020200"
                                "18000000"
                                "00000100") +
                            "name";
  EXPECT_EQ(read_keyspace(sound, 1).keyspaces, std::vector<std::string>{"name"});
  EXPECT_EQ(read_keyspace(sound, 1).options.at(0)->block_bytes, 65536U);
  EXPECT_EQ(read_keyspace(sound, 0).keyspaces, std::vector<std::string>{sound}) << "all of it is a name";
  for (const auto& [at, byte] : {std::pair(0, 3), {1, 3}, {2, 3}, {3, 1}, {4, 25}, {7, 1}, {8, 1}, {10, 0}}) {
    std::string wrong = sound;
    wrong[static_cast<size_t>(at)] = static_cast<char>(byte);
    EXPECT_TRUE(read_keyspace(wrong, 1).keyspaces.empty()) << at;
  }
  for (const size_t size : {0U, 11U, 12U})
    EXPECT_TRUE(read_keyspace(sound.substr(0, size), 1).keyspaces.empty()) << size;
  EXPECT_TRUE(read_keyspace(sound.substr(0, 12) + std::string(256, 'n'), 1).keyspaces.empty());
  const Found newer = read_keyspace(sound, 3);
  EXPECT_NE(newer.complaints.at(0).words.find("newer"), std::string::npos);
}

TEST(Dump, KeepsKeyspacesApart) {
  const Sample whole = sample();
  const Found found = read_all(kDump, whole.dump, 1000);
  EXPECT_EQ(found.end, Step::kEnd);
  EXPECT_EQ(found.keyspaces, (std::vector<std::string>{"default", "other"}));
  EXPECT_EQ(found.entries, whole.entries);
  EXPECT_EQ(found.options, (std::vector<std::optional<KeyspaceOptions>>(2, KeyspaceOptions{})));
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
  const std::string keyspace = dump.substr(32, 51);
  const std::string entries = dump.substr(83, 42);
  const std::string end = dump.substr(125);
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
