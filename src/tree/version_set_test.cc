#include "tree/version_set.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "tree/test_kit.h"

namespace nacre::tree {
namespace {

using format::VersionEdit;

TEST(VersionSet, CreatesAndReopens) {
  FaultyDirectory directory;
  TestTree tree(directory);
  tree.open(OpenMode::kCreateNew).value();
  EXPECT_TRUE(tree.report.created);
  EXPECT_EQ(tree.set->uuid(), kTestUuid);
  EXPECT_EQ(directory.contents("CURRENT").substr(0, 15), "MANIFEST-000001");
  ASSERT_NE(tree.set->current(0), nullptr);
  EXPECT_TRUE(tree.set->current(0)->empty());
  EXPECT_EQ(tree.set->current(1), nullptr);
  const uint64_t number = tree.flush("a", "b").value();
  VersionEdit floor;
  floor.log_floor = {.lsn = 4096, .segment = 2};
  floor.last_sequence = 77;
  tree.set->commit(floor).value();
  const std::string before = tree.text();
  const uint64_t next = tree.set->next_file_number();
  tree.close();

  tree.open(OpenMode::kMustExist).value();
  EXPECT_FALSE(tree.report.created);
  EXPECT_EQ(tree.report.manifest_read, 1U);
  EXPECT_EQ(tree.report.replay.records, 3U);
  EXPECT_EQ(tree.report.replay.torn_bytes, 0U);
  EXPECT_TRUE(tree.report.replay.last_acknowledged);
  EXPECT_TRUE(tree.report.audit.unknown_files.empty());
  EXPECT_EQ(tree.text(), before);
  EXPECT_EQ(tree.set->log_floor(), (format::LogFloor{.lsn = 4096, .segment = 2}));
  EXPECT_EQ(tree.set->last_sequence(), 77U);
  EXPECT_EQ(tree.set->current(0)->table(number)->number(), number);
  EXPECT_GE(tree.set->next_file_number(), next);
  EXPECT_FALSE(directory.exists("MANIFEST-000001"));
}

// By it recovery tells damage of the log from a torn tail.
TEST(VersionSet, HowFarTheLogWasSyncedIsKeptThroughCreationsDropsAndNewManifests) {
  FaultyDirectory directory;
  TestTree tree(directory);
  tree.open().value();
  const uint32_t id = tree.set->create_keyspace("one", {}, 4096).value();
  EXPECT_EQ(tree.set->log_synced_through(), 4096U);
  tree.set->drop_keyspace(id, 8192).value();
  EXPECT_EQ(tree.set->log_synced_through(), 8192U);
  tree.set->create_keyspace("two", {}, 4096).value();  // takes nothing back
  for (int life = 0; life < 2; life++) {               // the second reads the snapshot of the first
    tree.close();
    tree.open().value();
    EXPECT_EQ(tree.set->log_synced_through(), 8192U) << life;
  }
}

TEST(VersionSet, ModesSayWhatIsWrong) {
  FaultyDirectory directory;
  TestTree tree(directory);
  EXPECT_EQ(tree.open(OpenMode::kMustExist).error().kind, ErrorKind::kNotFound);
  EXPECT_EQ(tree.open(OpenMode::kReadOnly).error().kind, ErrorKind::kNotFound);
  EXPECT_TRUE(directory.picture().empty());
  tree.open().value();
  tree.close();
  EXPECT_EQ(tree.open(OpenMode::kCreateNew).error().kind, ErrorKind::kInvalidArgument);
  tree.open().value();
}

TEST(VersionSet, ReadOnlyWritesNothing) {
  FaultyDirectory directory;
  TestTree tree(directory);
  tree.open().value();
  tree.flush("a", "b").value();
  const std::string text = tree.text();
  tree.close();
  directory.put("000900.sst", "partial");  // would be a leftover
  const auto before = directory.picture();
  const uint64_t operations = directory.operations();
  tree.open(OpenMode::kReadOnly).value();
  EXPECT_EQ(tree.text(), text);
  EXPECT_EQ(tree.set->commit(VersionEdit{}).error().kind, ErrorKind::kInvalidArgument);
  EXPECT_FALSE(tree.set->create_keyspace("x", {}).has_value());
  tree.close();
  EXPECT_EQ(directory.picture(), before);
  EXPECT_EQ(directory.operations(), operations);
}

TEST(VersionSet, KeyspacesAreCreatedListedDroppedAndKeepTheirOptions) {
  FaultyDirectory directory;
  TestTree tree(directory);
  tree.open().value();
  KeyspaceOptions options;
  options.block_bytes = 4096;
  options.compression = Compression::kZstd;
  EXPECT_EQ(tree.set->create_keyspace("users", options).value(), 1U);
  EXPECT_EQ(tree.set->create_keyspace("users", options).error().kind, ErrorKind::kInvalidArgument);
  EXPECT_EQ(tree.set->create_keyspace("orders", {}).value(), 2U);
  EXPECT_EQ(tree.set->drop_keyspace(2, 0).value(), 3U);  // a drop takes an id of its own
  EXPECT_EQ(tree.set->drop_keyspace(2, 0).error().kind, ErrorKind::kNotFound);
  EXPECT_EQ(tree.set->drop_keyspace(0, 0).error().kind, ErrorKind::kInvalidArgument);
  EXPECT_EQ(tree.set->create_keyspace("orders", {}).value(), 4U);
  EXPECT_EQ(tree.set->drop_keyspace(4, 0).value(), 5U);
  const std::string before = tree.text();
  tree.close();
  tree.open().value();
  EXPECT_EQ(tree.text(), before);
  const auto all = tree.set->keyspaces();
  ASSERT_EQ(all.size(), 2U);
  EXPECT_EQ(all[0].record.name, "default");
  EXPECT_EQ(all[1].record.name, "users");
  EXPECT_EQ(all[1].record.options.compression, Compression::kZstd);
  EXPECT_EQ(tree.set->create_keyspace("orders", {}).value(), 6U);  // 2 to 5 are gone for ever
}

TEST(VersionSet, AMisfitChangesNothingAndTheRestOfTheCommitIsRefusedWithIt) {
  FaultyDirectory directory;
  TestTree tree(directory);
  tree.open().value();
  const uint64_t number = tree.flush("a", "b").value();
  const std::string before = tree.text();
  const std::string manifest = directory.contents("MANIFEST-000001");
  std::vector<VersionEdit> edits(2);
  edits[0].removed = {number};
  edits[1].removed = {number + 5};
  EXPECT_EQ(tree.set->commit(edits).error().kind, ErrorKind::kInvalidArgument);
  EXPECT_EQ(tree.text(), before);
  EXPECT_EQ(directory.contents("MANIFEST-000001"), manifest);
  EXPECT_FALSE(tree.set->in_doubt());
  tree.flush("c", "d").value();
}

TEST(VersionSet, TheListenerHearsEveryChangeInOrder) {
  FaultyDirectory directory;
  TestTree tree(directory);
  tree.open().value();
  EXPECT_TRUE(tree.installed.empty());
  tree.flush("a", "b").value();
  ASSERT_EQ(tree.installed.size(), 1U);
  EXPECT_EQ(tree.installed[0].flushed_through, 10U);
  EXPECT_EQ(tree.installed[0].version, tree.set->current(0));
  tree.set->create_keyspace("users", {}).value();
  tree.set->drop_keyspace(1, 0).value();
  VersionEdit counters;
  counters.log_floor = {.lsn = 9, .segment = 1};
  tree.set->commit(counters).value();  // no version changed
  ASSERT_EQ(tree.installed.size(), 3U);
  EXPECT_EQ(tree.installed[1].keyspace, 1U);
  EXPECT_NE(tree.installed[1].version, nullptr);
  EXPECT_EQ(tree.installed[2].keyspace, 1U);
  EXPECT_EQ(tree.installed[2].version, nullptr);
}

TEST(VersionSet, ATableIsObsoleteOnceAndOnlyAfterItsLastVersion) {
  FaultyDirectory directory;
  TestTree tree(directory);
  tree.open().value();
  const uint64_t first = tree.flush("a", "b").value();
  const uint64_t second = tree.flush("c", "d").value();
  tree.forget_installed();
  base::IntrusivePtr<Version> reader = tree.set->current(0);
  VersionEdit edit;
  edit.removed = {first};
  tree.set->commit(edit).value();
  tree.forget_installed();
  EXPECT_TRUE(tree.obsolete.empty());
  reader = nullptr;
  EXPECT_EQ(tree.obsolete, std::vector<uint64_t>{first});

  // A move makes nothing obsolete, now or when the old version goes; later removal does, once.
  reader = tree.set->current(0);
  VersionEdit move;
  move.removed = {second};
  move.added = {{.level = 3, .run = tree.set->next_run_id(), .table = reader->table(second)->record()}};
  tree.set->commit(move).value();
  reader = nullptr;
  tree.forget_installed();
  EXPECT_EQ(tree.obsolete.size(), 1U);
  VersionEdit remove;
  remove.removed = {second};
  tree.set->commit(remove).value();
  tree.forget_installed();
  EXPECT_EQ(tree.obsolete, (std::vector<uint64_t>{first, second}));
  tree.close();
  EXPECT_EQ(tree.obsolete.size(), 2U);
}

TEST(VersionSet, DroppingAKeyspaceFreesItsTablesWhenTheirReadersGo) {
  FaultyDirectory directory;
  TestTree tree(directory);
  tree.open().value();
  const uint32_t users = tree.set->create_keyspace("users", {}).value();
  const uint64_t number = tree.make_table().value();
  tree.set
      ->commit(VersionEdit{.keyspace = users, .flushed_through = 5, .added = {placed(0, 1, number, "a", "b", 1, 5)}})
      .value();
  base::IntrusivePtr<Version> reader = tree.set->current(users);
  tree.set->drop_keyspace(users, 0).value();
  tree.forget_installed();
  EXPECT_TRUE(tree.obsolete.empty());
  EXPECT_EQ(reader->totals().tables, 1U);
  reader = nullptr;
  EXPECT_EQ(tree.obsolete, std::vector<uint64_t>{number});
}

TEST(VersionSet, ClosingDeletesNothingAndLateReadersAreHarmless) {
  FaultyDirectory directory;
  TestTree tree(directory);
  tree.open().value();
  const uint64_t number = tree.flush("a", "b").value();
  base::IntrusivePtr<Version> reader = tree.set->current(0);
  VersionEdit edit;
  edit.removed = {number};
  tree.set->commit(edit).value();
  tree.close();
  reader = nullptr;  // after the database: the callback's owner is not called any more
  EXPECT_TRUE(tree.obsolete.empty());
  tree.open().value();  // the file is found as a leftover instead
  EXPECT_EQ(tree.report.audit.leftover_tables, std::vector<uint64_t>{number});
}

TEST(VersionSet, TheManifestIsReplacedWhenItOutgrowsItsSnapshot) {
  FaultyDirectory directory;
  TestTree tree(directory);
  tree.manifest_limit_bytes = 2000;
  tree.open().value();
  for (int i = 0; i < 200; i++) tree.flush("a", "b").value();
  const ManifestStats stats = tree.set->manifest_stats();
  EXPECT_GE(stats.replaced, 2U);
  EXPECT_LE(stats.replaced, 10U);  // the threshold grows with the snapshot
  EXPECT_EQ(stats.commits, 200U);
  EXPECT_EQ(directory.contents("CURRENT").substr(0, 15), format::manifest_name(stats.number));
  size_t manifests = 0;
  for (const auto& entry : directory.list().value()) manifests += entry.name.starts_with("MANIFEST");
  EXPECT_EQ(manifests, 1U);
  const std::string before = tree.text();
  tree.close();
  tree.open().value();
  EXPECT_EQ(tree.text(), before);
}

// Random edits with a reopen after each, against the text of the state.
TEST(VersionSet, EveryStateIsFoundAgain) {
  for (uint64_t seed = 0; seed < 12; seed++) {
    base::Prng prng(seed);
    FaultyDirectory directory;
    TestTree tree(directory);
    tree.manifest_limit_bytes = prng.one_in(2) ? 500 : 100000;
    tree.open().value();
    for (int step = 0; step < 60; step++) {
      const auto keyspaces = tree.set->keyspaces();
      const KeyspaceState& any = keyspaces[prng.below(keyspaces.size())];
      VersionEdit edit{.keyspace = any.record.id};
      switch (prng.below(7)) {
        case 6:
          edit.options = {.compression = static_cast<Compression>(prng.below(3)),
                          .shape = static_cast<CompactionShape>(prng.below(3)),
                          .filter_bits_per_key = static_cast<uint32_t>(prng.below(25)),
                          .block_bytes = static_cast<uint32_t>(1024 + prng.below(60000))};
          tree.set->commit(edit).value();
          break;
        case 0: tree.set->create_keyspace("k" + std::to_string(step), {}).value(); break;
        case 1:
          if (any.record.id != 0) tree.set->drop_keyspace(any.record.id, 0).value();
          break;
        case 2: {
          for (const auto& run : any.version->runs()) {
            for (const uint64_t number : run.numbers()) {
              if (prng.one_in(2)) edit.removed.push_back(number);
            }
          }
          edit.log_floor = {.lsn = prng.below(1 << 20), .segment = prng.below(9)};
          tree.set->commit(edit).value();
          break;
        }
        default: {
          const uint64_t number = tree.make_table().value();
          edit.flushed_through = any.flushed_through + 10;
          edit.added = {
              placed(0, tree.set->next_run_id(), number, "k", "m", any.flushed_through + 1, any.flushed_through + 10)};
          tree.set->commit(edit).value();
        }
      }
      const std::string before = tree.text();
      const uint64_t next = tree.set->next_file_number();
      if (prng.one_in(2)) {
        tree.close();
        tree.open().value();
        ASSERT_EQ(tree.text(), before) << "seed " << seed << " step " << step;
        ASSERT_GE(tree.set->next_file_number(), next - 1);
        ASSERT_TRUE(tree.report.audit.unknown_files.empty()) << tree.report.audit.unknown_files[0];
      }
    }
  }
}

TEST(VersionSet, CommittersAndReadersInParallel) {
  FaultyDirectory directory;
  TestTree tree(directory);
  tree.manifest_limit_bytes = 4000;
  tree.open().value();
  constexpr int kWriters = 4;
  constexpr int kCommits = 60;
  for (int i = 0; i < kWriters; i++) tree.set->create_keyspace("k" + std::to_string(i), {}).value();
  std::atomic<bool> stop{false};
  std::vector<sync::Thread> threads;
  for (uint32_t i = 1; i <= kWriters; i++) {
    threads.emplace_back("writer", [&tree, i] {
      uint64_t last = 0;
      for (uint64_t n = 1; n <= kCommits; n++) {
        const uint64_t number = tree.make_table().value();
        std::vector<VersionEdit> edits(2);
        edits[0] = {
            .keyspace = i, .flushed_through = n, .added = {placed(0, tree.set->next_run_id(), number, "a", "b", n, n)}};
        edits[1] = {.keyspace = i};
        if (last != 0) edits[1].removed = {last};
        tree.set->commit(edits).value();
        last = number;
        // Another's mistake in the same group must not hurt.
        VersionEdit wrong{.keyspace = i, .removed = {1}};
        EXPECT_FALSE(tree.set->commit(wrong).has_value());
      }
    });
  }
  threads.emplace_back("reader", [&tree, &stop] {
    while (!stop.load()) {
      for (uint32_t i = 1; i <= kWriters; i++) {
        const auto version = tree.set->current(i);
        // One table from the first commit on, and never two: both edits of a commit show at once.
        EXPECT_LE(version->totals().tables, 1U);
        if (!version->empty()) {
          EXPECT_TRUE(version->runs()[0].tables()[0]->table().has_value());
        }
      }
    }
  });
  for (int i = 0; i < kWriters; i++) threads[static_cast<size_t>(i)].join();
  stop = true;
  threads.back().join();
  tree.forget_installed();
  EXPECT_EQ(tree.obsolete.size(), static_cast<size_t>(kWriters * (kCommits - 1)));
  std::sort(tree.obsolete.begin(), tree.obsolete.end());
  EXPECT_EQ(std::adjacent_find(tree.obsolete.begin(), tree.obsolete.end()), tree.obsolete.end());
  const std::string before = tree.text();
  tree.close();
  EXPECT_EQ(tree.opener->opens, tree.opener->closes);
  tree.open().value();
  EXPECT_EQ(tree.text(), before);
}

}  // namespace
}  // namespace nacre::tree
