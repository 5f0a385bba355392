// Bugs that the engine workload found, each as the shortest story that shows it, and the promises they broke.
#include <gtest/gtest.h>

#include <cstring>
#include <functional>
#include <string>

#include "format/log_format.h"
#include "nacre/db.h"
#include "sim/simulation.h"
#include "wal/wal.h"

namespace nacre::sim {
namespace {

Options small() {
  Options options;
  options.memory_bytes = kMinMemoryBytes;
  return options;
}

void simulate(const std::function<void(Simulation&)>& body) {
  for (uint64_t seed = 1; seed <= 20; seed++) {
    Simulation sim(seed);
    const sync::RunResult result = sim.run([&] { body(sim); });
    ASSERT_EQ(result.report, "") << "seed " << seed;
  }
}

void expect(Simulation& sim, bool holds, const char* what) {
  if (!holds) sim.fail(what);
}

std::string get(Db& db, const char* key) {
  const auto value = db.get(key).value();
  return value ? value->to_string() : "(none)";
}

// Found by seed 954: a sync that failed with ENOSPC came back as kNoSpace, which says that nothing happened; but the write was
// in memory and in the log, and later readers saw it.
TEST(EngineUnderFaults, AWriteWhoseSyncFailedIsInDoubtWhateverTheDeviceSaid) {
  for (const int32_t error_number : {EIO, ENOSPC}) {
    simulate([&](Simulation& sim) {
      {
        Db db = Db::open("db", small(), sim.runtime()).value();
        db.put("before", "1", Durability::kDisk).value();
        sim.disk().faults().plan(
            {.kinds = only(IoKind::kSyncMapped), .effect = FaultEffect::kError, .error_number = error_number});
        const auto written = db.put("doubtful", "2", Durability::kDisk);
        expect(sim, !written && written.error().kind == ErrorKind::kIo, "a failed sync must leave the write in doubt");
        const auto later = db.put("later", "3");
        expect(sim, !later && later.error().kind == ErrorKind::kClosed, "writes must stop after a failed sync");
        expect(sim, get(db, "before") == "1", "reads must go on");
      }
      sim.disk().faults().clear();
      Db db = Db::open("db", small(), sim.runtime()).value();
      expect(sim, get(db, "before") == "1" && get(db, "later") == "(none)", "reopening shows a prefix");
      db.put("again", "4", Durability::kDisk).value();
    });
  }
}

// Found by seeds 291 and 2052: close() skipped the flush after writes had stopped and said OK, so writes of kMemory were
// lost by a clean close, and those of kOs by a power cut after it.
TEST(EngineUnderFaults, AnUncleanCloseSaysSo) {
  simulate([](Simulation& sim) {
    Db db = Db::open("db", small(), sim.runtime()).value();
    db.put("in memory", "1", Durability::kMemory).value();
    sim.disk().faults().plan({.kinds = only(IoKind::kSyncMapped), .effect = FaultEffect::kError});
    expect(sim, !db.sync(), "the sync must fail");
    const auto closed = db.close();
    expect(sim, !closed && closed.error().kind == ErrorKind::kIo, "a close after a failed sync is not clean");
  });
}

// Recovery put the tables of each keyspace in force by a commit of its own. A power cut between two of them, with the end
// of the old log only in the page cache, kept the newer writes of one keyspace and lost the older ones of another.
TEST(EngineUnderFaults, APowerCutInRecoveryLeavesAPrefixOverAllKeyspaces) {
  for (uint64_t nth = 1; nth <= 60; nth++) {
    simulate([nth](Simulation& sim) {
      {
        Db db = Db::open("db", small(), sim.runtime()).value();
        const Keyspace other = db.keyspace("other").value();
        db.sync().value();
        other.put("first", "1").value();
        db.put("second", "2").value();
        sim.disk().kill_process();
      }
      sim.disk().restart();
      sim.disk().faults().plan({.nth = nth, .effect = FaultEffect::kPowerCut});
      (void)Db::open("db", small(), sim.runtime()).has_value();
      if (sim.disk().is_on()) return;
      sim.disk().restart();
      sim.disk().faults().clear();
      Db db = Db::open("db", small(), sim.runtime()).value();
      const bool first = db.keyspace("other").value().contains("first").value();
      const bool second = db.contains("second").value();
      expect(sim, first || !second, "the second write survived the first");
    });
  }
}

// Found by seed 12351: a sync of the directory failed, so the name of a log segment was not durable, and the next life renamed
// that file and logged into it. After a power cut it stood under the first name again, and the open called it damage.
TEST(EngineUnderFaults, NoFileIsUsedAgainWhoseNameMayNotBeDurable) {
  const auto work = [](Db& db) {
    const std::string value(60'000, 'v');
    for (int i = 0; i < 100; i++) {
      if (!db.put("key " + std::to_string(i), value)) return;
      if (i % 25 == 24 && !db.flush()) return;
    }
  };
  for (uint64_t nth = 1; nth <= 24; nth++) {
    simulate([&, nth](Simulation& sim) {
      {
        Db db = Db::open("db", small(), sim.runtime()).value();
        db.put("first", "1", Durability::kDisk).value();
        sim.disk().faults().plan({.nth = nth, .kinds = only(IoKind::kSyncDirectory), .effect = FaultEffect::kError});
        work(db);
        sim.disk().kill_process();
      }
      sim.disk().restart();
      sim.disk().faults().clear();
      {
        Db db = Db::open("db", small(), sim.runtime()).value();
        work(db);
        sim.disk().power_cut(CrashProfile::kPosixMin);
      }
      sim.disk().restart();
      auto db = Db::open("db", small(), sim.runtime());
      if (!db) sim.fail("open: " + db.error().to_string());
      expect(sim, get(*db, "first") == "1" && db->check().value().empty(), "nothing may be damaged");
    });
  }
}

// Found by seed 23861: with the memtables full, a writer waited for as long as their flush failed, for hours if need be.
TEST(EngineUnderFaults, AWriterDoesNotWaitForAFlushThatFails) {
  simulate([](Simulation& sim) {
    Db db = Db::open("db", small(), sim.runtime()).value();
    sim.disk().faults().plan({.kinds = kWrites, .effect = FaultEffect::kError, .for_good = true});
    const std::string value(60'000, 'v');
    int written = 0;
    Result<void> put;
    while ((put = db.put("key " + std::to_string(written), value))) written++;
    expect(sim, put.error().kind == ErrorKind::kBusy && put.error().system_errno == EIO, "a clear refusal");
    const auto flushed = db.flush();
    expect(sim, !flushed && flushed.error().kind == ErrorKind::kIo, "flush() must tell why");
    sim.disk().faults().clear();
    db.flush().value();
    db.put("after", "1").value();
    for (int i = 0; i < written; i++)
      expect(sim, get(db, ("key " + std::to_string(i)).c_str()) == value, "all is there");
    expect(sim, get(db, ("key " + std::to_string(written)).c_str()) == "(none)", "what was refused is not");
  });
}

// Found by AddressSanitizer in EngineConcurrentTest.KeyspacesComeAndGo: of two keyspaces that were flushed at once, one released
// log that the other was just syncing and, there being enough mapped files to use again, unmapped it under that sync.
TEST(LogConcurrency, AReleaseDoesNotUnmapWhatASyncIsAt) {
  simulate([](Simulation& sim) {
    const std::unique_ptr<Directory> directory = sim.runtime().file_system->open_directory("log", true).value();
    uint64_t next_number = 1;
    const auto log =
        wal::Wal::create(
            *directory, [&] { return next_number++; },
            {.first_segment_bytes = 16384, .max_segment_bytes = 16384, .kept_segments = 20}, format::kFirstLsn)
            .value();
    uint64_t sealed = log->end_lsn();
    bool running = true;
    sync::Thread syncer("syncer", [&] {
      while (running) {
        log->sync(sealed).value();
        sim.runtime().clock->sleep_ns(sim.prng().below(300'000));
      }
    });
    for (uint64_t i = 0; i < 2000; i++) {
      const wal::Wal::Claim claim = log->claim(3000, i + 1, 1).value();
      std::memset(wal::Wal::payload(claim), 'v', 3000);
      log->seal(claim);
      sealed = claim.end_lsn;
      if (i % 30 == 29) log->release_before(sealed).value();
    }
    running = false;
    syncer.join();
  });
}

}  // namespace
}  // namespace nacre::sim
