// Bugs that the engine workload found under crashes and faults, each as the shortest story that shows it, and the promises they
// broke.
#include <gtest/gtest.h>

#include <cstring>
#include <string>

#include "format/log_format.h"
#include "sim/story.h"

namespace nacre::sim {
namespace {

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

// Writes of kMemory reach the log when sync() asks: what it waits for is the end that the log has then.
TEST(EngineUnderFaults, ASyncTakesAlongWhatWasInMemoryOnly) {
  simulate([](Simulation& sim) {
    {
      Db db = Db::open("db", small(), sim.runtime()).value();
      for (const char* key : {"one", "two"}) {
        db.put(key, "1", Durability::kMemory).value();
        db.sync().value();
      }
      sim.disk().power_cut(CrashProfile::kNothing);
    }
    sim.disk().restart();
    Db db = Db::open("db", small(), sim.runtime()).value();
    expect(sim, get(db, "one") == "1" && get(db, "two") == "1", "a write before a sync is lost");
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

// What is moved to another level is listed as removed and as added. When the manifest has no room for it, nothing changed, and the file
// stays.
TEST(EngineUnderFaults, AMoveThatFoundNoSpaceLosesNoTable) {
  simulate([](Simulation& sim) {
    int written = 0;
    {
      Db db = Db::open("db", small(), sim.runtime()).value();
      for (int round = 0; round < 4; round++) {
        for (int i = 0; i < 12; i++, written++) {
          std::string value(60'000, '\0');
          for (char& byte : value) byte = static_cast<char>(sim.prng().next());
          const std::string key = std::to_string(1000 + written);
          expect(sim, succeeds_in_time(sim, [&] { return db.put(key, value); }), "writes go on");
        }
        sim.disk().faults().plan({.nth = 1 + sim.prng().below(8),
                                  .kinds = kWrites,
                                  .effect = FaultEffect::kError,
                                  .error_number = ENOSPC,
                                  .for_good = true});
        (void)db.flush();
        (void)db.settle();
        sim.disk().faults().clear();
        expect(sim, succeeds_in_time(sim, [&] { return db.flush(); }), "flushes go on");
        for (int i = 0; i < written; i++)
          expect(sim, db.contains(std::to_string(1000 + i)).value(), "an entry is lost");
      }
      db.close().value();
    }
    Db db = Db::open("db", small(), sim.runtime()).value();
    for (int i = 0; i < written; i++) expect(sim, db.contains(std::to_string(1000 + i)).value(), "an entry is lost");
  });
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

}  // namespace
}  // namespace nacre::sim
