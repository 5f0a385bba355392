#include "table/table_builder.h"

#include "format/entry_hash.h"
#include "table/table_fixture.h"

namespace nacre::table {
namespace {

struct Built {
  explicit Built(const TableBuilderOptions& options = small_blocks()) : writable(file), builder(writable, options) {}
  MemoryFile file;
  MemoryWritable writable;
  TableBuilder builder;
};

TEST(TableBuilder, RefusesWhatDoesNotComeInOrder) {
  Built b;
  b.builder.add("b", put(5), "x").value();
  EXPECT_EQ(b.builder.add("a", put(9), "x").error().kind, ErrorKind::kCorruption);
  EXPECT_EQ(b.builder.add("b", put(5), "x").error().kind, ErrorKind::kCorruption);
  EXPECT_EQ(b.builder.add("b", put(6), "x").error().kind, ErrorKind::kCorruption);
  EXPECT_TRUE(b.builder.add("b", put(4), std::string(5000, 'x')).has_value());  // ends the block
  EXPECT_EQ(b.builder.add("b", put(4), "x").error().kind, ErrorKind::kCorruption) << "also against the block before";
  EXPECT_TRUE(b.builder.add("b", put(3), "x").has_value());
}

TEST(TableBuilder, RefusesWhatTheFormatCannotHold) {
  Built b;
  EXPECT_EQ(b.builder.add(std::string(kMaxKeyBytes + 1, 'k'), put(1), "").error().kind, ErrorKind::kInvalidArgument);
  const Bytes huge("", kMaxValueBytes + 1);  // its length is all that is looked at
  EXPECT_EQ(b.builder.add("k", put(1), huge).error().kind, ErrorKind::kInvalidArgument);
  EXPECT_EQ(b.builder.add("k", format::make_trailer(1, format::EntryKind::kRangeErase), "").error().kind,
            ErrorKind::kInvalidArgument);
}

TEST(TableBuilder, HashDoesNotDependOnBlocks) {
  const auto entries = numbered_entries(3000);
  uint64_t hash = 0;
  for (const OwnedEntry& e : entries) hash += format::entry_hash(base::hash_key(e.key), e.trailer, e.value);
  for (const uint32_t block_bytes : {1024U, 8192U, 65536U}) {
    MemoryFile file;
    EXPECT_EQ(build(file, entries, {.id = identity(), .block_bytes = block_bytes}).entries_hash, hash);
  }
}

// From the first entry of a block to that of the next.
void skip_block(TableCursor& cursor) {
  for (uint32_t left = cursor.block().entries(); left > 0; left--) cursor.next();
}

TEST(TableBuilder, NoBlockOutgrowsItsFrame) {
  base::Prng random(9);
  for (const uint32_t block_bytes : {1024U, 4096U, 65536U}) {
    World world;
    MemoryFile file;
    build(file, random_entries(random, 5000),
          {.id = identity(), .compression = Compression::kNone, .block_bytes = block_bytes});
    const auto table = open(file, world.cache, world.account).value();
    auto cursor = table->cursor({.streaming = true});
    uint64_t fullest = 0;
    for (cursor.seek_first(); cursor.valid(); skip_block(cursor)) {
      if (cursor.block().entries() > 1) {
        ASSERT_LE(cursor.block().image().size(), block_bytes);
      }
      fullest = std::max<uint64_t>(fullest, cursor.block().image().size());
    }
    EXPECT_GT(fullest, block_bytes - 200U);
  }
}

TEST(TableBuilder, WritesInLargeAppends) {
  MemoryFile file;
  build(file, numbered_entries(100'000), small_blocks(Compression::kNone));
  EXPECT_LE(file.appends, file.bytes.size() / TableBuilder::kAppendBytes + 1);
}

TEST(TableBuilder, EstimateIsCloseAndNotTooLow) {
  Built b(small_blocks(Compression::kNone));
  for (const OwnedEntry& e : numbered_entries(20'000)) b.builder.add(e.key, e.trailer, e.value).value();
  const uint64_t estimated = b.builder.estimated_bytes();
  const uint64_t real = b.builder.finish().value().file_bytes;
  EXPECT_GE(estimated, real);
  EXPECT_LE(estimated, real + real / 20);
}

TEST(TableBuilder, AFailedWriteIsAnError) {
  Built b(small_blocks(Compression::kNone));
  b.file.fail_appends_after = 1;
  Result<void> added;
  for (const OwnedEntry& e : numbered_entries(40'000)) {
    added = b.builder.add(e.key, e.trailer, e.value);
    if (!added) break;
  }
  ASSERT_FALSE(added.has_value());
  EXPECT_EQ(added.error().kind, ErrorKind::kNoSpace);
}

// Every append of a table whose every part is larger than what is written at once.
TEST(TableBuilder, EveryAppendThatFailsIsTold) {
  const std::string noise = [] {
    base::Prng random(6);
    std::string bytes(size_t{17} << 20, '\0');
    for (size_t at = 0; at < bytes.size(); at += 8) base::store(bytes.data() + at, random.next());
    return bytes;
  }();
  std::vector<format::RangeTombstone> tombstones;
  std::vector<std::string> bounds;
  for (int i = 0; i < 10; i++) bounds.push_back(std::string(kMaxKeyBytes - 1, 't') + static_cast<char>('a' + i));
  for (size_t i = 0; i + 1 < bounds.size(); i++) tombstones.push_back({bounds[i], bounds[i + 1], 5 + i});
  const auto set = format::TombstoneSet::build(tombstones);
  const auto write = [&](MemoryFile& file) -> Result<void> {
    MemoryWritable writable(file);
    TableBuilderOptions options = small_blocks(Compression::kNone);
    options.filter_bits_per_key = 24;
    TableBuilder builder(writable, options);
    builder.set_tombstones(set);
    for (int i = 0; i < 12; i++) {  // long keys, so that the index is large
      NACRE_TRY(builder.add(std::string(kMaxKeyBytes - 1, 'k') + static_cast<char>('a' + i), put(1), "x"));
    }
    NACRE_TRY(builder.add("l1", put(1), noise));                                    // too large to be compressed
    NACRE_TRY(builder.add("l2", put(1), Bytes(noise).substr(0, size_t{1} << 20)));  // a block of its own
    for (int i = 0; i < 200'000; i++) NACRE_TRY(builder.add("m" + numbered(i), put(1), ""));
    NACRE_TRY(builder.finish());
    return {};
  };
  MemoryFile whole;
  write(whole).value();
  ASSERT_GT(whole.appends, 8U);
  for (uint64_t appends = 0; appends < whole.appends; appends++) {
    MemoryFile file;
    file.fail_appends_after = appends;
    const auto written = write(file);
    ASSERT_FALSE(written.has_value()) << appends;
    EXPECT_EQ(written.error().kind, ErrorKind::kNoSpace);
    EXPECT_EQ(file.appends, appends + 1) << "nothing is written behind a failed append";
  }
}

// The first append comes with whatever part makes the buffer full: the last block, or one of those that a finish adds.
TEST(TableBuilder, WhicheverPartFillsTheBufferItsAppendMayFail) {
  uint64_t failed = 0;
  for (const bool long_keys : {false, true}) {
    for (int blocks = 150; blocks < 700; blocks++) {
      Built b(small_blocks(Compression::kNone));
      b.file.fail_appends_after = 0;
      const auto write = [&]() -> Result<void> {
        if (long_keys) NACRE_TRY(b.builder.add(std::string(kMaxKeyBytes, 'a'), put(1), "x"));
        for (int i = 0; i < blocks; i++) NACRE_TRY(b.builder.add(numbered(i), put(1), std::string(800, 'v')));
        if (long_keys) NACRE_TRY(b.builder.add(std::string(kMaxKeyBytes, 'z'), put(1), "x"));
        NACRE_TRY(b.builder.finish());
        return {};
      };
      const auto written = write();
      ASSERT_FALSE(written.has_value());
      EXPECT_EQ(written.error().kind, ErrorKind::kNoSpace);
      EXPECT_EQ(b.file.appends, 1U);
      failed++;
    }
  }
  EXPECT_EQ(failed, 1100U);
}

TEST(TableBuilder, ABlockThatIsTakenOverComesBehindOnesThatMayFail) {
  World world;
  MemoryFile from_file;
  std::vector<OwnedEntry> entries;
  for (uint64_t i = 0; i < 1200; i++) entries.push_back({numbered(i), put(1), std::string(800, 'v')});  // a block each
  build(from_file, entries, small_blocks(Compression::kNone));
  const auto source = open(from_file, world.cache, world.account).value();
  for (size_t first = 0; first < 8; first++) {
    Built b(small_blocks(Compression::kNone));
    b.file.fail_appends_after = 0;
    auto cursor = source->cursor({.streaming = true});
    Result<void> done;
    size_t step = 0;
    for (cursor.seek_first(); cursor.valid() && done; step++) {  // an entry, then a block
      if (step % 2 == 1) {
        done = b.builder.add_block(cursor.stored_block(), cursor.block());
        skip_block(cursor);
      } else {
        done = b.builder.add(cursor.key(), cursor.trailer(), std::string(700 + 10 * first, 'w'));
        cursor.next();
      }
    }
    ASSERT_FALSE(done.has_value());
    EXPECT_EQ(done.error().kind, ErrorKind::kNoSpace);
  }
}

TEST(TableBuilder, ChargesWhatItHolds) {
  base::MemoryAccount account(uint64_t{64} << 20);
  {
    TableBuilderOptions options = small_blocks(Compression::kNone);
    options.account = &account;
    Built b(options);
    EXPECT_GE(account.held(base::MemoryPart::kCompaction), TableBuilder::kAppendBytes);
    for (const OwnedEntry& e : numbered_entries(40'000)) b.builder.add(e.key, e.trailer, e.value).value();
    EXPECT_GE(account.held(base::MemoryPart::kCompaction), TableBuilder::kAppendBytes + 8 * 20'000);
  }
  EXPECT_EQ(account.held(base::MemoryPart::kCompaction), 0U);
}

// What a compaction does where nothing overlaps: some blocks are taken over, entries are added between them.
TEST(TableBuilder, TakesOverBlocksOfOtherTables) {
  for (const Compression compression : {Compression::kNone, Compression::kLz4, Compression::kZstd}) {
    base::Prng random(4);
    World world;
    MemoryFile from_file;
    const auto entries = random_entries(random, 4000);
    const TableProperties from = build(from_file, entries, small_blocks(compression));
    const auto source = open(from_file, world.cache, world.account).value();

    TableBuilderOptions options = small_blocks(compression);
    options.id = identity(8);
    Built b(options);
    auto cursor = source->cursor({.streaming = true});
    cursor.seek_first();
    uint64_t copied = 0;
    while (cursor.valid()) {  // here at the first entry of a block
      if (random.one_in(2)) {
        b.builder.add_block(cursor.stored_block(), cursor.block()).value();
        copied++;
        skip_block(cursor);
        continue;
      }
      for (uint32_t left = cursor.block().entries(); left > 0; left--, cursor.next())
        b.builder.add(cursor.key(), cursor.trailer(), cursor.value()).value();
    }
    ASSERT_GT(copied, 10U);
    const TableProperties to = b.builder.finish().value();
    EXPECT_EQ(to.entries, from.entries);
    EXPECT_EQ(to.entries_hash, from.entries_hash);
    EXPECT_EQ(to.value_bytes, from.value_bytes);
    EXPECT_EQ(to.key_bytes, from.key_bytes);
    EXPECT_EQ(to.erases, from.erases);

    const auto table = open(b.file, world.cache, world.account, identity(8)).value();
    ASSERT_TRUE(table->verify().has_value()) << table->verify().error().to_string();
    auto walk = table->cursor();
    expect_walks(walk, entries, random, 2000);
    for (const OwnedEntry& e : entries) expect_get(*table, world, entries, e.key, format::sequence_of(e.trailer));
    if (::testing::Test::HasFatalFailure()) return;
  }
}

TEST(TableBuilder, TakesOverNoBlockOutOfOrder) {
  World world;
  MemoryFile from_file;
  build(from_file, numbered_entries(100), small_blocks());
  const auto source = open(from_file, world.cache, world.account).value();
  auto cursor = source->cursor({.streaming = true});
  cursor.seek_first();
  Built b;
  b.builder.add("z", put(1), "x").value();
  EXPECT_EQ(b.builder.add_block(cursor.stored_block(), cursor.block()).error().kind, ErrorKind::kCorruption);
}

TEST(TableBuilder, SameEntriesMakeTheSameFile) {
  MemoryFile a;
  MemoryFile b;
  build(a, numbered_entries(500), small_blocks());
  build(b, numbered_entries(500), small_blocks());
  EXPECT_EQ(a.bytes, b.bytes);
}

}  // namespace
}  // namespace nacre::table
