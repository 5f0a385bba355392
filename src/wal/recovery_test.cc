#include "wal/recovery.h"

#include <algorithm>

#include "base/coding.h"
#include "os/testing.h"
#include "wal/log_fixture.h"

namespace nacre::wal {
namespace {

using format::kLogHeaderBytes;
using format::log_name;

TEST_F(RecoveryTest, ATornTailIsDroppedAtEveryByteOfTheLastRecord) {
  std::vector<Appended> written;
  {
    auto log = create();
    written = append_many(*log, 5, 100);
    log->sync(log->end_lsn()).value();
    written.push_back(append(*log, 77).value());
  }
  const std::string name = log_name(1);
  const std::string whole = directory_.contents(name);
  const Appended& last = written.back();
  for (uint64_t cut = offset_of(last.lsn); cut < offset_of(last.end_lsn); ++cut) {
    for (const bool truncated : {false, true}) {
      std::string torn = whole.substr(0, cut);
      if (!truncated) torn.resize(whole.size(), '\0');
      directory_.put(name, torn);
      const Recovered recovered = recover(directory_);
      // The last bytes may be padding or happen to be zero: then nothing was torn.
      const bool intact = torn.compare(0, offset_of(last.end_lsn), whole, 0, offset_of(last.end_lsn)) == 0;
      expect_prefix(recovered, written, intact ? 6 : 5);
      const RecoveryReport& report = recovered.report.value();
      const bool begun = !intact && torn.size() >= offset_of(last.lsn) + 32 && cut >= offset_of(last.lsn) + 12;
      EXPECT_EQ(report.torn, begun) << cut << truncated;
      if (begun) {
        EXPECT_EQ(report.torn_file_number, 1u);
        EXPECT_EQ(report.torn_offset, offset_of(last.lsn));
        EXPECT_GT(report.bytes_dropped, 0u);
      }
      EXPECT_GT(report.next_lsn, last.end_lsn);
    }
  }
}

// LevelDB #193, RocksDB #7701 #11149: an unsynced hole ends the log, whatever later segments hold.
TEST_F(RecoveryTest, WhatLiesBehindAnUnsyncedHoleIsDropped) {
  std::vector<Appended> written;
  {
    auto log = create(small_).value();
    written = append_many(*log, 10, 100);
    log->sync(log->end_lsn()).value();
    for (int i = 0; i < 300; ++i) written.push_back(append(*log, 100).value());
  }
  ASSERT_GE(directory_.list().value().size(), 3u);
  flip(log_name(1), offset_of(written[20].lsn) + 60, 1);
  const Recovered recovered = recover(directory_);
  expect_prefix(recovered, written, 20);
  const RecoveryReport& report = recovered.report.value();
  EXPECT_TRUE(report.torn);
  EXPECT_EQ(report.end_lsn, written[20].lsn);
  EXPECT_EQ(report.records_dropped, written.size() - 21);
  EXPECT_EQ(report.bytes_dropped, written.back().end_lsn - written[20].lsn);
  EXPECT_GE(report.next_lsn, written.back().end_lsn);
}

// RocksDB #6288 and kin: each file of the live log is needed, the unsynced ones too.
TEST_F(RecoveryTest, AMissingSegmentIsCorruptionByName) {
  {
    auto log = create(small_).value();
    append_many(*log, 400, 100);
  }
  const auto files = directory_.snapshot();
  ASSERT_GE(files.size(), 4u);
  uint64_t number = 0;
  for (const auto& [name, bytes] : files) {
    ++number;
    for (const int way : {0, 1, 2}) {  // removed, header damaged, header of zeros
      directory_.erase(name);
      std::string damaged = bytes;
      if (way == 1) damaged[20] = damaged[4096 + 20] = 'x';
      if (way == 2) std::fill_n(damaged.begin(), kLogHeaderBytes, '\0');
      if (way != 0) directory_.put(name, damaged);
      const Recovered recovered = recover(directory_);
      ASSERT_FALSE(recovered.report) << name << way;
      EXPECT_EQ(recovered.report.error().kind, ErrorKind::kCorruption);
      EXPECT_EQ(recovered.report.error().file_number, number);
      directory_.put(name, bytes);
    }
  }
}

TEST_F(RecoveryTest, AMissingSegmentIsNoticedWithoutTheRecordThatNamesIt) {
  uint64_t closing_lsn = 0;
  {
    auto log = create(small_).value();
    while (log->stats().rotations == 0) closing_lsn = append(*log, 100).value().lsn;
    append_many(*log, 200, 100);
  }
  flip(log_name(1), offset_of(closing_lsn), 1);
  directory_.erase(log_name(2));
  EXPECT_EQ(recover(directory_).report.error().file_number, 2u);
}

TEST_F(RecoveryTest, TheFloorsSegmentMustExist) {
  EXPECT_EQ(recover(directory_, kStart).report.error().kind, ErrorKind::kCorruption);
  const Recovered none = recover(directory_, 0);
  EXPECT_EQ(none.report.value().next_lsn, kStart);
}

// Replayed, such records would put one version of a key twice into a memtable, or leave the 56 bits of a trailer.
TEST_F(RecoveryTest, SequencesThatNoCommitGaveAreCorruption) {
  for (const format::Sequence second : {format::Sequence{9}, format::kMaxSoundSequence + 1, format::kMaxSequence}) {
    directory_.restore({});
    next_number_ = 1;
    {
      auto log = create();
      next_sequence_ = 10;
      append(*log, 50).value();
      next_sequence_ = second;
      append(*log, 50).value();
    }
    const Recovered recovered = recover(directory_);
    EXPECT_EQ(recovered.report.error().kind, ErrorKind::kCorruption) << second;
    EXPECT_EQ(recovered.report.error().file_number, 1u);
    EXPECT_EQ(recovered.records.size(), 1u);
  }
}

// Where a new log would have no room, nothing is delivered, and it can still be read.
TEST_F(RecoveryTest, ALogWithoutRoomToGoOnIsCorruption) {
  const auto begin = [this](uint64_t start, uint64_t room_bytes) {
    return LogBegin{.floor = floor_at(directory_, start), .room_bytes = room_bytes};
  };
  const uint64_t last = format::kMaxSoundLsn - kRoomOfNewLog - 16384;  // with one segment of 16 KiB
  for (const auto& [start, fits] : {std::pair{last, true}, {last + kLogHeaderBytes, false}}) {
    directory_.restore({});
    next_number_ = 1;
    append_many(*create(small_, start).value(), 3, 100);
    EXPECT_EQ(recover(directory_, start).records.size(), 3u);
    const Recovered recovered = recover(directory_, begin(start, kRoomOfNewLog));
    EXPECT_EQ(recovered.report.has_value(), fits);
    EXPECT_EQ(recovered.records.size(), fits ? 3u : 0u);
    EXPECT_EQ(recovered.report ? ErrorKind::kCorruption : recovered.report.error().kind, ErrorKind::kCorruption);
  }
  for (const uint64_t start : {format::kMaxSoundLsn, format::kMaxLsn - 16384}) {  // forged: no log is begun there
    const format::SegmentIdentity identity{.uuid = test_uuid(), .number = 1, .salt = 5};
    std::string file = format::encode_segment_identity(identity);
    format::store_segment_placement(file.data(), identity.salt, {.base_lsn = start});
    directory_.restore({});
    directory_.put(log_name(1), file + std::string(8192, '\0'));
    EXPECT_EQ(recover(directory_, begin(start, kRoomOfNewLog)).report.error().kind, ErrorKind::kCorruption);
    EXPECT_EQ(recover(directory_, begin(start, 0)).report.has_value(), start == format::kMaxSoundLsn);
  }
}

// A forged log that lies near the last position took writes, and the next open refused it.
TEST_F(RecoveryTest, WhatWasWrittenNearTheLastPositionIsRead) {
  uint64_t refused_at_once = 0;
  for (uint64_t back = kLogHeaderBytes; back <= 16 * kLogHeaderBytes; back += kLogHeaderBytes) {
    directory_.restore({});
    const uint64_t start = format::kMaxSoundLsn - back;
    const auto log = create(small_, start);
    if (!log) {
      EXPECT_EQ(log.error().kind, ErrorKind::kCorruption);
      EXPECT_TRUE(directory_.snapshot().empty());
      ++refused_at_once;
      continue;
    }
    std::vector<Appended> written;
    Result<Appended> last = append(**log, 1000);
    for (; last && written.size() < 200; last = append(**log, 1000)) written.push_back(*last);
    ASSERT_FALSE(last) << back;
    EXPECT_EQ(last.error().kind, ErrorKind::kCorruption);
    EXPECT_FALSE((*log)->damaged());
    (*log)->sync((*log)->end_lsn()).value();
    const Recovered recovered = recover(directory_, start);
    ASSERT_TRUE(recovered.report) << back;
    expect_prefix(recovered, written, written.size());
  }
  EXPECT_EQ(refused_at_once, 1u);
}

TEST_F(RecoveryTest, SwappedCopiedAndForeignFilesAreRefused) {
  {
    auto log = create(small_).value();
    append_many(*log, 300, 100);
  }
  const auto files = directory_.snapshot();
  directory_.put(log_name(1), files.at(log_name(2)));
  directory_.put(log_name(2), files.at(log_name(1)));
  EXPECT_EQ(recover(directory_).report.error().kind, ErrorKind::kCorruption);
  directory_.restore(files);
  directory_.put(log_name(77), files.at(log_name(2)));
  EXPECT_EQ(recover(directory_).report.error().kind, ErrorKind::kCorruption);
  directory_.restore(files);

  const auto foreign =
      recover_log(directory_, format::Uuid::from_random(1, 2), {.floor = {.lsn = kStart, .segment = 1}},
                  [](const auto&) { return Result<void>(); });
  EXPECT_EQ(foreign.error().kind, ErrorKind::kCorruption);
  EXPECT_EQ(foreign.error().file_number, 1u);
}

TEST_F(RecoveryTest, ANewerFormatIsRefusedAsUnsupported) {
  for (const uint64_t field : {uint64_t{8}, uint64_t{16}}) {  // version, features
    directory_.restore({});
    next_number_ = 1;
    create().reset();
    std::string bytes = directory_.contents(log_name(1));
    bytes[field] = 2;
    const std::string area = bytes.substr(0, 56);
    base::store<uint64_t>(bytes.data() + 56, base::checksum64(area, 0x6c6f672d6964656eULL));
    const std::string page = bytes.substr(0, 64);
    bytes.replace(4096, page.size(), page);
    directory_.put(log_name(1), bytes);
    EXPECT_EQ(recover(directory_).report.error().kind, ErrorKind::kUnsupported);
  }
}

TEST_F(RecoveryTest, StrangersInTheDirectoryAreLeftAlone) {
  std::vector<Appended> written;
  {
    auto log = create();
    written = append_many(*log, 10, 100);
  }
  directory_.put("000044.sst", "table");
  directory_.put("notes.wal", "x");
  directory_.put("000049.wal.tmp", "nothing of ours has this name");
  directory_.put("000050.wal", "these are no log records");
  directory_.put("000051.wal", std::string(8192, '\0'));  // left by a crash during creation
  directory_.put("000052.wal", "");
  const Recovered recovered = recover(directory_);
  expect_prefix(recovered, written, 10);
  const RecoveryReport& report = recovered.report.value();
  EXPECT_EQ(report.highest_number, 52u);
  ASSERT_EQ(report.files.size(), 4u);
  EXPECT_FALSE(report.files[0].unreadable);
  EXPECT_TRUE(report.files[1].unreadable);
  EXPECT_FALSE(report.files[2].unreadable);
  EXPECT_FALSE(report.files[3].unreadable);
}

// RELIABILITY 7: a read error is never end-of-log.
TEST_F(RecoveryTest, AReadErrorIsNeverTheEnd) {
  {
    auto log = create(small_).value();
    append_many(*log, 300, 100);
  }
  uint64_t n = 1;
  for (;; ++n) {
    directory_.fail_read = n;
    const Recovered recovered = recover(directory_, LogBegin{.floor = {.lsn = kStart, .segment = 1}});
    if (directory_.fail_read != 0) break;
    ASSERT_FALSE(recovered.report) << n;
    EXPECT_EQ(recovered.report.error().kind, ErrorKind::kIo);
  }
  EXPECT_GT(n, 4u);
}

TEST_F(RecoveryTest, AnErrorOfTheCallbackEndsRecovery) {
  auto log = create();
  append_many(*log, 3, 10);
  int calls = 0;
  const auto result = recover_log(
      directory_, test_uuid(), {.floor = {.lsn = kStart, .segment = 1}}, [&](const RecoveredRecord&) -> Result<void> {
        return ++calls == 2 ? Result<void>(Error{.kind = ErrorKind::kNoSpace}) : Result<void>();
      });
  EXPECT_EQ(result.error().kind, ErrorKind::kNoSpace);
  EXPECT_EQ(calls, 2);
}

// Such an error named no file: a record that is whole and holds no batch could not be told from damage anywhere else.
TEST_F(RecoveryTest, APayloadThatCannotBeDecodedIsNamed) {
  auto log = create();
  const auto written = append_many(*log, 3, 10);
  const auto result = recover_log(
      directory_, test_uuid(), {.floor = {.lsn = kStart, .segment = 1}}, [&](const RecoveredRecord& record) {
        return record.lsn == written[1].lsn ? Result<void>(malformed("no batch", 4)) : Result<void>();
      });
  EXPECT_EQ(result.error().kind, ErrorKind::kCorruption);
  EXPECT_EQ(result.error().file_kind, FileKind::kLog);
  EXPECT_EQ(result.error().file_number, 1u);
  EXPECT_EQ(result.error().offset, offset_of(written[1].lsn) + format::kLogRecordHeaderBytes + 4);
}

TEST_F(RecoveryTest, WhatWasReleasedMayBeRemovedAndNothingElse) {
  std::vector<Appended> written;
  auto log = create(small_).value();
  while (log->stats().rotations < 2) append(*log, 100).value();
  const format::LogFloor floor = release(*log, log->end_lsn());
  ASSERT_EQ(log->stats().kept_segments, 2u);
  written = append_many(*log, 60, 100);  // used again, one of them
  ASSERT_EQ(log->stats().kept_segments, 1u);
  directory_.put("000090.wal", "somebody else's");
  const auto before = directory_.snapshot();
  remove_released(directory_, test_uuid(), floor).value();
  EXPECT_EQ(directory_.snapshot().size(), before.size() - log->stats().kept_segments);
  EXPECT_TRUE(directory_.snapshot().contains("000090.wal"));
  expect_prefix(recover(directory_, LogBegin{.floor = floor}), written, written.size());
}

// An open that was cut off may leave the beginning of a log that the manifest never named.
TEST_F(RecoveryTest, ALogThatWasNeverNamedIsIgnored) {
  std::vector<Appended> written;
  {
    auto log = create(small_).value();
    written = append_many(*log, 200, 100);
  }
  const RecoveryReport first = recover(directory_).report.value();
  {
    auto abandoned = create(small_, first.next_lsn).value();
    next_sequence_ = 1;
    append_many(*abandoned, 200, 100);
    abandoned->sync(abandoned->end_lsn()).value();
  }
  const Recovered again = recover(directory_);
  expect_prefix(again, written, written.size());
  EXPECT_FALSE(again.report.value().torn);
  EXPECT_GT(again.report.value().next_lsn, first.next_lsn);
  flip(log_name(1), offset_of(written[5].lsn), 1);  // and gives no evidence about the other one
  expect_prefix(recover(directory_), written, 5);
}

// Between the closing record and the placement of the next segment nothing is lost.
TEST_F(RecoveryTest, ACrashInTheMiddleOfARotationIsACleanEnd) {
  std::vector<Appended> written;
  {
    auto log = create(small_).value();
    while (log->stats().rotations == 0) written.push_back(append(*log, 100).value());
  }
  std::string bytes = directory_.contents(log_name(2));
  std::fill(bytes.begin() + format::kLogPlacementOffset, bytes.begin() + 4096, '\0');
  std::fill(bytes.begin() + 4096 + format::kLogPlacementOffset, bytes.end(), '\0');
  directory_.put(log_name(2), bytes);
  const Recovered recovered = recover(directory_);
  expect_prefix(recovered, written, written.size() - 1);
  EXPECT_FALSE(recovered.report.value().torn);
}

TEST_F(RecoveryTest, ALostClosingRecordCostsNothing) {
  std::vector<Appended> written;
  {
    auto log = create(small_).value();
    while (log->stats().rotations == 0) written.push_back(append(*log, 100).value());
  }
  const uint64_t closing = offset_of(written.back().lsn);
  flip(log_name(1), closing + 1, 1);
  expect_prefix(recover(directory_), written, written.size());
}

TEST_F(RecoveryTest, DroppedRemainsDoNotComeBackInTheNextLog) {
  {
    auto log = create(small_).value();
    append_many(*log, 300, 100);
  }
  flip(log_name(1), offset_of(kStart) + 40, 1);
  const RecoveryReport report = recover(directory_).report.value();
  ASSERT_TRUE(report.torn);
  ASSERT_EQ(report.end_lsn, kStart);
  auto log = create(small_, report.next_lsn).value();
  const auto written = append_many(*log, 100, 100);
  const Recovered recovered = recover(directory_, report.next_lsn);  // the old files are still there
  expect_prefix(recovered, written, written.size());
}

}  // namespace
}  // namespace nacre::wal
