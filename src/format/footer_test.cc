#include "format/footer.h"

#include <gtest/gtest.h>

#include "base/checksum.h"
#include "base/coding.h"
#include "format/test_bytes.h"

namespace nacre::format {
namespace {

using testing::hex;

Footer sample() {
  return Footer{.tombstones_at = 1000,
                .filter_at = 1100,
                .index_at = 1200,
                .properties_at = 1300,
                .file_bytes = 2000,
                .features = kFeatureLz4,
                .identity = {Uuid::from_random(0x1111, 0x2222), 13}};
}

TableProperties sample_properties() {
  TableProperties p;
  p.entries = 300;
  p.erases = 20;
  p.range_tombstones = 1;
  p.key_bytes = 4800;
  p.value_bytes = 30000;
  p.raw_bytes = 35000;
  p.data_blocks = 5;
  p.block_bytes = 8192;
  p.compression = Compression::kLz4;
  p.filter_bits_per_key = 9.5F;
  p.smallest_sequence = 17;
  p.largest_sequence = uint64_t{1} << 40;
  p.entries_hash = 0x0123456789abcdef;
  p.smallest_key = std::string("a\0b", 3);
  p.largest_key = "zz";
  return p;
}

// With the checksum that belongs to it.
std::string mended(Bytes bytes) {
  std::string copy(bytes);
  if (copy.size() == kFooterBytes) base::store(copy.data() + 112, base::checksum64(bytes.substr(0, 112), 0x4e61637265));
  return copy;
}

Error refused(const std::string& bytes, uint64_t file_bytes = 2000) {
  const auto footer = decode_footer(bytes, file_bytes, sample().identity);
  return footer ? Error{} : footer.error();
}

// A table may lack tombstones and a filter, but neither index nor properties.
TEST(Footer, PartsLieInOrderAndWhatMustBeThereIs) {
  const auto accepts = [](uint64_t tombstones, uint64_t filter, uint64_t index, uint64_t properties) {
    Footer footer = sample();
    footer.tombstones_at = tombstones;
    footer.filter_at = filter;
    footer.index_at = index;
    footer.properties_at = properties;
    return refused(encode_footer(footer)).reason == nullptr;
  };
  const uint64_t end = sample().footer_at();
  EXPECT_TRUE(accepts(1000, 1000, 1000, 1001));
  EXPECT_TRUE(accepts(0, 0, 0, end - 1));
  EXPECT_FALSE(accepts(1000, 1000, 1000, 1000));
  EXPECT_FALSE(accepts(1000, 1000, 1000, end));
  EXPECT_FALSE(accepts(1001, 1000, 1200, 1300));
  EXPECT_FALSE(accepts(1000, 1201, 1200, 1300));
  EXPECT_FALSE(accepts(1000, 1100, 1301, 1300));
}

TEST(Footer, GoldenBytes) {
  EXPECT_EQ(hex(encode_footer(sample())),
            "e8030000000000004c04000000000000b0040000000000001405000000000000d0070000000000000100000000000000"
            "1111000000004000a2220000000000000d00000000000000000000000000000000000000000000000000000000000000"
            "000000000000000001000000000000002aad108dceb3db8b4e6163726554626c");
}

TEST(Footer, ComesBack) {
  const auto footer = decode_footer(encode_footer(sample()), 2000, sample().identity);
  ASSERT_TRUE(footer.has_value());
  EXPECT_EQ(encode_footer(*footer), encode_footer(sample()));
  EXPECT_EQ(footer->footer_at(), 2000 - kFooterBytes);
}

TEST(Footer, EveryKindOfWrongFileHasItsOwnWords) {
  const std::string good = encode_footer(sample());
  EXPECT_STREQ(refused(good.substr(1)).reason, "table is shorter than its footer");
  EXPECT_STREQ(refused(std::string(kFooterBytes, 'x')).reason, "table has no footer: it is cut off, or no table");
  EXPECT_STREQ(refused(good, 2001).reason, "table is not as long as its footer says");

  Footer other = sample();
  other.identity.uuid = Uuid::from_random(1, 2);
  EXPECT_STREQ(refused(encode_footer(other)).reason, "table belongs to another database");
  other = sample();
  other.identity.number = 14;
  EXPECT_STREQ(refused(encode_footer(other)).reason, "table has the number of another one: files were exchanged");
  other = sample();
  other.features |= uint64_t{1} << 40;
  EXPECT_EQ(refused(encode_footer(other)).kind, ErrorKind::kUnsupported);
  other = sample();
  other.filter_at = 900;
  EXPECT_STREQ(refused(encode_footer(other)).reason, "table footer has parts in no possible order");

  std::string newer = good;
  base::store(newer.data() + 104, kTableVersion + 1);
  EXPECT_EQ(refused(mended(newer)).kind, ErrorKind::kUnsupported);
}

TEST(Footer, DamageIsAlwaysFound) {
  testing::damage_everywhere(encode_footer(sample()), [](Bytes damaged) {
    EXPECT_FALSE(decode_footer(damaged, 2000, sample().identity).has_value());
  });
}

TEST(Footer, HostileBytesWithAMendedChecksumDoNoHarm) {
  testing::damage_everywhere(encode_footer(sample()), [](Bytes damaged) {
    const auto footer = decode_footer(mended(damaged), 2000, sample().identity);
    if (!footer) return;
    EXPECT_LE(footer->tombstones_at, footer->filter_at);
    EXPECT_LE(footer->filter_at, footer->index_at);
    EXPECT_LT(footer->index_at, footer->properties_at);
    EXPECT_LT(footer->properties_at, footer->footer_at());
  });
}

TEST(Properties, GoldenBytes) {
  EXPECT_EQ(hex(encode_properties(sample_properties())),
            "ac021401c025b0ea01b891020580400111808080808020efcdab89674523010000184103610062027a7a");
}

TEST(Properties, ComeBack) {
  const TableProperties p = decode_properties(encode_properties(sample_properties())).value();
  EXPECT_EQ(encode_properties(p), encode_properties(sample_properties()));
  EXPECT_EQ(p.largest_sequence, uint64_t{1} << 40);
  EXPECT_EQ(p.smallest_key, sample_properties().smallest_key);
  EXPECT_EQ(p.filter_bits_per_key, 9.5F);
}

TEST(Properties, ContradictionsAreRefused) {
  TableProperties p = sample_properties();
  p.erases = p.entries + 1;
  EXPECT_FALSE(decode_properties(encode_properties(p)).has_value());
  p = sample_properties();
  p.smallest_key = "zzz";
  EXPECT_FALSE(decode_properties(encode_properties(p)).has_value());
  p = sample_properties();
  p.data_blocks = 0;
  EXPECT_FALSE(decode_properties(encode_properties(p)).has_value());
  p = sample_properties();
  p.largest_key = std::string(kMaxKeyBytes + 1, 'z');
  EXPECT_FALSE(decode_properties(encode_properties(p)).has_value());
}

TEST(Properties, HostileBytesDoNoHarm) {
  testing::damage_everywhere(encode_properties(sample_properties()), [](Bytes damaged) {
    const auto properties = decode_properties(damaged);
    if (properties) {
      EXPECT_LE(properties->smallest_key, properties->largest_key);
    }
  });
}

}  // namespace
}  // namespace nacre::format
