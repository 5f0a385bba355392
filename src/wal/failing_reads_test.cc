// A directory that fails while the log is read: at every listing, open and read of every kind of log, the answer is the
// error, and never another log.
#include <functional>

#include "wal/log_fixture.h"

namespace nacre::wal {
namespace {

using format::kLogHeaderBytes;
using format::log_name;

class FailingReadsTest : public LogFixture {
 protected:
  FailingReadsTest() { small_.first_segment_bytes = small_.max_segment_bytes = 16384; }
  static uint64_t offset_of(uint64_t lsn) { return kLogHeaderBytes + (lsn - kStart); }  // in the first segment

  // How many places there were where `fault` could strike `read`; at each of them it was told.
  uint64_t places(uint64_t FakeDirectory::* fault, const std::function<Result<void>()>& read) {
    for (uint64_t n = 1;; ++n) {
      directory_.*fault = n;
      const Result<void> outcome = read();
      if (directory_.*fault != 0) {
        directory_.*fault = 0;
        return n - 1;
      }
      EXPECT_EQ(outcome ? ErrorKind::kNotFound : outcome.error().kind, ErrorKind::kIo) << n;
    }
  }
  void expect_errors_are_told(const std::function<Result<void>()>& read, uint64_t opens, uint64_t least_reads) {
    EXPECT_EQ(places(&FakeDirectory::fail_list, read), 1u);
    EXPECT_EQ(places(&FakeDirectory::fail_open, read), opens);
    EXPECT_GE(places(&FakeDirectory::fail_read, read), least_reads);
  }
  Result<void> recover_all(const LogBegin& from = {.floor = {.lsn = kStart, .segment = 1}}) {
    const Recovered recovered = recover(directory_, from);
    return recovered.report ? Result<void>() : recovered.report.error();
  }
  void append_until_rotated(Wal& log, uint64_t times) {
    while (log.stats().rotations < times) append(log, 100).value();
  }

  Wal::Options small_ = options();
};

TEST_F(FailingReadsTest, OfAWholeLog) {
  append_until_rotated(*create(small_).value(), 3);
  expect_errors_are_told([this] { return recover_all(); }, 2 * 4, 2 * 4);
}

// The segments behind a hole are read too, for what they say of it.
TEST_F(FailingReadsTest, BehindAHole) {
  append_until_rotated(*create(small_).value(), 3);
  flip(log_name(1), kLogHeaderBytes + 40, 1);
  ASSERT_TRUE(recover_all());
  expect_errors_are_told([this] { return recover_all(); }, 2 * 4, 2 * 4);
}

// A segment that the closing record before it names, and whose own placement is gone.
TEST_F(FailingReadsTest, OfASegmentThatOnlyTheOneBeforeItNames) {
  append_until_rotated(*create(small_).value(), 1);
  std::string bytes = directory_.contents(log_name(2));
  for (const uint64_t page : {uint64_t{0}, format::kLogHeaderPageBytes})
    bytes.replace(page + format::kLogPlacementOffset, format::kLogPlacementBytes, format::kLogPlacementBytes, '\0');
  directory_.put(log_name(2), bytes);
  ASSERT_TRUE(recover_all());
  expect_errors_are_told([this] { return recover_all(); }, 2 * 2, 2 * 2);
}

// Larger than the reader's buffer, records that do not fit it, torn in the middle.
TEST_F(FailingReadsTest, OfALargeSegment) {
  Wal::Options large = options();
  large.first_segment_bytes = large.max_segment_bytes = 8 << 20;
  std::vector<Appended> written;
  {
    auto log = create(large).value();
    for (const uint64_t bytes : {700'000, 700'000, 1'500'000, 700'000, 700'000})
      written.push_back(append(*log, bytes).value());
  }
  expect_prefix(recover(directory_), written, 5);
  flip(log_name(1), offset_of(written[1].lsn) + 600'000, 1);
  expect_prefix(recover(directory_), written, 1);
  expect_errors_are_told([this] { return recover_all(); }, 2, 8);
}

// Records whose ends meet the end of the reader's buffer, and one behind a hole where it ends.
TEST_F(FailingReadsTest, RecordsThatEndWhereTheBufferDoes) {
  Wal::Options large = options();
  large.first_segment_bytes = large.max_segment_bytes = 4 << 20;
  std::vector<Appended> written;
  {
    auto log = create(large).value();
    written = append_many(*log, 3 << 10, 1024 - format::kLogRecordHeaderBytes);
  }
  ASSERT_EQ(written[0].end_lsn - written[0].lsn, 1024u);
  expect_prefix(recover(directory_), written, written.size());
  flip(log_name(1), offset_of(written[10].lsn) + 100, 1);
  const Recovered torn = recover(directory_);
  expect_prefix(torn, written, 10);
  EXPECT_EQ(torn.report.value().records_dropped, written.size() - 11);
}

// Seed 6003546: a read that brought less than the file has was taken for the end of the log, and acknowledged writes were dropped.
TEST_F(FailingReadsTest, ALargeFileThatShrinksIsNotTheEnd) {
  Wal::Options large = options();
  large.first_segment_bytes = large.max_segment_bytes = 4 << 20;
  std::vector<Appended> written;
  {
    auto log = create(large).value();
    written = append_many(*log, 3, 700'000);
  }
  directory_.files_end = offset_of(written[1].lsn) + 600'000;
  const auto refused = recover(directory_).report;
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().to_string(),
            "I/O error while reading 000001.wal at offset 1308224: the file became shorter while it was read");
}

TEST_F(FailingReadsTest, AFileThatShrinksIsNotTheEnd) {
  std::vector<Appended> written;
  {
    auto log = create();
    written = append_many(*log, 20, 100);
  }
  const auto refused_at = [&](uint64_t end) {
    directory_.files_end = end;
    const auto recovered = recover_all({.floor = {.lsn = kStart, .segment = 1}});
    return !recovered && recovered.error().kind == ErrorKind::kIo && recovered.error().file_number == 1;
  };
  for (uint64_t end = 0; end <= offset_of(written[12].lsn); end++) EXPECT_TRUE(refused_at(end)) << end;
}

TEST_F(FailingReadsTest, WhereTheManifestKnowsOfNoLog) {
  {
    auto log = create(small_).value();
  }
  ASSERT_TRUE(recover_all({}));
  expect_errors_are_told([this] { return recover_all({}); }, 2, 2);
}

TEST_F(FailingReadsTest, WhileReleasedSegmentsAreLookedFor) {
  auto log = create(small_).value();
  append_until_rotated(*log, 2);
  const format::LogFloor floor = release(*log, log->end_lsn());
  ASSERT_EQ(log->stats().kept_segments, 2u);
  const auto remove = [&] { return remove_released(directory_, test_uuid(), floor); };
  const auto before = directory_.snapshot();
  directory_.fail_remove = 1;
  EXPECT_EQ(remove().error().kind, ErrorKind::kIo);
  EXPECT_EQ(places(&FakeDirectory::fail_list, remove), 1u);  // the call that meets no fault removes them
  EXPECT_EQ(directory_.snapshot().size(), before.size() - 2);
  directory_.restore(before);
  EXPECT_EQ(places(&FakeDirectory::fail_open, remove), 3u);
  directory_.restore(before);
  EXPECT_EQ(places(&FakeDirectory::fail_read, remove), 3u);

  directory_.restore(before);
  remove_released(directory_, test_uuid(), {}).value();  // a manifest that knows of no log has released none
  EXPECT_EQ(directory_.snapshot(), before);
  directory_.put(log_name(9), before.at(log_name(1)));  // a copy under another name was not released
  remove().value();
  EXPECT_TRUE(directory_.has(log_name(9)));
  EXPECT_FALSE(directory_.has(log_name(1)));
  directory_.erase(log_name(floor.segment));
  EXPECT_EQ(remove().error().kind, ErrorKind::kCorruption);
}

// What no log has been through: forged, with checksums that fit.
TEST_F(FailingReadsTest, ASegmentThatBeginsWithinTheOneBeforeItIsCorruption) {
  std::vector<Appended> written;
  {
    auto log = create(small_).value();
    while (log->stats().rotations < 2) written.push_back(append(*log, 100).value());
  }
  const auto files = directory_.snapshot();
  const auto move = [&](uint64_t number, uint64_t base_lsn) {
    const SurveyedSegment segment = *LogSurvey::of(directory_, test_uuid()).value().numbered(number);
    std::string bytes = directory_.contents(log_name(number));
    format::SegmentPlacement placement = *segment.placement;
    placement.base_lsn = base_lsn;
    placement.synced_through = 0;
    format::store_segment_placement(bytes.data(), segment.identity->salt, placement);
    directory_.put(log_name(number), bytes);
  };
  const uint64_t second = LogSurvey::of(directory_, test_uuid()).value().numbered(2)->base_lsn();
  move(2, second - 8);  // into its last record
  EXPECT_EQ(recover_all().error().kind, ErrorKind::kCorruption);
  directory_.restore(files);
  move(2, second + 8);  // behind its end
  EXPECT_EQ(recover_all().error().kind, ErrorKind::kCorruption);
  directory_.restore(files);
  move(3, format::kFirstLsn);  // far before: its records are none of those that a hole hides
  flip(log_name(1), offset_of(written[20].lsn) + 40, 1);
  const Recovered recovered = recover(directory_, {.floor = {.lsn = kStart, .segment = 1}});
  expect_prefix(recovered, written, 20);
  EXPECT_EQ(recovered.report.value().records_dropped,
            written.size() - 22);  // not the bad one, and not the one in the third
}

// Segments in a circle, behind a hole: the search for what survived goes round once.
TEST_F(FailingReadsTest, ACircleBehindAHoleEnds) {
  append_until_rotated(*create(small_).value(), 2);
  const LogSurvey survey = LogSurvey::of(directory_, test_uuid()).value();
  std::string bytes = directory_.contents(log_name(1));
  format::SegmentPlacement placement = *survey.numbered(1)->placement;
  placement.predecessor_number = 3;
  placement.predecessor_salt = survey.numbered(3)->identity->salt;
  format::store_segment_placement(bytes.data(), survey.numbered(1)->identity->salt, placement);
  directory_.put(log_name(1), bytes);
  flip(log_name(1), kLogHeaderBytes + 40, 1);
  EXPECT_TRUE(recover(directory_, {.floor = {.lsn = kStart, .segment = 1}}).report.value().torn);
}

// A log that was closed is synced to its end: damage is damage, though its last record names no successor to search. One need not
// ask for particulars.
TEST_F(FailingReadsTest, DamageBeforeTheEndOfAClosedLogIsCorruption) {
  auto log = create();
  const auto written = append_many(*log, 20, 100);
  log->close().value();
  const LogBegin whole{.floor = {.lsn = kStart, .segment = 1}, .synced_through = log->end_lsn()};
  ASSERT_TRUE(recover_all(whole));
  LogBegin more = whole;  // the end is not where the manifest saw the log synced
  more.synced_through += 8;
  EXPECT_EQ(recover_all(more).error().kind, ErrorKind::kCorruption);
  flip(log_name(1), offset_of(written[5].lsn) + 50, 2);
  const auto deaf = recover_log(directory_, test_uuid(), whole, [](const auto&) { return Result<void>(); });
  EXPECT_EQ(deaf.error().kind, ErrorKind::kCorruption);
}

}  // namespace
}  // namespace nacre::wal
