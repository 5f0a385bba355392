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
    ends.push_back((ends.empty() ? 0 : ends.back()) + entries.size());
  }

  std::vector<size_t> ends;  // of each table: how many entries it and those before it have
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

// Over some of the tables, it walks as if there were no others, and opens none of them.
TEST(RunCursor, StaysWithinItsTables) {
  class Watched final : public RunTables {
   public:
    Watched(const OpenTables& all, size_t begin, size_t end)
        : RunTables(all.bounds()), all_(all), begin_(begin), end_(end) {}
    Result<Table*> open(size_t i) const override {
      EXPECT_TRUE(i >= begin_ && i < end_) << i;
      return all_.open(i);
    }

   private:
    const OpenTables& all_;
    const size_t begin_;
    const size_t end_;
  };
  for (uint64_t seed = 1; seed <= 16; seed++) {
    SCOPED_TRACE(seed);
    base::Prng random(seed);
    World world;
    const auto entries = random_entries(random, 20 + random.below(3000));
    const RunOfTables run(world, entries, random);
    const OpenTables all(run.pointers);
    const size_t begin = random.below(run.tables.size());
    const size_t end = begin + 1 + random.below(run.tables.size() - begin);
    const auto first = static_cast<ptrdiff_t>(begin == 0 ? 0 : run.ends[begin - 1]);
    const std::vector<OwnedEntry> within(entries.begin() + first,
                                         entries.begin() + static_cast<ptrdiff_t>(run.ends[end - 1]));
    const Watched tables(all, begin, end);
    RunCursor cursor(tables, begin, end, {});
    const auto expect_at = [&](size_t i) {
      ASSERT_EQ(cursor.valid(), i < within.size());
      if (!cursor.valid()) return;
      ASSERT_EQ(cursor.key(), within[i].key);
      ASSERT_EQ(cursor.trailer(), within[i].trailer);
    };
    cursor.seek_first();
    for (size_t i = 0; i <= within.size(); i++) {
      expect_at(i);
      if (cursor.valid()) cursor.next();
    }
    cursor.seek_last();
    for (size_t i = within.size(); i-- > 0;) {
      expect_at(i);
      cursor.prev();
    }
    EXPECT_FALSE(cursor.valid());
    for (int step = 0; step < 200; step++) {  // keys below and above the range as well
      const std::string& key = entries[random.below(entries.size())].key;
      const auto at =
          std::partition_point(within.begin(), within.end(), [&](const OwnedEntry& e) { return e.key < key; });
      const auto index = static_cast<size_t>(at - within.begin());
      cursor.seek(key, ~uint64_t{0});
      expect_at(index);
      cursor.seek_before(key, ~uint64_t{0});
      expect_at(index == 0 ? within.size() : index - 1);
    }
    if (::testing::Test::HasFatalFailure()) return;
  }
}

// Who merges backward has to look at what lies before an entry, be it in another table, while it shows the entry's value.
TEST(RunCursor, AValueReadBackwardOutlivesItsBlock) {
  World world(uint64_t{2} << 20);
  base::Prng random(1);
  const auto entries = numbered_entries(150, 400);
  RunOfTables run(world, {}, random);
  for (auto from = entries.begin(); from != entries.end(); from += 15) {
    run.add(world, {from, from + 15}, {});
    run.pointers.push_back(run.tables.back().get());
  }
  MemoryFile other;
  build(other, numbered_entries(15'000, 400), small_blocks());  // blocks of the same size
  const auto sweeper = open(other, world.cache, world.account).value();
  const OpenTables open(run.pointers);
  RunCursor cursor(open, {});
  cursor.seek_last();
  for (size_t i = entries.size(); i-- > 0;) {
    ASSERT_TRUE(cursor.valid());
    const Bytes value = cursor.value();
    cursor.prev();
    auto sweeping = sweeper->cursor();  // what is not pinned goes, and others lie there
    for (sweeping.seek_first(); sweeping.valid(); sweeping.next()) {
    }
    ASSERT_EQ(value, entries[i].value) << i;
  }
  EXPECT_GT(world.cache.stats().evictions, 1000U);
}

TEST(RunCursor, GoingBackwardHoldsABlockMoreUntilTheNextSeek) {
  World world;
  MemoryFile file;
  const auto entries = numbered_entries(100, 400);
  build(file, entries, small_blocks());
  const auto table = open(file, world.cache, world.account).value();
  const OpenTables run({table.get()});
  RunCursor cursor(run, {});
  const auto goes_back = [&] {
    cursor.seek_last();
    for (int i = 0; i < 20; i++) cursor.prev();
    return world.cache.pinned_frames();
  };
  EXPECT_EQ(goes_back(), 2U);
  cursor.seek(entries[10].key, ~uint64_t{0});
  EXPECT_EQ(world.cache.pinned_frames(), 1U);
  EXPECT_EQ(goes_back(), 2U);
  cursor.seek_before(entries[50].key, ~uint64_t{0});
  EXPECT_LE(world.cache.pinned_frames(), 2U);
  EXPECT_EQ(goes_back(), 2U);
  cursor.seek_first();
  EXPECT_EQ(world.cache.pinned_frames(), 1U);
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
