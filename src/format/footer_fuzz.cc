// A table's footer, raw and mended, and its properties: what decodes is encoded again to the same. Drawn, with any numbers in them, they are
// refused exactly if they are impossible.

#include "base/checksum.h"
#include "base/fuzzing.h"
#include "format/block.h"
#include "format/footer.h"
#include "format/mend.h"
#include "format/test_bytes.h"

namespace nacre::format {
namespace {

void check_drawn_footer(fuzz::Input& input) {
  const uint64_t file_bytes = input.mostly(1600 + kFooterBytes);
  const TableIdentity expected{.uuid = Uuid::from_random(1, 2), .number = 3};
  const Footer footer{.tombstones_at = input.mostly(1000),
                      .filter_at = input.mostly(1000),
                      .index_at = input.mostly(1200),
                      .properties_at = input.mostly(1500),
                      .file_bytes = input.mostly(file_bytes),
                      .features = input.mostly(kFeatureLz4),
                      .identity = {.uuid = Uuid::from_random(1, input.mostly(2)), .number = input.mostly(3)}};
  const bool in_order = footer.tombstones_at <= footer.filter_at && footer.filter_at <= footer.index_at &&
                        footer.index_at < footer.properties_at && file_bytes >= kFooterBytes &&
                        footer.properties_at < file_bytes - kFooterBytes;
  const bool possible = in_order && footer.file_bytes == file_bytes && footer.features <= kKnownTableFeatures &&
                        footer.identity == expected;
  const std::string encoded = encode_footer(footer);
  const auto decoded = decode_footer(testing::ExactBytes(encoded).view(), file_bytes, expected);
  NACRE_CHECK(decoded.has_value() == possible && peek_identity(encoded) == footer.identity);
  if (possible) NACRE_CHECK(encode_footer(*decoded) == encoded && decoded->index_at == footer.index_at);
}

void run_footer(Bytes bytes) {
  fuzz::Input input(bytes);
  const uint64_t how = input.below(4);
  if (how >= 2) return check_drawn_footer(input);
  const bool mended = how == 1;
  const bool expect_its_own = input.flag();
  const uint64_t file_bytes = input.number();
  std::string footer(input.take(kFooterBytes));
  if (mended) {
    footer.resize(kFooterBytes);
    testing::mend_table(footer);  // a table that is nothing but its footer
  }
  const testing::ExactBytes exact(footer);
  const auto peeked = peek_identity(exact.view());
  TableIdentity expected{.uuid = Uuid::from_random(1, 2), .number = 3};
  if (peeked && expect_its_own) expected = *peeked;
  const uint64_t size = peeked && expect_its_own ? base::load<uint64_t>(footer.data() + 32) : file_bytes;
  const auto decoded = decode_footer(exact.view(), size, expected);
  if (!decoded) {
    NACRE_CHECK(decoded.error().kind == ErrorKind::kCorruption || decoded.error().kind == ErrorKind::kUnsupported);
    return;
  }
  NACRE_CHECK(peeked && *peeked == decoded->identity && decoded->identity == expected);
  NACRE_CHECK(decoded->tombstones_at <= decoded->filter_at && decoded->filter_at <= decoded->index_at);
  NACRE_CHECK(decoded->index_at < decoded->properties_at && decoded->properties_at < decoded->footer_at());
  NACRE_CHECK(decoded->file_bytes == size && encode_footer(*decoded) == footer);
}

std::vector<std::string> footer_seeds() {
  const std::string footer = encode_footer({.tombstones_at = 1000,
                                            .filter_at = 1000,
                                            .index_at = 1200,
                                            .properties_at = 1500,
                                            .file_bytes = 1600 + kFooterBytes,
                                            .features = kFeatureLz4,
                                            .identity = {.uuid = Uuid::from_random(1, 2), .number = 3}});
  std::vector<std::string> all = fuzz::random_seeds(2, 30);
  for (std::string& seed : all) seed[0] = '\2';
  all.push_back(std::string("\0\1\0", 3) + footer);
  all.push_back("\1\1\1" + footer);
  return all;
}

const fuzz::Registration kFooter({.name = "footer", .run = run_footer, .seeds = footer_seeds});

void check_drawn_properties(fuzz::Input& input) {
  uint64_t n[] = {500, 20,   2, 5000, 50'000, 60'000,
                  8,   8192, 1, 5,    900};  // entries, erases, ..., as the format has them
  for (uint64_t& number : n) number = input.mostly(number);
  const std::string smallest = input.below(8) != 7 ? "aardvark" : input.run_of_bytes(kMaxKeyBytes + 2);
  const std::string largest = input.below(8) != 7 ? "zebra" : input.run_of_bytes(kMaxKeyBytes + 2);
  std::string bytes;
  for (const uint64_t number : n) base::append_varint(bytes, number);
  base::append_fixed(bytes, uint64_t{77});
  base::append_fixed(bytes, 10.0F);
  base::append_sized(bytes, smallest);
  base::append_sized(bytes, largest);
  bool possible = n[1] <= n[0] && n[6] <= n[0] && (n[6] == 0) == (n[0] == 0) && n[7] <= kMaxBlockBytes && n[8] <= 255;
  possible &= n[9] <= n[10] && n[10] <= kMaxSequence && smallest <= largest;
  possible &= smallest.size() <= kMaxKeyBytes && largest.size() <= kMaxKeyBytes;
  const auto p = decode_properties(testing::ExactBytes(bytes).view());
  NACRE_CHECK(p.has_value() == possible);
  if (!possible) return;
  NACRE_CHECK(encode_properties(*p) == bytes && p->entries == n[0] && p->erases == n[1] && p->range_tombstones == n[2]);
  NACRE_CHECK(p->key_bytes == n[3] && p->value_bytes == n[4] && p->raw_bytes == n[5] && p->data_blocks == n[6]);
  NACRE_CHECK(p->block_bytes == n[7] && p->smallest_sequence == n[9] && p->largest_sequence == n[10]);
  NACRE_CHECK(p->entries_hash == 77 && p->smallest_key == smallest && p->largest_key == largest);
}

void check_raw_properties(Bytes bytes) {
  const testing::ExactBytes exact(bytes);
  const auto decoded = decode_properties(exact.view());
  if (!decoded) return NACRE_CHECK(decoded.error().kind == ErrorKind::kCorruption);
  const std::string again = encode_properties(*decoded);
  NACRE_CHECK(again.size() <= bytes.size());
  const auto same = decode_properties(again);
  NACRE_CHECK(same && encode_properties(*same) == again);
}

void run_properties(Bytes bytes) {
  fuzz::Input input(bytes);
  if (input.flag()) return check_drawn_properties(input);
  check_raw_properties(input.rest());
}

std::vector<std::string> properties_seeds() {
  std::vector<std::string> all = fuzz::random_seeds(3, 40);
  for (std::string& seed : all) seed[0] = '\1';
  all.push_back(std::string(1, '\0') + encode_properties({.entries = 500,
                                                          .erases = 20,
                                                          .range_tombstones = 2,
                                                          .key_bytes = 5000,
                                                          .value_bytes = 50'000,
                                                          .raw_bytes = 60'000,
                                                          .data_blocks = 8,
                                                          .block_bytes = 8192,
                                                          .compression = Compression::kLz4,
                                                          .filter_bits_per_key = 10,
                                                          .smallest_sequence = 5,
                                                          .largest_sequence = 900,
                                                          .entries_hash = 0x1122334455667788,
                                                          .smallest_key = "aardvark",
                                                          .largest_key = "zebra"}));
  return all;
}

const fuzz::Registration kProperties({.name = "properties", .run = run_properties, .seeds = properties_seeds});

}  // namespace
}  // namespace nacre::format
