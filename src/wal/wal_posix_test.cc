// The log on real files: what the fake directory cannot show - mappings, page faults, a full disk, a killed process.

#include <atomic>
#include <cstdlib>

#include "os/testing.h"
#include "wal/log_fixture.h"

namespace nacre::wal {
namespace {

class WalPosixTest : public LogFixture {
 protected:
  Result<std::unique_ptr<Wal>> create_in(Directory& directory, uint64_t start_lsn = kStart) {
    return Wal::create(directory, [this] { return next_number_++; }, options(), start_lsn);
  }
};

TEST_F(WalPosixTest, AppendsSyncsRecyclesAndRecovers) {
  const os::TemporaryDirectory where;
  const auto directory = where.open();
  auto log = create_in(*directory).value();
  std::vector<Appended> written;
  uint64_t floor = kStart;
  for (int i = 0; i < 3000; ++i) {
    written.push_back(append(*log, i % 500 == 0 ? 100'000 : 200).value());
    if (log->wants_preparation()) log->prepare_next().value();
    if (i % 97 == 0) log->sync(log->end_lsn()).value();
    if (i % 700 == 699) {
      written.erase(written.begin(), written.end() - 20);
      floor = written.front().lsn;
      release(*log, floor);
    }
  }
  EXPECT_GT(log->stats().recycled, 2u);
  expect_prefix(recover(*directory, floor), written, written.size());
  log->close().value();
  log.reset();
  const Recovered recovered = recover(*directory, floor);
  expect_prefix(recovered, written, written.size());
  EXPECT_FALSE(recovered.report.value().torn);
}

TEST_F(WalPosixTest, AFullDiskFailsAClaimWholeAndLaterNotAtAll) {
  const os::SmallFileSystem disk("size=300k");
  if (!disk.mounted()) GTEST_SKIP() << "mounting needs root";
  const auto directory = disk.where().open();
  auto log = create_in(*directory).value();
  std::vector<Appended> written;
  while (true) {
    auto appended = append(*log, 500);
    if (!appended) {
      EXPECT_EQ(appended.error().kind, ErrorKind::kNoSpace);
      break;
    }
    written.push_back(*appended);
  }
  expect_prefix(recover(*directory), written, written.size());
  EXPECT_EQ(append(*log, 500).error().kind, ErrorKind::kNoSpace);
  EXPECT_FALSE(log->damaged());
  const size_t dropped = written.size() - 10;
  release(*log, written[dropped].lsn);
  written.erase(written.begin(), written.begin() + static_cast<std::ptrdiff_t>(dropped));
  for (int i = 0; i < 50; ++i) written.push_back(append(*log, 500).value());
  log->sync(log->end_lsn()).value();
  expect_prefix(recover(*directory, written.front().lsn), written, written.size());
}

// RELIABILITY 1, `os`: what was sealed, with all before it, survives the death of the process at any instant.
TEST_F(WalPosixTest, ASealedRecordSurvivesTheProcess) {
  if (os::kThreadSanitizer || sync::kSimulated) GTEST_SKIP() << "threads in a forked child";
  for (uint64_t round = 0; round < 12; ++round) {
    const os::TemporaryDirectory where;
    const auto acknowledgements = where.open()->create_mapped("acknowledged", 4096).value();
    auto* acknowledged = reinterpret_cast<std::atomic<uint64_t>*>(acknowledgements->data());
    const int status = os::in_child([&] {
      const auto directory = where.open();
      const auto shared = directory->open_mapped("acknowledged").value();
      auto* mine = reinterpret_cast<std::atomic<uint64_t>*>(shared->data());
      auto log = create_in(*directory).value();
      sync::Thread death("death", [&] {
        while (mine->load() < 20 + round * 100) sync::spin_turn(0);
        std::_Exit(7);  // in the middle of whatever the other thread does
      });
      while (true) {
        mine->store(append(*log, next_sequence_ % 300).value().first_sequence);
        if (log->wants_preparation() && next_sequence_ % 2 == 0) log->prepare_next().value();
      }
      return 0;
    });
    ASSERT_EQ(status, 7);
    const Recovered recovered = recover(*where.open());
    ASSERT_TRUE(recovered.report) << recovered.report.error().to_string();
    EXPECT_GE(recovered.records.size(), acknowledged->load());
    for (size_t i = 0; i < recovered.records.size(); ++i) ASSERT_EQ(recovered.records[i].first_sequence, i + 1);
  }
}

}  // namespace
}  // namespace nacre::wal
