#include "format/version_edit.h"

#include <gtest/gtest.h>

#include "base/coding.h"
#include "base/prng.h"
#include "format/block.h"
#include "format/test_bytes.h"
#include "format/version_edit_samples.h"

namespace nacre::format {
namespace {

using testing::decode_edits;
using testing::hex;
using testing::sample_edits;
using testing::sample_table;

VersionEdit random_edit(base::Prng& prng) {
  const auto maybe = [&prng]() -> std::optional<uint64_t> {
    if (prng.one_in(2)) return std::nullopt;
    return prng.next() >> (10 + prng.below(54));
  };
  VersionEdit edit;
  edit.keyspace = static_cast<uint32_t>(prng.below(3));
  if (prng.one_in(3)) edit.created = KeyspaceRecord{.id = edit.keyspace, .name = std::string(1 + prng.below(255), 'n')};
  edit.dropped = prng.one_in(4);
  edit.flushed_through = maybe();
  for (uint64_t n = prng.below(4); n > 0; n--) {
    PlacedTable placed = sample_table();
    placed.table.number = 1 + prng.below(1 << 30);
    placed.level = static_cast<uint32_t>(prng.below(kMaxLevels));
    placed.table.largest_exclusive = prng.one_in(2);
    placed.table.largest_key.append(prng.below(300), 'z');
    edit.added.push_back(placed);
  }
  for (uint64_t n = prng.below(4); n > 0; n--) edit.removed.push_back(prng.below(1 << 20));
  if (const auto lsn = maybe()) edit.log_floor = {.lsn = *lsn, .segment = prng.below(1000)};
  edit.next_file_number = maybe();
  edit.last_sequence = maybe();
  edit.next_run_id = maybe();
  edit.reserved_file_number = maybe();
  edit.next_keyspace_id = maybe();
  edit.log_synced_through = maybe();
  if (prng.one_in(3)) edit.options = KeyspaceOptions{.filter_bits_per_key = static_cast<uint32_t>(prng.below(25))};
  return edit;
}

TEST(VersionEdit, GoldenBytes) {
  // Stored for ever: if this fails, the format changed and every existing database becomes unreadable.
  EXPECT_EQ(hex(encode_edits(sample_edits())),
            "6e020107040e07057573657273000002020c80200802d00f0a2602ac020df0a204a08d06e8070a0105d00f88776655443322"
            "110101056170706c65047a6f6f000a2602ac020ef0a204a08d06e8070a0105d00f88776655443322110101056170706c6504"
            "7a6f6f000c01030c02c801220e048080400c10010f1202d10f1402ad0216028f081801081a02141e1c048080800105020107"
            "06000c0201081e0702000100808004");
}

TEST(VersionEdit, RoundTrip) {
  EXPECT_EQ(decode_edits(encode_edits(sample_edits())).value(), sample_edits());
  EXPECT_TRUE(decode_edits({}).value().empty());
  for (uint64_t seed = 0; seed < 300; seed++) {
    base::Prng prng(seed);
    std::vector<VersionEdit> edits;
    for (uint64_t n = prng.below(5); n > 0; n--) edits.push_back(random_edit(prng));
    ASSERT_EQ(decode_edits(encode_edits(edits)).value(), edits) << "seed " << seed;
  }
}

std::string one_edit(Bytes fields) {
  std::string payload;
  base::append_sized(payload, fields);
  return payload;
}
std::string field(uint64_t tag, Bytes value) {
  std::string out;
  base::append_varint(out, tag);
  base::append_sized(out, value);
  return out;
}

TEST(VersionEdit, UnknownFieldsAreSkippedIfOddAndRefusedIfEven) {
  const std::string known = field(16, "\x05");
  const auto with_odd = decode_edits(one_edit(known + field(17, "whatever") + field(99, ""))).value();
  ASSERT_EQ(with_odd.size(), 1U);
  EXPECT_EQ(with_odd[0].next_file_number, 5U);
  for (const uint64_t tag : {uint64_t{32}, uint64_t{1000}}) {
    const auto refused = decode_edits(one_edit(known + field(tag, "x")));
    ASSERT_FALSE(refused.has_value()) << tag;
    EXPECT_EQ(refused.error().kind, ErrorKind::kUnsupported) << tag;
  }
}

TEST(VersionEdit, UnknownFieldsOfRecordsFollowTheSameRule) {
  VersionEdit plain;
  plain.added = {sample_table()};
  std::string payload = encode_edits(std::span(&plain, 1));
  base::Decoder edit{Bytes(payload)};
  base::Decoder fields(edit.sized());
  ASSERT_EQ(fields.varint(), 10U);
  const std::string table(fields.sized());
  EXPECT_EQ(decode_edits(one_edit(field(10, table + field(1, "later")))).value()[0].added[0], sample_table());
  const auto refused = decode_edits(one_edit(field(10, table + field(2, "later"))));
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().kind, ErrorKind::kUnsupported);
  const std::string options("\x01\x01\x00\x0A\x80\x40", 6);
  EXPECT_EQ(decode_edits(one_edit(field(30, options + field(1, "later")))).value()[0].options, KeyspaceOptions{});
  EXPECT_EQ(decode_edits(one_edit(field(30, options + field(2, "later")))).error().kind, ErrorKind::kUnsupported);
}

TEST(VersionEdit, ImpossibleValuesAreRefused) {
  const auto refused = [](const VersionEdit& edit) {
    return !decode_edits(encode_edits(std::span(&edit, 1))).has_value();
  };
  const auto with = [](auto change) {
    VersionEdit edit;
    edit.added = {sample_table()};
    change(edit.added[0]);
    return edit;
  };
  EXPECT_FALSE(refused(with([](PlacedTable&) {})));
  EXPECT_TRUE(refused(with([](PlacedTable& p) { p.table.number = 0; })));
  EXPECT_TRUE(refused(with([](PlacedTable& p) { p.table.number = kMaxCounter + 1; })));
  EXPECT_TRUE(refused(with([](PlacedTable& p) { p.level = kMaxLevels; })));
  EXPECT_TRUE(refused(with([](PlacedTable& p) { p.run = ~uint64_t{0}; })));
  EXPECT_TRUE(refused(with([](PlacedTable& p) { p.table.largest_sequence = kMaxSequence + 1; })));
  EXPECT_TRUE(refused(with([](PlacedTable& p) { p.table.smallest_sequence = 2001; })));
  EXPECT_TRUE(refused(with([](PlacedTable& p) { p.table.erases = 1001; })));
  EXPECT_TRUE(refused(with([](PlacedTable& p) { p.table.smallest_key = "zoo1"; })));
  EXPECT_TRUE(refused(with([](PlacedTable& p) { p.table.smallest_key = p.table.largest_key; })));
  EXPECT_FALSE(refused(with([](PlacedTable& p) {
    p.table.smallest_key = p.table.largest_key;
    p.table.largest_exclusive = false;
  })));
  EXPECT_TRUE(refused(with([](PlacedTable& p) { p.table.largest_key = std::string(kMaxKeyBytes + 1, 'z'); })));
  VersionEdit edit;
  edit.flushed_through = kMaxSequence + 1;
  EXPECT_TRUE(refused(edit));
  edit = {.log_floor = LogFloor{.lsn = kMaxCounter + 1}};
  EXPECT_TRUE(refused(edit));
  edit = {.foreign_numbers = {{.first = 5, .end = 5}}};
  EXPECT_TRUE(refused(edit));
  edit = {.keyspace = 1, .created = KeyspaceRecord{.id = 2, .name = "x"}};
  EXPECT_TRUE(refused(edit));
  edit = {.created = KeyspaceRecord{.id = 0, .name = ""}};
  EXPECT_TRUE(refused(edit));
  edit = {.created = KeyspaceRecord{.id = 0, .name = std::string(256, 'x')}};
  EXPECT_TRUE(refused(edit));
  edit = {.created = KeyspaceRecord{.id = 0, .name = "x", .options = {.block_bytes = kMinBlockBytes - 1}}};
  EXPECT_TRUE(refused(edit));
  edit = {.created = KeyspaceRecord{.id = 0, .name = "x", .options = {.block_bytes = kMaxBlockBytes + 1}}};
  EXPECT_TRUE(refused(edit));
  EXPECT_TRUE(refused(with([](PlacedTable& p) { p.table.smallest_key = std::string(kMaxKeyBytes + 1, 'a'); })));
  edit = {.next_file_number = kMaxCounter + 1};
  EXPECT_TRUE(refused(edit));
  for (const KeyspaceOptions& options :
       {KeyspaceOptions{.filter_bits_per_key = 25}, KeyspaceOptions{.block_bytes = kMinBlockBytes - 1},
        KeyspaceOptions{.block_bytes = kMaxBlockBytes + 1}}) {
    edit = {.options = options};
    EXPECT_TRUE(refused(edit));
  }
  EXPECT_FALSE(decode_edits(one_edit(field(30, "\x01\x01\x02"))).has_value());  // cut off
  // The builder of filters would ask for memory in proportion.
  edit = {.created = KeyspaceRecord{.id = 0, .name = "x", .options = {.filter_bits_per_key = 25}}};
  EXPECT_TRUE(refused(edit));
}

TEST(VersionEdit, EveryFieldCounts) {
  const KeyspaceRecord keyspace{.id = 1, .name = "x"};
  KeyspaceRecord other = keyspace;
  const auto differs = [&] {
    const bool different = !(other == keyspace);
    other = keyspace;
    return different;
  };
  EXPECT_FALSE(differs());
  EXPECT_TRUE((other.id = 2, differs()));
  EXPECT_TRUE((other.name = "y", differs()));
  EXPECT_TRUE((other.order = static_cast<KeyOrder>(1), differs()));
  EXPECT_TRUE((other.options.compression = Compression::kNone, differs()));
  EXPECT_TRUE((other.options.bottom_compression = Compression::kNone, differs()));
  EXPECT_TRUE((other.options.shape = CompactionShape::kTiered, differs()));
  EXPECT_TRUE((other.options.filter_bits_per_key++, differs()));
  EXPECT_TRUE((other.options.block_bytes++, differs()));
  PlacedTable placed = sample_table();
  placed.table.erases++;
  EXPECT_FALSE(placed == sample_table());
  EXPECT_FALSE(placed.table == sample_table().table);
  EXPECT_FALSE((NumberRange{.first = 1, .end = 2} == NumberRange{.first = 1, .end = 3}));
  EXPECT_FALSE(VersionEdit{} == VersionEdit{.keyspace = 1});
}

TEST(VersionEdit, SeveralRangesOfForeignNumbersMayCome) {
  const VersionEdit edit{.foreign_numbers = {{.first = 5, .end = 9}, {.first = 20, .end = 21}}};
  EXPECT_EQ(decode_edits(encode_edits(std::span(&edit, 1))).value(), std::vector{edit});
}

// The policy counts by level, in arrays that end with the bottom: a level below it was a write behind their end.
TEST(VersionEdit, LevelsBelowTheBottomAreRefused) {
  for (const uint32_t level : {8U, 63U}) {
    VersionEdit edit;
    edit.added = {sample_table()};
    edit.added[0].level = level;
    EXPECT_EQ(decode_edits(encode_edits(std::span(&edit, 1))).error().kind, ErrorKind::kCorruption) << level;
  }
}

TEST(VersionEdit, EnumsOfANewerReleaseAreUnsupported) {
  VersionEdit edit;
  edit.added = {sample_table()};
  edit.added[0].table.compression = static_cast<Compression>(3);
  EXPECT_EQ(decode_edits(encode_edits(std::span(&edit, 1))).error().kind, ErrorKind::kUnsupported);
  edit = {.created = KeyspaceRecord{.id = 0, .name = "x", .order = static_cast<KeyOrder>(1)}};
  EXPECT_EQ(decode_edits(encode_edits(std::span(&edit, 1))).error().kind, ErrorKind::kUnsupported);
  edit.created->order = KeyOrder::kBytewise;
  edit.created->options.shape = static_cast<CompactionShape>(3);
  EXPECT_EQ(decode_edits(encode_edits(std::span(&edit, 1))).error().kind, ErrorKind::kUnsupported);
  for (const KeyspaceOptions& options : {KeyspaceOptions{.compression = static_cast<Compression>(3)},
                                         KeyspaceOptions{.bottom_compression = static_cast<Compression>(3)},
                                         KeyspaceOptions{.shape = static_cast<CompactionShape>(3)}}) {
    edit = {.options = options};
    EXPECT_EQ(decode_edits(encode_edits(std::span(&edit, 1))).error().kind, ErrorKind::kUnsupported);
  }
}

TEST(VersionEdit, RepeatedAndDisorderedFieldsAreRefused) {
  EXPECT_FALSE(decode_edits(one_edit(field(16, "\x05") + field(16, "\x06"))).has_value());
  EXPECT_FALSE(decode_edits(one_edit(field(16, "\x05") + field(14, "\x06\x01"))).has_value());
  EXPECT_TRUE(decode_edits(one_edit(field(12, "\x05") + field(12, "\x06"))).has_value());
  EXPECT_FALSE(decode_edits(one_edit(field(16, Bytes("\x05\x00", 2)))).has_value());  // a byte too many
  EXPECT_FALSE(decode_edits(one_edit(field(6, "x"))).has_value());
  EXPECT_FALSE(decode_edits(one_edit(field(0, ""))).has_value());
}

TEST(VersionEdit, HostileBytesAreAnErrorOrOtherEditsNeverMore) {
  const std::string good = encode_edits(sample_edits());
  for (size_t size = 0; size < good.size(); size++) {
    const std::string cut = good.substr(0, size);  // of its own, so that the sanitizer sees a read beyond it
    (void)decode_edits(cut);
  }
  for (size_t at = 0; at < good.size(); at++) {
    for (unsigned bit = 0; bit < 8; bit++) {
      std::string bad = good;
      bad[at] = static_cast<char>(bad[at] ^ (1 << bit));
      const auto decoded = decode_edits(bad);
      if (decoded) {
        ASSERT_EQ(decode_edits(encode_edits(*decoded)).value(), *decoded) << at << "." << bit;
      }
    }
  }
  base::Prng prng(3);
  for (int i = 0; i < 20000; i++) {
    std::string noise(prng.below(64), '\0');
    for (char& c : noise) c = static_cast<char>(prng.one_in(2) ? prng.below(32) : prng.next());
    (void)decode_edits(noise);
  }
}

}  // namespace
}  // namespace nacre::format
