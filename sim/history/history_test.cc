// The checker against histories whose answer is known: small ones by hand, and random ones with and without an anomaly.

#include <gtest/gtest.h>

#include "sim/history/checker.h"
#include "sim/history/explain.h"
#include "sim/history/random_history.h"

namespace nacre::history {
namespace {

using Kind = history::Kind;
constexpr Key kX = 0;
constexpr Key kY = 1;
constexpr Key kZ = 2;

// Writes a history down, line by line.
class Story {
 public:
  Story() { boot_.keys = 3; }

  Story& add(Kind kind, uint64_t invoked, uint64_t returned, std::vector<KeyVersion> seen,
             std::vector<KeyVersion> written) {
    boot_.operations.push_back({.kind = kind,
                                .thread = static_cast<uint32_t>(boot_.operations.size()),
                                .invoked = invoked,
                                .returned = returned,
                                .outcome = returned == kNever ? Outcome::kInDoubt : Outcome::kDone,
                                .seen = std::move(seen),
                                .written = std::move(written)});
    return *this;
  }
  Story& put(uint64_t invoked, uint64_t returned, Key key, Version version) {
    return add(Kind::kPut, invoked, returned, {}, {{key, version}});
  }
  Story& erase(uint64_t invoked, uint64_t returned, Key key) {
    return add(Kind::kErase, invoked, returned, {}, {{key, kAbsent}});
  }
  Story& get(uint64_t invoked, uint64_t returned, Key key, Version version) {
    return add(Kind::kGet, invoked, returned, {{key, version}}, {});
  }
  Story& snapshot(uint64_t invoked, uint64_t returned, std::vector<KeyVersion> seen) {
    return add(Kind::kSnapshot, invoked, returned, std::move(seen), {});
  }
  Story& batch(uint64_t invoked, uint64_t returned, std::vector<KeyVersion> written) {
    return add(Kind::kBatch, invoked, returned, {}, std::move(written));
  }
  Story& commit(uint64_t invoked, uint64_t returned, std::vector<KeyVersion> seen, std::vector<KeyVersion> written) {
    return add(Kind::kCommit, invoked, returned, std::move(seen), std::move(written));
  }
  Story& durable(Durability durability) {
    boot_.operations.back().durability = durability;
    return *this;
  }
  Story& refused() {
    boot_.operations.back().outcome = Outcome::kRefused;
    return *this;
  }
  Story& ends(End end, std::vector<KeyVersion> survived) {
    boot_.end = end;
    boot_.survived = std::move(survived);
    return *this;
  }
  const Boot& boot() const { return boot_; }

 private:
  Boot boot_;
};

std::string letter(Key key) { return std::string(1, static_cast<char>('x' + key)); }
bool holds(const Story& story) { return check(story.boot()).kind == Verdict::Kind::kHolds; }
bool contradicts(const Story& story) { return check(story.boot()).kind == Verdict::Kind::kContradiction; }

// ---- one key ---------------------------------------------------------------------------------------------------------

TEST(HistoryChecker, OverlappingReadsMayGoEitherWay) {
  EXPECT_TRUE(holds(Story().put(1, 10, kX, 1).get(2, 3, kX, kAbsent).get(4, 5, kX, 1)));
  EXPECT_TRUE(holds(Story().put(1, 10, kX, 1).put(2, 9, kX, 2).get(11, 12, kX, 1)));
  EXPECT_TRUE(holds(Story().put(1, 10, kX, 1).put(2, 9, kX, 2).get(11, 12, kX, 2)));
}

TEST(HistoryChecker, AReadAfterAWriteSeesIt) {
  EXPECT_TRUE(contradicts(Story().put(1, 2, kX, 1).get(3, 4, kX, kAbsent)));
  EXPECT_TRUE(contradicts(Story().put(1, 2, kX, 1).put(3, 4, kX, 2).get(5, 6, kX, 1)));
  EXPECT_TRUE(contradicts(Story().put(1, 2, kX, 1).erase(3, 4, kX).get(5, 6, kX, 1)));
}

TEST(HistoryChecker, TimeDoesNotRunBackwardsBetweenTwoReaders) {
  EXPECT_TRUE(contradicts(Story().put(1, 10, kX, 1).get(2, 3, kX, 1).get(4, 5, kX, kAbsent)));
  EXPECT_TRUE(holds(Story().put(1, 10, kX, 1).get(2, 4, kX, 1).get(3, 5, kX, kAbsent)));  // these two overlap
}

TEST(HistoryChecker, APresentKeyMayHaveAnyValue) {
  EXPECT_TRUE(holds(Story().put(1, 2, kX, 1).add(Kind::kContains, 3, 4, {{kX, kAnyVersion}}, {})));
  EXPECT_TRUE(
      contradicts(Story().put(1, 2, kX, 1).erase(3, 4, kX).add(Kind::kContains, 5, 6, {{kX, kAnyVersion}}, {})));
}

TEST(HistoryChecker, ARefusedWriteIsNeverSeen) {
  EXPECT_TRUE(contradicts(Story().put(1, 2, kX, 1).refused().get(3, 4, kX, 1)));
  EXPECT_TRUE(holds(Story().put(1, 2, kX, 1).refused().get(3, 4, kX, kAbsent)));
}

TEST(HistoryChecker, AWriteInDoubtHappensOnceAtAnyTimeOrNever) {
  EXPECT_TRUE(holds(Story().put(1, kNever, kX, 1).get(3, 4, kX, kAbsent).get(5, 6, kX, kAbsent)));
  EXPECT_TRUE(holds(Story().put(1, kNever, kX, 1).get(3, 4, kX, kAbsent).get(5, 6, kX, 1)));
  EXPECT_TRUE(contradicts(Story().put(1, kNever, kX, 1).get(3, 4, kX, 1).get(5, 6, kX, kAbsent)));  // it flickers
  EXPECT_TRUE(contradicts(Story().put(1, kNever, kX, 1).get(2, 3, kX, 1).put(4, 5, kX, 2).get(6, 7, kX, 1)));
}

// ---- many keys at once -----------------------------------------------------------------------------------------------

TEST(HistoryChecker, ABatchIsSeenWholeOrNotAtAll) {
  EXPECT_TRUE(holds(Story().batch(1, 10, {{kX, 1}, {kY, 2}}).snapshot(2, 3, {{kX, 1}, {kY, 2}})));
  EXPECT_TRUE(contradicts(Story().batch(1, 10, {{kX, 1}, {kY, 2}}).snapshot(2, 3, {{kX, 1}, {kY, kAbsent}})));
  EXPECT_TRUE(contradicts(Story().batch(1, 10, {{kX, 1}, {kY, 2}}).get(2, 3, kX, 1).get(4, 5, kY, kAbsent)));
}

TEST(HistoryChecker, AMultiGetSeesOneInstant) {
  // x was replaced before y was written.
  const Story writes = Story().put(1, 2, kX, 1).put(3, 4, kX, 2).put(5, 6, kY, 3);
  EXPECT_TRUE(contradicts(Story(writes).add(Kind::kMultiGet, 1, 9, {{kX, 1}, {kY, 3}}, {})));
  EXPECT_TRUE(holds(Story(writes).add(Kind::kMultiGet, 1, 9, {{kX, 2}, {kY, 3}}, {})));
  EXPECT_TRUE(holds(Story(writes).add(Kind::kMultiGet, 1, 9, {{kX, 1}, {kY, kAbsent}}, {})));
}

TEST(HistoryChecker, TwoReadersAgreeOnTheOrderOfWritesOfDifferentKeys) {
  EXPECT_TRUE(contradicts(Story()
                              .put(1, 20, kX, 1)
                              .put(1, 20, kY, 2)
                              .snapshot(2, 10, {{kX, 1}, {kY, kAbsent}})
                              .snapshot(2, 10, {{kX, kAbsent}, {kY, 2}})));
}

TEST(HistoryChecker, ASnapshotDoesNotMove) {
  EXPECT_TRUE(contradicts(Story().put(1, 2, kX, 1).put(5, 6, kX, 2).snapshot(3, 4, {{kX, 1}, {kX, 2}})));
  EXPECT_TRUE(contradicts(Story().put(1, 2, kX, 1).put(5, 6, kX, 2).snapshot(3, 4, {{kX, 2}})));
  EXPECT_TRUE(holds(Story().put(1, 2, kX, 1).put(5, 6, kX, 2).snapshot(3, 4, {{kX, 1}})));
}

TEST(HistoryChecker, AScanShowsAKeyThatWasThereAllTheTime) {
  const Story writes = Story().put(1, 2, kX, 1).put(3, 4, kY, 2).put(5, 10, kZ, 3).put(6, 9, kX, 4);
  EXPECT_TRUE(contradicts(Story(writes).add(Kind::kScan, 5, 8, {{kX, 1}, {kY, kAbsent}, {kZ, kAbsent}}, {})));
  EXPECT_TRUE(holds(Story(writes).add(Kind::kScan, 5, 8, {{kX, 4}, {kY, 2}, {kZ, kAbsent}}, {})));
}

TEST(HistoryChecker, AnEraseOfARangeTakesAllKeysAtOnce) {
  const Story writes =
      Story().put(1, 2, kX, 1).put(3, 4, kY, 2).add(Kind::kEraseRange, 5, 9, {}, {{kX, kAbsent}, {kY, kAbsent}});
  EXPECT_TRUE(contradicts(Story(writes).snapshot(6, 7, {{kX, kAbsent}, {kY, 2}})));
  EXPECT_TRUE(holds(Story(writes).snapshot(6, 7, {{kX, kAbsent}, {kY, kAbsent}})));
}

// ---- transactions ----------------------------------------------------------------------------------------------------

TEST(HistoryChecker, NoUpdateIsLost) {
  EXPECT_TRUE(
      contradicts(Story().put(1, 2, kX, 1).commit(3, 9, {{kX, 1}}, {{kX, 2}}).commit(4, 8, {{kX, 1}}, {{kX, 3}})));
  EXPECT_TRUE(holds(Story().put(1, 2, kX, 1).commit(3, 9, {{kX, 3}}, {{kX, 2}}).commit(4, 8, {{kX, 1}}, {{kX, 3}})));
}

TEST(HistoryChecker, NoWriteSkew) {
  const Story both = Story().batch(1, 2, {{kX, 1}, {kY, 2}});
  EXPECT_TRUE(contradicts(
      Story(both).commit(3, 9, {{kX, 1}, {kY, 2}}, {{kX, kAbsent}}).commit(4, 8, {{kX, 1}, {kY, 2}}, {{kY, kAbsent}})));
  EXPECT_TRUE(holds(
      Story(both).commit(3, 9, {{kX, 1}, {kY, 2}}, {{kX, kAbsent}}).commit(4, 8, {{kX, kAbsent}, {kY, 2}}, {{kZ, 5}})));
}

// Three transactions, each of which read what the next one overwrote.
TEST(HistoryChecker, NoCycleOfThree) {
  EXPECT_TRUE(contradicts(Story()
                              .commit(1, 9, {{kX, kAbsent}}, {{kY, 1}})
                              .commit(1, 9, {{kY, kAbsent}}, {{kZ, 2}})
                              .commit(1, 9, {{kZ, kAbsent}}, {{kX, 3}})));
}

TEST(HistoryChecker, AnEmptyRangeThatWasReadStaysEmpty) {
  EXPECT_TRUE(contradicts(Story()
                              .commit(1, 9, {{kX, kAbsent}, {kY, kAbsent}}, {{kX, 1}})
                              .commit(1, 9, {{kX, kAbsent}, {kY, kAbsent}}, {{kY, 2}})));
}

// ---- what survives ---------------------------------------------------------------------------------------------------

TEST(HistoryChecker, APrefixSurvives) {
  const Story writes = Story().put(1, 2, kX, 1).put(3, 4, kY, 2).put(5, 6, kX, 3);
  for (const auto& [x, y, good] :
       {std::tuple{0U, 0U, true}, {1U, 0U, true}, {1U, 2U, true}, {3U, 2U, true}, {0U, 2U, false}, {3U, 0U, false}}) {
    EXPECT_EQ(holds(Story(writes).ends(End::kPowerCut, {{kX, x}, {kY, y}})), good) << x << ' ' << y;
  }
}

TEST(HistoryChecker, DurableWritesSurvive) {
  const auto written = [](Durability durability) {
    return Story().put(1, 2, kX, 1).durable(durability).put(3, 4, kX, 2);
  };
  const std::vector<KeyVersion> nothing = {{kX, kAbsent}};
  EXPECT_TRUE(holds(written(Durability::kMemory).ends(End::kKill, nothing)));
  EXPECT_TRUE(contradicts(written(Durability::kOs).ends(End::kKill, nothing)));
  EXPECT_TRUE(holds(written(Durability::kOs).ends(End::kPowerCut, nothing)));
  EXPECT_TRUE(contradicts(written(Durability::kDisk).ends(End::kPowerCut, nothing)));
  EXPECT_TRUE(holds(written(Durability::kDisk).ends(End::kPowerCut, {{kX, 1}})));
}

TEST(HistoryChecker, ASyncMakesWhatEndedBeforeItDurable) {
  const Story synced = Story().put(1, 2, kX, 1).add(Kind::kSync, 4, 8, {}, {}).durable(Durability::kDisk);
  EXPECT_TRUE(contradicts(Story(synced).ends(End::kPowerCut, {{kX, kAbsent}})));
  EXPECT_TRUE(holds(Story(synced).put(5, 7, kX, 2).ends(End::kPowerCut, {{kX, 1}})));
  EXPECT_TRUE(holds(Story(synced).put(5, 7, kX, 2).ends(End::kPowerCut, {{kX, 2}})));
}

TEST(HistoryChecker, WhatWasInProgressSurvivesOrNot) {
  const Story writes = Story().put(1, 2, kX, 1).durable(Durability::kDisk).put(3, kNever, kX, 2);
  EXPECT_TRUE(holds(Story(writes).ends(End::kPowerCut, {{kX, 1}})));
  EXPECT_TRUE(holds(Story(writes).ends(End::kPowerCut, {{kX, 2}})));
  EXPECT_TRUE(contradicts(Story(writes).ends(End::kPowerCut, {{kX, kAbsent}})));
}

// The state came twice; only the second time had everything durable.
TEST(HistoryChecker, TheLastPointWithThatStateCounts) {
  const Story writes = Story().put(1, 2, kX, 1).erase(3, 4, kX).durable(Durability::kDisk);
  EXPECT_TRUE(holds(Story(writes).ends(End::kPowerCut, {{kX, kAbsent}})));
  EXPECT_TRUE(
      contradicts(Story(writes).put(5, 6, kX, 2).durable(Durability::kDisk).ends(End::kPowerCut, {{kX, kAbsent}})));
}

// ---- keyspaces that come and go: z tells whether the keyspace of y is there ------------------------------------------

Story created() { return Story().add(Kind::kCreate, 1, 2, {{kZ, kAbsent}}, {{kZ, 10}}).durable(Durability::kDisk); }
Story& put_into(Story& story, uint64_t invoked, uint64_t returned, Version incarnation, Version version) {
  return story.add(Kind::kPut, invoked, returned, {{kZ, incarnation}}, {{kY, version}});
}
Story& drop(Story& story, uint64_t invoked, uint64_t returned) {
  return story.add(Kind::kDrop, invoked, returned, {{kZ, kAnyVersion}}, {{kY, kAbsent}, {kZ, kAbsent}})
      .durable(Durability::kDisk);
}

TEST(HistoryChecker, ADropTakesAllAndAHandleBelongsToOneIncarnation) {
  Story story = created();
  put_into(story, 3, 4, 10, 1);
  drop(story, 5, 8);
  EXPECT_TRUE(holds(Story(story).add(Kind::kGet, 6, 7, {{kZ, 10}, {kY, 1}}, {})));
  EXPECT_TRUE(holds(Story(story).add(Kind::kRefusal, 6, 7, {{kZ, 10, true}}, {})));
  EXPECT_TRUE(contradicts(Story(story).add(Kind::kGet, 9, 10, {{kZ, 10}, {kY, 1}}, {})));
  EXPECT_TRUE(contradicts(Story(story).add(Kind::kRefusal, 3, 4, {{kZ, 10, true}}, {}))) << "it was there";
  story.add(Kind::kCreate, 11, 12, {{kZ, kAbsent}}, {{kZ, 20}});
  EXPECT_TRUE(holds(Story(story).add(Kind::kRefusal, 13, 14, {{kZ, 10, true}}, {})));
  EXPECT_TRUE(holds(Story(story).add(Kind::kGet, 13, 14, {{kZ, 20}, {kY, kAbsent}}, {})));
  EXPECT_TRUE(contradicts(Story(story).add(Kind::kGet, 13, 14, {{kZ, 20}, {kY, 1}}, {}))) << "of the old one";
  EXPECT_TRUE(contradicts(Story(story).add(Kind::kRefusal, 13, 14, {{kZ, 20, true}}, {})));
  EXPECT_TRUE(contradicts(Story(story).add(Kind::kCreate, 13, 14, {{kZ, kAbsent}}, {{kZ, 30}}))) << "it is there";
}

TEST(HistoryChecker, CreationsAndDropsHaveTheirPlaceInThePrefix) {
  Story story = created();
  put_into(story, 3, 4, 10, 1);
  EXPECT_TRUE(holds(Story(story).ends(End::kPowerCut, {{kY, 1}, {kZ, kAnyVersion}})));
  EXPECT_TRUE(holds(Story(story).ends(End::kPowerCut, {{kY, kAbsent}, {kZ, kAnyVersion}})));
  EXPECT_TRUE(contradicts(Story(story).ends(End::kPowerCut, {{kY, kAbsent}, {kZ, kAbsent}}))) << "it was durable";
  drop(story, 5, 6);
  EXPECT_TRUE(holds(Story(story).ends(End::kPowerCut, {{kY, kAbsent}, {kZ, kAbsent}})));
  EXPECT_TRUE(contradicts(Story(story).ends(End::kPowerCut, {{kY, 1}, {kZ, kAnyVersion}}))) << "undone";
  EXPECT_TRUE(contradicts(Story(story).ends(End::kPowerCut, {{kY, 1}, {kZ, kAbsent}}))) << "half of it";
}

// ---- limits and explanations -----------------------------------------------------------------------------------------

TEST(HistoryChecker, SaysSoWhenItCannotDecide) {
  Story many;
  for (Version version = 1; version <= 70; ++version) many.put(version, 1000, kX, version);
  EXPECT_EQ(check(many.boot()).kind, Verdict::Kind::kUndecided);
  EXPECT_NE(explain(many.boot(), letter).find("undecided"), std::string::npos);
}

TEST(HistoryExplanation, NamesTheOperationsThatContradictEachOther) {
  Story story;
  for (uint64_t i = 0; i < 40; ++i) {
    story.put(10 * i, 10 * i + 3, kX, static_cast<Version>(100 + i))
        .put(10 * i + 4, 10 * i + 5, kY, static_cast<Version>(200 + i));
    story.get(10 * i + 6, 10 * i + 7, kX, i == 30 ? 120 : static_cast<Version>(100 + i));
  }
  EXPECT_EQ(explain(story.boot(), letter),
            "These 3 of 120 operations contradict each other: no order of them, each at one instant of its interval, "
            "gives these answers.\n"
            "  at the open: x absent\n"
            "  [   200,    203] thread 60: put; wrote x = v120\n"
            "  [   300,    303] thread 90: put; wrote x = v130\n"
            "  [   306,    307] thread 92: get; saw x = v120\n");
}

TEST(HistoryExplanation, OfAGoodHistoryIsEmpty) { EXPECT_EQ(explain(Story().put(1, 2, kX, 1).boot(), letter), ""); }

// ---- random histories ------------------------------------------------------------------------------------------------

RandomHistoryOptions options_of(uint64_t seed) {
  return {.keys = 3 + static_cast<uint32_t>(seed % 7),
          .threads = 2 + static_cast<uint32_t>(seed % 5),
          .overlap = 1 + seed % 9,
          .erases = seed % 3 != 0,
          .passing = seed % 2 == 0 ? 0 : 1 + static_cast<uint32_t>(seed % 3)};
}

TEST(HistoryChecker, AcceptsWhateverASequentialStoreDid) {
  for (uint64_t seed = 1; seed <= 2000; ++seed) {
    base::Prng prng(seed);
    const Boot boot = random_history(prng, options_of(seed));
    ASSERT_EQ(explain(boot, letter), "") << "seed " << seed;
  }
}

class PlantedAnomaly : public testing::TestWithParam<Anomaly> {};

TEST_P(PlantedAnomaly, IsAlwaysFound) {
  uint32_t planted = 0;
  for (uint64_t seed = 1; seed <= 400; ++seed) {
    base::Prng prng(seed);
    const std::optional<Boot> bad = plant(random_history(prng, options_of(seed)), GetParam(), prng);
    if (!bad) continue;
    ++planted;
    ASSERT_EQ(check(*bad).kind, Verdict::Kind::kContradiction) << "seed " << seed;
    const Boot least = shrink(*bad);
    ASSERT_EQ(check(least).kind, Verdict::Kind::kContradiction) << "seed " << seed;
    EXPECT_LE(least.operations.size(), 12U) << "seed " << seed << ": " << explain(*bad, letter);
  }
  EXPECT_GE(planted, 20U) << to_string(GetParam());
}

std::vector<Anomaly> every_anomaly() {
  std::vector<Anomaly> all;
  for (uint8_t i = 0; i < static_cast<uint8_t>(Anomaly::kCount); ++i) all.push_back(static_cast<Anomaly>(i));
  return all;
}
INSTANTIATE_TEST_SUITE_P(Kinds, PlantedAnomaly, testing::ValuesIn(every_anomaly()));

}  // namespace
}  // namespace nacre::history
