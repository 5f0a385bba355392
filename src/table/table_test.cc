#include "table/table.h"

#include "table/table_fixture.h"

namespace nacre::table {
namespace {

format::TombstoneSet one_tombstone() {
  const format::RangeTombstone tombstone{"key00000100", "kez", 50};
  return format::TombstoneSet::build(std::span(&tombstone, 1));
}

TEST(Table, GetsWhatTheModelGets) {
  for (uint64_t seed = 1; seed <= 30; seed++) {
    SCOPED_TRACE(seed);
    base::Prng random(seed);
    World world;
    MemoryFile file;
    const auto entries = random_entries(random, 50 + random.below(2000));
    TableBuilderOptions options = small_blocks(static_cast<Compression>(random.below(3)));
    options.filter_bits_per_key = random.one_in(4) ? 0.0F : 10.0F;
    build(file, entries, options);
    const auto table = open(file, world.cache, world.account).value();
    for (int i = 0; i < 800; i++) {
      std::string key = entries[random.below(entries.size())].key;
      if (random.one_in(4)) key.push_back('c');
      if (random.one_in(6)) key.resize(random.below(key.size() + 1));
      expect_get(*table, world, entries, key, random.one_in(2) ? format::kMaxSequence : random.below(1100));
    }
    if (::testing::Test::HasFatalFailure()) return;
    ASSERT_TRUE(table->verify().has_value()) << table->verify().error().to_string();
  }
}

TEST(Table, VersionsOfOneKeyMayFillManyBlocks) {
  World world;
  MemoryFile file;
  std::vector<OwnedEntry> entries = {{"a", put(1), "x"}};
  for (Sequence s = 900; s > 0; s--)
    entries.push_back({"hot", put(2 * s), std::string(30, static_cast<char>('a' + s % 26))});
  entries.push_back({"z", put(1), "y"});
  const TableProperties properties = build(file, entries, small_blocks());
  ASSERT_GT(properties.data_blocks, 20U);
  const auto table = open(file, world.cache, world.account).value();
  for (Sequence at = 0; at <= 1801; at += 1) expect_get(*table, world, entries, "hot", at);
  expect_get(*table, world, entries, "ho", 5);
  expect_get(*table, world, entries, "hota", 5);
  expect_get(*table, world, entries, "z", 5);
  EXPECT_TRUE(table->verify().has_value()) << table->verify().error().to_string();
}

TEST(Table, LargeEntriesHaveBlocksOfTheirOwn) {
  for (const Compression compression : {Compression::kNone, Compression::kLz4, Compression::kZstd}) {
    World world;
    MemoryFile file;
    base::Prng random(3);
    std::string noise(3 << 20, '\0');
    for (char& c : noise) c = static_cast<char>(random.next());
    const std::vector<OwnedEntry> entries = {
        {"", put(9), "the empty key"},
        {"b", put(2), std::string(size_t{18} << 20, 'b')},  // too large to compress
        {"c", put(1), "small"},
        {"d", put(5), noise},
        {"d", put(4), std::string(200'000, 'd')},
        {"e" + std::string(kMaxKeyBytes - 1, 'e'), put(3), "long key"},
        {"e" + std::string(kMaxKeyBytes - 1, 'f'), put(3), std::string(70'000, 'f')}};
    build(file, entries, small_blocks(compression));
    const auto table = open(file, world.cache, world.account).value();
    for (const OwnedEntry& e : entries) {
      expect_get(*table, world, entries, e.key, format::kMaxSequence);
      expect_get(*table, world, entries, e.key, format::sequence_of(e.trailer));
    }
    for (const bool streaming : {false, true}) {
      auto cursor = table->cursor({.streaming = streaming});
      expect_walks(cursor, entries, random, 300);
    }
    ASSERT_TRUE(table->verify().has_value()) << table->verify().error().to_string();
  }
}

TEST(Table, MayHoldRangeTombstonesAlone) {
  World world;
  MemoryFile file;
  build(file, {}, small_blocks(), one_tombstone());
  const auto table = open(file, world.cache, world.account).value();
  EXPECT_EQ(table->properties().smallest_key, "key00000100");
  EXPECT_EQ(table->properties().largest_key, "kez");
  EXPECT_EQ(table->properties().smallest_sequence, 50U);
  EXPECT_EQ(table->properties().largest_sequence, 50U);
  EXPECT_EQ(table->tombstones().covering("key00000200", 60), 50U);
  expect_get(*table, world, {}, "key00000200", 5);
  auto cursor = table->cursor();
  cursor.seek_first();
  EXPECT_FALSE(cursor.valid());
  cursor.seek_last();
  EXPECT_FALSE(cursor.valid());
  EXPECT_TRUE(table->verify().has_value()) << table->verify().error().to_string();
}

TEST(Table, MayHoldNothing) {
  World world;
  MemoryFile file;
  build(file, {}, small_blocks());
  const auto table = open(file, world.cache, world.account).value();
  expect_get(*table, world, {}, "x", 5);
  EXPECT_TRUE(table->verify().has_value()) << table->verify().error().to_string();
}

TEST(Table, PropertiesTellWhatIsInside) {
  World world;
  MemoryFile file;
  std::vector<OwnedEntry> entries = numbered_entries(1000, 20);
  entries[10].trailer = erase(3);
  entries[10].value = "";
  const TableProperties written = build(file, entries, small_blocks(), one_tombstone());
  const auto table = open(file, world.cache, world.account).value();
  const TableProperties& read = table->properties();
  EXPECT_EQ(format::encode_properties(read), format::encode_properties(written));
  EXPECT_EQ(read.file_bytes, file.bytes.size());
  EXPECT_EQ(read.entries, 1000U);
  EXPECT_EQ(read.erases, 1U);
  EXPECT_EQ(read.range_tombstones, 1U);
  EXPECT_EQ(read.key_bytes, 11'000U);
  EXPECT_EQ(read.value_bytes, 999U * 20);
  EXPECT_EQ(read.smallest_key, numbered(0));
  EXPECT_EQ(read.largest_key, "kez") << "the end of the range tombstone";
  EXPECT_EQ(read.smallest_sequence, 1U);
  EXPECT_EQ(read.largest_sequence, 100U);
  EXPECT_EQ(table->blocks(), read.data_blocks);
}

TEST(Table, EvictedFiltersIndexesAndBlocksComeBack) {
  World world(uint64_t{4} << 20);
  MemoryFile file;
  const auto entries = numbered_entries(60'000, 100);
  build(file, entries, small_blocks());
  const auto table = open(file, world.cache, world.account).value();
  base::Prng random(5);
  for (int i = 0; i < 20'000; i++) {
    expect_get(*table, world, entries, numbered(random.below(120'000)), format::kMaxSequence);
    if (::testing::Test::HasFatalFailure()) return;
  }
  EXPECT_GT(world.cache.stats().evictions, 1000U);
  EXPECT_LE(world.account.held_total(), world.account.ceiling_bytes());
}

TEST(Table, ChargesWhatItHolds) {
  World world;
  MemoryFile file;
  build(file, numbered_entries(5000), small_blocks());
  {
    const auto table = open(file, world.cache, world.account).value();
    EXPECT_GE(world.account.held(base::MemoryPart::kTableMeta), 8 * table->blocks());
  }
  EXPECT_EQ(world.account.held(base::MemoryPart::kTableMeta), 0U);
}

TEST(Table, FilterSparesReads) {
  World world;
  MemoryFile file;
  build(file, numbered_entries(5000), small_blocks());
  const auto table = open(file, world.cache, world.account).value();
  sync::EpochDomain::Guard guard(world.domain);
  EXPECT_TRUE(table->may_contain(1)) << "the filter is not loaded yet";
  uint64_t passed = 0;
  for (uint64_t i = 0; i < 2000; i++) {
    const std::string key = numbered(2 * i + 1);
    ASSERT_FALSE(table->get(key, base::hash_key(key), 500)->found);
    table->prefetch(base::hash_key(key));
    passed += table->may_contain(base::hash_key(key)) ? 1 : 0;
  }
  EXPECT_LT(passed, 60U);
  EXPECT_LT(file.reads, passed + 10);
}

// A wrong guess costs no read: the filter is asked before a block that is not in memory.
TEST(Table, FilterSparesReadsOfKeysThatWereExpected) {
  World world;
  MemoryFile file;
  build(file, numbered_entries(5000), small_blocks());
  const auto table = open(file, world.cache, world.account).value();
  sync::EpochDomain::Guard guard(world.domain);
  for (uint64_t i = 0; i < 2000; i++) {
    const std::string key = numbered(2 * i + 1);
    ASSERT_FALSE(table->get(key, base::hash_key(key), 500, Guess::kPresent)->found);
  }
  EXPECT_LT(file.reads, 70U);
}

// Where the block is in memory the filter is not asked: here it cannot even be loaded.
TEST(Table, AnExpectedKeyInMemoryNeedsNoFilter) {
  World world;
  MemoryFile file;
  const auto entries = numbered_entries(5000);
  build(file, entries, small_blocks());
  const auto table = open(file, world.cache, world.account).value();
  sync::EpochDomain::Guard guard(world.domain);
  table->load_block(0, table->index()->extent(0)).value();
  file.fail_reads_from = 0;
  const std::string& key = entries[0].key;
  EXPECT_TRUE(table->get(key, base::hash_key(key), 500, Guess::kPresent).value().found);
  EXPECT_EQ(table->get(key, base::hash_key(key), 500, Guess::kAbsent).error().kind, ErrorKind::kIo);
  const std::string& missing = entries[4999].key;
  EXPECT_EQ(table->get(missing, base::hash_key(missing), 500, Guess::kPresent).error().kind, ErrorKind::kIo);
}

TEST(TableOpen, RefusesFilesThatAreNotTheTable) {
  World world;
  MemoryFile file;
  build(file, numbered_entries(100), small_blocks());
  const auto reason = [&](const TableIdentity& id) {
    const auto table = open(file, world.cache, world.account, id);
    return table ? std::string() : table.error().to_string();
  };
  EXPECT_EQ(reason(identity()), "");
  EXPECT_NE(reason({format::Uuid::from_random(1, 1), 7}).find("another database"), std::string::npos);
  EXPECT_NE(reason(identity(8)).find("files were exchanged"), std::string::npos);
  EXPECT_NE(reason(identity(8)).find("000008.sst"), std::string::npos) << reason(identity(8));
  file.bytes.push_back('x');
  EXPECT_NE(reason(identity()).find("no footer"), std::string::npos);
  file.bytes.clear();
  EXPECT_NE(reason(identity()).find("shorter than its footer"), std::string::npos);
}

TEST(TableOpen, LongKeysInThePropertiesTakeASecondRead) {
  World world;
  MemoryFile file;
  const std::vector<OwnedEntry> entries = {{std::string(kMaxKeyBytes, 'a'), put(1), "x"},
                                           {std::string(kMaxKeyBytes, 'b'), put(1), "y"}};
  build(file, entries, small_blocks());
  const auto table = open(file, world.cache, world.account).value();
  EXPECT_EQ(file.reads, 2U);
  EXPECT_EQ(table->properties().largest_key, entries[1].key);
  expect_get(*table, world, entries, entries[1].key, 5);
}

TEST(TableErrors, AFailedReadIsAnErrorNeverAMiss) {
  World world;
  MemoryFile file;
  const auto entries = numbered_entries(2000);
  build(file, entries, small_blocks());
  const auto table = open(file, world.cache, world.account).value();
  file.fail_reads_from = 0;
  {
    sync::EpochDomain::Guard guard(world.domain);
    const auto found = table->get(entries[5].key, base::hash_key(entries[5].key), 500);
    ASSERT_FALSE(found.has_value());
    EXPECT_EQ(found.error().kind, ErrorKind::kIo);
    EXPECT_EQ(found.error().file_number, 7U);
    EXPECT_EQ(found.error().file_kind, FileKind::kTable);
  }
  auto cursor = table->cursor();
  cursor.seek(entries[5].key, ~uint64_t{0});
  EXPECT_FALSE(cursor.valid());
  EXPECT_EQ(cursor.status().error().kind, ErrorKind::kIo);
  file.fail_reads_from = ~uint64_t{0};
  cursor.seek(entries[5].key, ~uint64_t{0});
  EXPECT_TRUE(cursor.valid()) << "a later seek starts anew";
  expect_get(*table, world, entries, entries[5].key, 500);
}

TEST(TableErrors, ADamagedBlockHidesNoOther) {
  World world;
  MemoryFile file;
  const auto entries = numbered_entries(2000);
  build(file, entries, small_blocks());
  const auto table = open(file, world.cache, world.account).value();
  const uint64_t damaged_at = table->footer().tombstones_at / 2;
  file.bytes[damaged_at] = static_cast<char>(file.bytes[damaged_at] ^ 1);
  size_t failed = 0;
  sync::EpochDomain::Guard guard(world.domain);
  for (const OwnedEntry& e : entries) {
    const auto found = table->get(e.key, base::hash_key(e.key), 500);
    if (found) {
      ASSERT_TRUE(found->found);
      ASSERT_EQ(found->value, e.value);
      continue;
    }
    failed++;
    ASSERT_EQ(found.error().kind, ErrorKind::kCorruption);
    ASSERT_LE(found.error().offset, damaged_at);
    ASSERT_GT(found.error().offset + 1100, damaged_at);
  }
  EXPECT_GT(failed, 0U);
  EXPECT_LT(failed, 60U);
  EXPECT_EQ(table->verify().error().kind, ErrorKind::kCorruption);
}

TEST(TableErrors, ATruncatedFileUnderAnOpenTableIsCorrupt) {
  World world;
  MemoryFile file;
  const auto entries = numbered_entries(2000);
  build(file, entries, small_blocks());
  const auto table = open(file, world.cache, world.account).value();
  expect_get(*table, world, entries, entries[0].key, 500);
  file.bytes.resize(table->footer().tombstones_at / 2);
  sync::EpochDomain::Guard guard(world.domain);
  const auto found = table->get(entries[1999].key, base::hash_key(entries[1999].key), 500);
  ASSERT_FALSE(found.has_value());
  EXPECT_EQ(found.error().kind, ErrorKind::kCorruption);
}

}  // namespace
}  // namespace nacre::table
