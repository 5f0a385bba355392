#include "format/stored_block.h"

#include <gtest/gtest.h>

#include <cstring>
#include <vector>

#include "base/checksum.h"
#include "base/coding.h"
#include "format/test_bytes.h"

namespace nacre::format {
namespace {

using testing::damage_everywhere;
using testing::hex;

constexpr uint64_t kSeed = 99;

std::string stored(Bytes raw, Compression codec, uint64_t seed = kSeed) {
  os::LargeString out = "before";
  Compressor compressor(codec, 3);
  const Compression got = compressor.append(raw, &out);
  append_stored_trailer(&out, 6, StoredKind::kData, got, raw.size(), seed);
  return std::string(Bytes(out).substr(6));
}

std::string reopened(Bytes bytes) {
  const StoredBlock block = open_stored(bytes, StoredKind::kData, kSeed).value();
  std::string raw(block.raw_bytes, 'x');
  unpack(block, raw).value();
  return raw;
}

// What damage leaves behind must not pass the checksum, so the parser behind it is tested with the checksum mended.
std::string mended(Bytes bytes) {
  std::string copy(bytes);
  if (copy.size() < kStoredTrailerBytes) return copy;
  const size_t payload_bytes = copy.size() - kStoredTrailerBytes;
  const uint64_t seed = base::mix64(kSeed, base::load<uint64_t>(copy.data() + payload_bytes));
  base::store(copy.data() + payload_bytes + 8, base::checksum64(Bytes(copy).substr(0, payload_bytes), seed));
  return copy;
}

// The trailer has 32 bits for a size; of an uncompressed block the file says it.
TEST(StoredBlock, AnUncompressedBlockMayBeLargerThanItsTrailerCanSay) {
  std::string trailer = stored("hello", Compression::kNone).substr(5);
  constexpr uint64_t kBytes = (uint64_t{1} << 32) + 5;
  EXPECT_EQ(peek_stored(trailer, kBytes, StoredKind::kData).value().raw_bytes, kBytes);
  EXPECT_FALSE(peek_stored(trailer, kBytes + 1, StoredKind::kData).has_value());
}

TEST(StoredBlock, GoldenBytes) {
  EXPECT_EQ(hex(stored("hello", Compression::kNone)), "68656c6c6f0500000000010000cd050fadaf470a80");
  EXPECT_EQ(hex(stored(std::string(40, 'a') + std::string(40, 'b'), Compression::kLz4)),
            "1f610100141f6201000f50626262626250000000010100008d1236bd321e4228");
}

TEST(StoredBlock, ComesBackFromEveryCodec) {
  base::Prng random(1);
  const std::string text = std::string(3000, 'q') + testing::random_bytes(random, 500, 4);
  const std::string noise = testing::random_bytes(random, 5000);
  for (const Compression codec : {Compression::kNone, Compression::kLz4, Compression::kZstd}) {
    EXPECT_EQ(reopened(stored(text, codec)), text);
    EXPECT_EQ(reopened(stored(noise, codec)), noise);
    EXPECT_EQ(reopened(stored("", codec)), "");
    EXPECT_EQ(stored(text, codec).size() < 1000, codec != Compression::kNone);
  }
}

TEST(StoredBlock, WhatDoesNotShrinkStaysAsItIs) {
  base::Prng random(2);
  const std::string noise = testing::random_bytes(random, 5000);
  for (const Compression codec : {Compression::kLz4, Compression::kZstd}) {
    const std::string bytes = stored(noise, codec);
    EXPECT_EQ(open_stored(bytes, StoredKind::kData, kSeed)->compression, Compression::kNone);
    EXPECT_EQ(bytes.size(), noise.size() + kStoredTrailerBytes);
  }
}

TEST(StoredBlock, TooLargeToCompressStaysAsItIs) {
  const std::string zeros(kMaxCompressedRawBytes + 1, '\0');
  os::LargeString out;
  EXPECT_EQ(Compressor(Compression::kLz4, 0).append(zeros, &out), Compression::kNone);
  out.clear();
  EXPECT_EQ(Compressor(Compression::kLz4, 0).append(Bytes(zeros).substr(1), &out), Compression::kLz4);
}

TEST(StoredBlock, ItsPlaceIsPartOfTheChecksum) {
  const std::string bytes = stored("somewhere", Compression::kNone);
  EXPECT_TRUE(open_stored(bytes, StoredKind::kData, kSeed).has_value());
  EXPECT_EQ(open_stored(bytes, StoredKind::kData, kSeed + 1).error().kind, ErrorKind::kCorruption);
  EXPECT_EQ(open_stored(bytes, StoredKind::kIndex, kSeed).error().kind, ErrorKind::kCorruption);
}

TEST(StoredBlock, DamageIsAlwaysFound) {
  for (const Compression codec : {Compression::kNone, Compression::kLz4, Compression::kZstd}) {
    damage_everywhere(stored(std::string(200, 'z') + "tail", codec),
                      [](Bytes damaged) { EXPECT_FALSE(open_stored(damaged, StoredKind::kData, kSeed).has_value()); });
  }
}

TEST(StoredBlock, HostileBytesWithAMendedChecksumDoNoHarm) {
  base::Prng random(3);
  for (const Compression codec : {Compression::kNone, Compression::kLz4, Compression::kZstd}) {
    const std::string raw = std::string(200, 'z') + testing::random_bytes(random, 100, 3) + std::string(90, 'y');
    damage_everywhere(stored(raw, codec), [](Bytes damaged) {
      const std::string bytes = mended(damaged);
      const auto block = open_stored(testing::ExactBytes(bytes).view(), StoredKind::kData, kSeed);
      if (!block) return;
      ASSERT_LE(block->raw_bytes, kMaxCompressedRawBytes) << "asks for more memory than any block may";
      const testing::ExactBytes payload(Bytes(bytes).substr(0, bytes.size() - kStoredTrailerBytes));
      std::vector<char> room(block->raw_bytes);
      static_cast<void>(decompress(block->compression, payload.view(), room));
    });
  }
}

TEST(StoredBlock, WhatNoBlockCanBeIsNotUnpacked) {
  std::string room(10, '\0');
  const auto refused = [&](Compression codec, Bytes packed, std::span<char> out) {
    const auto done = decompress(codec, packed, out);
    return !done && done.error().kind == ErrorKind::kCorruption;
  };
  EXPECT_TRUE(refused(Compression::kNone, "eleven bytes", room));
  EXPECT_TRUE(refused(static_cast<Compression>(9), "some bytes", room));
  std::string huge(kMaxCompressedRawBytes + 1, '\0');
  EXPECT_TRUE(refused(Compression::kLz4, huge, room));
  EXPECT_TRUE(refused(Compression::kZstd, "x", huge));
}

TEST(StoredBlock, ATrailerIsAsLongAsATrailerIs) {
  const std::string bytes = stored("somewhere", Compression::kNone);
  const Bytes payload = Bytes(bytes).substr(0, 9);
  const Bytes trailer = Bytes(bytes).substr(9);
  EXPECT_TRUE(open_stored(payload, trailer, StoredKind::kData, kSeed).has_value());
  for (const Bytes wrong : {trailer.substr(1), Bytes(bytes).substr(8), Bytes()}) {
    EXPECT_FALSE(open_stored(payload, wrong, StoredKind::kData, kSeed).has_value());
    EXPECT_FALSE(peek_stored(wrong, 9, StoredKind::kData).has_value());
  }
}

TEST(StoredBlock, SaysNoMoreThanAnyBlockCanHold) {
  std::string trailer(kStoredTrailerBytes, '\0');
  base::store(trailer.data(), static_cast<uint32_t>(kMaxCompressedRawBytes + 1));
  trailer[4] = static_cast<char>(Compression::kZstd);
  trailer[5] = static_cast<char>(StoredKind::kData);
  EXPECT_FALSE(peek_stored(trailer, 100, StoredKind::kData).has_value());
  base::store(trailer.data(), uint32_t{100});
  EXPECT_TRUE(peek_stored(trailer, 100, StoredKind::kData).has_value());
  EXPECT_FALSE(peek_stored(trailer, kMaxCompressedRawBytes + 1, StoredKind::kData).has_value());
  trailer[4] = 3;
  EXPECT_EQ(peek_stored(trailer, 100, StoredKind::kData).error().kind, ErrorKind::kUnsupported);
}

}  // namespace
}  // namespace nacre::format
