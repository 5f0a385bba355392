// TableCursor and RunCursor.
#include "table/run_cursor.h"
#include "table/table_cursor.h"
#include "table/table_fixture.h"

namespace nacre::table {
namespace {

TEST(TableCursor, WalksAsTheModelDoes) {
  for (uint64_t seed = 1; seed <= 24; seed++) {
    SCOPED_TRACE(seed);
    base::Prng random(seed);
    World world;
    MemoryFile file;
    const auto entries = random_entries(random, 20 + random.below(1500));
    build(file, entries, small_blocks(static_cast<Compression>(random.below(3))));
    const auto table = open(file, world.cache, world.account).value();
    auto cursor = table->cursor({.streaming = seed % 2 == 0, .unit_bytes = static_cast<uint32_t>(random.below(8000))});
    expect_walks(cursor, entries, random, 1500);
    if (::testing::Test::HasFatalFailure()) return;
  }
}

TEST(TableCursor, StreamingLeavesTheCacheAlone) {
  World world;
  MemoryFile file;
  const auto entries = numbered_entries(20'000);
  build(file, entries, small_blocks());
  const auto table = open(file, world.cache, world.account).value();
  auto cursor = table->cursor({.streaming = true, .unit_bytes = 64 << 10, .account = &world.account});
  size_t count = 0;
  for (cursor.seek_first(); cursor.valid(); cursor.next()) ASSERT_EQ(cursor.key(), entries[count++].key);
  EXPECT_EQ(count, entries.size());
  EXPECT_EQ(world.cache.stats().insertions, 1U) << "the index alone";
  EXPECT_LT(file.reads, 10 + file.bytes.size() / (60 << 10));
  EXPECT_GT(file.announced, 3U);
  EXPECT_GE(world.account.held(base::MemoryPart::kCompaction), uint64_t{60} << 10);
}

TEST(TableCursor, ScansReadAhead) {
  World world;
  MemoryFile file;
  const auto entries = numbered_entries(20'000);
  build(file, entries, small_blocks());
  const auto table = open(file, world.cache, world.account).value();
  for (const bool forward : {true, false}) {
    World other;  // a cold cache each
    const auto again = open(file, other.cache, other.account).value();
    file.reads = 0;
    auto cursor = again->cursor();
    size_t count = 0;
    if (forward) {
      for (cursor.seek_first(); cursor.valid(); cursor.next()) ASSERT_EQ(cursor.key(), entries[count++].key);
    } else {
      for (cursor.seek_last(); cursor.valid(); cursor.prev())
        ASSERT_EQ(cursor.key(), entries[entries.size() - ++count].key);
    }
    EXPECT_EQ(count, entries.size());
    EXPECT_LT(file.reads, again->blocks() / 20);
    EXPECT_EQ(other.cache.stats().insertions, again->blocks() + 1) << "every block is in the cache now";
  }
}

TEST(TableCursor, SingleSeeksReadSingleBlocks) {
  World world;
  MemoryFile file;
  const auto entries = numbered_entries(20'000);
  build(file, entries, small_blocks());
  const auto table = open(file, world.cache, world.account).value();
  auto cursor = table->cursor();
  cursor.seek(entries[0].key, ~uint64_t{0});
  file.bytes_read = 0;
  for (size_t i = 500; i < 20'000; i += 500) cursor.seek(entries[i].key, ~uint64_t{0});
  EXPECT_LT(file.bytes_read, 40U * 1100);
}

TEST(TableCursor, SeesWhatItPinsAfterEviction) {
  World world(uint64_t{2} << 20);
  MemoryFile file;
  const auto entries = numbered_entries(60'000, 100);
  build(file, entries, small_blocks());
  const auto table = open(file, world.cache, world.account).value();
  auto pinned = table->cursor();
  pinned.seek(entries[100].key, ~uint64_t{0});
  auto sweeping = table->cursor();
  for (sweeping.seek_first(); sweeping.valid(); sweeping.next()) {
  }
  ASSERT_GT(world.cache.stats().evictions, 0U);
  EXPECT_EQ(pinned.key(), entries[100].key);
  EXPECT_EQ(pinned.value(), entries[100].value);
  pinned.next();
  EXPECT_EQ(pinned.key(), entries[101].key);
}

TEST(TableCursor, AnErrorInMidScanIsToldAndEndsIt) {
  for (const bool streaming : {false, true}) {
    World world;
    MemoryFile file;
    const auto entries = numbered_entries(5000);
    build(file, entries, small_blocks());
    const auto table = open(file, world.cache, world.account).value();
    const uint64_t damaged_at = table->footer().tombstones_at / 2;
    file.bytes[damaged_at] = static_cast<char>(file.bytes[damaged_at] ^ 1);
    auto cursor = table->cursor({.streaming = streaming});
    size_t count = 0;
    for (cursor.seek_first(); cursor.valid(); cursor.next()) ASSERT_EQ(cursor.key(), entries[count++].key);
    EXPECT_GT(count, 1000U);
    EXPECT_LT(count, 4000U);
    ASSERT_FALSE(cursor.status().has_value());
    EXPECT_EQ(cursor.status().error().kind, ErrorKind::kCorruption);
    EXPECT_LE(cursor.status().error().offset, damaged_at);
    cursor.seek_last();
    EXPECT_TRUE(cursor.valid());
    EXPECT_TRUE(cursor.status().has_value());
  }
}

// Several tables that divide the entries between them. Some hold range tombstones alone, up to three in a row; where there are any, the last ends
// at the first key of the next table, which is then the largest key of the one and the smallest of the other.
struct RunOfTables {
  RunOfTables(World& world, const std::vector<OwnedEntry>& entries, base::Prng& random) {
    for (size_t begin = 0; begin < entries.size();) {
      size_t end = std::min(entries.size(), begin + 1 + random.below(random.one_in(2) ? 6 : 400));
      while (end < entries.size() && entries[end].key == entries[end - 1].key) end++;
      std::vector<OwnedEntry> part(entries.begin() + static_cast<ptrdiff_t>(begin),
                                   entries.begin() + static_cast<ptrdiff_t>(end));
      const std::string next = end < entries.size() ? entries[end].key : part.back().key + "~";
      std::string from = part.back().key + '\0';
      const bool in_the_same = random.one_in(4);
      add(world, part, in_the_same ? erased(from, next) : format::TombstoneSet());
      for (uint64_t alone = in_the_same || !random.one_in(3) ? 0 : 1 + random.below(3); alone > 0; alone--) {
        const std::string to = alone == 1 ? next : from + '\0';
        add(world, {}, erased(from, to));
        from = to;
      }
      begin = end;
    }
    for (const auto& table : tables) pointers.push_back(table.get());
  }
  static format::TombstoneSet erased(const std::string& from, const std::string& to) {
    const format::RangeTombstone tombstone{from, to, 5};
    return format::TombstoneSet::build(std::span(&tombstone, 1));
  }
  void add(World& world, const std::vector<OwnedEntry>& entries, const format::TombstoneSet& tombstones) {
    files.push_back(std::make_unique<MemoryFile>());
    build(*files.back(), entries, small_blocks(), tombstones);
    tables.push_back(open(*files.back(), world.cache, world.account).value());
  }

  std::vector<std::unique_ptr<MemoryFile>> files;
  std::vector<base::IntrusivePtr<Table>> tables;
  std::vector<Table*> pointers;
};

TEST(RunCursor, WalksAsTheModelDoes) {
  for (uint64_t seed = 1; seed <= 16; seed++) {
    SCOPED_TRACE(seed);
    base::Prng random(seed);
    World world;
    const auto entries = random_entries(random, 20 + random.below(3000));
    const RunOfTables run(world, entries, random);
    const OpenTables open(run.pointers);
    RunCursor cursor(open, {.streaming = seed % 2 == 0});
    expect_walks(cursor, entries, random, 1500);
    if (::testing::Test::HasFatalFailure()) return;
  }
}

TEST(RunCursor, OverNoTablesIsNeverValid) {
  const OpenTables none({});
  RunCursor cursor(none, {});
  cursor.seek_first();
  cursor.seek("x", 1);
  cursor.seek_before("x", 1);
  cursor.seek_last();
  EXPECT_FALSE(cursor.valid());
  EXPECT_TRUE(cursor.status().has_value());
}

TEST(RunCursor, DoesNotStepOverAnUnreadableTable) {
  World world;
  base::Prng random(1);
  const auto entries = numbered_entries(3000);
  const RunOfTables run(world, entries, random);
  ASSERT_GT(run.tables.size(), 4U);
  const size_t unreadable = run.tables[2]->blocks() != 0 ? 2 : 3;  // of one without blocks nothing is read
  ASSERT_NE(run.tables[unreadable]->blocks(), 0U);
  run.files[unreadable]->fail_reads_from = 0;
  const OpenTables open(run.pointers);
  RunCursor cursor(open, {});
  for (cursor.seek_first(); cursor.valid(); cursor.next()) {
  }
  EXPECT_EQ(cursor.status().error().kind, ErrorKind::kIo);
  for (cursor.seek_last(); cursor.valid(); cursor.prev()) {
  }
  EXPECT_EQ(cursor.status().error().kind, ErrorKind::kIo);
}

}  // namespace
}  // namespace nacre::table
