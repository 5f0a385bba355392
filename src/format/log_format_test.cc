#include "format/log_format.h"

#include <gtest/gtest.h>

#include <vector>

#include "base/coding.h"
#include "base/prng.h"

namespace nacre::format {
namespace {

constexpr uint64_t kSalt = 0x0123456789abcdef;

std::string hex(Bytes bytes) {
  std::string text;
  for (const char byte : bytes) {
    constexpr char kDigits[] = "0123456789abcdef";
    text += kDigits[static_cast<uint8_t>(byte) >> 4];
    text += kDigits[static_cast<uint8_t>(byte) & 15];
  }
  return text;
}

SegmentIdentity sample_identity() {
  SegmentIdentity identity{.number = 12, .salt = kSalt};
  for (size_t i = 0; i < kUuidBytes; ++i) identity.uuid.bytes[i] = static_cast<uint8_t>(0xa0 + i);
  return identity;
}

constexpr SegmentPlacement kPlacement{
    .base_lsn = 0x10000, .predecessor_number = 11, .predecessor_salt = 0xfedcba9876543210, .synced_through = 0xfff8};

// A record in room of its own, 8-byte aligned and with other bytes behind it.
struct Room {
  explicit Room(uint64_t payload_bytes) : words(log_record_bytes(payload_bytes) / 8 + 1, ~uint64_t{0}) {}
  char* data() { return reinterpret_cast<char*>(words.data()); }
  std::vector<uint64_t> words;
};

std::string sealed(Bytes payload, LogRecordHeader header, uint64_t offset) {
  header.payload_bytes = payload.size();
  Room room(payload.size());
  payload.copy(room.data() + kLogRecordHeaderBytes, payload.size());
  seal_log_record(room.data(), header, kSalt, offset);
  EXPECT_EQ(room.words.back(), ~uint64_t{0}) << "wrote behind the record";
  return std::string(room.data(), header.record_bytes());
}

constexpr LogRecordHeader kHeader{.first_sequence = 0x00aabbccddeeff11, .count = 3, .synced_distance = 5};

// A header counts in units of 8: what it says may be more than 32 bits of bytes.
TEST(LogFormat, SizesBeyondFourGibibytesAreNotCut) {
  std::string header = sealed("payload", kHeader, 0).substr(0, kLogRecordHeaderBytes);
  base::store<uint32_t>(header.data() + 12, 0x2000'0001);
  const auto parsed = parse_log_record(header.data(), log_tag(kSalt));
  ASSERT_TRUE(parsed.has_value());
  EXPECT_EQ(parsed->payload_bytes, uint64_t{0x2000'0001} * kLogAlignment - 1);
}

TEST(LogFormat, GoldenHeaderArea) {
  std::string area = encode_segment_identity(sample_identity());
  store_segment_placement(area.data(), kSalt, kPlacement);
  store_segment_mark(area.data(), kSalt, 0x10008);
  ASSERT_EQ(area.size(), kLogHeaderBytes);
  for (const size_t page : {size_t{0}, size_t{4096}}) {
    EXPECT_EQ(hex(area.substr(page, 64)),
              "4e616372654c6f6701000000000000000000000000000000a0a1a2a3a4a5a6a7a8a9aaabacadaeaf0c00000000000000"
              "efcdab8967452301297e58fb0dc526c1");
    EXPECT_EQ(hex(area.substr(page + 512, 40)),
              "00000100000000000b000000000000001032547698badcfef8ff000000000000cde258df3f08e3c6");
  }
  EXPECT_EQ(hex(area.substr(1024, 16)), "0800010000000000b6c046fef1a6dea6");
  for (const auto& [begin, end] : {std::pair{64, 512}, {552, 1024}, {1040, 4096}, {4160, 4608}, {4648, 8192}}) {
    EXPECT_EQ(area.substr(begin, end - begin), std::string(end - begin, '\0'));
  }
}

TEST(LogFormat, GoldenRecords) {
  EXPECT_EQ(hex(sealed("hello, log", kHeader, 4096)),
            "bd4a3c979df9cc5c279f44e6020000000611ffeeddccbbaa030000000500000068656c6c6f2c206c6f67000000000000");
  EXPECT_EQ(hex(sealed("", {.kind = LogRecordKind::kClosing, .first_sequence = 13}, 8192)),
            "f39eb1d2d44a7d3a279f44e600000000100d0000000000000000000000000000");
}

std::string sample_area() {
  std::string area = encode_segment_identity(sample_identity());
  store_segment_placement(area.data(), kSalt, kPlacement);
  store_segment_mark(area.data(), kSalt, 99);
  return area;
}

TEST(LogFormat, HeaderAreaRoundTrip) {
  std::string area = encode_segment_identity(sample_identity());
  const SegmentHeader prepared = decode_segment_header(area).value();
  EXPECT_EQ(prepared.identity, sample_identity());
  EXPECT_FALSE(prepared.placement);
  EXPECT_EQ(prepared.mark, 0u);
  store_segment_placement(area.data(), kSalt + 1, kPlacement);
  store_segment_mark(area.data(), kSalt + 1, 99);
  EXPECT_FALSE(decode_segment_header(area)->placement) << "of an earlier use";
  EXPECT_EQ(decode_segment_header(area)->mark, 0u);
  const SegmentHeader used = decode_segment_header(sample_area()).value();
  EXPECT_EQ(used.identity, sample_identity());
  EXPECT_EQ(used.placement, kPlacement);
  EXPECT_EQ(used.mark, 99u);
}

TEST(LogFormat, ValuesThatDifferAreNotEqual) {
  SegmentIdentity identity = sample_identity();
  identity.salt++;
  EXPECT_FALSE(identity == sample_identity());
  SegmentPlacement placement = kPlacement;
  placement.base_lsn += 8;
  EXPECT_FALSE(placement == kPlacement);
  EXPECT_FALSE((LogFloor{.lsn = 8, .segment = 1} == LogFloor{.lsn = 8, .segment = 2}));
}

// A mark is as far as a log can reach, or none.
TEST(LogFormat, AMarkOutOfRangeIsNone) {
  for (const auto& [mark, read] : {std::pair{kMaxLsn, kMaxLsn}, {kMaxLsn + 1, uint64_t{0}}}) {
    std::string area = encode_segment_identity(sample_identity());
    store_segment_mark(area.data(), kSalt, mark);
    EXPECT_EQ(decode_segment_header(area)->mark, read);
  }
}

TEST(LogFormat, AHeaderAreaThatIsCutOffIsRefused) {
  const std::string area = sample_area();
  for (size_t size = 1; size < kLogHeaderBytes; size += size < 1200 ? 1 : 97) {
    EXPECT_EQ(decode_segment_header(area.substr(0, size)).error().kind, ErrorKind::kCorruption);
  }
  EXPECT_FALSE(decode_segment_header("").value().identity) << "its making was cut off";
  EXPECT_FALSE(decode_segment_header(std::string(kLogHeaderBytes, '\0')).value().identity);
}

// A segment of the log whose header was damaged in one place was taken for one that was never used, and its records for nothing.
TEST(LogFormat, NoDamageOfOnePlaceMakesASegmentLookUnused) {
  const std::string area = sample_area();
  for (size_t bit = 0; bit < kLogHeaderBytes * 8; ++bit) {
    std::string flipped = area;
    flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << bit % 8));
    const SegmentHeader header = decode_segment_header(flipped).value();
    ASSERT_EQ(header.identity, sample_identity()) << bit;
    ASSERT_EQ(header.placement, kPlacement) << bit;
    ASSERT_EQ(header.mark, bit / 8 < 1024 || bit / 8 >= 1040 ? 99u : 0u) << bit;
  }
  for (const size_t unit : {size_t{512}, size_t{4096}}) {  // sectors, zeroed or full of something else
    for (size_t at = 0; at < kLogHeaderBytes; at += unit) {
      for (const char filler : {'\0', 'x'}) {
        std::string damaged = area;
        std::fill_n(damaged.begin() + static_cast<ptrdiff_t>(at), unit, filler);
        const SegmentHeader header = decode_segment_header(damaged).value();
        ASSERT_EQ(header.identity, sample_identity()) << at;
        ASSERT_EQ(header.placement, kPlacement) << at;
      }
    }
  }
}

TEST(LogFormat, WithoutAnyIdentityAHeaderIsRefused) {
  std::string area = sample_area();
  area[3] = area[4096 + 60] = 'x';
  EXPECT_EQ(decode_segment_header(area).error().kind, ErrorKind::kCorruption);
}

// The header is written in one go when a released file gets its next use, and a crash may tear it.
TEST(LogFormat, AChangeOfUseThatWasCutOffIsAnUnusedSegment) {
  const std::string before = sample_area();
  SegmentIdentity next = sample_identity();
  next.number = 13;
  next.salt++;
  const std::string after = encode_segment_identity(next);
  for (const std::string& torn :
       {before.substr(0, 4096) + after.substr(4096), after.substr(0, 4096) + before.substr(4096)}) {
    const SegmentHeader header = decode_segment_header(torn).value();
    EXPECT_FALSE(header.identity || header.placement);
  }
}

TEST(LogFormat, APlacementOutOfRangeIsNone) {
  for (const SegmentPlacement& placement : {SegmentPlacement{.base_lsn = kMaxLsn + 8}, SegmentPlacement{.base_lsn = 4},
                                            SegmentPlacement{.base_lsn = 8, .synced_through = 9}}) {
    std::string area = encode_segment_identity(sample_identity());
    store_segment_placement(area.data(), kSalt, placement);
    EXPECT_FALSE(decode_segment_header(area)->placement);
  }
}

TEST(LogFormat, RecordRoundTrip) {
  for (uint64_t bytes = 0; bytes < 100; ++bytes) {
    const std::string payload(bytes, 'p');
    const std::string record = sealed(payload, kHeader, 4096);
    EXPECT_EQ(record.size(), log_record_bytes(bytes));
    const auto header = parse_log_record(record.data(), log_tag(kSalt));
    ASSERT_TRUE(header);
    EXPECT_EQ(header->kind, LogRecordKind::kBatch);
    EXPECT_EQ(header->payload_bytes, bytes);
    EXPECT_EQ(header->record_bytes(), record.size());
    EXPECT_EQ(header->first_sequence, kHeader.first_sequence);
    EXPECT_EQ(header->count, kHeader.count);
    EXPECT_EQ(header->synced_distance, kHeader.synced_distance);
    EXPECT_TRUE(check_log_record(record, kSalt, 4096));
    EXPECT_FALSE(check_log_record(record, kSalt, 4104)) << "right bytes in a wrong place";
    EXPECT_FALSE(check_log_record(record, kSalt + 1, 4096)) << "of an earlier use";
  }
}

TEST(LogFormat, AnyFlippedBitOfARecordIsFound) {
  const std::string record = sealed("thirteen byte", kHeader, 4096);
  for (size_t bit = 0; bit < record.size() * 8; ++bit) {
    std::string flipped = record;
    flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << bit % 8));
    const auto header = parse_log_record(flipped.data(), log_tag(kSalt));
    if (header && header->record_bytes() <= flipped.size()) {
      EXPECT_FALSE(check_log_record(Bytes(flipped).substr(0, header->record_bytes()), kSalt, 4096)) << bit;
    }
  }
}

TEST(LogFormat, HostileRecordHeadersParseToNothingOrInRange) {
  base::Prng prng(5);
  for (int i = 0; i < 100'000; ++i) {
    char bytes[kLogRecordHeaderBytes];
    for (size_t at = 0; at < sizeof bytes; at += 8) base::store<uint64_t>(bytes + at, prng.next());
    base::store<uint32_t>(bytes + 8, log_tag(kSalt));
    if (const auto header = parse_log_record(bytes, log_tag(kSalt))) {
      EXPECT_LE(header->payload_bytes, kMaxLogPayloadBytes);
      EXPECT_LE(header->first_sequence, kMaxSequence);
      EXPECT_LE(header->synced_through(1 << 20), uint64_t{1} << 20);
    }
  }
}

TEST(LogFormat, PayloadsBeyondFourGigabytesFit) {
  const uint64_t bytes = (uint64_t{5} << 30) + 3;
  EXPECT_EQ(log_record_bytes(bytes), kLogRecordHeaderBytes + bytes + 5);
  EXPECT_GT(kMaxLogPayloadBytes, uint64_t{32} << 29);
}

TEST(LogFormat, DistancesSaturateIntoSilence) {
  const uint64_t far = uint64_t{0xffffffff} * 8;
  for (const uint64_t back : {uint64_t{0}, uint64_t{8}, uint64_t{4096}, far - 8}) {
    const LogRecordHeader header{.synced_distance = synced_distance(far * 2, far * 2 - back)};
    EXPECT_EQ(header.synced_through(far * 2), far * 2 - back);
  }
  EXPECT_EQ(LogRecordHeader{.synced_distance = synced_distance(far * 2, far)}.synced_through(far * 2), 0u);
  EXPECT_EQ(LogRecordHeader{.synced_distance = synced_distance(far * 2, 8)}.synced_through(far * 2), 0u);
}

TEST(LogFormat, TheTagIsNeverZero) {
  base::Prng prng(1);
  for (int i = 0; i < 1000; ++i) EXPECT_NE(log_tag(prng.next()), 0u);
}

}  // namespace
}  // namespace nacre::format
