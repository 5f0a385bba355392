// What recovery takes for damage and what for a torn tail: the evidence of what was synced.
#include "wal/recovery.h"

#include <algorithm>

#include "base/coding.h"
#include "os/testing.h"
#include "wal/log_fixture.h"

namespace nacre::wal {
namespace {

using format::kLogHeaderBytes;
using format::log_name;

constexpr bool kEveryByte = !os::kThreadSanitizer;  // it slows this down twentyfold and has nothing to find

// Every byte of every file of a synced log, one bit at a time: all that was synced comes back right, or recovery fails.
TEST_F(RecoveryTest, AnyFlippedBitInASyncedLogIsCorruptionOrHarmless) {
  std::vector<Appended> written;
  uint64_t synced = 0;
  {
    auto log = create(small_).value();
    written = append_many(*log, 40, 600);
    log->sync(log->end_lsn()).value();
    synced = written.size();
    for (int i = 0; i < 4; ++i) written.push_back(append(*log, 200).value());
  }
  const auto files = directory_.snapshot();
  ASSERT_EQ(files.size(), 4u);
  base::Prng prng(7);
  uint64_t corrupt = 0;
  uint64_t torn = 0;
  for (const auto& [name, bytes] : files) {
    for (uint64_t at = 0; at < bytes.size(); at += at < 1200 && kEveryByte ? 1 : 1 + prng.below(kEveryByte ? 2 : 20)) {
      flip(name, at, static_cast<int>(prng.below(8)));
      const Recovered recovered = recover(directory_);
      if (!recovered.report) {
        EXPECT_EQ(recovered.report.error().kind, ErrorKind::kCorruption) << name << " at " << at;
        ++corrupt;
      } else {
        EXPECT_GE(recovered.records.size(), synced) << name << " at " << at;
        expect_prefix(recovered, written, std::min(recovered.records.size(), written.size()));
        torn += recovered.report->torn ? 1 : 0;
        // Of the very last record nothing is left to report when its tag is what is damaged.
        EXPECT_TRUE(recovered.records.size() + 1 >= written.size() || recovered.report->torn) << name << " at " << at;
      }
      directory_.put(name, bytes);
    }
  }
  EXPECT_GT(corrupt, 1000u);
  EXPECT_GT(torn, 20u);
}

TEST_F(RecoveryTest, SyncedDamageIsReportedWithRangeAndCount) {
  std::vector<Appended> written;
  {
    auto log = create();
    for (int i = 0; i < 10; ++i) written.push_back(append(*log, 100, 3).value());
    log->sync(log->end_lsn()).value();
    written.push_back(append(*log, 100, 3).value());
  }
  flip(log_name(1), offset_of(written[4].lsn) + 50, 3);
  flip(log_name(1), offset_of(written[5].lsn) + 50, 3);
  const Recovered recovered = recover(directory_);
  ASSERT_FALSE(recovered.report);
  const Error& error = recovered.report.error();
  EXPECT_EQ(error.kind, ErrorKind::kCorruption);
  EXPECT_EQ(error.file_kind, FileKind::kLog);
  EXPECT_EQ(error.file_number, 1u);
  EXPECT_EQ(error.offset, offset_of(written[4].lsn));
  EXPECT_EQ(recovered.damage.begin_lsn, written[4].lsn);
  EXPECT_EQ(recovered.damage.offset, offset_of(written[4].lsn));
  EXPECT_EQ(recovered.damage.synced_through, written[9].end_lsn);
  EXPECT_EQ(recovered.damage.operations_lost, 6u);
  EXPECT_EQ(recovered.damage.records_behind, 5u);
  expect_prefix(recovered, written, 4);
}

// Without the mark, which a power cut may cost, the records written after the sync still say what was synced.
TEST_F(RecoveryTest, LaterRecordsAreEvidenceOfASync) {
  std::vector<Appended> written;
  {
    auto log = create();
    written = append_many(*log, 3, 100);
    log->sync(log->end_lsn()).value();
    written.push_back(append(*log, 100).value());
  }
  flip(log_name(1), format::kLogMarkOffset, 0);
  expect_prefix(recover(directory_), written, 4);
  flip(log_name(1), offset_of(written[2].lsn) + 40, 0);
  EXPECT_EQ(recover(directory_).report.error().kind, ErrorKind::kCorruption);
  flip(log_name(1), offset_of(written[3].lsn) + 40, 0);  // the evidence goes too: the stated limit
  const Recovered recovered = recover(directory_);
  expect_prefix(recovered, written, 2);
  EXPECT_TRUE(recovered.report.value().torn);
}

TEST_F(RecoveryTest, EvidenceInALaterSegmentMakesAHoleCorruption) {
  std::vector<Appended> written;
  {
    auto log = create(small_).value();
    written = append_many(*log, 300, 100);
    log->sync(log->end_lsn()).value();
    written.push_back(append(*log, 100).value());
  }
  flip(log_name(1), offset_of(written[20].lsn) + 60, 1);
  const Recovered recovered = recover(directory_);
  EXPECT_EQ(recovered.report.error().kind, ErrorKind::kCorruption);
  EXPECT_EQ(recovered.report.error().file_number, 1u);
  EXPECT_EQ(recovered.damage.operations_lost, 1u);
}

// All records behind the hole are gone and all marks: only the place of the next segment says what was synced when it was begun.
TEST_F(RecoveryTest, ThePlaceOfALaterSegmentIsEvidenceOnItsOwn) {
  std::vector<Appended> written;
  {
    auto log = create(small_).value();
    written = append_many(*log, 20, 100);
    log->sync(log->end_lsn()).value();
    while (log->stats().rotations == 0) (void)append(*log, 100).value();
  }
  for (const uint64_t number : {1, 2}) {
    std::string bytes = directory_.contents(log_name(number));
    const uint64_t from = number == 1 ? offset_of(written[10].lsn) : kLogHeaderBytes;
    std::fill(bytes.begin() + static_cast<std::ptrdiff_t>(from), bytes.end(), '\0');
    for (const uint64_t page : {uint64_t{0}, format::kLogHeaderPageBytes})
      std::fill_n(bytes.begin() + static_cast<std::ptrdiff_t>(page + format::kLogMarkOffset), format::kLogMarkBytes,
                  '\0');
    directory_.put(log_name(number), bytes);
  }
  const Recovered recovered = recover(directory_);
  ASSERT_FALSE(recovered.report.has_value());
  EXPECT_EQ(recovered.report.error().kind, ErrorKind::kCorruption);
  EXPECT_EQ(recovered.damage.begin_lsn, written[10].lsn);
  EXPECT_EQ(recovered.damage.synced_through, written[19].end_lsn);
}

// One sync reached over two segments and the first was given up: the word of what was synced stands in the one that stays.
TEST_F(RecoveryTest, TheMarkOfASyncStandsInTheLastSegmentThatItReached) {
  std::vector<Appended> written;
  auto log = create(small_).value();
  while (log->stats().rotations == 0) written.push_back(append(*log, 100).value());
  const uint64_t floor_lsn = written.back().lsn;
  for (int i = 0; i < 3; i++) written.push_back(append(*log, 100).value());
  log->sync(log->end_lsn()).value();
  const format::LogFloor floor = release(*log, floor_lsn);
  log.reset();
  ASSERT_EQ(floor.segment, 2u);
  flip(log_name(2), kLogHeaderBytes + (written.back().lsn - floor_lsn) + 50, 3);
  const Recovered recovered = recover(directory_, LogBegin{.floor = floor});
  ASSERT_FALSE(recovered.report.has_value()) << "the last record was synced, and is damaged";
  EXPECT_EQ(recovered.report.error().kind, ErrorKind::kCorruption);
}

// The floor may lie behind the last record that survived: what it covers is in tables.
TEST_F(RecoveryTest, AFloorBeyondWhatSurvivedIsAnEmptyLog) {
  format::LogFloor floor;
  {
    auto log = create(small_).value();
    append_many(*log, 300, 100);  // never synced
    floor = log->floor_at(log->end_lsn()).value();
  }
  base::Prng prng(3);
  directory_.power_cut(prng, 0);
  const Recovered recovered = recover(directory_, LogBegin{.floor = floor});
  EXPECT_TRUE(recovered.records.empty());
  EXPECT_EQ(recovered.report.value().end_lsn, floor.lsn);
  EXPECT_GE(recovered.report.value().next_lsn, floor.lsn);
}

// A damaged header made the last segments look unused: the log ended before them, their synced records were dropped as a torn
// tail or not even that, and came back when the damage went. Power had been cut, so that no mark was left to tell.
TEST_F(RecoveryTest, DamageOfAHeaderDoesNotHideASegment) {
  std::vector<Appended> written;
  auto log = create(small_).value();
  while (log->stats().rotations < 3) written.push_back(append(*log, 100).value());
  for (int i = 0; i < 20; ++i) written.push_back(append(*log, 100).value());
  log->sync(log->end_lsn()).value();
  base::Prng prng(1);
  directory_.power_cut(prng, 0);
  const format::LogFloor in_the_last = floor_at(directory_, written[written.size() - 10].lsn);
  EXPECT_EQ(in_the_last.segment, 4u);
  for (const auto& [name, bytes] : directory_.snapshot()) {
    for (size_t at = 0; at < kLogHeaderBytes; at += 512) {
      std::string damaged = bytes;
      std::fill_n(damaged.begin() + static_cast<std::ptrdiff_t>(at), 512, '\0');
      directory_.put(name, damaged);
      expect_prefix(recover(directory_), written, written.size());
      expect_prefix(recover(directory_, LogBegin{.floor = in_the_last}), {written.end() - 10, written.end()}, 10);
      directory_.put(name, bytes);
    }
  }
}

// Released files stay for use, placed as they were. Where the segment of the floor was gone, the log was read from one of them on,
// and was found to be empty.
TEST_F(RecoveryTest, AReleasedSegmentDoesNotStandInForThatOfTheFloor) {
  auto log = create(small_).value();
  while (log->stats().rotations < 2) append(*log, 100).value();
  const format::LogFloor floor = release(*log, log->end_lsn());
  ASSERT_EQ(log->stats().kept_segments, 2u);
  append_many(*log, 20, 100);
  log->sync(log->end_lsn()).value();
  base::Prng prng(1);
  directory_.power_cut(prng, 0);  // the closing records of the released ones were never synced
  EXPECT_EQ(recover(directory_, LogBegin{.floor = floor}).records.size(), 20u);
  directory_.erase(log_name(floor.segment));
  const Recovered recovered = recover(directory_, LogBegin{.floor = floor});
  ASSERT_FALSE(recovered.report);
  EXPECT_EQ(recovered.report.error().kind, ErrorKind::kCorruption);
  EXPECT_EQ(recovered.report.error().file_number, floor.segment);
}

// A device that lies about syncs may keep what was written after the sync, and lose the log: the manifest knows better.
TEST_F(RecoveryTest, ALogThatEndsBelowWhatTheManifestSawSyncedIsDamaged) {
  std::vector<Appended> written;
  auto log = create(small_).value();
  written = append_many(*log, 20, 100);
  const LogBegin kept{.floor = log->floor_at(written[5].lsn).value(), .synced_through = written[14].lsn};
  EXPECT_EQ(recover(directory_, kept).records.size(), 15u);
  for (const auto& [lost_from, damaged] : {std::pair{15, false}, {14, false}, {13, true}, {5, true}}) {
    std::string bytes = directory_.contents(log_name(1));
    std::fill(bytes.begin() + static_cast<std::ptrdiff_t>(offset_of(written[lost_from].lsn)), bytes.end(), '\0');
    const auto files = directory_.snapshot();
    directory_.put(log_name(1), bytes);
    const Recovered recovered = recover(directory_, kept);
    EXPECT_EQ(recovered.report.has_value(), !damaged) << lost_from;
    if (damaged) {
      EXPECT_EQ(recovered.report.error().kind, ErrorKind::kCorruption);
      EXPECT_EQ(recovered.damage.begin_lsn, written[lost_from].lsn);
      EXPECT_EQ(recovered.damage.synced_through, written[14].lsn);
    }
    directory_.restore(files);
  }
}

// The same where what is left of the log was closed for good: an older copy of its file, say.
TEST_F(RecoveryTest, ACleanEndBelowWhatTheManifestSawSyncedIsDamaged) {
  auto log = create(small_).value();
  const std::vector<Appended> written = append_many(*log, 20, 100);
  LogBegin from{.floor = log->floor_at(written[5].lsn).value(), .synced_through = log->end_lsn()};
  log->close().value();
  EXPECT_EQ(recover(directory_, from).records.size(), 15u);
  from.synced_through += format::kLogAlignment;
  const Recovered recovered = recover(directory_, from);
  ASSERT_FALSE(recovered.report.has_value());
  EXPECT_EQ(recovered.report.error().kind, ErrorKind::kCorruption);
}

// A manifest that was cut back to its beginning made a full database look like a new one: all was lost without a word.
TEST_F(RecoveryTest, RecordsThatTheManifestKnowsNoPlaceOfAreNotPassedOver) {
  auto log = create(small_).value();
  EXPECT_TRUE(recover(directory_, LogBegin{}).report.has_value());  // an open that was cut off leaves an empty log
  append_many(*log, 1, 100);
  const Recovered recovered = recover(directory_, LogBegin{});
  ASSERT_FALSE(recovered.report.has_value());
  EXPECT_EQ(recovered.report.error().kind, ErrorKind::kCorruption);
  EXPECT_EQ(recovered.report.error().file_number, 1U);
}

}  // namespace
}  // namespace nacre::wal
