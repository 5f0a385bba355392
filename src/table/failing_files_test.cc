// Files that fail, or change, under an open table: at each read the answer is the error, and never another entry.
#include "table/probe.h"
#include "table/table_fixture.h"

namespace nacre::table {
namespace {

// All that can be evicted is; of a small world.
void evict_all(World& world) {
  world.account.charge(base::MemoryPart::kMemtable, world.account.ceiling_bytes());
  for (int i = 0; i < 8; i++) world.cache.shrink();  // the hand comes by more than once
  world.account.release(base::MemoryPart::kMemtable, world.account.ceiling_bytes());
  world.account.forget_peak(1);
}

// Lets the n-th read of `act` fail, for every n; `act` makes its world anew. Returns how many reads there were.
template <class Act>
uint64_t with_each_read_failing(MemoryFile& file, Act&& act) {
  for (uint64_t n = 1;; n++) {
    file.fail_nth_read = n;
    const Result<void> done = act();
    if (file.fail_nth_read != 0) {
      file.fail_nth_read = 0;
      EXPECT_TRUE(done.has_value());
      return n - 1;
    }
    EXPECT_EQ(done ? ErrorKind::kNotFound : done.error().kind, ErrorKind::kIo) << "read " << n;
  }
}

// Blocks that are read without a detour, and one that is compressed and as large.
std::vector<OwnedEntry> large_entries() {
  base::Prng random(3);
  std::string noise(size_t{3} << 20, '\0');
  for (size_t at = 0; at < noise.size() / 2; at++) noise[at] = static_cast<char>(random.next());
  return {{"a", put(1), noise.substr(0, noise.size() / 2)}, {"b", put(2), noise}, {"c", put(3), "small"}};
}

TEST(FailingFiles, EveryReadOfAnOpenOfAGetOfAScanAndOfAVerification) {
  MemoryFile file;
  const auto entries = large_entries();
  const format::RangeTombstone tombstone{"b", "k", 50};
  build(file, entries, small_blocks(), format::TombstoneSet::build(std::span(&tombstone, 1)));
  const auto get_all = [&]() -> Result<void> {
    World world;
    NACRE_TRY_ASSIGN(const auto table, open(file, world.cache, world.account));
    sync::EpochDomain::Guard guard(world.domain);
    for (const OwnedEntry& e : entries) {
      NACRE_TRY_ASSIGN(const Table::Found found, table->get(e.key, base::hash_key(e.key), 100));
      EXPECT_EQ(found.value, e.value);
    }
    return {};
  };
  EXPECT_GE(with_each_read_failing(file, get_all), 8U);
  for (const bool streaming : {false, true}) {
    for (const bool backward : {false, true}) {
      const auto scan = [&]() -> Result<void> {
        World world;
        NACRE_TRY_ASSIGN(const auto table, open(file, world.cache, world.account));
        auto cursor = table->cursor({.streaming = streaming});
        size_t count = 0;
        backward ? cursor.seek_last() : cursor.seek_first();
        for (; cursor.valid(); backward ? cursor.prev() : cursor.next()) count++;
        EXPECT_TRUE(!cursor.status() || count == entries.size());
        return cursor.status();
      };
      EXPECT_GE(with_each_read_failing(file, scan), 3U);
    }
  }
  const auto verify = [&]() -> Result<void> {
    World world;
    NACRE_TRY_ASSIGN(const auto table, open(file, world.cache, world.account));
    return table->verify();
  };
  EXPECT_GE(with_each_read_failing(file, verify), 7U);
}

TEST(FailingFiles, EveryReadOfALongScanOfSmallBlocks) {
  MemoryFile file;
  const auto entries = numbered_entries(3000);
  build(file, entries, small_blocks());
  const auto scan = [&]() -> Result<void> {
    World world;
    NACRE_TRY_ASSIGN(const auto table, open(file, world.cache, world.account));
    auto cursor = table->cursor();
    size_t count = 0;
    for (cursor.seek_first(); cursor.valid(); cursor.next()) count++;
    EXPECT_TRUE(!cursor.status() || count == entries.size());
    return cursor.status();
  };
  EXPECT_GE(with_each_read_failing(file, scan), 5U);
}

TEST(FailingFiles, AnOpenThatTakesASecondReadForItsProperties) {
  MemoryFile file;
  const std::vector<OwnedEntry> entries = {{std::string(kMaxKeyBytes, 'a'), put(1), "x"}};
  build(file, entries, small_blocks());
  const auto open_it = [&]() -> Result<void> {
    World world;
    NACRE_TRY(open(file, world.cache, world.account));
    return {};
  };
  EXPECT_EQ(with_each_read_failing(file, open_it), 2U);
}

// A large block that is damaged, in what is read first and in what is read then.
TEST(FailingFiles, DamageOfALargeBlockIsFound) {
  MemoryFile file;
  const auto entries = large_entries();
  build(file, entries, small_blocks());
  World world;
  const auto table = open(file, world.cache, world.account).value();
  Extent extent{};
  {
    sync::EpochDomain::Guard guard(world.domain);
    extent = table->index().value().extent(0);
  }
  for (const uint64_t at : {uint64_t{100}, extent.bytes - 11, extent.bytes - 1}) {
    file.bytes[at] ^= 1;
    sync::EpochDomain::Guard guard(world.domain);
    const auto found = table->get("a", base::hash_key("a"), 100);
    ASSERT_FALSE(found.has_value()) << at;
    EXPECT_EQ(found.error().kind, ErrorKind::kCorruption);
    file.bytes[at] ^= 1;
  }
  expect_get(*table, world, entries, "a", 100);
}

TEST(FailingFiles, ProbesOfSeveralBlocksThatCannotBeRead) {
  World world;
  MemoryFile file;
  const auto entries = numbered_entries(3000);
  build(file, entries, small_blocks());
  const auto table = open(file, world.cache, world.account).value();
  sync::EpochDomain::Guard guard(world.domain);
  ASSERT_TRUE(table->index().has_value());
  ASSERT_TRUE(table->passes_filter(1).has_value());
  const uint64_t middle = table->footer().tombstones_at / 2;
  file.fail_reads_from = middle;
  std::vector<Probe> probes;
  for (const size_t i : {0, 1500, 2999})
    probes.emplace_back(*table, entries[i].key, base::hash_key(entries[i].key), 500);
  look_up(probes, world.file_system);
  EXPECT_EQ(probes[0].result()->value, entries[0].value);
  EXPECT_EQ(probes[2].result().error().kind, ErrorKind::kIo);
}

// A key of so many versions that they fill many blocks, and its table in a world where the index, once loaded, is all that can be
// evicted.
struct ManyVersions {
  ManyVersions() {
    std::vector<OwnedEntry> entries;
    for (Sequence s = 400; s-- > 0;) entries.push_back({"key", put(s + 1), std::string(100, 'v')});
    TableBuilderOptions options = small_blocks();
    options.filter_bits_per_key = 0;
    build(file, entries, options);
    table = open(file, world.cache, world.account).value();
  }
  World world{uint64_t{1} << 16};
  MemoryFile file;
  const uint64_t hash = base::hash_key("key");
  base::IntrusivePtr<Table> table;
};

// Regression: a probe looked for the index anew in each stage. One that is too large for the cache was read and unpacked two and
// three times for a lookup.
TEST(FailingFiles, AProbeGoesOnWithTheIndexThatItFound) {
  ManyVersions many;
  sync::EpochDomain::Guard guard(many.world.domain);
  Probe probe(*many.table, "key", many.hash, 500);
  probe.prefetch();
  probe.descend();
  evict_all(many.world);
  const uint64_t reads = many.file.reads;
  probe.locate();
  probe.match();
  EXPECT_EQ(many.file.reads, reads);
  ASSERT_TRUE(probe.missing());
  many.file.fail_reads_from = 0;
  read_missing({&probe, 1}, many.world.file_system);
  ASSERT_TRUE(probe.done());
  EXPECT_EQ(probe.result().error().kind, ErrorKind::kIo);
}

TEST(FailingFiles, AnIndexThatIsEvictedWhileAGetGoesOnToTheNextBlock) {
  ManyVersions many;
  sync::EpochDomain::Guard guard(many.world.domain);
  ASSERT_TRUE(many.table->index().has_value());
  many.file.on_read = [&] {  // the first block is being read: what comes next finds nothing in memory, and cannot read
    evict_all(many.world);
    many.file.fail_nth_read = 2;
    many.file.on_read = nullptr;
  };
  const auto found = many.table->get("key", many.hash, 2);  // many blocks behind the first that may hold it
  ASSERT_FALSE(found.has_value());
  EXPECT_EQ(found.error().kind, ErrorKind::kIo);
}

TEST(FailingFiles, WithoutAFilterAnyKeyMayBeThere) {
  World world;
  MemoryFile file;
  TableBuilderOptions options = small_blocks();
  options.filter_bits_per_key = 0;
  build(file, numbered_entries(10), options);
  const auto table = open(file, world.cache, world.account).value();
  sync::EpochDomain::Guard guard(world.domain);
  table->prefetch(1);
  EXPECT_TRUE(table->may_contain(1));
}

// --- A file that is exchanged under an open table for another one, sound in itself ---

std::string verdict_after_exchange(const std::vector<OwnedEntry>& before, const std::vector<OwnedEntry>& after) {
  World world;
  MemoryFile file;
  MemoryFile other;
  build(file, before, small_blocks(Compression::kNone));
  build(other, after, small_blocks(Compression::kNone));
  EXPECT_EQ(file.bytes.size(), other.bytes.size());
  const auto table = open(file, world.cache, world.account).value();
  EXPECT_TRUE(table->verify().has_value());
  file.bytes = other.bytes;
  const auto verified = table->verify();
  return verified ? "good" : verified.error().reason;
}

TEST(FailingFiles, AnExchangeIsNoticedByAVerification) {
  const std::vector<OwnedEntry> entries = {{"a", put(1), "x"}, {"b", put(2), "y"}};
  std::vector<OwnedEntry> other = entries;
  other[1].value = "z";
  EXPECT_EQ(verdict_after_exchange(entries, other), "table properties changed since the table was opened");
  other = {{"a", put(1), "x"}, {"c", put(2), "y"}};
  EXPECT_NE(verdict_after_exchange(entries, other), "good");
}

TEST(FailingFiles, AnotherFooterIsNoticedByAVerification) {
  World world;
  MemoryFile file;
  build(file, numbered_entries(10), small_blocks(Compression::kNone));
  const auto table = open(file, world.cache, world.account).value();
  format::Footer footer = table->footer();
  footer.features |= format::kFeatureZstd;
  file.bytes.replace(footer.footer_at(), format::kFooterBytes, format::encode_footer(footer));
  EXPECT_STREQ(table->verify().error().reason, "table properties changed since the table was opened");
}

TEST(FailingFiles, DamagedRangeTombstonesAreFoundByAVerification) {
  World world;
  MemoryFile file;
  const format::RangeTombstone tombstone{"b", "k", 50};
  build(file, numbered_entries(10), small_blocks(), format::TombstoneSet::build(std::span(&tombstone, 1)));
  const auto table = open(file, world.cache, world.account).value();
  file.bytes[table->footer().tombstones_at] ^= 1;
  const auto verified = table->verify();
  ASSERT_FALSE(verified.has_value());
  EXPECT_EQ(verified.error().offset, table->footer().tombstones_at);
}

// --- Runs ---

TEST(FailingFiles, ARunIsNotLeftBackwardsThroughAnUnreadableTable) {
  World world;
  MemoryFile files[3];
  std::vector<base::IntrusivePtr<Table>> tables;
  std::vector<Table*> pointers;
  for (uint64_t i = 0; i < 3; i++) {
    build(files[i], {{numbered(i), put(1), "x"}}, small_blocks());
    tables.push_back(open(files[i], world.cache, world.account).value());
    pointers.push_back(tables.back().get());
  }
  files[1].fail_reads_from = 0;
  const OpenTables run(pointers);
  RunCursor cursor(run, {});
  cursor.seek_last();
  ASSERT_TRUE(cursor.valid());
  cursor.prev();
  EXPECT_FALSE(cursor.valid());
  EXPECT_EQ(cursor.status().error().kind, ErrorKind::kIo);
  cursor.seek_before(numbered(1), put(1));
  EXPECT_EQ(cursor.status().error().kind, ErrorKind::kIo);
  cursor.seek(numbered(1), put(1));
  EXPECT_EQ(cursor.status().error().kind, ErrorKind::kIo);
}

}  // namespace
}  // namespace nacre::table
