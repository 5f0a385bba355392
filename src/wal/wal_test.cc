#include "wal/wal.h"

#include <deque>

#include "wal/log_fixture.h"

namespace nacre::wal {
namespace {

class WalTest : public LogFixture {};

TEST_F(WalTest, RecordsComeBackInOrderAcrossSegments) {
  auto log = create();
  std::vector<Appended> written;
  base::Prng prng(1);
  for (int i = 0; i < 2000; ++i) {
    written.push_back(append(*log, prng.below(400), 1 + static_cast<uint32_t>(prng.below(9))).value());
    if (log->wants_preparation()) log->prepare_next().value();
  }
  EXPECT_GT(log->stats().rotations, 5u);
  EXPECT_EQ(log->stats().late_preparations, 0u);
  const Recovered recovered = recover(directory_);
  expect_prefix(recovered, written, written.size());
  EXPECT_EQ(recovered.report.value().end_lsn, log->end_lsn());
  EXPECT_FALSE(recovered.report.value().torn);
  EXPECT_EQ(recovered.report.value().records, written.size());
}

TEST_F(WalTest, AnEmptyLogIsRecoveredAsOne) {
  auto log = create();
  const Recovered recovered = recover(directory_);
  EXPECT_EQ(recovered.report.value().end_lsn, kStart);
  EXPECT_FALSE(recovered.report.value().torn);
  EXPECT_TRUE(recovered.records.empty());
  EXPECT_EQ(recovered.report.value().files.size(), 1u);
}

TEST_F(WalTest, RecoveryBeginsAtAnyRecord) {
  auto log = create();
  const auto written = append_many(*log, 300, 120);
  for (const size_t from : {size_t{1}, size_t{99}, size_t{100}, size_t{170}, size_t{299}}) {
    const Recovered recovered = recover(directory_, written[from].lsn);
    ASSERT_EQ(recovered.records.size(), written.size() - from);
    EXPECT_EQ(recovered.records.front().lsn, written[from].lsn);
  }
  const Recovered at_end = recover(directory_, log->end_lsn());
  EXPECT_TRUE(at_end.records.empty());
  EXPECT_EQ(at_end.report.value().end_lsn, log->end_lsn());
  EXPECT_FALSE(at_end.report.value().torn);
}

TEST_F(WalTest, ARecordLargerThanASegmentGetsItsOwn) {
  auto log = create();
  std::vector<Appended> written;
  written.push_back(append(*log, 300'000).value());  // before anything else: the first segment stays empty
  written.push_back(append(*log, 100).value());
  written.push_back(append(*log, 1'000'000).value());
  written.push_back(append(*log, 65536 - format::kLogHeaderBytes - 64).value());  // fits the largest segment exactly
  written.push_back(append(*log, 0).value());
  log->sync(log->end_lsn()).value();
  expect_prefix(recover(directory_), written, written.size());
  release(*log, log->end_lsn());
  EXPECT_LE(log->stats().live_bytes, 65536u);
}

TEST_F(WalTest, SegmentsDoubleUpToTheLargest) {
  auto log = create();
  std::vector<uint64_t> sizes{log->stats().live_bytes};
  for (uint64_t rotations = 0; rotations < 5;) {
    append(*log, 1000).value();
    if (log->wants_preparation()) log->prepare_next().value();
    if (log->stats().rotations == rotations) continue;
    rotations = log->stats().rotations;
    release(*log, log->end_lsn());
    sizes.push_back(log->stats().live_bytes);
  }
  EXPECT_EQ(sizes, (std::vector<uint64_t>{16384, 32768, 65536, 65536, 65536, 65536}));
}

TEST_F(WalTest, NewSegmentsAreWrittenOnlyWhileThereAreSyncs) {
  auto log = create();
  const auto rotate = [&](bool synced) {
    for (const uint64_t rotations = log->stats().rotations; log->stats().rotations == rotations;) {
      append(*log, 300).value();
      if (synced) log->sync(log->end_lsn()).value();
      if (log->wants_preparation()) log->prepare_next().value();
    }
    return directory_.created.back();
  };
  EXPECT_EQ(directory_.created.back(), MappedSpace::kWritten) << "the first one is small, and what comes is not known";
  EXPECT_EQ(rotate(false), MappedSpace::kReserved);
  EXPECT_EQ(rotate(false), MappedSpace::kReserved);
  EXPECT_EQ(rotate(true), MappedSpace::kWritten);
  EXPECT_EQ(rotate(true), MappedSpace::kWritten);
  rotate(false);
  EXPECT_EQ(rotate(false), MappedSpace::kReserved);
}

TEST_F(WalTest, ReleasedSegmentsAreUsedAgainAndBounded) {
  auto log = create();
  std::deque<Appended> kept;
  for (int i = 0; i < 5000; ++i) {
    kept.push_back(append(*log, 200).value());
    if (log->wants_preparation()) log->prepare_next().value();
    if (i % 1000 == 999) {
      while (kept.size() > 10) kept.pop_front();
      release(*log, kept.front().lsn);
      const Recovered recovered = recover(directory_, kept.front().lsn);
      expect_prefix(recovered, {kept.begin(), kept.end()}, kept.size());
    }
  }
  const Wal::Stats stats = log->stats();
  EXPECT_GT(stats.recycled, 3u);
  EXPECT_GT(stats.removed, 0u);
  EXPECT_LE(stats.kept_segments, 2u);
  EXPECT_LE(directory_.list().value().size(), stats.live_segments + 3);
}

// RocksDB #12918, Pebble #567: what an earlier use of a file left must not come back.
TEST_F(WalTest, StaleRecordsOfARecycledSegmentDoNotReplay) {
  Wal::Options chosen = options();
  chosen.first_segment_bytes = chosen.max_segment_bytes = 16384;
  auto log = create(chosen).value();
  append_many(*log, 400, 88);  // 120 bytes each: several segments of equal records
  log->sync(log->end_lsn()).value();
  release(*log, log->end_lsn());
  const uint64_t floor = log->end_lsn();
  std::vector<Appended> written;
  while (log->stats().recycled == 0 || written.size() < 200) {
    ASSERT_LT(written.size(), 1000u);
    if (log->wants_preparation()) log->prepare_next().value();
    written.push_back(append(*log, 88).value());
    const Recovered recovered = recover(directory_, floor);
    expect_prefix(recovered, written, written.size());
    ASSERT_FALSE(recovered.report.value().torn);
  }
}

TEST_F(WalTest, LateClaimsPrepareTheirSegment) {
  auto log = create();
  const auto written = append_many(*log, 1000, 200);
  EXPECT_GT(log->stats().late_preparations, 0u);
  EXPECT_EQ(log->stats().late_preparations, log->stats().rotations);
  expect_prefix(recover(directory_), written, written.size());
}

TEST_F(WalTest, WithoutSpaceAClaimFailsWholeAndWorksAgainLater) {
  directory_.free_space = 16384;
  auto log = create();
  std::vector<Appended> written;
  while (true) {
    auto appended = append(*log, 500);
    if (!appended) {
      EXPECT_EQ(appended.error().kind, ErrorKind::kNoSpace);
      break;
    }
    written.push_back(*appended);
  }
  const uint64_t end = log->end_lsn();
  for (int i = 0; i < 3; ++i) EXPECT_EQ(append(*log, 500).error().kind, ErrorKind::kNoSpace);
  EXPECT_EQ(log->prepare_next().error().kind, ErrorKind::kNoSpace);
  EXPECT_EQ(log->end_lsn(), end);
  EXPECT_FALSE(log->damaged());
  EXPECT_EQ(log->stats().live_segments, 1u);
  expect_prefix(recover(directory_), written, written.size());
  written.push_back(append(*log, 8).value());  // what still fits goes on
  directory_.free_space = 1 << 20;
  for (int i = 0; i < 100; ++i) written.push_back(append(*log, 500).value());
  log->sync(log->end_lsn()).value();
  expect_prefix(recover(directory_), written, written.size());
}

TEST_F(WalTest, AFailedSyncIsFinal) {
  auto log = create();
  append(*log, 100).value();
  directory_.fail_file_sync = 1;
  const uint64_t synced = log->synced_through();
  EXPECT_EQ(log->sync(log->end_lsn()).error().system_errno, EIO);
  EXPECT_TRUE(log->damaged());
  EXPECT_EQ(log->synced_through(), synced);
  const uint64_t syncs = directory_.file_syncs;
  EXPECT_EQ(log->sync(log->end_lsn()).error().kind, ErrorKind::kIo);
  EXPECT_EQ(log->sync(synced).error().kind, ErrorKind::kIo) << "even where nothing would have to be synced";
  EXPECT_EQ(append(*log, 100).error().kind, ErrorKind::kIo);
  EXPECT_EQ(log->prepare_next().error().kind, ErrorKind::kIo);
  EXPECT_EQ(log->floor_at(kStart).error().kind, ErrorKind::kIo);
  EXPECT_EQ(log->release_before({.lsn = kStart, .segment = 1}).error().kind, ErrorKind::kIo);
  EXPECT_EQ(log->close().error().kind, ErrorKind::kIo);
  EXPECT_EQ(directory_.file_syncs, syncs) << "a failed sync was tried again";
}

// Every sync that the log makes, of files and of the directory, fails once: from then on nothing may be promised.
TEST_F(WalTest, EverySyncThatFailsIsFinal) {
  for (const bool of_directory : {false, true}) {
    for (uint64_t n = 1;; ++n) {
      directory_.restore({});
      (of_directory ? directory_.fail_directory_sync : directory_.fail_file_sync) = n;
      uint64_t& countdown = of_directory ? directory_.fail_directory_sync : directory_.fail_file_sync;
      auto log = create(options());
      if (!log) {
        EXPECT_EQ(countdown, 0u);
        continue;
      }
      for (int i = 0; i < 300 && countdown != 0; ++i) {
        (void)append(**log, 700);
        if (i % 7 == 0) (void)(*log)->sync((*log)->end_lsn());
        if (i % 5 == 0 && (*log)->wants_preparation()) (void)(*log)->prepare_next();
        if (i % 50 == 0) {
          if (const auto floor = (*log)->floor_at((*log)->end_lsn())) (void)(*log)->release_before(*floor);
        }
      }
      if (countdown != 0) {
        EXPECT_GT(n, 5u);
        countdown = 0;
        break;
      }
      const uint64_t synced = (*log)->synced_through();
      EXPECT_TRUE((*log)->damaged()) << n;
      EXPECT_FALSE((*log)->sync((*log)->end_lsn())) << n;
      EXPECT_FALSE(append(**log, 1)) << n;
      EXPECT_EQ((*log)->synced_through(), synced) << n;
    }
  }
}

TEST_F(WalTest, ALostPageOfTheMappingIsAFailedSync) {
  auto log = create();
  append(*log, 100).value();
  directory_.lose_mapping(format::log_name(1));
  append(*log, 100).value();  // the claim could not know; the seal notices
  EXPECT_TRUE(log->damaged());
  EXPECT_EQ(log->sync(log->end_lsn()).error().kind, ErrorKind::kIo);
  EXPECT_EQ(append(*log, 100).error().kind, ErrorKind::kIo);
}

TEST_F(WalTest, ASyncIsCheapWhereNothingIsNew) {
  auto log = create();
  append(*log, 100).value();
  log->sync(log->end_lsn()).value();
  const uint64_t syncs = directory_.file_syncs;
  log->sync(log->end_lsn()).value();
  log->sync(kStart).value();
  EXPECT_EQ(directory_.file_syncs, syncs);
}

TEST_F(WalTest, ASyncTouchesThePagesOfItsRecordsOnly) {
  auto log = create();
  append(*log, 100).value();
  log->sync(log->end_lsn()).value();
  for (int i = 0; i < 20; ++i) {
    append(*log, 100).value();
    const uint64_t pages = directory_.pages_synced;
    log->sync(log->end_lsn()).value();
    EXPECT_EQ(directory_.pages_synced, pages + 1);
  }
}

TEST_F(WalTest, NamesAreDurableBeforeADiskWriteIsAcknowledged) {
  for (const bool prepare : {false, true}) {
    for (uint64_t seed = 0; seed < 10; ++seed) {
      directory_.restore({});
      next_sequence_ = 1;
      std::vector<Appended> written;
      {
        auto log = create();
        for (int i = 0; i < 200; ++i) {
          written.push_back(append(*log, 300).value());
          if (prepare && log->wants_preparation()) log->prepare_next().value();
          if (i % 3 == 0) log->sync(log->end_lsn()).value();
        }
        log->sync(log->end_lsn()).value();
      }
      base::Prng prng(seed);
      directory_.power_cut(prng, 0);
      expect_prefix(recover(directory_), written, written.size());
    }
  }
}

TEST_F(WalTest, SyncedSegmentsAreUnmappedAndUnsyncedOnesAreNot) {
  Wal::Options chosen = options();
  chosen.first_segment_bytes = chosen.max_segment_bytes = 16384;
  auto log = create(chosen).value();
  for (int i = 0; i < 1000; ++i) {
    append(*log, 100).value();
    log->sync(log->end_lsn()).value();
    if (log->wants_preparation()) log->prepare_next().value();
    EXPECT_LE(account_.held(base::MemoryPart::kLog), 3u * 16384);
  }
  EXPECT_GT(log->stats().live_segments, 5u);
  const uint64_t end = log->end_lsn();
  append_many(*log, 1000, 100);
  log->prepare_next().value();
  EXPECT_GT(account_.held(base::MemoryPart::kLog), log->end_lsn() - end);
  release(*log, log->end_lsn());
  EXPECT_LE(account_.held(base::MemoryPart::kLog), 5u * 16384);
  append_many(*log, 300, 100);
  log->sync(log->end_lsn()).value();
  release(*log, log->end_lsn());
  EXPECT_LE(account_.held(base::MemoryPart::kLog), 5u * 16384);
  log.reset();
  EXPECT_EQ(account_.held(base::MemoryPart::kLog), 0u);
}

TEST_F(WalTest, WhileSpaceIsShortNothingIsKeptAndNewSegmentsAreSmall) {
  auto log = create();
  const auto rotate = [&](uint64_t times) {
    for (const uint64_t until = log->stats().rotations + times; log->stats().rotations < until;) {
      append(*log, 100).value();
      if (log->wants_preparation()) log->prepare_next().value();
    }
  };
  rotate(5);
  release(*log, log->end_lsn());
  ASSERT_GT(log->stats().kept_segments, 0u);
  const uint64_t files = directory_.snapshot().size();
  const uint64_t kept = log->stats().kept_segments;
  log->save_space(true);
  EXPECT_EQ(log->stats().kept_segments, 0u);
  EXPECT_EQ(directory_.snapshot().size(), files - kept);

  rotate(3);
  EXPECT_EQ(directory_.snapshot().rbegin()->second.size(), options().first_segment_bytes);
  release(*log, log->end_lsn());
  EXPECT_EQ(log->stats().kept_segments, 0u);
  EXPECT_EQ(log->stats().live_segments, 1u);

  log->save_space(false);
  rotate(5);
  release(*log, log->end_lsn());
  EXPECT_GT(log->stats().kept_segments, 0u);
}

// Found by seed 30011592: the page of a segment's closing record was lost, which nobody need know of; the file was then used again.
TEST_F(WalTest, ASegmentThatLostAPageIsNotUsedAgain) {
  for (const bool synced : {false, true}) {
    Wal::Options chosen = options();
    chosen.first_segment_bytes = chosen.max_segment_bytes = 16384;
    auto log = create(chosen).value();
    const std::string first = directory_.snapshot().begin()->first;
    append(*log, 6'000).value();
    if (synced) log->sync(log->end_lsn()).value();
    directory_.lose_mapping(first);
    append(*log, 6'000).value();  // does not fit: the closing record goes to the lost page
    ASSERT_EQ(log->stats().rotations, 1u);
    ASSERT_FALSE(log->damaged());
    release(*log, log->end_lsn());
    EXPECT_EQ(log->stats().kept_segments, 0u);
    EXPECT_EQ(log->stats().removed, 1u);
    log.reset();
    directory_.remove(directory_.snapshot().begin()->first).value();
  }
}

TEST_F(WalTest, AReleasedSegmentIsKeptMappedOnlyIfItWasNeverSynced) {
  for (const bool synced : {false, true}) {
    Wal::Options chosen = options();
    chosen.first_segment_bytes = chosen.max_segment_bytes = 16384;
    auto log = create(chosen).value();
    while (log->stats().rotations < 2) append(*log, 100).value();
    if (synced) log->sync(log->end_lsn()).value();
    release(*log, log->end_lsn());
    EXPECT_EQ(log->stats().kept_segments, 2u);
    EXPECT_EQ(account_.held(base::MemoryPart::kLog), (synced ? 1u : 3u) * 16384);
    log->prepare_next().value();  // either kind can be used again
    EXPECT_EQ(log->stats().recycled, 1u);
  }
}

TEST_F(WalTest, AClosedLogRefusesClaimsAndNeedsNoSearch) {
  auto log = create();
  auto written = append_many(*log, 50, 100);
  log->close().value();
  log->close().value();
  EXPECT_EQ(append(*log, 1).error().kind, ErrorKind::kClosed);
  EXPECT_EQ(log->synced_through(), log->end_lsn());
  EXPECT_TRUE(log->prepare_next());
  base::Prng prng(1);
  log.reset();
  directory_.power_cut(prng, 0);
  const Recovered recovered = recover(directory_);
  expect_prefix(recovered, written, written.size());
  EXPECT_FALSE(recovered.report.value().torn);
}

TEST_F(WalTest, ClosingASyncedLogMakesItsEndDurable) {
  auto log = create();
  auto written = append_many(*log, 50, 100);
  log->sync(log->end_lsn()).value();
  log->close().value();
  log.reset();
  base::Prng prng(1);
  directory_.power_cut(prng, 0);
  const Recovered recovered = recover(directory_);
  expect_prefix(recovered, written, written.size());
}

TEST_F(WalTest, AFileThatCannotBeRemovedStopsNothing) {
  Wal::Options chosen = options();
  chosen.kept_segments = 0;
  auto log = create(chosen).value();
  append_many(*log, 1000, 100);
  directory_.fail_remove = 2;
  EXPECT_FALSE(log->release_before(log->floor_at(log->end_lsn()).value()));
  EXPECT_EQ(log->stats().live_segments, 1u);
  EXPECT_FALSE(log->damaged());
  const uint64_t floor = log->end_lsn();
  const auto written = append_many(*log, 100, 100);
  expect_prefix(recover(directory_, floor), written, written.size());
}

TEST_F(WalTest, AFailedRenameChangesNothing) {
  Wal::Options chosen = options();
  chosen.first_segment_bytes = chosen.max_segment_bytes = 16384;
  auto log = create(chosen).value();
  append_many(*log, 1000, 100);
  release(*log, log->end_lsn());
  directory_.fail_rename = 1;
  EXPECT_EQ(log->prepare_next().error().operation, Operation::kRename);
  EXPECT_FALSE(log->damaged());
  const uint64_t floor = log->end_lsn();
  const auto written = append_many(*log, 300, 100);
  expect_prefix(recover(directory_, floor), written, written.size());
}

TEST_F(WalTest, AnOversizedPayloadIsRefused) {
  auto log = create();
  EXPECT_EQ(log->claim(format::kMaxLogPayloadBytes + 1, 1, 1).error().kind, ErrorKind::kInvalidArgument);
}

}  // namespace
}  // namespace nacre::wal
