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
  const std::vector<std::function<void(Db&)>> reads{
      [](Db& db) { (void)db.get("key 150").value(); },
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

}  // namespace
}  // namespace nacre::sim
