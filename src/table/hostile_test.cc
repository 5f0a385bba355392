// Tables whose bytes were changed, by accident and with checksums that fit again.
#include "base/checksum.h"
#include "base/coding.h"
#include "format/index.h"
#include "table/probe.h"
#include "table/table_fixture.h"

namespace nacre::table {
namespace {

using format::kStoredTrailerBytes;

std::vector<OwnedEntry> few_entries() {
  base::Prng random(17);
  auto entries = random_entries(random, 40);
  entries.resize(40);
  for (OwnedEntry& e : entries) e.value.resize(std::min<size_t>(e.value.size(), 40));
  return entries;
}

MemoryFile small_table(Compression compression) {
  MemoryFile file;
  const format::RangeTombstone tombstone{"b", "k", 50};
  TableBuilderOptions options = small_blocks(compression);
  options.filter_bits_per_key = 4;
  build(file, few_entries(), options, format::TombstoneSet::build(std::span(&tombstone, 1)));
  return file;
}

// Where the checksummed parts of the undamaged table lie.
std::vector<Extent> parts_of(const MemoryFile& file) {
  World world;
  MemoryFile copy = file;
  const auto table = open(copy, world.cache, world.account).value();
  std::vector<Extent> parts;
  sync::EpochDomain::Guard guard(world.domain);
  const auto index = table->index().value();
  for (uint32_t i = 0; i < table->blocks(); i++) parts.push_back(index.extent(i));
  const format::Footer& f = table->footer();
  const uint64_t ends[] = {f.tombstones_at, f.filter_at, f.index_at, f.properties_at, f.footer_at()};
  for (size_t i = 0; i + 1 < std::size(ends); i++) {
    if (ends[i] != ends[i + 1]) parts.push_back({ends[i], ends[i + 1] - ends[i]});
  }
  return parts;
}

void mend(MemoryFile& file, const std::vector<Extent>& parts, uint64_t damaged_at) {
  for (const Extent& part : parts) {
    if (damaged_at < part.offset || damaged_at >= part.offset + part.bytes) continue;
    char* trailer = file.bytes.data() + part.offset + part.bytes - kStoredTrailerBytes;
    const uint64_t seed = base::mix64(identity().checksum_seed(part.offset), base::load<uint64_t>(trailer));
    const Bytes payload = Bytes(file.bytes).substr(part.offset, part.bytes - kStoredTrailerBytes);
    base::store(trailer + 8, base::checksum64(payload, seed));
    return;
  }
  const size_t footer_at = file.bytes.size() - format::kFooterBytes;
  base::store(file.bytes.data() + footer_at + 112,
              base::checksum64(Bytes(file.bytes).substr(footer_at, 112), 0x4e61637265));
}

// Does all that a reader can do. Errors are fine; what is not seen by a sanitizer or a check is fine.
void exercise(World& world, MemoryFile& file, const std::vector<OwnedEntry>& entries) {
  const auto opened = open(file, world.cache, world.account);
  if (!opened) return;
  const Table& table = **opened;
  {
    sync::EpochDomain::Guard guard(world.domain);
    std::vector<Probe> probes;
    for (const OwnedEntry& e : entries) {
      static_cast<void>(table.get(e.key, base::hash_key(e.key), 500));
      probes.emplace_back(table, e.key, base::hash_key(e.key), 3);
    }
    look_up(probes, world.file_system);
  }
  for (const bool streaming : {false, true}) {
    auto cursor = table.cursor({.streaming = streaming});
    size_t steps = 0;
    for (cursor.seek_first(); cursor.valid() && steps < 10'000; cursor.next())
      steps += std::string(cursor.key()).size() > 70'000 ? 9 : 1;
    for (cursor.seek_last(); cursor.valid() && steps < 20'000; cursor.prev())
      steps += std::string(cursor.value()).size() > 70'000 ? 9 : 1;
    for (const OwnedEntry& e : entries) cursor.seek(e.key, e.trailer);
    for (const OwnedEntry& e : entries) cursor.seek_before(e.key, e.trailer);
  }
  static_cast<void>(table.verify());
  ASSERT_LE(world.account.held_total(), world.account.ceiling_bytes());
}

TEST(HostileTable, EveryFlippedByteIsFound) {
  for (const Compression compression : {Compression::kNone, Compression::kLz4}) {
    MemoryFile file = small_table(compression);
    World world;
    ASSERT_TRUE(open(file, world.cache, world.account).value()->verify().has_value());
    for (size_t at = 0; at < file.bytes.size(); at++) {
      for (const int flip : {0x01, 0x80}) {
        file.bytes[at] = static_cast<char>(file.bytes[at] ^ flip);
        const auto table = open(file, world.cache, world.account);
        const bool found = !table || !(*table)->verify();
        ASSERT_TRUE(found) << "byte " << at;
        file.bytes[at] = static_cast<char>(file.bytes[at] ^ flip);
      }
    }
  }
}

TEST(HostileTable, EveryTruncationIsFoundAtOnce) {
  const MemoryFile file = small_table(Compression::kLz4);
  World world;
  for (size_t size = 0; size < file.bytes.size(); size++) {
    MemoryFile cut;
    cut.bytes = file.bytes.substr(0, size);
    const auto table = open(cut, world.cache, world.account);
    ASSERT_FALSE(table.has_value()) << size;
    ASSERT_EQ(table.error().kind, ErrorKind::kCorruption);
    ASSERT_EQ(table.error().file_number, 7U);
  }
}

TEST(HostileTable, BytesWithMendedChecksumsDoNoHarm) {
  const auto entries = few_entries();
  for (const Compression compression : {Compression::kNone, Compression::kLz4, Compression::kZstd}) {
    const MemoryFile good = small_table(compression);
    const auto parts = parts_of(good);
    World world;
    for (size_t at = 0; at < good.bytes.size(); at++) {
      for (const int flip : {0x01, 0xff}) {
        MemoryFile file = good;
        file.bytes[at] = static_cast<char>(file.bytes[at] ^ flip);
        mend(file, parts, at);
        exercise(world, file, entries);
        if (::testing::Test::HasFatalFailure()) return;
      }
    }
  }
}

TEST(HostileTable, RandomDamageWithMendedChecksumsDoesNoHarm) {
  const auto entries = few_entries();
  base::Prng random(23);
  const MemoryFile good = small_table(Compression::kNone);
  const auto parts = parts_of(good);
  World world;
  for (int i = 0; i < 3000; i++) {
    MemoryFile file = good;
    for (uint64_t n = 1 + random.below(4); n-- > 0;) {
      const size_t at = random.below(file.bytes.size());
      file.bytes[at] = static_cast<char>(random.one_in(2) ? random.below(10) : random.next());
      mend(file, parts, at);
    }
    exercise(world, file, entries);
    if (::testing::Test::HasFatalFailure()) return;
  }
}

// The table with other properties, under a checksum and a footer that fit them.
MemoryFile with_properties(const MemoryFile& good, const TableProperties& properties) {
  format::Footer footer = format::decode_footer(Bytes(good.bytes).substr(good.bytes.size() - format::kFooterBytes),
                                                good.bytes.size(), identity())
                              .value();
  os::LargeString bytes(Bytes(good.bytes).substr(0, footer.properties_at));
  bytes.append(format::encode_properties(properties));
  format::append_stored_trailer(&bytes, footer.properties_at, format::StoredKind::kProperties, Compression::kNone,
                                bytes.size() - footer.properties_at, identity().checksum_seed(footer.properties_at));
  footer.file_bytes = bytes.size() + format::kFooterBytes;
  MemoryFile file;
  file.bytes = bytes;
  file.bytes += format::encode_footer(footer);
  return file;
}

// An open table has a word for each of its blocks: their number must not be what a damaged file wants.
TEST(HostileTable, MoreBlocksThanTheDataHaveRoomForAreRefused) {
  World world;
  const MemoryFile good = small_table(Compression::kNone);
  MemoryFile copy = good;
  TableProperties properties = open(copy, world.cache, world.account).value()->properties();
  MemoryFile same = with_properties(good, properties);
  ASSERT_TRUE(open(same, world.cache, world.account).has_value());
  for (const uint64_t blocks : {uint64_t{100'000}, uint64_t{format::kMaxBlocks}, uint64_t{1} << 40}) {
    properties.entries = properties.data_blocks = blocks;
    MemoryFile file = with_properties(good, properties);
    const auto table = open(file, world.cache, world.account);
    ASSERT_FALSE(table.has_value()) << blocks;
    EXPECT_EQ(table.error().kind, ErrorKind::kCorruption);
    EXPECT_STREQ(table.error().reason, "table has another number of blocks than its data have room for");
  }
}

// --- verify() finds what no checksum can: a table that was written wrongly. ---

struct WrongTable {
  MemoryFile file = small_table(Compression::kNone);
  std::vector<Extent> parts = parts_of(file);

  void set(uint64_t at, char byte) {
    file.bytes[at] = byte;
    mend(file, parts, at);
  }
  std::string verdict() {
    World world;
    const auto table = open(file, world.cache, world.account);
    if (!table) return "not opened: " + table.error().to_string();
    const auto verified = (*table)->verify();
    if (verified) return "good";
    EXPECT_EQ(verified.error().kind, ErrorKind::kCorruption);
    EXPECT_EQ(verified.error().file_number, 7U);
    return verified.error().reason;
  }
};

TEST(Verify, GoodTableIsGood) { EXPECT_EQ(WrongTable().verdict(), "good"); }

TEST(Verify, WrongTag) {
  WrongTable wrong;
  const auto prefix_bytes = base::load<uint32_t>(wrong.file.bytes.data() + 20);
  const uint64_t tag_at = format::kBlockHeaderBytes + prefix_bytes + 1;
  wrong.set(tag_at, static_cast<char>(wrong.file.bytes[tag_at] ^ 1));
  EXPECT_EQ(wrong.verdict(), "hash tag is not that of its key");
}

// The bytes of a head behind the end of a short key are in no key that a cursor shows, but a get compares them: it finds nothing.
TEST(Verify, WrongHeadBehindAShortKey) {
  WrongTable wrong{.file = {}, .parts = {}};
  const std::vector<OwnedEntry> entries = {{"a", format::make_trailer(3, format::EntryKind::kPut), "1"},
                                           {"b", format::make_trailer(4, format::EntryKind::kPut), "2"}};
  build(wrong.file, entries, small_blocks(Compression::kNone));
  wrong.parts = parts_of(wrong.file);
  ASSERT_EQ(wrong.verdict(), "good");
  const uint64_t first_head_at = base::align_up(format::kBlockHeaderBytes + entries.size(), 8);
  wrong.set(first_head_at, 1);  // numbers are little-endian: the last of eight bytes, of a key of one
  EXPECT_EQ(wrong.verdict(), "head is not that of its key");
}

TEST(Verify, WrongValue) {
  WrongTable wrong;
  const uint64_t last_value_byte = wrong.parts[0].bytes - kStoredTrailerBytes - 1;
  wrong.set(last_value_byte, '?');
  EXPECT_EQ(wrong.verdict(), "block's hash is not that of its entries");
}

TEST(Verify, WrongBlockHash) {
  WrongTable wrong;
  wrong.set(8, static_cast<char>(wrong.file.bytes[8] ^ 1));
  EXPECT_EQ(wrong.verdict(), "block's hash is not that of its entries");
}

TEST(Verify, FilterThatForgets) {
  WrongTable wrong;
  const Extent filter = wrong.parts[wrong.parts.size() - 3];
  for (uint64_t at = filter.offset + format::kFilterHeaderBytes;
       at < filter.offset + filter.bytes - kStoredTrailerBytes; at++) {
    wrong.set(at, 0);
  }
  EXPECT_EQ(wrong.verdict(), "filter does not know a key of the table");
}

TEST(Verify, WrongCounts) {
  WrongTable wrong;
  const Extent properties = wrong.parts.back();
  wrong.set(properties.offset + 1, static_cast<char>(wrong.file.bytes[properties.offset + 1] ^ 1));  // erases
  EXPECT_EQ(wrong.verdict(), "table properties are not those of its entries");
}

TEST(Verify, ExchangedBlocks) {  // the checksum knows where a block belongs
  WrongTable wrong;
  ASSERT_GT(wrong.parts.size(), 5U);
  const Extent a = wrong.parts[0];
  const std::string first = wrong.file.bytes.substr(a.offset, a.bytes);
  MemoryFile other = small_table(Compression::kNone);
  std::memcpy(wrong.file.bytes.data() + wrong.parts[1].offset, first.data(), std::min(a.bytes, wrong.parts[1].bytes));
  EXPECT_EQ(wrong.verdict(), "block checksum mismatch");
}

}  // namespace
}  // namespace nacre::table
