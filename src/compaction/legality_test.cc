// Plans that are right, and each wrong in one way.

#include "compaction/legality.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace nacre::compaction {
namespace {

// Runs newest first. Level 0: 5 [a-f], 4 [c-k]. Level 1: run 20 with 3 [a-c] and 2 [m-p]. Bottom: run 10 with 1 [a-m] and 6 [q-z].
std::vector<PlacedTable> tree() {
  return {{0, 31, 5, "a", "f"}, {0, 30, 4, "c", "k"}, {1, 20, 3, "a", "c"},
          {1, 20, 2, "m", "p"}, {7, 10, 1, "a", "m"}, {7, 10, 6, "q", "z"}};
}

Plan merge(std::vector<uint64_t> inputs, uint32_t level, uint64_t run, const char* smallest, const char* largest,
           bool bottom = false) {
  Plan plan;
  plan.inputs = std::move(inputs);
  plan.output_level = level;
  plan.output_run = run;
  plan.smallest = smallest;
  plan.largest = largest;
  plan.bottom = bottom;
  return plan;
}

std::string verdict(const Plan& plan, std::vector<PlacedTable> tables = tree(),
                    const std::vector<Reservation>& reserved = {}) {
  const char* wrong = illegality(tables, reserved, plan);
  return wrong != nullptr ? wrong : "legal";
}

TEST(Legality, AMergeOfAllThatOverlapsIsLegal) {
  EXPECT_EQ(verdict(merge({5, 4, 3, 1, 2}, 7, 10, "a", "p", true)), "legal");
  EXPECT_EQ(verdict(merge({5, 4}, 0, 31, "a", "k")), "legal");
  EXPECT_EQ(verdict(merge({5, 4, 3}, 1, 20, "a", "k")), "legal");
  EXPECT_EQ(verdict(merge({5, 4}, 1, 0, "a", "k")), "legal");  // a new run is newer than those of its level
  EXPECT_EQ(verdict(merge({6}, 7, 10, "q", "z", true)), "legal");
}

TEST(Legality, InputsAreTablesOfTheTreeEachOnceAndFree) {
  EXPECT_EQ(verdict(merge({}, 7, 0, "a", "z")), "it has no inputs");
  EXPECT_EQ(verdict(merge({5, 5}, 0, 0, "a", "f")), "it takes a table twice");
  EXPECT_EQ(verdict(merge({5, 9}, 0, 0, "a", "f")), "it takes a table that is not there");
  std::vector<PlacedTable> busy = tree();
  busy[5].busy = true;
  EXPECT_EQ(verdict(merge({6}, 7, 10, "q", "z"), busy), "it takes a table that a running job reads");
  EXPECT_EQ(verdict(merge({6}, 7, 10, "q", "x")), "its range does not cover its inputs");
}

TEST(Legality, NoRunIsSkipped) {
  EXPECT_EQ(verdict(merge({5, 3, 1, 2}, 7, 10, "a", "p")), "it skips a run between two of its inputs");
  EXPECT_EQ(verdict(merge({3, 2}, 1, 20, "a", "p")), "legal");
  EXPECT_EQ(verdict(merge({4, 2}, 1, 20, "c", "p")), "it skips a run between two of its inputs");
}

TEST(Legality, TheOutputStandsBetweenTheNewerAndTheOlder) {
  EXPECT_EQ(verdict(merge({4}, 0, 31, "c", "k")), "its output would stand before newer data");
  EXPECT_EQ(verdict(merge({4}, 0, 0, "c", "k")), "its output would stand before newer data");
  EXPECT_EQ(verdict(merge({5}, 1, 20, "a", "f")), "its output would stand behind older data");
  EXPECT_EQ(verdict(merge({2}, 7, 10, "m", "p")), "its output would stand behind older data");
  EXPECT_EQ(verdict(merge({1}, 1, 20, "a", "m")), "its output level lies above an input");
  EXPECT_EQ(verdict(merge({6}, 7, 20, "q", "z")), "it joins a run that its output level does not have");
}

TEST(Legality, TheBottomHasNothingOlder) {
  EXPECT_EQ(verdict(merge({3, 2}, 1, 20, "a", "p", true)), "it calls itself bottom and there is older data");
}

TEST(Legality, NobodyWritesWhereAJobWrites) {
  const std::vector<Reservation> reserved = {{"r", "s"}};
  EXPECT_EQ(verdict(merge({6}, 7, 10, "q", "z"), tree(), reserved), "it writes into the range of a running job");
  EXPECT_EQ(verdict(merge({5, 4}, 0, 31, "a", "k"), tree(), reserved), "legal");
  EXPECT_EQ(verdict(merge({5, 4}, 0, 31, "a", "s"), tree(), reserved), "it writes into the range of a running job");
}

// A move writes where its tables lie, not into the gaps between them.
TEST(Legality, AMoveTakesItsTablesAsTheyAre) {
  const std::vector<PlacedTable> tables = {
      {0, 31, 5, "a", "b"}, {0, 31, 4, "m", "n"}, {0, 31, 3, "x", "z"}, {7, 10, 1, "c", "k"}};
  Plan move = merge({5, 3}, 7, 10, "a", "z", true);
  move.kind = Plan::Kind::kMove;
  EXPECT_EQ(verdict(move, tables, {{"m", "n"}}), "legal");
  EXPECT_EQ(verdict(move, tables, {{"n", "x"}}), "it writes into the range of a running job");
  move.inputs = {5, 1};
  EXPECT_EQ(verdict(move, tables), "it moves tables of several runs");
  move.inputs = {5, 4};
  EXPECT_EQ(verdict(move, {{0, 31, 5, "a", "d"}, {0, 31, 4, "m", "n"}, {7, 10, 1, "c", "k"}}),
            "it calls itself bottom and there is older data");
}

}  // namespace
}  // namespace nacre::compaction
