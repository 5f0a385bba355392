// What the engine does by itself while nobody writes.

#include "base/prng.h"
#include "sim/story.h"

namespace nacre::sim {
namespace {

uint64_t runs_above(Db& db) {
  const Stats stats = db.stats();
  uint64_t runs = 0;
  for (const LevelStats& level : stats.keyspaces.front().levels) {
    if (level.level != 7) runs += level.runs;
  }
  return runs;
}

// A run that is worth little beside the bottom: no time of rest is spent on it.
void write_a_run_above_much(Db& db) {
  base::Prng prng(1);
  for (int i = 100; i < 200; i++) {
    std::string much(2000, ' ');
    for (char& c : much) c = static_cast<char>(prng.below(256));
    db.put("key " + std::to_string(i), much).value();
  }
  db.compact().value();
  db.put("key 100", "1").value();
  db.put("key 199", "1").value();
  db.flush().value();
}

// Reads that meet two runs buy the merge that spares them: gets, seeks and multi-gets, each by themselves.
TEST(House, ReadsBuyTheMergeThatSparesThem) {
  const std::vector<std::function<void(Db&)>> reads{[](Db& db) { (void)db.get("key 150").value(); },
                                                    [](Db& db) { (void)db.contains("key 150").value(); },
                                                    [](Db& db) {
                                                      Cursor cursor = db.cursor();
                                                      cursor.seek("key 150");
                                                    },
                                                    [](Db& db) {
                                                      const std::vector<Bytes> keys{"key 150", "key 151", "key 152"};
                                                      (void)db.multi_get(keys).value();
                                                    }};
  for (const auto& read : reads) {
    simulate(
        [&read](Simulation& sim) {
          Db db = Db::open("db", small(), sim.runtime()).value();
          write_a_run_above_much(db);
          expect(sim, runs_above(db) == 1, "the run stands before any read");
          sim.runtime().clock->sleep_ns(5'000'000'000);
          expect(sim, runs_above(db) == 1, "nobody who rests merges it");
          for (int i = 0; i < 20'000 && runs_above(db) == 1; i++) read(db);
          expect(sim, runs_above(db) == 0, "reads buy the merge");
        },
        4);
  }
}

// The reads that bought a merge do not buy another with the same bytes.
TEST(House, WhatWasBoughtIsPaid) {
  simulate(
      [](Simulation& sim) {
        Db db = Db::open("db", small(), sim.runtime()).value();
        write_a_run_above_much(db);
        for (int i = 0; i < 20'000 && runs_above(db) == 1; i++) (void)db.get("key 150").value();
        expect(sim, runs_above(db) == 0, "reads buy the merge");
        db.put("key 100", "2").value();
        db.put("key 199", "2").value();
        db.flush().value();
        sim.runtime().clock->sleep_ns(5'000'000'000);
        expect(sim, runs_above(db) == 1, "nobody has paid for another one");
      },
      4);
}

// Reads that meet one run owe nothing.
TEST(House, ReadsOfOneRunBuyNothing) {
  simulate(
      [](Simulation& sim) {
        Db db = Db::open("db", small(), sim.runtime()).value();
        write_a_run_above_much(db);
        db.compact().value();
        const uint64_t written = db.stats().compaction_bytes_written;
        for (int i = 0; i < 5'000; i++) (void)db.get("key 150").value();
        sim.runtime().clock->sleep_ns(5'000'000'000);
        expect(sim, db.stats().compaction_bytes_written == written, "nothing is to be merged");
      },
      4);
}

// Segments of the log for use again are kept while somebody writes. They were kept for ever, ten of them: more than a small database.
TEST(House, TheLogIsTrimmedAMinuteAfterTheLastWrite) {
  simulate(
      [](Simulation& sim) {
        const auto segments = [&sim] {
          size_t count = 0;
          for (const std::string& name : sim.disk().files()) count += name.ends_with(".wal");
          return count;
        };
        Db db = Db::open("db", small(), sim.runtime()).value();
        const std::string much(20'000, 'm');
        for (int i = 100; i < 400; i++) db.put("key " + std::to_string(i), much).value();
        db.flush().value();
        const size_t busy = segments();
        expect(sim, busy > 4, "the log grew");
        sim.runtime().clock->sleep_ns(30'000'000'000);
        expect(sim, segments() >= busy - 1, "half a minute is a pause");
        sim.runtime().clock->sleep_ns(120'000'000'000);
        const size_t rested = segments();
        expect(sim, rested <= 3, "at rest the live one and the next one are left");
        for (int i = 100; i < 400; i++) db.put("key " + std::to_string(i), much).value();
        expect(sim, segments() > rested, "and it grows again");
        db.settle().value();
        expect(sim, segments() <= 3, "a settled database is at rest at once");
      },
      4);
}

// A merge moved all entries to tables of which no block was in the cache, and reads missed each of them once.
TEST(House, WhatWasInTheCacheIsThereAfterAMerge) {
  simulate(
      [](Simulation& sim) {
        Options options = small();
        options.memory_bytes = uint64_t{64} << 20;
        Db db = Db::open("db", options, sim.runtime()).value();
        write_a_run_above_much(db);
        const auto read_all = [&db] {
          for (int i = 100; i < 200; i++) (void)db.get("key " + std::to_string(i)).value();
        };
        read_all();
        db.compact().value();
        const Stats before = db.stats();
        expect(sim, before.cache_made_ahead > 0, "the compaction put blocks into the cache");
        read_all();
        const uint64_t missed = db.stats().cache_misses - before.cache_misses;
        expect(sim, missed <= 2 * before.keyspaces.front().levels.back().tables,
               "only indexes and filters were missed");
      },
      4);
}

// Who writes and does not read wants none of it in the cache.
TEST(House, WhatNobodyReadsIsNotPutIntoTheCache) {
  simulate(
      [](Simulation& sim) {
        Db db = Db::open("db", small(), sim.runtime()).value();
        write_a_run_above_much(db);
        db.compact().value();
        expect(sim, db.stats().cache_made_ahead == 0, "nothing was read");
      },
      4);
}

// Writers in a loop parted into two groups that synced in turn.
TEST(House, WritersThatSyncGather) {
  constexpr uint64_t kWriters = 8;
  constexpr uint64_t kWrites = 50;
  for (uint64_t seed = 1; seed <= 4; seed++) {
    sync::Schedule schedule = sync::Schedule::from_seed(seed);
    schedule.stall_one_in = schedule.stall_place_one_in = schedule.time_jump_one_in = 0;
    schedule.spurious_wake_one_in = 0;
    // A write takes some hundred steps of 100 ns, a sync far longer.
    Simulation sim(seed, {.schedule = schedule,
                          .disk = DiskOptions{.seed = seed, .latency_ns_min = 200'000, .latency_ns_max = 200'000}});
    const sync::RunResult result = sim.run([&] {
      Db db = Db::open("db", small(), sim.runtime()).value();
      const uint64_t before = db.stats().syncs;
      std::vector<std::unique_ptr<sync::Thread>> writers;
      for (uint64_t w = 0; w < kWriters; w++) {
        writers.push_back(std::make_unique<sync::Thread>("writer", [&db, w] {
          for (uint64_t i = 0; i < kWrites; i++)
            db.put(std::to_string(w), std::to_string(i), Durability::kDisk).value();
        }));
      }
      for (auto& writer : writers) writer->join();
      const uint64_t syncs = db.stats().syncs - before;
      if (2 * syncs > 3 * kWrites)
        sim.fail(std::to_string(syncs) + " syncs for " + std::to_string(kWrites) + " rounds");
    });
    ASSERT_EQ(result.report, "") << "seed " << seed;
  }
}

}  // namespace
}  // namespace nacre::sim
