// The log under random histories with power cuts, against the list of what was written.
//
// A history appends, syncs, prepares, releases and rotates at random; then the power goes, with any subset of what was
// not synced surviving. What must hold: recovery succeeds; it delivers an exact run of what was written from the floor
// on; everything that was synced is in it; and the next log begins where nothing of the old one can be mistaken for its
// own.

#include <deque>

#include "os/testing.h"
#include "wal/log_fixture.h"

namespace nacre::wal {
namespace {

class CrashTest : public LogFixture {
 protected:
  // One open, some work, one power cut. The floor and what lies at or above it stand for manifest and tables.
  void live_and_crash(base::Prng& prng);
  void check();

  format::LogFloor floor_;
  uint64_t start_ = kStart;
  uint64_t synced_through_ = 0;
  std::deque<Appended> written_;  // at or above the floor
  uint64_t recycled_ = 0;
  uint64_t torn_ = 0;
  uint64_t dropped_ = 0;
};

void CrashTest::live_and_crash(base::Prng& prng) {
  Wal::Options chosen = options();
  chosen.salt_seed = prng.next();
  if (prng.one_in(2)) chosen.max_segment_bytes = chosen.first_segment_bytes;
  {
    auto log = create(chosen, start_).value();
    if (floor_.lsn == 0 || !prng.one_in(8)) {  // else the open is cut off before the manifest names the new log
      floor_ = log->floor_at(start_).value();
      written_.clear();
    }
    const bool counts = floor_.lsn == start_;
    const uint64_t sync_every = 1 + prng.below(200);
    const int steps = static_cast<int>(prng.below(600));
    for (int i = 0; i < steps; ++i) {
      const auto appended = append(*log, prng.one_in(100) ? prng.below(40'000) : prng.below(500)).value();
      if (!counts) continue;
      written_.push_back(appended);
      if (prng.one_in(sync_every)) {
        log->sync(log->end_lsn()).value();
        synced_through_ = log->end_lsn();
      }
      if (log->wants_preparation() && prng.one_in(3)) log->prepare_next().value();
      if (prng.one_in(100)) {  // a flush: some prefix is in tables now, synced in the log or not
        while (written_.size() > prng.below(50)) written_.pop_front();
        floor_ = release(*log, written_.empty() ? log->end_lsn() : written_.front().lsn);
      }
    }
    if (counts && prng.one_in(10)) {
      log->close().value();
      synced_through_ = log->end_lsn();
    }
    recycled_ += log->stats().recycled;
  }
  directory_.power_cut(prng, prng.below(101));
}

void CrashTest::check() {
  const Recovered recovered = recover(directory_, LogBegin{.floor = floor_});
  ASSERT_TRUE(recovered.report) << recovered.report.error().to_string();
  ASSERT_LE(recovered.records.size(), written_.size());
  for (size_t i = 0; i < recovered.records.size(); ++i) {
    ASSERT_EQ(recovered.records[i].first_sequence, written_[i].first_sequence);
    ASSERT_EQ(recovered.records[i].lsn, written_[i].lsn);
  }
  if (recovered.records.size() < written_.size()) {
    ASSERT_LE(synced_through_, written_[recovered.records.size()].lsn) << "a synced record is missing";
  }
  torn_ += recovered.report->torn ? 1 : 0;
  dropped_ += recovered.report->records_dropped;
  start_ = recovered.report->next_lsn;
  for (const Appended& record : written_) ASSERT_GE(start_, record.end_lsn);
  // What an open that was not cut off would find is what is durable elsewhere from now on.
  while (written_.size() > recovered.records.size()) written_.pop_back();
  if (next_number_ <= recovered.report->highest_number) next_number_ = recovered.report->highest_number + 1;
}

TEST_F(CrashTest, RandomHistoriesWithPowerCuts) {
  constexpr uint64_t kSeeds = os::kThreadSanitizer ? 40 : 200;
  for (uint64_t seed = 1; seed <= kSeeds; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    base::Prng prng(seed);
    directory_.restore({});
    floor_ = {};
    synced_through_ = 0;
    start_ = kStart;
    written_.clear();
    for (int opens = 0; opens < 4; ++opens) {
      live_and_crash(prng);
      check();
      if (HasFatalFailure()) return;
    }
  }
  EXPECT_GT(recycled_, 10u);
  EXPECT_GT(torn_, 10u);
  EXPECT_GT(dropped_, 100u);
}

}  // namespace
}  // namespace nacre::wal
