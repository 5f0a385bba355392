#include "table/probe.h"

#include "table/table_fixture.h"

namespace nacre::table {
namespace {

// One probe a key and sequence, of tables that hold all entries each.
struct Question {
  const Table* table;
  std::string key;
  Sequence at;
  Guess guess = Guess::kAbsent;
};

std::vector<Probe> probes_of(const std::vector<Question>& questions) {
  std::vector<Probe> probes;
  for (const Question& q : questions) probes.emplace_back(*q.table, q.key, base::hash_key(q.key), q.at, q.guess);
  return probes;
}

TEST(Probe, AnswersAsGetDoes) {
  for (uint64_t seed = 1; seed <= 12; seed++) {
    SCOPED_TRACE(seed);
    base::Prng random(seed);
    World world(uint64_t{seed % 3 == 0 ? 2U : 64U} << 20);  // also one in which blocks get evicted
    std::vector<std::vector<OwnedEntry>> entries;
    std::vector<MemoryFile> files(3);
    std::vector<base::IntrusivePtr<Table>> tables;
    for (size_t t = 0; t < files.size(); t++) {
      entries.push_back(random_entries(random, 100 + random.below(4000)));
      TableBuilderOptions options = small_blocks();
      options.id = identity(7 + t);
      build(files[t], entries[t], options);
      tables.push_back(open(files[t], world.cache, world.account, options.id).value());
    }
    for (int round = 0; round < 20; round++) {
      std::vector<Question> questions;
      std::vector<size_t> of_table;
      for (int i = 0; i < 64; i++) {
        const size_t t = random.below(tables.size());
        std::string key = entries[t][random.below(entries[t].size())].key;
        if (random.one_in(4)) key.push_back('d');
        questions.push_back({tables[t].get(), key, random.one_in(2) ? format::kMaxSequence : random.below(1100),
                             random.one_in(2) ? Guess::kAbsent : Guess::kPresent});
        of_table.push_back(t);
        if (random.one_in(8)) questions.push_back(questions.back()), of_table.push_back(t);
      }
      sync::EpochDomain::Guard guard(world.domain);
      auto probes = probes_of(questions);
      look_up(probes, world.file_system);
      for (size_t i = 0; i < probes.size(); i++) {
        const auto& mine = entries[of_table[i]];
        const size_t expected = model_get(mine, questions[i].key, questions[i].at);
        ASSERT_TRUE(probes[i].done());
        ASSERT_TRUE(probes[i].result().has_value());
        ASSERT_EQ(probes[i].result()->found, expected != mine.size());
        if (expected == mine.size()) continue;
        ASSERT_EQ(probes[i].result()->trailer, mine[expected].trailer);
        ASSERT_EQ(probes[i].result()->value, mine[expected].value);
      }
    }
  }
}

TEST(Probe, MissingBlocksAreReadOnceAndTogether) {
  World world;
  MemoryFile file;
  const auto entries = numbered_entries(5000);
  build(file, entries, small_blocks());
  const auto table = open(file, world.cache, world.account).value();
  std::vector<Question> questions;
  for (size_t i = 0; i < 50; i++) questions.push_back({table.get(), entries[100 * i].key, 500});
  for (size_t i = 0; i < 50; i++)
    questions.push_back({table.get(), entries[100 * i + 1].key, 500});  // mostly the same blocks
  sync::EpochDomain::Guard guard(world.domain);
  auto probes = probes_of(questions);
  look_up(probes, world.file_system);
  EXPECT_EQ(world.file_system.batches, 1U);
  EXPECT_GE(file.batched_reads, 50U);
  EXPECT_LE(file.batched_reads, 60U);
  file.reads = 0;
  auto again = probes_of(questions);
  look_up(again, world.file_system);
  EXPECT_EQ(world.file_system.batches, 1U) << "all is cached by now";
  EXPECT_EQ(file.reads, 0U);
  for (size_t i = 0; i < questions.size(); i++) EXPECT_EQ(again[i].result()->value, probes[i].result()->value);
}

// A key that was expected in vain costs no read: the filter is asked before a block that is not in memory, and only then.
TEST(Probe, AWrongGuessReadsNoBlock) {
  World world;
  MemoryFile file;
  const auto entries = numbered_entries(5000);
  build(file, entries, small_blocks());
  const auto table = open(file, world.cache, world.account).value();
  std::vector<Question> questions;
  for (uint64_t i = 0; i < 1000; i++) questions.push_back({table.get(), numbered(2 * i + 1), 500, Guess::kPresent});
  sync::EpochDomain::Guard guard(world.domain);
  auto probes = probes_of(questions);
  look_up(probes, world.file_system);
  for (const Probe& probe : probes) EXPECT_FALSE(probe.result()->found);
  EXPECT_LT(file.batched_reads, 40U);
}

// Ordered by the addresses of the tables, the same run read in another order, and a simulation could not be replayed.
TEST(Probe, BlocksAreReadInTheOrderOfTheirTablesNumbers) {
  World world;
  const auto entries = numbered_entries(100);
  std::vector<MemoryFile> files(16);
  std::vector<base::IntrusivePtr<Table>> tables;
  std::vector<Question> questions;
  std::vector<const MemoryFile*> expected;
  for (size_t t = 0; t < files.size(); t++) {
    TableBuilderOptions options = small_blocks();
    options.id = identity(100 - t);
    build(files[t], entries, options);
    tables.push_back(open(files[t], world.cache, world.account, options.id).value());
    questions.push_back({tables[t].get(), entries[t].key, 500});
    expected.insert(expected.begin(), &files[t]);
  }
  sync::EpochDomain::Guard guard(world.domain);
  auto probes = probes_of(questions);
  look_up(probes, world.file_system);
  EXPECT_EQ(world.file_system.order, expected);
}

TEST(Probe, LargeBlocksAreReadInSeveralBatches) {
  World world;
  MemoryFile file;
  std::vector<OwnedEntry> entries;
  for (uint64_t i = 0; i < 6; i++)
    entries.push_back({numbered(i), put(1), std::string(size_t{3} << 20, static_cast<char>('a' + i))});
  build(file, entries, small_blocks(Compression::kNone));
  const auto table = open(file, world.cache, world.account).value();
  std::vector<Question> questions;
  for (const OwnedEntry& e : entries) questions.push_back({table.get(), e.key, 500});
  sync::EpochDomain::Guard guard(world.domain);
  auto probes = probes_of(questions);
  look_up(probes, world.file_system);
  for (size_t i = 0; i < entries.size(); i++) EXPECT_EQ(probes[i].result()->value, entries[i].value);
}

TEST(Probe, ErrorsStayWithTheirProbes) {
  World world;
  MemoryFile file;
  const auto entries = numbered_entries(5000);
  build(file, entries, small_blocks());
  const auto table = open(file, world.cache, world.account).value();
  const uint64_t damaged_at = table->footer().tombstones_at / 2;
  file.bytes[damaged_at] = static_cast<char>(file.bytes[damaged_at] ^ 1);
  std::vector<Question> questions;
  for (const OwnedEntry& e : entries) questions.push_back({table.get(), e.key, 500});
  sync::EpochDomain::Guard guard(world.domain);
  auto probes = probes_of(questions);
  look_up(probes, world.file_system);
  size_t failed = 0;
  for (size_t i = 0; i < probes.size(); i++) {
    ASSERT_TRUE(probes[i].done());
    if (probes[i].result()) {
      ASSERT_EQ(probes[i].result()->value, entries[i].value);
    } else {
      ASSERT_EQ(probes[i].result().error().kind, ErrorKind::kCorruption);
      failed++;
    }
  }
  EXPECT_GT(failed, 0U);
  EXPECT_LT(failed, 60U);
  World unreadable;
  const auto other = open(file, unreadable.cache, unreadable.account).value();
  file.fail_reads_from = 0;
  Probe probe(*other, entries[0].key, base::hash_key(entries[0].key), 500);
  sync::EpochDomain::Guard second_guard(unreadable.domain);
  look_up(std::span(&probe, 1), unreadable.file_system);
  EXPECT_EQ(probe.result().error().kind, ErrorKind::kIo);
}

}  // namespace
}  // namespace nacre::table
