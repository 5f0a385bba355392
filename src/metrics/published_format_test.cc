// The bytes of STATS: what is written is read, what is damaged is not, and nothing is larger than its slot.

#include "metrics/published_format.h"

#include <gtest/gtest.h>

#include "format/test_bytes.h"
#include "metrics/random_stats.h"

namespace nacre::metrics {
namespace {

const format::Uuid kOurs = format::Uuid::from_random(1, 2);

std::string slot_of(const PublishedStats& publication, uint64_t turn) {
  uint64_t left_out = 0;
  const std::string encoded = encode_stats(publication.stats, &left_out);
  return encode_slot(publication, encoded, kOurs, turn);
}

std::string file_of(std::string first, std::string second) {
  first.resize(kSlotBytes, '\0');
  second.resize(kSlotBytes, '\0');
  return first + second;
}

TEST(PublishedFormat, GoldenBytes) {
  PublishedStats publication{.was_closed = true, .process_id = 300, .opened_wall_ns = 1, .uptime_ns = 2};
  publication.stats.writes = 5;
  const std::string slot = slot_of(publication, 7);
  EXPECT_EQ(format::testing::hex(slot.substr(0, kSlotHeaderBytes)),
            "4e616372655374730100000055000000070000000000000001000000000040008200000000000000ac15004234188209");
  EXPECT_EQ(format::testing::hex(slot.substr(kSlotHeaderBytes, 9)), "ac0201000200010005") << format::testing::hex(slot);
}

TEST(PublishedFormat, AnyStatisticsSurvive) {
  base::Prng random(2);
  for (int round = 0; round < 300; round++) {
    PublishedStats publication{.was_closed = random.one_in(2),
                               .process_id = 1 + random.next() / 2,
                               .opened_wall_ns = random.next(),
                               .published_wall_ns = random.next(),
                               .uptime_ns = random.next(),
                               .keyspaces_left_out = random.below(3),
                               .stats = random_stats(random)};
    const auto read = decode_slot(slot_of(publication, round));
    ASSERT_TRUE(read.has_value());
    EXPECT_EQ(read->turn, static_cast<uint64_t>(round));
    EXPECT_EQ(read->publication.was_closed, publication.was_closed);
    EXPECT_EQ(read->publication.process_id, publication.process_id);
    EXPECT_EQ(read->publication.opened_wall_ns, publication.opened_wall_ns);
    EXPECT_EQ(read->publication.published_wall_ns, publication.published_wall_ns);
    EXPECT_EQ(read->publication.uptime_ns, publication.uptime_ns);
    EXPECT_EQ(read->publication.keyspaces_left_out, publication.keyspaces_left_out);
    EXPECT_EQ(to_json(read->publication.stats), to_json(publication.stats));
  }
}

TEST(PublishedFormat, NoDamageIsReadAndNothingIsReadOutside) {
  base::Prng random(3);
  const std::string sound = slot_of({.process_id = 1, .stats = random_stats(random)}, 1);
  for (size_t bytes = 0; bytes < sound.size(); bytes++) {
    ASSERT_FALSE(decode_slot(std::string(sound, 0, bytes)).has_value()) << bytes;
    std::string damaged = sound;
    damaged[bytes] = static_cast<char>(damaged[bytes] ^ (1 << random.below(8)));
    ASSERT_FALSE(decode_slot(damaged).has_value()) << bytes;
  }
}

// Whatever a payload says whose checksum is right.
TEST(PublishedFormat, AForgedPayloadIsRefusedOrRead) {
  base::Prng random(4);
  const auto resealed = [](const std::string& payload) { return encode_slot({.process_id = 1}, payload, kOurs, 1); };
  uint64_t left_out = 0;
  const std::string sound = encode_stats(random_stats(random), &left_out);
  for (int round = 0; round < 20'000; round++) {
    std::string forged = sound.substr(0, random.one_in(2) ? sound.size() : random.below(sound.size()));
    for (uint64_t left = random.below(4); left != 0 && !forged.empty(); left--)
      forged[random.below(forged.size())] = static_cast<char>(random.one_in(3) ? 0xff : random.below(256));
    const auto read = decode_slot(resealed(forged));
    if (read) {
      EXPECT_FALSE(to_json(read->publication.stats).empty());
    }
  }
}

TEST(PublishedFormat, TheNewerWholeSlotCounts) {
  const std::string older = slot_of({.process_id = 1}, 8);
  const std::string newer = slot_of({.process_id = 2}, 9);
  EXPECT_EQ(newest_slot(file_of(older, newer))->publication.process_id, 2U);
  EXPECT_EQ(newest_slot(file_of(newer, older))->publication.process_id, 2U);
  EXPECT_EQ(newest_slot(file_of(older, newer.substr(0, kSlotHeaderBytes)))->publication.process_id, 1U) << "cut off";
  EXPECT_EQ(newest_slot(file_of("", newer))->publication.process_id, 2U);
  EXPECT_FALSE(newest_slot(file_of("", "")).has_value());
  EXPECT_FALSE(newest_slot(file_of(older, newer) + '\0').has_value());
}

TEST(PublishedFormat, ManyKeyspacesAreCutToTheBusiest) {
  Stats stats;
  for (uint64_t i = 0; i < 2000; i++) {
    KeyspaceStats& keyspace = stats.keyspaces.emplace_back();
    keyspace.name = std::string(200, 'k') + std::to_string(i);
    keyspace.gets = i * 7919 % 2000;
  }
  uint64_t left_out = 0;
  const std::string encoded = encode_stats(stats, &left_out);
  const std::string slot = encode_slot({.process_id = UINT64_MAX,
                                        .opened_wall_ns = UINT64_MAX,
                                        .published_wall_ns = UINT64_MAX,
                                        .uptime_ns = UINT64_MAX,
                                        .keyspaces_left_out = UINT64_MAX},
                                       encoded, kOurs, UINT64_MAX);
  EXPECT_LE(slot.size(), kSlotBytes);
  EXPECT_GT(slot.size(), kSlotBytes * 9 / 10);
  const auto read = decode_slot(slot);
  ASSERT_TRUE(read.has_value());
  const auto& kept = read->publication.stats.keyspaces;
  EXPECT_EQ(kept.size() + left_out, 2000U);
  EXPECT_GT(kept.size(), 100U);
  for (const KeyspaceStats& keyspace : kept) EXPECT_GE(keyspace.gets, left_out);
}

TEST(PublishedFormat, OnlyOursIsTakenOver) {
  const std::string ours = slot_of({.process_id = 1}, 1);
  EXPECT_TRUE(may_be_taken_over(kPublishedFileBytes, ours.substr(0, kSlotHeaderBytes)));
  EXPECT_TRUE(may_be_taken_over(kPublishedFileBytes, std::string(kSlotHeaderBytes, '\0'))) << "its making was cut off";
  EXPECT_FALSE(may_be_taken_over(kPublishedFileBytes + 1, ours));
  EXPECT_FALSE(may_be_taken_over(kPublishedFileBytes, "figures of the last quarter, by hand"));
  EXPECT_FALSE(may_be_taken_over(0, ""));
}

}  // namespace
}  // namespace nacre::metrics
