// The policy as text: a shape in, a plan out.
//
// A shape is written a run a line, newest first: "L0 r9: 12[a-m]100 13[n-z]100/50", that is level, run id, then tables as
// number[smallest-largest]bytes with /erases, @entries, ! for busy. Each entry is one byte long.

#include "compaction/policy.h"

#include <gtest/gtest.h>

#include <cctype>
#include <deque>
#include <sstream>

namespace nacre::compaction {
namespace {

// Owns the keys that the shape borrows.
struct Drawn {
  std::deque<std::string> keys;
  Shape shape;
};

ShapeTable parse_table(const std::string& text, std::deque<std::string>& keys) {
  ShapeTable table;
  std::istringstream in(text);
  char c = 0;
  in >> table.number >> c;
  std::string range;
  std::getline(in, range, ']');
  const size_t dash = range.find('-');
  table.smallest = keys.emplace_back(range.substr(0, dash));
  table.largest = keys.emplace_back(range.substr(dash + 1));
  in >> table.bytes;
  table.entries = table.bytes;
  while (in >> c) {
    if (c == '/') in >> table.erases;
    if (c == '@') in >> table.entries;
    if (c == '!') table.busy = true;
  }
  return table;
}

Drawn draw(const std::string& text) {
  Drawn drawn;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    std::string level;
    std::string run;
    if (!(words >> level >> run)) continue;
    ShapeRun& out = drawn.shape.runs.emplace_back();
    out.level = static_cast<uint32_t>(std::stoul(level.substr(1)));
    out.id = std::stoull(run.substr(1));
    for (std::string table; words >> table;) out.tables.push_back(parse_table(table, drawn.keys));
  }
  return drawn;
}

PolicyOptions small() {
  return {.memtable_bytes = 100, .table_bytes = 100, .partition_bytes = 400, .runs_per_level = 3};
}

std::string picked(const std::string& text, bool idle = false, PolicyOptions options = small()) {
  const Drawn drawn = draw(text);
  const auto plan = pick(drawn.shape, options, idle);
  return plan ? plan->to_string() : "nothing";
}

std::string bought(const std::string& text, uint64_t paid_bytes, PolicyOptions options = small()) {
  const Drawn drawn = draw(text);
  const auto plan = pick(drawn.shape, options, false, paid_bytes);
  if (!plan) return "nothing";
  EXPECT_TRUE(plan->paid);
  return plan->to_string();
}

TEST(Policy, AnEmptyTreeNeedsNothing) {
  EXPECT_EQ(picked(""), "nothing");
  EXPECT_EQ(picked("", true), "nothing");
}

TEST(Policy, FewRunsAreLeftAlone) {
  EXPECT_EQ(picked("L0 r2: 2[a-z]100\nL0 r1: 1[a-z]100\nL7 r9: 9[a-z]900"), "nothing");
}

TEST(Policy, ManyRunsAboveLittleGoAllTheWayDown) {
  EXPECT_EQ(picked("L0 r3: 3[a-z]100\nL0 r2: 2[a-z]100\nL0 r1: 1[a-z]100\nL7 r9: 4[a-z]300"),
            "merge L0 -> L7 run 9 bottom inputs 3 2 1 4 bytes 600 (worth a share of what lies below)");
}

TEST(Policy, ManyRunsAboveMuchAreMergedOneLevelDown) {
  EXPECT_EQ(picked("L0 r3: 3[a-z]10\nL0 r2: 2[a-z]10\nL0 r1: 1[a-z]10\nL7 r9: 4[a-z]300"),
            "merge L0 -> L1 inputs 3 2 1 bytes 30 (the level has its fill of runs)");
}

TEST(Policy, TheDeepestFullLevelComesFirst) {
  EXPECT_EQ(picked("L0 r6: 6[a-z]10\nL0 r5: 5[a-z]10\nL0 r4: 4[a-z]10\n"
                   "L1 r3: 3[a-z]30\nL1 r2: 2[a-z]30\nL1 r1: 1[a-z]30\nL7 r9: 9[a-z]900"),
            "merge L1 -> L2 inputs 3 2 1 bytes 90 (the level has its fill of runs)");
}

TEST(Policy, BusyTablesHoldAPlanBack) {
  EXPECT_EQ(picked("L0 r3: 3[a-z]100\nL0 r2: 2[a-z]100!\nL0 r1: 1[a-z]100\nL7 r9: 4[a-z]300"), "nothing");
}

// A job's output may cover the gap between its inputs: nothing may be moved into it meanwhile.
TEST(Policy, ReservedRangesHoldMovesAndPlansBack) {
  Drawn drawn = draw("L0 r3: 3[m-n]100\nL7 r9: 1[a-c]300! 2[x-z]300!");
  ASSERT_EQ(pick(drawn.shape, small(), false)->to_string(),
            "move L0 -> L7 run 9 bottom inputs 3 bytes 100 (overlaps nothing below)");
  drawn.shape.reserved.push_back({.smallest = "a", .largest = "z"});
  EXPECT_FALSE(pick(drawn.shape, small(), false));
}

TEST(Policy, AscendingDataMovesWithoutRewriting) {
  EXPECT_EQ(picked("L0 r2: 3[n-p]100 4[q-z]100\nL7 r1: 1[a-f]100 2[g-m]100"),
            "move L0 -> L7 run 1 bottom inputs 3 4 bytes 200 (overlaps nothing below)");
}

TEST(Policy, OnlyTheOldestOfOverlappingRunsMoves) {
  EXPECT_EQ(picked("L0 r2: 2[a-z]100\nL0 r1: 1[a-z]100/1\nL7 r9: 3[zz-zzz]100"),
            "nothing");  // erases are not moved to the bottom
  EXPECT_EQ(picked("L0 r2: 2[a-z]100\nL0 r1: 1[a-z]100\nL7 r9: 3[zz-zzz]100"),
            "move L0 -> L7 run 9 bottom inputs 1 bytes 100 (overlaps nothing below)");
}

TEST(Policy, APartitionIsMergedWithoutItsNeighbours) {
  EXPECT_EQ(picked("L0 r3: 3[a-c]100\nL0 r2: 2[a-c]100\nL0 r1: 1[a-c]100\nL7 r9: 4[a-f]400 5[g-z]400"),
            "merge L0 -> L7 run 9 bottom inputs 3 2 1 4 bytes 700 (worth a share of what lies below)");
}

TEST(Policy, APlanGrowsToTablesThatReachOverTheBorder) {
  EXPECT_EQ(picked("L0 r3: 3[a-h]100\nL0 r2: 2[a-c]100\nL0 r1: 1[a-c]100\nL7 r9: 4[a-f]400 5[g-z]400"),
            "merge L0 -> L7 run 9 bottom inputs 3 2 1 4 5 bytes 1100 (worth a share of what lies below)");
}

// A keyspace that was tiered until now.
TEST(Policy, SeveralBottomRunsOfAnotherShapeAreMergedAtLeisure) {
  const std::string text = "L7 r9: 4[a-m]300\nL7 r8: 3[a-z]300";
  for (const CompactionShape shape : {CompactionShape::kLazyLeveled, CompactionShape::kLeveled}) {
    PolicyOptions options = small();
    options.shape = shape;
    EXPECT_EQ(picked(text, false, options), "nothing");
    EXPECT_EQ(picked(text, true, options),
              "merge L7 -> L7 run 8 bottom inputs 4 3 bytes 600 (idle: the bottom has more than a run)");
  }
  PolicyOptions tiered = small();
  tiered.shape = CompactionShape::kTiered;
  EXPECT_EQ(picked(text, true, tiered), "nothing");
}

TEST(Policy, ErasesWeighWhatTheyErase) {
  EXPECT_EQ(picked("L0 r1: 1[a-z]10/300\nL7 r9: 4[a-z]400"),
            "merge L0 -> L7 run 9 bottom inputs 1 4 bytes 410 (erases are worth a share of what lies below)");
}

TEST(Policy, IdleTimeBuysFewerRuns) {
  const std::string shape = "L0 r1: 1[a-z]100\nL7 r9: 4[a-z]300";
  EXPECT_EQ(picked(shape), "nothing");
  EXPECT_EQ(picked(shape, true), "merge L0 -> L7 run 9 bottom inputs 1 4 bytes 400 (idle: fewer runs to read)");
}

TEST(Policy, LargeEntriesAreRewrittenAtRestOnlyForSpace) {
  Drawn drawn = draw("L0 r3: 3[a-z]20480@10\nL0 r2: 2[a-z]20480@10\nL7 r1: 1[a-z]40960@20");
  std::optional<Plan> down = pick(drawn.shape, small(), true);
  ASSERT_TRUE(down);
  EXPECT_EQ(down->to_string(), "merge L0 -> L7 run 1 bottom inputs 3 2 1 bytes 81920 (idle: fewer runs to read)");
  EXPECT_TRUE(down->must_drop);
  drawn.shape.declined = {{7, 8}, down->sorted_inputs()};
  const std::optional<Plan> joined = pick(drawn.shape, small(), true);
  ASSERT_TRUE(joined);
  EXPECT_EQ(joined->to_string(), "merge L0 -> L1 inputs 3 2 bytes 40960 (idle: joins small runs)");
  EXPECT_TRUE(joined->must_drop);
  drawn.shape.declined.push_back(joined->sorted_inputs());
  EXPECT_FALSE(pick(drawn.shape, small(), true));
  // Who has paid gets it, and a level that is full is merged, whatever was declined.
  EXPECT_TRUE(pick(drawn.shape, small(), false, 1'000'000));
  const Drawn full = draw("L0 r4: 4[a-z]20480@10\nL0 r3: 3[a-z]20480@10\nL0 r2: 2[a-z]20480@10\nL7 r1: 1[a-z]40960@20");
  drawn.shape.declined = {{1, 2, 3, 4}};
  EXPECT_TRUE(pick(full.shape, small(), false));
}

TEST(Policy, AWordOfDecliningHoldsForThoseInputsOnly) {
  Drawn drawn = draw("L0 r3: 3[a-z]20480@10\nL7 r1: 1[a-z]40960@20");
  drawn.shape.declined = {{1, 2}, {3}};
  EXPECT_TRUE(pick(drawn.shape, small(), true));
  drawn.shape.declined.push_back({1, 3});
  EXPECT_FALSE(pick(drawn.shape, small(), true));
}

TEST(Policy, SmallEntriesAreJoinedAtRestWithoutALook) {
  const Drawn drawn = draw("L0 r3: 3[a-z]20479@10\nL7 r1: 1[a-z]20479@10");
  EXPECT_FALSE(pick(drawn.shape, small(), true)->must_drop);
}

TEST(Policy, IdleTimeIsNotSpentOnALittleAboveMuch) {
  EXPECT_EQ(picked("L0 r1: 1[a-z]10\nL7 r9: 4[a-z]390", true), "nothing");
}

TEST(Policy, ReadsBuyWhatTheyHavePaidFor) {
  const std::string shape = "L0 r1: 1[a-z]10\nL7 r9: 4[a-z]390";
  EXPECT_EQ(bought(shape, 0), "nothing");
  EXPECT_EQ(bought(shape, 399), "nothing");
  EXPECT_EQ(bought(shape, 400), "merge L0 -> L7 run 9 bottom inputs 1 4 bytes 400 (reads have paid for fewer runs)");
}

TEST(Policy, ReadsBuyTheMergeThatSparesThemMostRunsAByte) {
  EXPECT_EQ(bought("L0 r2: 2[a-z]10\nL0 r1: 1[a-z]10\nL7 r9: 4[a-z]390", 1000),
            "merge L0 -> L1 inputs 2 1 bytes 20 (reads have paid for fewer runs)");
  EXPECT_EQ(bought("L0 r2: 2[a-z]100\nL0 r1: 1[a-z]100\nL7 r9: 4[a-z]50", 1000),
            "merge L0 -> L7 run 9 bottom inputs 2 1 4 bytes 250 (reads have paid for fewer runs)");
  EXPECT_EQ(bought("L0 r3: 3[a-z]10\nL1 r2: 2[a-z]30\nL1 r1: 1[a-z]30\nL7 r9: 9[a-z]900", 1000),
            "merge L1 -> L2 inputs 2 1 bytes 60 (reads have paid for fewer runs)");
}

TEST(Policy, ReadsOfATieredTreeBuyNoMergeOfItsBottom) {
  PolicyOptions options = small();
  options.shape = CompactionShape::kTiered;
  EXPECT_EQ(bought("L0 r1: 1[a-z]10\nL7 r9: 4[a-z]390", 1000, options), "nothing");
}

// Tombstones that a snapshot needs would be rewritten again and again.
TEST(Policy, TombstonesAtTheBottomWaitForSnapshots) {
  Drawn drawn = draw("L7 r9: 4[a-z]300/100");
  EXPECT_TRUE(pick(drawn.shape, small(), true));
  EXPECT_TRUE(pick_full(drawn.shape, small()));
  drawn.shape.snapshots_held = true;
  EXPECT_FALSE(pick(drawn.shape, small(), true));
  EXPECT_FALSE(pick_full(drawn.shape, small()));
}

TEST(Policy, LeveledMergesIntoTheOneRunBelow) {
  PolicyOptions options = small();
  options.shape = CompactionShape::kLeveled;
  EXPECT_EQ(picked("L0 r3: 3[a-z]100\nL0 r2: 2[a-z]100\nL0 r1: 1[a-z]100\nL1 r8: 8[a-z]300\nL7 r9: 9[a-z]900", false,
                   options),
            "merge L0 -> L1 run 8 inputs 3 2 1 8 bytes 600 (the level has its fill of runs)");
}

// Seed 14014598: small tables of the older bottom run were joined into a new run, which would have stood before the newer one.
TEST(Policy, SmallTablesUnderANewerBottomRunAreLeftAlone) {
  PolicyOptions options = small();
  options.shape = CompactionShape::kTiered;
  const std::string older = "L7 r9: 1[a-b]1 2[c-d]1 3[e-f]1 4[g-h]1 5[i-z]100";
  EXPECT_EQ(picked(older, true, options),
            "merge L7 -> L7 run 9 bottom inputs 1 2 3 4 bytes 4 (idle: joins small tables)");
  EXPECT_EQ(picked("L7 r10: 8[c-z]100\n" + older, true, options), "nothing");
}

TEST(Policy, TieredAddsARunBelow) {
  PolicyOptions options = small();
  options.shape = CompactionShape::kTiered;
  EXPECT_EQ(picked("L0 r3: 3[a-z]100\nL0 r2: 2[a-z]100\nL0 r1: 1[a-z]100\nL1 r8: 8[a-z]300\nL7 r9: 9[a-z]900", false,
                   options),
            "merge L0 -> L1 inputs 3 2 1 bytes 300 (the level has its fill of runs)");
}

// Not the number of the level: erases that have nothing left to hide would be carried on, or go while they still hide something.
TEST(Policy, AMergeIsAtTheBottomWhereNothingOlderLies) {
  PolicyOptions options = small();
  options.shape = CompactionShape::kLeveled;
  const std::string full = "L1 r3: 3[a-m]900/1\n";
  EXPECT_EQ(picked(full, false, options), "merge L1 -> L2 bottom inputs 3 bytes 900 (the level is over its size)");
  EXPECT_EQ(picked(full + "L2 r8: 8[a-z]100/1", false, options),
            "merge L1 -> L2 run 8 bottom inputs 3 8 bytes 1000 (the level is over its size)");
  EXPECT_EQ(picked(full + "L3 r8: 8[a-z]100/1", false, options),
            "merge L1 -> L2 inputs 3 bytes 900 (the level is over its size)");
  EXPECT_EQ(picked(full + "L7 r8: 8[a-z]100/1", false, options),
            "merge L1 -> L2 inputs 3 bytes 900 (the level is over its size)");
  options.shape = CompactionShape::kTiered;
  const std::string deep = "L6 r3: 3[a-m]100/1\nL6 r2: 2[a-m]100/1\nL6 r1: 1[a-m]100/1\n";
  EXPECT_EQ(picked(deep + "L7 r9: 9[a-z]900", false, options),
            "merge L6 -> L7 inputs 3 2 1 bytes 300 (the level has its fill of runs)");
  EXPECT_EQ(picked(deep, false, options),
            "merge L6 -> L7 bottom inputs 3 2 1 bytes 300 (the level has its fill of runs)");
}

TEST(Policy, FullCompactionLeavesOneRun) {
  const Drawn drawn = draw("L0 r1: 1[a-z]1\nL7 r9: 4[a-z]300");
  EXPECT_EQ(pick_full(drawn.shape, small())->to_string(),
            "merge L0 -> L7 run 9 bottom inputs 1 4 bytes 301 (asked for)");
  const Drawn done = draw("L7 r9: 4[a-m]300 5[n-z]300");
  EXPECT_FALSE(pick_full(done.shape, small()));
}

TEST(Policy, DebtIsWhatExceedsTheShape) {
  EXPECT_EQ(debt_bytes(draw("L0 r1: 1[a-z]100").shape, small()), 0U);
  EXPECT_EQ(debt_bytes(draw("L0 r5: 5[a-z]100\nL0 r4: 4[a-z]100\nL0 r3: 3[a-z]100\nL0 r2: 2[a-z]100").shape, small()),
            100U);
}

}  // namespace
}  // namespace nacre::compaction
