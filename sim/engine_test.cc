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

void simulate(const std::function<void(Simulation&)>& body, uint64_t seeds = 20) {
  for (uint64_t seed = 1; seed <= seeds; seed++) {
    Simulation sim(seed);
    const sync::RunResult result = sim.run([&] { body(sim); });
    ASSERT_EQ(result.report, "") << "seed " << seed;
  }
}

void expect(Simulation& sim, bool holds, const char* what) {
  if (!holds) sim.fail(what);
}

// Whether a call that may find no space goes well within 20 seconds: what was begun on a full device still fails.
bool succeeds_in_time(Simulation& sim, const std::function<Result<void>()>& call) {
  Result<void> result;
  for (int i = 0; i < 100 && !(result = call()); i++) {
    expect(sim, result.error().kind == ErrorKind::kNoSpace, "there is no other reason");
    sim.runtime().clock->sleep_ns(200'000'000);
  }
  return result.has_value();
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

// A store that the kernel could not keep is seen by whoever made it, before it is acknowledged.
TEST(EngineUnderFaults, AWriteIntoALostPageOfTheLogIsInDoubt) {
  simulate([](Simulation& sim) {
    {
      Db db = Db::open("db", small(), sim.runtime()).value();
      db.put("before", "1", Durability::kDisk).value();
      sim.disk().faults().plan({.kinds = only(IoKind::kStore), .effect = FaultEffect::kError});
      const auto written = db.put("doubtful", "2");
      expect(sim, !written && written.error().kind == ErrorKind::kIo, "the write's page was lost");
      const auto later = db.put("later", "3");
      expect(sim, !later && later.error().kind == ErrorKind::kClosed, "writes must stop after a page was lost");
      sim.disk().kill_process();
    }
    sim.disk().restart();
    sim.disk().faults().clear();
    Db db = Db::open("db", small(), sim.runtime()).value();
    expect(sim, get(db, "before") == "1" && get(db, "later") == "(none)", "reopening shows a prefix");
  });
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

// One keyspace is flushed and needs the log synced for the sake of another; the device lies about that sync, and keeps the table
// and the manifest. The second write was there without the first, and nobody noticed.
TEST(EngineUnderFaults, ATableThatOutlastedTheLogBesideItIsNoticed) {
  for (const CrashProfile profile : {CrashProfile::kPrefix, CrashProfile::kPosixMin}) {
    simulate([profile](Simulation& sim) {
      {
        Db db = Db::open("db", small(), sim.runtime()).value();
        const Keyspace idle = db.keyspace("idle").value();
        sim.disk().faults().plan({.kinds = only(IoKind::kSyncMapped), .effect = FaultEffect::kLie, .for_good = true});
        idle.put("first", "1").value();
        const std::string value(60'000, 'v');
        for (int i = 0; i < 60; i++) db.put("second " + std::to_string(i), value).value();
        sim.runtime().clock->sleep_ns(1'000'000'000);
        sim.disk().power_cut(profile);
      }
      sim.disk().restart();
      sim.disk().faults().clear();
      auto db = Db::open("db", small(), sim.runtime());
      if (!db) return expect(sim, db.error().kind == ErrorKind::kCorruption, "the loss is damage of the log");
      const bool first = db->keyspace("idle").value().contains("first").value();
      expect(sim, first || !db->contains("second 0").value(), "the second write survived the first");
    });
  }
}

// Seeds 58 and 355 of the lying devices: the manifest lost a creation or a drop, the log kept the commits behind it, and nobody
// noticed. Each leaves its mark in the log now.
TEST(EngineUnderFaults, ALostCreationOrDropIsNoticedByTheCommitsBehindIt) {
  for (const bool drops : {false, true}) {
    simulate([drops](Simulation& sim) {
      std::string manifest;
      std::string before;
      {
        Db db = Db::open("db", small(), sim.runtime()).value();
        db.put("first", "1").value();
        if (drops) db.keyspace("passing").value().put("of it", "1").value();
        for (const std::string& path : sim.disk().files()) {
          if (path.starts_with("db/MANIFEST-")) manifest = path;
        }
        before = sim.disk().content(manifest);
        if (drops) {
          db.drop_keyspace("passing").value();
        } else {
          (void)db.keyspace("passing").value();
        }
        db.put("behind it", "2", Durability::kDisk).value();
        sim.disk().kill_process();
      }
      sim.disk().restart();
      const DiskImage sound = sim.disk().image();
      expect(sim, Db::open("db", small(), sim.runtime()).has_value(), "nothing is wrong with it");
      sim.disk().restore(sound);
      sim.disk().set_content(manifest, before);
      const auto db = Db::open("db", small(), sim.runtime());
      expect(sim, !db && db.error().kind == ErrorKind::kCorruption, "the manifest lost its end");
    });
  }
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
      if (i % 30 != 29) continue;
      const format::LogFloor floor = log->floor_at(sealed).value();
      sim.runtime().clock->sleep_ns(sim.prng().below(400'000));  // while the manifest is written, the next sync begins
      log->release_before(floor).value();
    }
    running = false;
    syncer.join();
  });
}

// Found by seeds 50997 and 302271: a creation was killed when CURRENT had its name, but not durably, be it that the sync of the
// directory did not come, or that it failed. The next open went on from it, and a power
// cut kept the new manifest of that open and lost the name of CURRENT: no database was ever open, but the third open saw
// files that only a database can leave.
TEST(EngineUnderFaults, ACreationThatIsCutOffTwiceIsBegunAnew) {
  for (uint64_t killed_at = 1; killed_at <= 20; killed_at++) {
    for (uint64_t cut_at = 1; cut_at <= 20; cut_at++) {
      const auto body = [killed_at, cut_at](Simulation& sim) {
        const auto open_under = [&](const PlannedFault& fault) {
          sim.disk().faults().plan(fault);
          (void)Db::open("db", small(), sim.runtime()).has_value();
          if (sim.disk().is_on()) sim.disk().kill_process();
          sim.disk().restart();
          sim.disk().faults().clear();
        };
        if (sim.prng().one_in(2))
          sim.disk().faults().plan({.nth = 2, .kinds = only(IoKind::kSyncDirectory), .effect = FaultEffect::kError});
        open_under({.nth = killed_at, .effect = FaultEffect::kKill});
        open_under({.nth = cut_at, .effect = FaultEffect::kPowerCut, .profile = CrashProfile::kPosixMin});
        const auto db = Db::open("db", small(), sim.runtime());
        if (!db) sim.fail("open: " + db.error().to_string());
      };
      simulate(body, 4);
    }
  }
}

// Found by the sweep of errors: a handle whose log had failed went on creating keyspaces, durably, after a write that was in doubt.
TEST(EngineUnderFaults, AHandleInDoubtNeitherCreatesNorDropsAKeyspace) {
  simulate([](Simulation& sim) {
    Db db = Db::open("db", small(), sim.runtime()).value();
    db.create_keyspace("old", {}).value();
    sim.disk().faults().plan({.kinds = only(IoKind::kSyncMapped), .effect = FaultEffect::kError});
    expect(sim, !db.put("doubtful", "1", Durability::kDisk), "the sync must fail");
    sim.disk().faults().clear();
    const auto created = db.create_keyspace("new", {});
    expect(sim, !created && created.error().kind == ErrorKind::kClosed, "a creation must be refused");
    const auto dropped = db.drop_keyspace("old");
    expect(sim, !dropped && dropped.error().kind == ErrorKind::kClosed, "a drop must be refused");
  });
}

// Found by the sweep of errors: the log needed a new file and the system refused it. The write answered kIo, which says that its
// outcome is unknown until the next open, though nothing of it was stored and the handle went on.
TEST(EngineUnderFaults, AWriteForWhichTheLogGetsNoFileIsRefused) {
  for (const int32_t error_number : {EIO, EMFILE, EROFS}) {
    simulate([error_number](Simulation& sim) {
      Db db = Db::open("db", small(), sim.runtime()).value();
      sim.disk().faults().plan({.kinds = only(IoKind::kCreateMapped) | only(IoKind::kRename),
                                .effect = FaultEffect::kError,
                                .error_number = error_number,
                                .for_good = true});
      const std::string value(60'000, 'v');
      int written = 0;
      Result<void> put;
      while ((put = db.put("key " + std::to_string(written), value))) written++;
      expect(sim, put.error().kind == ErrorKind::kBusy && put.error().system_errno == error_number, "a clear refusal");
      sim.disk().faults().clear();
      db.put("after", "1", Durability::kDisk).value();
      expect(sim, get(db, ("key " + std::to_string(written)).c_str()) == "(none)", "what was refused is not there");
    });
  }
}

// The drop was durable at once, while what had been copied out of the keyspace before it was only in the log.
TEST(EngineUnderFaults, ADropDoesNotOutlastTheWritesBeforeIt) {
  simulate([](Simulation& sim) {
    {
      Db db = Db::open("db", small(), sim.runtime()).value();
      db.keyspace("old").value().put("key", "1", Durability::kDisk).value();
      db.put("key", "1", sim.prng().one_in(2) ? Durability::kOs : Durability::kMemory).value();
      db.drop_keyspace("old").value();
      sim.disk().power_cut(CrashProfile::kPosixMin);
    }
    sim.disk().restart();
    Db db = Db::open("db", small(), sim.runtime()).value();
    expect(sim, get(db, "key") == "1", "both copies are lost");
  });
}

// The creation of a keyspace was durable at once, while what was written before it was only in the log.
TEST(EngineUnderFaults, ACreationDoesNotOutlastTheWritesBeforeIt) {
  simulate([](Simulation& sim) {
    {
      Db db = Db::open("db", small(), sim.runtime()).value();
      db.put("key", "1", sim.prng().one_in(2) ? Durability::kOs : Durability::kMemory).value();
      db.create_keyspace("new", {}).value();
      sim.disk().power_cut(CrashProfile::kPosixMin);
    }
    sim.disk().restart();
    Db db = Db::open("db", small(), sim.runtime()).value();
    expect(sim, db.keyspaces().size() == 2 && get(db, "key") == "1",
           "the creation is there, and the write before it is not");
  });
}

// A drop whose edit of the manifest failed left the keyspace writable, and an edit that had reached the file after all took
// those writes with it at the next open.
TEST(EngineUnderFaults, NoWriteIsTakenByAKeyspaceWhoseDropIsInDoubt) {
  for (const int32_t error_number : {EIO, ENOSPC}) {
    for (uint64_t nth = 1; nth <= 4; nth++) {
      simulate([&](Simulation& sim) {
        bool acknowledged = false;
        {
          Db db = Db::open("db", small(), sim.runtime()).value();
          const Keyspace keyspace = db.keyspace("doomed").value();
          keyspace.put("before", "1", Durability::kDisk).value();
          sim.disk().faults().plan({.nth = nth,
                                    .kinds = only(IoKind::kWrite) | only(IoKind::kSyncFile),
                                    .effect = FaultEffect::kError,
                                    .error_number = error_number});
          const auto dropped = db.drop_keyspace("doomed");
          sim.disk().faults().clear();
          acknowledged = keyspace.put("after", "2", Durability::kDisk).has_value();
          expect(sim, !dropped || !acknowledged, "a dropped keyspace takes no writes");
          sim.disk().kill_process();
        }
        sim.disk().restart();
        Db db = Db::open("db", small(), sim.runtime()).value();
        const bool there = db.keyspace("doomed").value().contains("after").value();
        expect(sim, there || !acknowledged, "an acknowledged write is lost");
      });
    }
  }
}

// The creation of a keyspace whose manifest could not be synced was told as refused for lack of space; a crash brought it.
TEST(EngineUnderFaults, ACreationWhoseSyncFailedIsInDoubtWhateverTheDeviceSaid) {
  for (const int32_t error_number : {EIO, ENOSPC}) {
    simulate([&](Simulation& sim) {
      bool there = false;
      {
        Db db = Db::open("db", small(), sim.runtime()).value();
        db.put("before", "1", Durability::kDisk).value();
        sim.disk().faults().plan({.nth = 1 + sim.prng().below(2),
                                  .kinds = only(IoKind::kSyncFile) | only(IoKind::kSyncDirectory),
                                  .effect = FaultEffect::kError,
                                  .error_number = error_number});
        Result<Keyspace> created = db.keyspace("one");
        if (created) created = db.keyspace("two");
        expect(sim, !created && created.error().kind == ErrorKind::kIo,
               "a failed sync must leave the creation in doubt");
        const auto later = db.put("later", "2");
        expect(sim, !later && later.error().kind == ErrorKind::kClosed, "writes must stop after a failed sync");
        expect(sim, get(db, "before") == "1", "reads must go on");
        sim.disk().kill_process();
      }
      sim.disk().restart();
      sim.disk().faults().clear();
      Options as_it_is = small();
      as_it_is.mode = OpenMode::kMustExist;
      {
        Db db = Db::open("db", as_it_is, sim.runtime()).value();
        there = db.keyspace("two").has_value();
        sim.disk().power_cut(CrashProfile::kPosixMin);
      }
      sim.disk().restart();
      Db db = Db::open("db", as_it_is, sim.runtime()).value();
      expect(sim, db.keyspace("two").has_value() == there, "what an open has decided stays");
    });
  }
}

// A keyspace that was being dropped still had memtables to flush and runs to merge. Each such job found that there was nothing to
// do and was begun again at once; where the drop was refused for lack of space, for ever.
TEST(EngineUnderFaults, AKeyspaceWhoseDropFoundNoSpaceGoesOn) {
  simulate([](Simulation& sim) {
    Db db = Db::open("db", small(), sim.runtime()).value();
    const Keyspace keyspace = db.keyspace("doomed").value();
    const std::string value(60'000, 'v');
    for (int i = 0; i < 200; i++) keyspace.put("key " + std::to_string(i % 70), value).value();
    sim.disk().faults().plan(
        {.kinds = kWrites, .effect = FaultEffect::kError, .error_number = ENOSPC, .for_good = true});
    const auto dropped = db.drop_keyspace("doomed");
    expect(sim, !dropped && dropped.error().kind == ErrorKind::kNoSpace, "there is no space");
    sim.runtime().clock->sleep_ns(2'000'000'000);
    expect(sim, keyspace.contains("key 69").value(), "it is as it was");
    sim.disk().faults().clear();
    expect(sim, succeeds_in_time(sim, [&] { return keyspace.put("after", "1"); }), "writes go on");
    expect(sim, succeeds_in_time(sim, [&] { return db.flush(); }), "so do flushes");
    expect(sim, keyspace.contains("after").value(), "it takes writes");
    db.drop_keyspace("doomed").value();
    db.close().value();
  });
}

// The keeper freed flushed memtables, or retired views, while close looked for what users hold.
TEST(EngineConcurrency, ACloseIsNotRefusedForWhatTheEngineHolds) {
  const auto body = [](Simulation& sim) {
    Db db = Db::open("db", small(), sim.runtime()).value();
    const Keyspace other = db.keyspace("other").value();
    const std::string value(60'000, 'v');
    const uint64_t writes = sim.prng().below(120);
    for (uint64_t i = 0; i < writes; i++)
      (i % 3 == 0 ? other : db.default_keyspace()).put(std::to_string(i), value).value();
    const auto closed = db.close();
    if (!closed) sim.fail("close: " + closed.error().to_string());
  };
  simulate(body, 400);
}

// A reader that had just seen that the keyspace was not dropped read the view that the drop left: tables without memtables.
TEST(EngineConcurrency, AReadDuringADropIsRightOrRefused) {
  const auto body = [](Simulation& sim) {
    Db db = Db::open("db", small(), sim.runtime()).value();
    const Keyspace keyspace = db.keyspace("passing").value();
    keyspace.put("key", "old").value();
    db.flush().value();
    keyspace.put("key", "new").value();
    sync::Thread reader("reader", [&] {
      for (;;) {
        const auto value = keyspace.get("key");
        if (!value) return expect(sim, value.error().kind == ErrorKind::kNotFound, "not the right error");
        expect(sim, *value && (*value)->bytes() == "new", "a get saw half of the keyspace");
        Scan scan = keyspace.scan();
        for (const auto& [key, each] : scan) expect(sim, each == "new", "a scan saw half of the keyspace");
        sim.runtime().clock->sleep_ns(sim.prng().below(2'000));
      }
    });
    sim.runtime().clock->sleep_ns(sim.prng().below(100'000));
    db.drop_keyspace("passing").value();
    reader.join();
  };
  simulate(body, 500);  // 267 was the first that showed it
}

// What a reader relies on: the view is loaded before the sequence, a snapshot is registered as it is taken. Else a flush that runs
// between the two drops the version that the reader is to see. The key is there all the time, and so is each of its values to a
// snapshot.
TEST(EngineConcurrency, AKeyThatIsAlwaysThereIsAlwaysFound) {
  const auto body = [](Simulation& sim) {
    Db db = Db::open("db", small(), sim.runtime()).value();
    db.put("key", "0").value();
    bool done = false;
    sync::Thread writer("writer", [&] {
      for (int i = 1; i <= 120; i++) {
        db.put("key", std::to_string(i)).value();
        if (i % 3 == 0) db.flush().value();
      }
      done = true;
    });
    const auto number = [&](const Snapshot& snapshot) {
      const auto value = db.get("key", snapshot).value();
      expect(sim, value.has_value(), "the key was always there");
      return std::stoi(std::string((*value).bytes()));
    };
    const auto read = [&] {
      for (int seen = 0; !done;) {
        const int now = number({});
        expect(sim, now >= seen, "a get goes back in time");
        const Snapshot snapshot = db.snapshot();
        seen = number(snapshot);
        expect(sim, seen >= now, "a snapshot is older than a get before it");
        sim.runtime().clock->sleep_ns(sim.prng().below(300'000));
        expect(sim, number(snapshot) == seen, "a snapshot moves");
      }
    };
    sync::Thread first("reader", read);
    sync::Thread second("reader", read);
    for (sync::Thread* thread : {&writer, &first, &second}) thread->join();
  };
  simulate(body, 300);
}

// Seed 2600 of the histories: opening a keyspace looked for it, was overtaken by its creation, and looked again when it had been
// dropped: "a keyspace of this name exists".
TEST(EngineConcurrency, AKeyspaceThatComesAndGoesIsFoundOrMade) {
  const auto body = [](Simulation& sim) {
    Db db = Db::open("db", small(), sim.runtime()).value();
    std::vector<sync::Thread> threads;
    for (int i = 0; i < 3; i++) {
      threads.emplace_back("opener", [&] {
        for (int turn = 0; turn < 6; turn++) {
          const auto opened = db.keyspace("passing");
          if (!opened) sim.fail("opening: " + opened.error().to_string());
          if (const auto gone = db.drop_keyspace("passing"); !gone)
            expect(sim, gone.error().kind == ErrorKind::kNotFound, "dropping failed");
        }
      });
    }
    for (sync::Thread& thread : threads) thread.join();
  };
  simulate(body, 60);
}

// A writer in the middle of its copy into the log when the log was closed: the hole it left was marked as synced, and the next
// open called it damage. Writes of kMemory that came while the memtables were being flushed never reached the log.
TEST(EngineConcurrency, AWriteDuringACloseIsKeptOrRefused) {
  for (const Durability durability : {Durability::kMemory, Durability::kOs}) {
    simulate([durability](Simulation& sim) {
      uint64_t acknowledged = 0;
      {
        Db db = Db::open("db", small(), sim.runtime()).value();
        const Keyspace keyspace = db.keyspace("other").value();
        sync::Thread writer("writer", [&] {
          while (keyspace.put("last", std::to_string(acknowledged + 1), durability)) {
            acknowledged++;
            sim.runtime().clock->sleep_ns(sim.prng().below(2'000));
          }
        });
        sim.runtime().clock->sleep_ns(sim.prng().below(1'000'000));
        db.close().value();
        writer.join();
      }
      if (sim.seed() % 2 == 0) {
        sim.disk().kill_process();
      } else {
        sim.disk().power_cut(CrashProfile::kPosixMin);
      }
      sim.disk().restart();
      Db db = Db::open("db", small(), sim.runtime()).value();
      const auto value = db.keyspace("other").value().get("last").value();
      expect(sim, (value ? std::stoull(value->to_string()) : 0) >= acknowledged, "an acknowledged write is lost");
    });
  }
}

// Found by seed 753: the view that a last merge had left was freed after the obsolete files had been removed, and the merge's inputs
// stayed until the next open.
TEST(EngineConcurrency, ACloseLeavesNoObsoleteTables) {
  simulate(
      [](Simulation& sim) {
        uint64_t live = 0;
        {
          Db db = Db::open("db", small(), sim.runtime()).value();
          for (int i = 0; i < 4; i++) {
            db.put("key", std::to_string(i)).value();
            db.flush().value();
          }
          db.compact().value();
          for (const LevelStats& level : db.stats().keyspaces.front().levels) live += level.tables;
        }
        uint64_t files = 0;
        for (const std::string& path : sim.disk().files()) files += path.ends_with(".sst") ? 1 : 0;
        expect(sim, files == live, "a table that nobody needs was left over");
      },
      100);
}

}  // namespace
}  // namespace nacre::sim
