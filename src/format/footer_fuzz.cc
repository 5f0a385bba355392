// A table's footer, raw and mended, and its properties: what decodes is encoded again to the same.

#include "base/checksum.h"
#include "base/fuzzing.h"
#include "format/footer.h"
#include "format/mend.h"
#include "format/test_bytes.h"

namespace nacre::format {
namespace {

void run_footer(Bytes bytes) {
  fuzz::Input input(bytes);
  const bool mended = input.flag();
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
  return {std::string("\0\1\0", 3) + footer, "\1\1\1" + footer};
}

const fuzz::Registration kFooter({.name = "footer", .run = run_footer, .seeds = footer_seeds});

void run_properties(Bytes bytes) {
  const testing::ExactBytes exact(bytes);
  const auto decoded = decode_properties(exact.view());
  if (!decoded) return NACRE_CHECK(decoded.error().kind == ErrorKind::kCorruption);
  NACRE_CHECK(decoded->erases <= decoded->entries && decoded->data_blocks <= decoded->entries);
  NACRE_CHECK(decoded->smallest_sequence <= decoded->largest_sequence && decoded->largest_sequence <= kMaxSequence);
  NACRE_CHECK(decoded->smallest_key <= decoded->largest_key && decoded->largest_key.size() <= kMaxKeyBytes);
  const std::string again = encode_properties(*decoded);
  NACRE_CHECK(again.size() <= bytes.size());
  const auto same = decode_properties(again);
  NACRE_CHECK(same && encode_properties(*same) == again);
}

std::vector<std::string> properties_seeds() {
  return {encode_properties({.entries = 500,
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
                             .largest_key = "zebra"})};
}

const fuzz::Registration kProperties({.name = "properties", .run = run_properties, .seeds = properties_seeds});

}  // namespace
}  // namespace nacre::format
