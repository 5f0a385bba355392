// The log under threads: claims under a mutex, fills and seals in parallel, one syncer, one background thread.

#include <atomic>
#include <map>

#include "wal/log_fixture.h"

namespace nacre::wal {
namespace {

class WalThreadTest : public LogFixture {
 protected:
  static constexpr int kWriters = 4;
  static constexpr int kRecords = 3000;

  void write(Wal& log, uint64_t seed) {
    base::Prng prng(seed);
    for (int i = 0; i < kRecords; ++i) {
      const uint64_t bytes = prng.below(300);
      Wal::Claim claim;
      {
        sync::MutexLock lock(commit_);
        claim = log.claim(bytes, claimed_sequence_++, 1).value();
        unsealed_[claim.lsn] = claim.end_lsn;
      }
      payload_of(claim.header.first_sequence, bytes).copy(Wal::payload(claim), bytes);
      log.seal(claim);
      sync::MutexLock lock(commit_);
      unsealed_.erase(claim.lsn);
    }
    running_.fetch_sub(1);
  }

  void sync_all_the_time(Wal& log) {
    while (running_.load() > 0) {
      const uint64_t through = sealed_through(log);
      log.sync(through).value();
      EXPECT_GE(log.synced_through(), through);
    }
  }

  void prepare_and_release(Wal& log) {
    for (uint32_t turn = 0; running_.load() > 0; ++turn) {
      if (log.wants_preparation()) log.prepare_next().value();
      const uint64_t released = sealed_through(log);
      // Twice at most, and not so late that nothing would be left to recover.
      if (released > floor_ + 300'000 && released < kStart + 1'500'000) {
        floor_ = released;
        release(log, released);
      }
      (void)log.stats();
      sync::spin_turn(turn % 90);
    }
  }

  uint64_t sealed_through(Wal& log) {
    sync::MutexLock lock(commit_);
    return unsealed_.empty() ? log.end_lsn() : unsealed_.begin()->first;
  }

  sync::Mutex commit_;
  format::Sequence claimed_sequence_ NACRE_GUARDED_BY(commit_) = 1;
  std::map<uint64_t, uint64_t> unsealed_ NACRE_GUARDED_BY(commit_);  // claimed and not yet sealed, by lsn
  std::atomic<int> running_{kWriters};
  uint64_t floor_ = kStart;  // the background thread's, until it is joined
};

TEST_F(WalThreadTest, ParallelFillsWithASyncerAndABackground) {
  directory_.copy_at_sync = false;
  auto log = create();
  std::vector<sync::Thread> threads;
  for (uint64_t writer = 1; writer <= kWriters; ++writer) {
    threads.emplace_back("writer", [&, writer] { write(*log, writer); });
  }
  threads.emplace_back("syncer", [&] { sync_all_the_time(*log); });
  threads.emplace_back("background", [&] { prepare_and_release(*log); });
  for (auto& thread : threads) thread.join();

  log->sync(log->end_lsn()).value();
  EXPECT_GT(log->stats().rotations, 10u);
  const Recovered recovered = recover(directory_, floor_);
  ASSERT_TRUE(recovered.report) << recovered.report.error().to_string();
  EXPECT_EQ(recovered.report->end_lsn, log->end_lsn());
  ASSERT_FALSE(recovered.records.empty());
  for (size_t i = 1; i < recovered.records.size(); ++i) {
    ASSERT_EQ(recovered.records[i].first_sequence, recovered.records[i - 1].first_sequence + 1);
    ASSERT_EQ(recovered.records[i].lsn, recovered.records[i - 1].end_lsn);
  }
  EXPECT_EQ(recovered.records.back().first_sequence, uint64_t{kWriters} * kRecords);
}

}  // namespace
}  // namespace nacre::wal
