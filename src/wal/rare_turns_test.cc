// What happens to a log that is written on a bad day: files that it kept are gone or too small, pages are lost between
// two steps, releases overtake each other.
#include "wal/log_fixture.h"

namespace nacre::wal {
namespace {

using format::log_name;

class RareTurnsTest : public LogFixture {
 protected:
  RareTurnsTest() { small_.first_segment_bytes = small_.max_segment_bytes = 16384; }
  void append_until_rotated(Wal& log, uint64_t times) {
    while (log.stats().rotations < times) append(log, 100).value();
  }
  Wal::Options small_ = options();
};

// Two kept files that are opened again before use: one cannot be, one became smaller. A new one is as good.
TEST_F(RareTurnsTest, AKeptFileThatIsUnfitIsRemoved) {
  for (const bool shrunk : {false, true}) {
    directory_.restore({});
    next_number_ = 1;
    auto log = create(small_).value();
    append_until_rotated(*log, 2);
    log->sync(log->end_lsn()).value();
    release(*log, log->end_lsn());
    ASSERT_EQ(log->stats().kept_segments, 2u);
    if (shrunk) {
      directory_.put(log_name(1), std::string(4096, '\0'));
    } else {
      directory_.fail_open = 1;
    }
    log->prepare_next().value();
    EXPECT_FALSE(directory_.has(log_name(1)));
    EXPECT_FALSE(directory_.has(log_name(2)));  // used again, under a new name
    EXPECT_EQ(log->stats().recycled, 1u);
    const uint64_t floor = log->end_lsn();
    const auto written = append_many(*log, 300, 100);
    expect_prefix(recover(directory_, floor), written, written.size());
  }
}

TEST_F(RareTurnsTest, APageLostWhileASegmentGetsItsIdentityIsFinal) {
  auto log = create(small_).value();
  append_until_rotated(*log, 2);
  release(*log, log->end_lsn());
  directory_.lose_mapping(log_name(1));
  directory_.lose_mapping(log_name(2));
  EXPECT_EQ(log->prepare_next().error().kind, ErrorKind::kIo);
  EXPECT_TRUE(log->damaged());
  EXPECT_FALSE(append(*log, 1));
}

TEST_F(RareTurnsTest, APageLostBetweenTheSealAndTheSyncIsAFailedSync) {
  auto log = create();
  append(*log, 100).value();
  directory_.lose_mapping(log_name(1));
  EXPECT_FALSE(log->damaged());
  EXPECT_EQ(log->sync(log->end_lsn()).error().kind, ErrorKind::kIo);
  EXPECT_TRUE(log->damaged());
  EXPECT_EQ(log->floor_at(log->end_lsn()).error().kind, ErrorKind::kIo);
}

// Two writers seal after losses of their segments: both notice, and the first error stays.
TEST_F(RareTurnsTest, TheFirstLossThatIsSeenIsTheErrorForEver) {
  auto log = create(small_).value();
  const Wal::Claim one = log->claim(100, 1, 1).value();
  append_until_rotated(*log, 1);
  const Wal::Claim other = log->claim(100, 1000, 1).value();
  directory_.lose_mapping(log_name(1));
  directory_.lose_mapping(log_name(2));
  log->seal(other);
  EXPECT_EQ(log->sync(log->end_lsn()).error().file_number, 2u);
  log->seal(one);
  EXPECT_EQ(log->sync(log->end_lsn()).error().file_number, 2u);
}

TEST_F(RareTurnsTest, AReleaseThatWasOvertakenReleasesNothing) {
  auto log = create(small_).value();
  append_until_rotated(*log, 1);
  const format::LogFloor early = log->floor_at(log->end_lsn()).value();
  append_until_rotated(*log, 3);
  release(*log, log->end_lsn());
  const uint64_t live = log->stats().live_segments;
  log->release_before(early).value();
  EXPECT_EQ(log->stats().live_segments, live);
}

// Everything below is in tables: nothing is left to be synced, and the log is durable through there.
TEST_F(RareTurnsTest, ASyncOfWhatWasReleasedAsksNothingOfTheDevice) {
  auto log = create(small_).value();
  uint64_t last = 0;
  while (log->stats().rotations == 0) last = append(*log, 100).value().lsn;  // the first record of the next segment
  release(*log, last);
  const uint64_t syncs = directory_.file_syncs;
  log->sync(last).value();
  EXPECT_EQ(directory_.file_syncs, syncs);
  EXPECT_EQ(log->synced_through(), last);
}

TEST_F(RareTurnsTest, FilesThatCannotBeRemovedAreOneErrorAndNoHarm) {
  Wal::Options chosen = small_;
  chosen.kept_segments = 0;
  auto log = create(chosen).value();
  append_until_rotated(*log, 4);
  directory_.fail_remove = 1;
  directory_.fail_for_good = true;
  EXPECT_EQ(log->release_before(log->floor_at(log->end_lsn()).value()).error().operation, Operation::kRemove);
  EXPECT_EQ(log->stats().live_segments, 1u);
  EXPECT_FALSE(log->damaged());
}

TEST_F(RareTurnsTest, SpaceThatCannotBeSavedIsNotCounted) {
  auto log = create(small_).value();
  append_until_rotated(*log, 2);
  release(*log, log->end_lsn());
  directory_.fail_remove = 1;
  log->save_space(true);
  EXPECT_EQ(log->stats().removed, 1u);
  EXPECT_EQ(log->stats().kept_segments, 0u);
}

TEST_F(RareTurnsTest, TheNextSegmentIsPreparedOnce) {
  auto log = create(small_).value();
  log->prepare_next().value();
  log->prepare_next().value();
  EXPECT_EQ(log->stats().created, 2u);
}

}  // namespace
}  // namespace nacre::wal
