#include "tree/tree_state.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "tree/test_kit.h"

namespace nacre::tree {
namespace {

using format::PlacedTable;
using format::VersionEdit;

// A state with the default keyspace, to which edits are applied one by one.
struct Fixture {
  Fixture() {
    VersionEdit edit;
    edit.created = format::KeyspaceRecord{.id = 0, .name = "default"};
    edit.next_file_number = 1000;
    apply(edit).value();
  }
  Result<void> apply(const VersionEdit& edit) {
    TreeState next = state;
    displaced.clear();
    NACRE_TRY(next.apply(edit, home, displaced));
    state = std::move(next);
    return {};
  }
  Result<void> flush(uint64_t run, PlacedTable table) {
    table.run = run;
    table.table.smallest_sequence = state.keyspaces[0].flushed_through + 1;
    table.table.largest_sequence = state.keyspaces[0].flushed_through + 10;
    VersionEdit edit;
    edit.flushed_through = table.table.largest_sequence;
    edit.added = {table};
    return apply(edit);
  }
  std::string runs(uint32_t keyspace = 0) { return to_text(*state.keyspaces.at(keyspace).version); }

  std::shared_ptr<TableHome> home =
      std::make_shared<TableHome>(kTestUuid, std::make_shared<FakeOpener>(), nullptr, nullptr);
  TreeState state;
  Displaced displaced;
};

bool is_misfit(const Result<void>& result, Bytes word) {
  return !result && result.error().kind == ErrorKind::kInvalidArgument && Bytes(result.error().reason).contains(word);
}

TEST(TreeState, RunsStandNewestFirst) {
  Fixture tree;
  tree.flush(1, placed(0, 0, 11, "a", "m")).value();
  tree.flush(2, placed(0, 0, 12, "b", "n")).value();
  VersionEdit edit;
  edit.added = {placed(3, 3, 13, "a", "f"), placed(3, 3, 14, "g", "z"), placed(1, 4, 15, "a", "b"),
                placed(1, 5, 16, "a", "b")};
  tree.apply(edit).value();
  EXPECT_EQ(tree.runs(),
            "  L0 run 2: 12[b,n]\n"
            "  L0 run 1: 11[a,m]\n"
            "  L1 run 5: 16[a,b]\n"
            "  L1 run 4: 15[a,b]\n"
            "  L3 run 3: 13[a,f] 14[g,z]\n");
  const Version& version = *tree.state.keyspaces[0].version;
  EXPECT_EQ(version.totals().tables, 6U);
  EXPECT_EQ(version.run(4)->numbers()[0], 15U);
  EXPECT_EQ(version.run(99), nullptr);
  EXPECT_EQ(version.table(14)->number(), 14U);
  EXPECT_EQ(version.table(99), nullptr);
  EXPECT_EQ(version.first_run_of_level(0), 0U);
  EXPECT_EQ(version.first_run_of_level(1), 2U);
  EXPECT_EQ(version.first_run_of_level(2), 4U);
  EXPECT_EQ(version.first_run_of_level(4), 5U);
  EXPECT_EQ(tree.state.next_run_id, 6U);
}

TEST(TreeState, AMergeReplacesItsInputsAndEmptyRunsGo) {
  Fixture tree;
  tree.flush(1, placed(0, 0, 11, "a", "m")).value();
  tree.flush(2, placed(0, 0, 12, "b", "n")).value();
  VersionEdit merge;
  merge.removed = {11, 12};
  merge.added = {placed(1, 3, 13, "a", "n", 1, 20)};
  tree.apply(merge).value();
  EXPECT_EQ(tree.runs(), "  L1 run 3: 13[a,n]\n");
  ASSERT_EQ(tree.displaced.size(), 2U);
}

TEST(TreeState, AMovedTableStaysTheSameObject) {
  Fixture tree;
  tree.flush(1, placed(0, 0, 11, "a", "m")).value();
  const TableMeta* const before = tree.state.keyspaces[0].version->table(11);
  VersionEdit move;
  move.removed = {11};
  move.added = {{.level = 5, .run = 2, .table = before->record()}};
  tree.apply(move).value();
  EXPECT_EQ(tree.runs(), "  L5 run 2: 11[a,m]\n");
  EXPECT_EQ(tree.state.keyspaces[0].version->table(11), before);
  EXPECT_TRUE(tree.displaced.empty());
  VersionEdit changed = move;
  changed.added[0].table.entries++;
  EXPECT_TRUE(is_misfit(tree.apply(changed), "moves a table and changes it"));
}

TEST(TreeState, EditsThatDoNotFitAreRefusedWhole) {
  Fixture tree;
  tree.flush(1, placed(0, 0, 11, "c", "m")).value();
  const std::string before = to_text(tree.state);
  const auto refused = [&](VersionEdit edit, Bytes word) {
    const bool misfit = is_misfit(tree.apply(edit), word);
    return misfit && to_text(tree.state) == before;
  };
  VersionEdit edit;
  edit.removed = {12};
  EXPECT_TRUE(refused(edit, "not in the tree"));
  edit.removed = {11, 11};
  EXPECT_TRUE(refused(edit, "twice"));
  edit = {.added = {placed(1, 2, 11, "x", "y")}};
  EXPECT_TRUE(refused(edit, "in the tree already"));
  edit = {.added = {placed(1, 2, 20, "a", "b"), placed(2, 3, 20, "a", "b")}};
  EXPECT_TRUE(refused(edit, "in the tree already"));
  edit = {.added = {placed(1, 2, 20, "a", "d"), placed(1, 2, 21, "c", "e")}};
  EXPECT_TRUE(refused(edit, "overlap"));
  edit = {.added = {placed(0, 1, 20, "a", "c")}};  // joins the run that stands there
  EXPECT_TRUE(refused(edit, "overlap"));
  edit = {.added = {placed(1, 1, 20, "a", "b")}};
  EXPECT_TRUE(refused(edit, "two levels"));
  edit = {.added = {placed(1, 2, 1000, "a", "b")}};
  EXPECT_TRUE(refused(edit, "never given out"));
  edit = {.added = {placed(1, 2, 0, "a", "b")}};
  EXPECT_TRUE(refused(edit, "impossible"));
  edit = {.added = {placed(1, 2, 20, "b", "a")}};
  EXPECT_TRUE(refused(edit, "impossible"));
  edit = {.added = {placed(1, 2, 20, "a", "b", 5, 4)}};
  EXPECT_TRUE(refused(edit, "flushed-through"));
  edit = {.added = {placed(1, 2, 20, "a", "b", 5, 11)}};
  EXPECT_TRUE(refused(edit, "flushed-through"));
  edit = {.added = {placed(1, 2, 20, "a", "a")}};
  edit.added[0].table.largest_exclusive = true;
  EXPECT_TRUE(refused(edit, "impossible"));
  edit = {.added = {placed(1, 2, 20, "a", "b")}};
  edit.added[0].table.erases = edit.added[0].table.entries + 1;
  EXPECT_TRUE(refused(edit, "impossible"));
  const std::string too_long(kMaxKeyBytes + 1, 'x');
  edit = {.added = {placed(1, 2, 20, "a", too_long)}};
  EXPECT_TRUE(refused(edit, "impossible"));
  edit = {.added = {placed(1, 2, 20, too_long, "y")}};
  EXPECT_TRUE(refused(edit, "impossible"));
  edit = {.added = {placed(0, 9, 20, "a", "d"), placed(0, 9, 21, "c", "e")}};  // in front of what stands there
  EXPECT_TRUE(refused(edit, "overlap"));
  edit = {.flushed_through = 9};
  EXPECT_TRUE(refused(edit, "out of order"));
  edit = {.keyspace = 3, .removed = {11}};
  EXPECT_EQ(tree.apply(edit).error().kind, ErrorKind::kNotFound);
}

TEST(TreeState, SeveralTablesMayJoinARun) {
  Fixture tree;
  tree.flush(1, placed(0, 0, 11, "c", "d")).value();
  tree.apply({.added = {placed(0, 1, 12, "e", "f"), placed(0, 1, 13, "a", "b")}}).value();
  EXPECT_EQ(tree.runs(), "  L0 run 1: 13[a,b] 11[c,d] 12[e,f]\n");
}

TEST(TreeState, AnEditDoesOneThingToAKeyspace) {
  Fixture tree;
  VersionEdit other{.keyspace = 5};
  other.created = format::KeyspaceRecord{.id = 6, .name = "users"};
  EXPECT_TRUE(is_misfit(tree.apply(other), "another keyspace than it is about"));
  VersionEdit fleeting{.keyspace = 5, .dropped = true};
  fleeting.created = format::KeyspaceRecord{.id = 5, .name = "users"};
  EXPECT_TRUE(is_misfit(tree.apply(fleeting), "changes what it drops"));
  fleeting.dropped = false;
  tree.apply(fleeting).value();
  VersionEdit drop{.keyspace = 5, .dropped = true, .added = {placed(0, 1, 11, "a", "b", 0, 0)}};
  EXPECT_TRUE(is_misfit(tree.apply(drop), "changes what it drops"));
  drop.added.clear();
  drop.removed = {11};
  EXPECT_TRUE(is_misfit(tree.apply(drop), "changes what it drops"));
}

TEST(TreeState, OtherOptionsAreOfTheKeyspaceAndOfNoTable) {
  Fixture tree;
  tree.flush(1, placed(0, 0, 11, "a", "m")).value();
  const auto version = tree.state.keyspaces[0].version;
  const KeyspaceOptions options{.bottom_compression = Compression::kZstd,
                                .shape = CompactionShape::kTiered,
                                .filter_bits_per_key = 3,
                                .block_bytes = 4096};
  tree.apply({.options = options}).value();
  EXPECT_EQ(tree.state.keyspaces[0].record.options, options);
  EXPECT_EQ(tree.state.keyspaces[0].record.name, "default");
  EXPECT_EQ(tree.state.keyspaces[0].version, version);  // the same object: no reader notices
  EXPECT_EQ(tree.state.keyspaces[0].flushed_through, 10U);
  EXPECT_EQ(tree.apply({.keyspace = 5, .options = options}).error().kind, ErrorKind::kNotFound);
  VersionEdit create{.keyspace = 5};
  create.created = format::KeyspaceRecord{.id = 5, .name = "users"};
  tree.apply(create).value();
  EXPECT_EQ(tree.state.keyspaces[5].record.options, KeyspaceOptions{});
  EXPECT_TRUE(is_misfit(tree.apply({.keyspace = 5, .dropped = true, .options = options}), "changes what it drops"));
}

// A merge at the bottom makes sequences 0. A flush may carry them, but nothing that an earlier one carried.
TEST(TreeState, AFlushMayCarrySequenceZero) {
  Fixture tree;
  tree.flush(1, placed(0, 0, 11, "a", "b")).value();
  tree.apply({.flushed_through = 20, .added = {placed(0, 2, 12, "a", "b", 0, 20)}}).value();
  tree.apply({.flushed_through = 30, .added = {placed(0, 3, 13, "a", "b", 0, 0)}}).value();
  const VersionEdit again{.flushed_through = 40, .added = {placed(0, 4, 14, "a", "b", 0, 30)}};
  EXPECT_TRUE(is_misfit(tree.apply(again), "flushed before"));
  VersionEdit replaced = again;  // what takes tables away is a merge, though the flushed sequence rises with it
  replaced.removed = {11};
  tree.apply(replaced).value();
}

TEST(TreeState, AFlushAddsOnlyWhatIsNewerAndInFront) {
  Fixture tree;
  tree.flush(5, placed(0, 0, 11, "c", "m")).value();
  VersionEdit edit;
  edit.flushed_through = 20;
  edit.added = {placed(0, 6, 12, "a", "z", 10, 20)};  // 10 was flushed
  EXPECT_TRUE(is_misfit(tree.apply(edit), "flushed before"));
  edit.added = {placed(0, 4, 12, "a", "z", 11, 20)};  // an older run id: would be read after run 5
  EXPECT_TRUE(is_misfit(tree.apply(edit), "behind a run"));
  edit.added = {placed(1, 6, 12, "a", "z", 11, 20)};  // a level below
  EXPECT_TRUE(is_misfit(tree.apply(edit), "behind a run"));
  edit.added = {placed(1, 6, 12, "n", "z", 11, 20)};  // a level below, but nothing above meets it
  tree.apply(edit).value();
  edit = {.flushed_through = 30};
  tree.apply(edit).value();  // everything in the memtable was gone again
  EXPECT_EQ(tree.state.last_sequence, 30U);
}

TEST(TreeState, TheDefaultKeyspaceHasItsIdAndItsName) {
  for (const auto& [id, name] : {std::pair(0U, "other"), {1U, "default"}}) {
    Fixture tree;
    tree.state = {};
    VersionEdit edit{.keyspace = id};
    edit.created = format::KeyspaceRecord{.id = id, .name = name};
    EXPECT_TRUE(is_misfit(tree.apply(edit), "named default")) << name;
  }
}

TEST(TreeState, KeyspacesComeAndGoAndIdsNeverComeBack) {
  Fixture tree;
  const auto create = [&](uint32_t id, std::string name) {
    VersionEdit edit{.keyspace = id};
    edit.created = format::KeyspaceRecord{.id = id, .name = std::move(name)};
    return tree.apply(edit);
  };
  create(1, "users").value();
  EXPECT_TRUE(is_misfit(create(2, "users"), "name exists"));
  EXPECT_TRUE(is_misfit(create(1, "other"), "used again"));
  EXPECT_TRUE(is_misfit(create(2, "default"), "name exists"));
  EXPECT_TRUE(is_misfit(create(2, ""), "1 to 255"));
  EXPECT_TRUE(is_misfit(create(2, std::string(256, 'x')), "1 to 255"));
  VersionEdit fill{.keyspace = 1, .flushed_through = 5, .added = {placed(0, 1, 11, "a", "b", 1, 5)}};
  tree.apply(fill).value();
  VersionEdit both{.keyspace = 1, .dropped = true, .removed = {11}};
  EXPECT_TRUE(is_misfit(tree.apply(both), "changes what it drops"));
  tree.apply({.keyspace = 1, .dropped = true}).value();
  EXPECT_EQ(tree.displaced.size(), 1U);
  EXPECT_EQ(tree.state.find("users"), nullptr);
  EXPECT_TRUE(is_misfit(create(1, "users"), "used again"));
  create(2, "users").value();
  EXPECT_EQ(tree.apply({.keyspace = 1, .dropped = true}).error().kind, ErrorKind::kNotFound);
  EXPECT_TRUE(is_misfit(tree.apply({.keyspace = 0, .dropped = true}), "cannot be dropped"));
}

TEST(TreeState, CountersOnlyRise) {
  Fixture tree;
  VersionEdit edit;
  edit.log_floor = {.lsn = 100, .segment = 3};
  edit.last_sequence = 50;
  tree.apply(edit).value();
  edit.log_floor = {.lsn = 90, .segment = 4};
  edit.last_sequence = 40;
  edit.next_file_number = 3;
  tree.apply(edit).value();
  EXPECT_EQ(tree.state.log_floor, (format::LogFloor{.lsn = 100, .segment = 3}));
  EXPECT_EQ(tree.state.last_sequence, 50U);
  EXPECT_EQ(tree.state.next_file_number, 1000U);
}

TEST(TreeState, OwnNumbersAreReservedOnesThatWereNotPassedOver) {
  TreeState state;
  state.reserved_file_number = 100;
  state.foreign_numbers = {{.first = 40, .end = 50}};
  EXPECT_TRUE(state.is_own_number(39));
  EXPECT_FALSE(state.is_own_number(40));
  EXPECT_FALSE(state.is_own_number(49));
  EXPECT_TRUE(state.is_own_number(50));
  EXPECT_TRUE(state.is_own_number(99));
  EXPECT_FALSE(state.is_own_number(100));
}

// Random flushes, merges and moves; the snapshot must make the same state again, and what each key reads first must be
// the newest write of it.
TEST(TreeState, SnapshotsMakeTheSameStateAgain) {
  for (uint64_t seed = 0; seed < 60; seed++) {
    base::Prng prng(seed);
    Fixture tree;
    uint64_t number = 10;
    uint64_t run = 1;
    for (int step = 0; step < 40; step++) {
      const auto key = [&] { return std::string(1, static_cast<char>('a' + prng.below(26))); };
      std::string smallest = key();
      std::string largest = key();
      if (largest < smallest) std::swap(smallest, largest);
      tree.flush(run++, placed(0, 0, number++, smallest, largest)).value();
      const Version& version = *tree.state.keyspaces[0].version;
      if (version.runs().size() > 4) {  // merge everything, or move the bottom run
        VersionEdit edit;
        if (prng.one_in(2)) {
          for (const auto& each : version.runs()) {
            edit.removed.insert(edit.removed.end(), each.numbers().begin(), each.numbers().end());
          }
          edit.added = {placed(6, run++, number++, "a", "z", 0, tree.state.keyspaces[0].flushed_through)};
        } else if (version.runs().back().level() < 5) {
          const auto& bottom = version.runs().back();
          for (const auto& table : bottom.tables()) {
            edit.removed.push_back(table->number());
            edit.added.push_back({.level = bottom.level() + 1, .run = run, .table = table->record()});
          }
          run++;
        }
        tree.apply(edit).value();
      }
      Fixture again;
      again.state = {};
      for (const VersionEdit& edit : tree.state.snapshot()) again.apply(edit).value();
      ASSERT_EQ(to_text(again.state), to_text(tree.state)) << "seed " << seed;
      ASSERT_EQ(again.state.next_run_id, tree.state.next_run_id);
      ASSERT_EQ(again.state.next_file_number, tree.state.next_file_number);
    }
  }
}

}  // namespace
}  // namespace nacre::tree
