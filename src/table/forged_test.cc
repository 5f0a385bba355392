// Tables that no builder makes: put together by hand, with checksums that fit, wrong in one place each.
#include "format/block_builder.h"
#include "format/index_builder.h"
#include "table/table_fixture.h"

namespace nacre::table {
namespace {

using format::StoredKind;

// A table of the given blocks and what is said of them.
struct Forged {
  explicit Forged(const std::vector<std::vector<OwnedEntry>>& blocks) {
    std::vector<OwnedEntry> all;
    for (const auto& entries : blocks) all.insert(all.end(), entries.begin(), entries.end());
    MemoryFile honest;
    properties = build(honest, all, small_blocks(Compression::kNone));
    properties.raw_bytes = 0;
    properties.data_blocks = blocks.size();
    format::BlockBuilder builder(1024);
    for (const auto& entries : blocks) {
      for (const OwnedEntry& e : entries) builder.add(e.key, base::hash_key(e.key), e.trailer, e.value);
      os::LargeString image;
      builder.finish(&image);
      properties.raw_bytes += image.size();
      append(Bytes(image), StoredKind::kData);
      block_ends.push_back(bytes.size());
      fences.push_back(entries.back().key);
    }
  }

  void append(Bytes raw, StoredKind kind) {
    const uint64_t at = bytes.size();
    os::LargeString stored(raw);
    format::append_stored_trailer(&stored, 0, kind, Compression::kNone, raw.size(), identity().checksum_seed(at));
    bytes.append(stored);
  }
  MemoryFile file() {
    const uint64_t data_bytes = bytes.size();
    format::Footer footer{
        .tombstones_at = data_bytes, .filter_at = data_bytes, .index_at = data_bytes, .identity = identity()};
    format::IndexBuilder index(0);
    for (size_t i = 0; i < fences.size(); i++) index.add(fences[i], block_ends[i]);
    append(index.finish(), StoredKind::kIndex);
    footer.properties_at = bytes.size();
    append(format::encode_properties(properties), StoredKind::kProperties);
    footer.file_bytes = bytes.size() + format::kFooterBytes;
    MemoryFile file;
    file.bytes = bytes + format::encode_footer(footer);
    bytes.resize(data_bytes);
    return file;
  }
  std::string verdict() {
    World world;
    MemoryFile made = file();
    const auto table = open(made, world.cache, world.account);
    if (!table) return table.error().reason;
    const auto verified = (*table)->verify();
    return verified ? "good" : verified.error().reason;
  }

  std::string bytes;
  std::vector<uint64_t> block_ends;
  std::vector<std::string> fences;
  TableProperties properties;
};

Forged two_blocks() {
  return Forged({{{"a", put(1), "x"}, {"b", put(2), "y"}}, {{"d", put(3), "z"}, {"e", put(4), "w"}}});
}

TEST(ForgedTable, WithoutAFaultIsGood) {
  EXPECT_EQ(two_blocks().verdict(), "good");
  Forged other = two_blocks();
  other.fences[0] = "c";  // between the blocks
  EXPECT_EQ(other.verdict(), "good");
}

TEST(ForgedTable, FencesOutOfPlaceAreFound) {
  Forged forged = two_blocks();
  forged.fences[1] = "f";
  EXPECT_EQ(forged.verdict(), "last fence is not the last key");
  forged.fences[1] = "dd";
  EXPECT_EQ(forged.verdict(), "block has keys behind its fence");
  forged = two_blocks();
  forged.fences[0] = "d";  // a get for it would look into the first block only
  EXPECT_EQ(forged.verdict(), "block has keys before the fence of the one before it");
  forged.fences[0] = "dd";
  EXPECT_EQ(forged.verdict(), "block has keys before the fence of the one before it");
  Forged versions({{{"a", put(9), "x"}, {"d", put(8), "y"}}, {{"d", put(7), "z"}}});  // of one key, in two blocks
  EXPECT_EQ(versions.verdict(), "good");
}

TEST(ForgedTable, PropertiesOfAnotherTableAreFound) {
  const std::string other = "table properties are not those of its entries";
  const auto changed = [](auto change) {
    Forged forged = two_blocks();
    change(forged.properties);
    return forged.verdict();
  };
  EXPECT_EQ(changed([](TableProperties& p) { p.block_bytes = 50; }), "block is larger than the table says");
  EXPECT_EQ(changed([](TableProperties& p) { p.entries++; }), other);
  EXPECT_EQ(changed([](TableProperties& p) { p.erases++; }), other);
  EXPECT_EQ(changed([](TableProperties& p) { p.key_bytes++; }), other);
  EXPECT_EQ(changed([](TableProperties& p) { p.value_bytes++; }), other);
  EXPECT_EQ(changed([](TableProperties& p) { p.raw_bytes++; }), other);
  EXPECT_EQ(changed([](TableProperties& p) { p.smallest_sequence = 0; }), other);
  EXPECT_EQ(changed([](TableProperties& p) { p.largest_sequence++; }), other);
  EXPECT_EQ(changed([](TableProperties& p) { p.smallest_key = ""; }), other);
  EXPECT_EQ(changed([](TableProperties& p) { p.largest_key = "f"; }), other);
  EXPECT_EQ(changed([](TableProperties& p) { p.entries_hash++; }), "table's hash is not that of its entries");
}

TEST(ForgedTable, AnIndexThatChangesUnderAnOpenTableIsFound) {
  Forged forged = two_blocks();
  MemoryFile file = forged.file();
  World world;
  const auto table = open(file, world.cache, world.account).value();
  {
    sync::EpochDomain::Guard guard(world.domain);
    ASSERT_TRUE(table->index().has_value());
  }
  ASSERT_TRUE(table->verify().has_value());
  forged.block_ends[0] -= 8;
  file.bytes = forged.file().bytes;
  EXPECT_STREQ(table->verify().error().reason, "table index changed since it was loaded");
}

// What lies before the last bytes is never read: a file of terabytes that is none.
class Sparse : public ReadableFile {
 public:
  Sparse(uint64_t size_bytes, std::string tail) : size_bytes_(size_bytes), tail_(std::move(tail)) {}
  Result<size_t> read(uint64_t offset, std::span<char> out) override {
    const uint64_t tail_at = size_bytes_ - tail_.size();
    for (size_t i = 0; i < out.size(); i++) out[i] = offset + i < tail_at ? '\0' : tail_[offset + i - tail_at];
    return out.size();
  }
  uint64_t size_bytes() const override { return size_bytes_; }
  void will_need(uint64_t, uint64_t) override {}

 private:
  const uint64_t size_bytes_;
  const std::string tail_;
};

// Opens a table that says to have so many blocks, in a file that has room for them.
std::string verdict_of_blocks(uint64_t blocks) {
  const uint64_t data_bytes = uint64_t{1} << 40;
  format::Footer footer{
      .tombstones_at = data_bytes, .filter_at = data_bytes, .index_at = data_bytes, .identity = identity()};
  footer.properties_at = data_bytes + 4096;
  TableProperties properties;
  properties.entries = properties.data_blocks = blocks;
  os::LargeString tail(format::encode_properties(properties));
  format::append_stored_trailer(&tail, 0, StoredKind::kProperties, Compression::kNone, tail.size(),
                                identity().checksum_seed(footer.properties_at));
  footer.file_bytes = footer.properties_at + tail.size() + format::kFooterBytes;
  World world;
  auto file = std::make_unique<Sparse>(footer.file_bytes, std::string(tail) + format::encode_footer(footer));
  const auto table = Table::open(std::move(file), identity(), world.cache, &world.account);
  return table ? "good" : table.error().reason;
}

TEST(ForgedTable, MoreBlocksThanAnyTableHasTakeNoMemory) {
  EXPECT_EQ(verdict_of_blocks(1), "good");
  const std::string refused = "table has another number of blocks than its data have room for";
  EXPECT_EQ(verdict_of_blocks(format::kMaxBlocks + uint64_t{1}), refused);
  EXPECT_EQ(verdict_of_blocks(uint64_t{1} << 37), refused);
  EXPECT_EQ(verdict_of_blocks(0), refused);
}

TEST(ForgedTable, PropertiesLargerThanTheyCanBeTakeNoMemory) {
  format::Footer footer{.properties_at = 1, .file_bytes = 1 << 20, .identity = identity()};
  World world;
  auto file = std::make_unique<Sparse>(footer.file_bytes, format::encode_footer(footer));
  const auto table = Table::open(std::move(file), identity(), world.cache, &world.account);
  ASSERT_FALSE(table.has_value());
  EXPECT_STREQ(table.error().reason, "table properties are of no possible size");
}

}  // namespace
}  // namespace nacre::table
