// The log under threads: claims under a mutex, fills and seals in parallel, one syncer, one background thread.

#include <atomic>
#include <map>

#include "wal/log_fixture.h"

namespace nacre::wal {
namespace {

class WalThreadTest : public LogFixture {};

TEST_F(WalThreadTest, ParallelFillsWithASyncerAndABackground) {
  constexpr int kWriters = 4;
  constexpr int kRecords = 3000;
  directory_.copy_at_sync = false;
  auto log = create();
  sync::Mutex commit;
  format::Sequence next_sequence = 1;
  std::map<uint64_t, uint64_t> unsealed;  // claimed and not yet sealed, by lsn; guarded by commit
  std::atomic<int> running{kWriters};
  std::atomic<uint64_t> floor{kStart};

  const auto sealed_through = [&] {
    sync::MutexLock lock(commit);
    return unsealed.empty() ? log->end_lsn() : unsealed.begin()->first;
  };
  const auto write = [&](int writer) {
    base::Prng prng(static_cast<uint64_t>(writer) + 1);
    for (int i = 0; i < kRecords; ++i) {
      const uint64_t bytes = prng.below(300);
      Wal::Claim claim;
      {
        sync::MutexLock lock(commit);
        claim = log->claim(bytes, next_sequence++, 1).value();
        unsealed[claim.lsn] = claim.end_lsn;
      }
      payload_of(claim.header.first_sequence, bytes).copy(Wal::payload(claim), bytes);
      log->seal(claim);
      sync::MutexLock lock(commit);
      unsealed.erase(claim.lsn);
    }
    running.fetch_sub(1);
  };
  std::vector<sync::Thread> threads;
  for (int writer = 0; writer < kWriters; ++writer) {
    threads.emplace_back("writer", [&, writer] { write(writer); });
  }
  threads.emplace_back("syncer", [&] {
    while (running.load() > 0) {
      const uint64_t through = sealed_through();
      log->sync(through).value();
      EXPECT_GE(log->synced_through(), through);
    }
  });
  threads.emplace_back("background", [&] {
    for (uint32_t turn = 0; running.load() > 0; ++turn) {
      if (log->wants_preparation()) log->prepare_next().value();
      if (turn % 64 == 0) {
        const uint64_t released = sealed_through();
        // Once, and not so late that nothing would be left to recover.
        if (released > kStart + 300'000 && released < kStart + 1'500'000 && floor.load() == kStart) {
          floor.store(released);
          log->release_before(released).value();
        }
      }
      (void)log->stats();
      sync::spin_turn(turn % 90);
    }
  });
  for (auto& thread : threads) thread.join();

  log->sync(log->end_lsn()).value();
  EXPECT_GT(log->stats().rotations, 10u);
  const Recovered recovered = recover(directory_, floor.load());
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
