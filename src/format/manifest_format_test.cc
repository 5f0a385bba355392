#include "format/manifest_format.h"

#include <gtest/gtest.h>

#include "base/coding.h"
#include "base/prng.h"

namespace nacre::format {
namespace {

std::string hex(Bytes bytes) {
  std::string text;
  for (const char c : bytes) {
    char digits[3];
    std::snprintf(digits, sizeof digits, "%02x", static_cast<uint8_t>(c));
    text += digits;
  }
  return text;
}

ManifestHeader sample_header() {
  return {.uuid = Uuid::from_random(0x1122334455667788, 0x99aabbccddeeff00), .number = 5};
}

// A manifest of these records; each is followed by its mark but, if so wished, the last.
std::string make_manifest(const std::vector<std::string>& payloads, bool last_mark = true) {
  const ManifestHeader header = sample_header();
  std::string file = encode_manifest_header(header);
  for (size_t i = 0; i < payloads.size(); i++) {
    append_manifest_record(file, header, file.size(), payloads[i]);
    if (last_mark || i + 1 < payloads.size()) append_manifest_record(file, header, file.size(), {});
  }
  return file;
}

struct Read {
  std::vector<std::string> payloads;
  uint64_t end_offset = 0;
  uint64_t torn_bytes = 0;
  bool last_acknowledged = false;
};
Result<Read> read(const std::string& file) {
  NACRE_TRY_ASSIGN(const auto header, decode_manifest_header(file));
  ManifestReader reader(file, header);
  Read read;
  for (;;) {
    NACRE_TRY_ASSIGN(const auto payload, reader.next());
    if (!payload) break;
    read.payloads.emplace_back(*payload);
  }
  read.end_offset = reader.end_offset();
  read.torn_bytes = reader.torn_bytes();
  read.last_acknowledged = reader.last_acknowledged();
  return read;
}

const std::vector<std::string> kPayloads = {std::string(40, 's'), "edit one", std::string("\0\0\0\0two", 7), "x"};

TEST(ManifestFormat, GoldenBytes) {
  // Stored for ever: if this fails, the format changed and every existing database becomes unreadable.
  EXPECT_EQ(hex(make_manifest({"snapshot"})),
            "4e616372654d6674010000000000000000000000000000000000000000000000887766554433421180ffeeddccbbaa990500"
            "0000000000009691d88d5fc6b5ee08000000588e6dd27d0bef4d736e617073686f74000000003bdbcda44abce684");
}

TEST(ManifestFormat, RoundTrip) {
  for (const bool mark : {false, true}) {
    const std::string file = make_manifest(kPayloads, mark);
    const Read back = read(file).value();
    EXPECT_EQ(back.payloads, kPayloads);
    EXPECT_EQ(back.end_offset, file.size());
    EXPECT_EQ(back.torn_bytes, 0U);
    EXPECT_EQ(back.last_acknowledged, mark);
  }
  EXPECT_TRUE(read(make_manifest({})).value().payloads.empty());
}

TEST(ManifestFormat, ACutFileIsAPrefixAndSaysWhatWasTorn) {
  const std::string file = make_manifest(kPayloads);
  std::vector<size_t> ends;  // of the records, without and with their marks
  size_t end = kManifestHeaderBytes;
  for (const auto& payload : kPayloads) {
    ends.push_back(end += kManifestRecordHeaderBytes + payload.size());
    ends.push_back(end += kManifestRecordHeaderBytes);
  }
  for (size_t size = 0; size <= file.size(); size++) {
    const auto back = read(file.substr(0, size));
    if (size < kManifestHeaderBytes) {
      ASSERT_FALSE(back.has_value());
      EXPECT_EQ(back.error().kind, ErrorKind::kCorruption);
      continue;
    }
    ASSERT_TRUE(back.has_value()) << size;
    size_t whole = 0;
    while (whole < ends.size() && ends[whole] <= size) whole++;
    const size_t readable = whole == 0 ? kManifestHeaderBytes : ends[whole - 1];
    EXPECT_EQ(back->payloads.size(), (whole + 1) / 2) << size;
    EXPECT_EQ(back->end_offset, readable) << size;
    EXPECT_EQ(back->torn_bytes, size - readable) << size;
  }
}

TEST(ManifestFormat, AFlippedBitIsFoundOrHarmless) {
  const std::string file = make_manifest(kPayloads);
  size_t harmless = 0;
  for (size_t at = 0; at < file.size(); at++) {
    for (unsigned bit = 0; bit < 8; bit++) {
      std::string bad = file;
      bad[at] = static_cast<char>(bad[at] ^ (1 << bit));
      const auto back = read(bad);
      if (!back) {
        EXPECT_TRUE(back.error().kind == ErrorKind::kCorruption) << at;
        EXPECT_LE(back.error().offset, at);
        continue;
      }
      ASSERT_EQ(back->payloads, kPayloads) << at << "." << bit;
      harmless++;
    }
  }
  EXPECT_EQ(harmless, kPayloads.size() * kManifestRecordHeaderBytes * 8);  // the marks, and nothing else
}

TEST(ManifestFormat, AFlippedBitInAnUnacknowledgedLastRecordIsATornTail) {
  const std::string file = make_manifest(kPayloads, false);
  const size_t last = file.size() - kManifestRecordHeaderBytes - kPayloads.back().size();
  for (size_t at = last; at < file.size(); at++) {
    std::string bad = file;
    bad[at] = static_cast<char>(bad[at] ^ 0x10);
    const Read back = read(bad).value();
    EXPECT_EQ(back.payloads.size(), kPayloads.size() - 1);
    EXPECT_EQ(back.end_offset, last);
    EXPECT_EQ(back.torn_bytes, file.size() - last);
  }
}

TEST(ManifestFormat, ALostMarkBeforeAValidRecordCostsNothing) {
  std::string file = make_manifest(kPayloads);
  const size_t mark = kManifestHeaderBytes + kManifestRecordHeaderBytes + kPayloads[0].size();
  std::fill_n(file.begin() + static_cast<ptrdiff_t>(mark), kManifestRecordHeaderBytes, '\0');
  EXPECT_EQ(read(file).value().payloads, kPayloads);
}

// Behind a lost mark comes a record. Another mark is none: nobody writes two.
TEST(ManifestFormat, ALostMarkBeforeAMarkIsDamage) {
  std::string file = make_manifest({kPayloads[0]}, false);
  const size_t mark = file.size();
  file.append(kManifestRecordHeaderBytes, '\0');
  append_manifest_record(file, sample_header(), file.size(), {});
  const auto back = read(file);
  ASSERT_FALSE(back.has_value());
  EXPECT_EQ(back.error().kind, ErrorKind::kCorruption);
  EXPECT_EQ(back.error().offset, mark);
}

TEST(ManifestFormat, DamageBeforeAnythingValidIsCorruptionWithItsOffset) {
  std::string file = make_manifest(kPayloads);
  const size_t second = kManifestHeaderBytes + 2 * kManifestRecordHeaderBytes + kPayloads[0].size();
  base::store(file.data() + second, uint32_t{0xffffffff});  // the length itself: where the next begins is unknown
  const auto back = read(file);
  ASSERT_FALSE(back.has_value());
  EXPECT_EQ(back.error().kind, ErrorKind::kCorruption);
  EXPECT_EQ(back.error().offset, second);
}

TEST(ManifestFormat, RecordsOfAnotherPlaceNumberOrDatabaseAreNoRecords) {
  const std::string payload = "edit";
  ManifestHeader other = sample_header();
  other.number = 6;
  ManifestHeader stranger = sample_header();
  stranger.uuid = Uuid::from_random(1, 2);
  for (const auto& [header, offset] : {std::pair(sample_header(), uint64_t{1000}), std::pair(other, uint64_t{64}),
                                       std::pair(stranger, uint64_t{64})}) {
    std::string file = make_manifest({});
    append_manifest_record(file, header, offset, payload);
    const Read back = read(file).value();
    EXPECT_TRUE(back.payloads.empty());
    EXPECT_EQ(back.torn_bytes, kManifestRecordHeaderBytes + payload.size());
  }
}

TEST(ManifestFormat, NewerVersionsAndFeaturesAreUnsupported) {
  for (int which = 0; which < 4; which++) {
    ManifestHeader header = sample_header();
    if (which == 0) header.version = 2;
    if (which == 1) header.version = 0;
    if (which == 2) header.required_features = uint64_t{1} << 63;
    if (which == 3) header.optional_features = 1;
    const auto decoded = decode_manifest_header(encode_manifest_header(header));
    if (which == 3) {
      EXPECT_TRUE(decoded.has_value());
    } else {
      ASSERT_FALSE(decoded.has_value());
      EXPECT_EQ(decoded.error().kind, ErrorKind::kUnsupported);
    }
  }
}

TEST(ManifestFormat, TheSearchBehindDamageIsBounded) {
  // Every offset claims a record of nearly the whole file: a search without a budget would be quadratic.
  std::string file = make_manifest({"snapshot"});
  const size_t begin = file.size();
  file.resize(begin + (size_t{4} << 20), '\0');
  for (size_t at = begin; at + 4 <= file.size(); at += 4) base::store(file.data() + at, uint32_t{0x00100000});
  const auto back = read(file);
  ASSERT_FALSE(back.has_value());
  EXPECT_EQ(back.error().kind, ErrorKind::kCorruption);
}

TEST(CurrentFile, GoldenText) {
  EXPECT_EQ(encode_current({.manifest_number = 5, .uuid = sample_header().uuid}),
            "MANIFEST-000005 88776655-4433-4211-80ff-eeddccbbaa99 43a52f9bc0b30c29\n");
}

TEST(CurrentFile, RoundTripAndEveryOtherTextIsRefused) {
  for (const uint64_t number : {uint64_t{1}, uint64_t{999999}, uint64_t{123456789}}) {
    const CurrentFile current{.manifest_number = number, .uuid = sample_header().uuid};
    const std::string text = encode_current(current);
    const CurrentFile back = decode_current(text).value();
    EXPECT_EQ(back.manifest_number, number);
    EXPECT_EQ(back.uuid, current.uuid);
    for (size_t size = 0; size < text.size(); size++) EXPECT_FALSE(decode_current(text.substr(0, size)).has_value());
    for (size_t at = 0; at < text.size(); at++) {
      for (unsigned bit = 0; bit < 8; bit++) {
        std::string bad = text;
        bad[at] = static_cast<char>(bad[at] ^ (1 << bit));
        EXPECT_FALSE(decode_current(bad).has_value()) << bad;
      }
    }
    EXPECT_FALSE(decode_current(text + "\n").has_value());
    EXPECT_FALSE(decode_current(" " + text).has_value());
  }
}

TEST(CurrentFile, ThatOfOtherEnginesIsNamed) {
  const auto other = decode_current("MANIFEST-000005\n");
  ASSERT_FALSE(other.has_value());
  EXPECT_EQ(other.error().kind, ErrorKind::kInvalidArgument);
  EXPECT_EQ(decode_current("MANIFEST-000005").error().kind, ErrorKind::kCorruption);
  EXPECT_EQ(decode_current("").error().kind, ErrorKind::kCorruption);
  EXPECT_EQ(decode_current("MANIFEST-000005.tmp\n").error().kind, ErrorKind::kCorruption);
  EXPECT_EQ(decode_current("000005.sst\n").error().kind, ErrorKind::kCorruption);
}

}  // namespace
}  // namespace nacre::format
