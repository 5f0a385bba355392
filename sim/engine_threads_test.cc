// Bugs that the engine workload found where threads meet, each as the shortest story that shows it.
#include <gtest/gtest.h>

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "engine/counters.h"
#include "sim/story.h"

namespace nacre::sim {
namespace {

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

// A counter is a plain number for the first threads, and shared by those that are too many: none loses what another adds.
TEST(EngineConcurrency, CountersAreExactForMoreThreadsThanCells) {
  const auto body = [](Simulation& sim) {
    engine::HotCounters<engine::KeyspaceCounter, 4> counters;
    constexpr uint64_t kAdds = 10;
    std::vector<sync::Thread> threads(8);
    for (sync::Thread& thread : threads) {
      thread = sync::Thread("adder", [&] {
        for (uint64_t i = 0; i < kAdds; i++) counters.add(engine::KeyspaceCounter::kGets, 1);
      });
    }
    for (sync::Thread& thread : threads) thread.join();
    expect(sim, counters.sum(engine::KeyspaceCounter::kGets) == threads.size() * kAdds,
           "a thread lost what another added");
  };
  simulate(body, 50);
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

// Seed 2002081 of the histories: a write met a drop under way and was told that the keyspace is gone; the writer went on
// elsewhere; a power cut undid the drop and kept what was written after the refusal. Reads were told the same.
TEST(EngineConcurrency, ARefusalTellsOfNoDropThatACrashUndoes) {
  simulate(
      [](Simulation& sim) {
        bool told = false;
        bool noted = false;
        {
          Db db = Db::open("db", small(), sim.runtime()).value();
          const Keyspace keyspace = db.keyspace("passing").value();
          keyspace.put("key", "there").value();
          sync::Thread writer("writer", [&] {
            while (!told && sim.disk().is_on()) {
              Result<void> used;
              if (sim.prng().one_in(2)) {
                used = keyspace.put("key", "there");
              } else if (const auto value = keyspace.get("key"); !value) {
                used = value.error();
              }
              told = !used && used.error().kind == ErrorKind::kNotFound;
              if (told) noted = db.put("the keyspace is gone", "yes", Durability::kDisk).has_value();
              sim.runtime().clock->sleep_ns(sim.prng().below(200'000));
            }
          });
          sync::Thread dropper("dropper", [&] { (void)db.drop_keyspace("passing"); });
          sim.runtime().clock->sleep_ns(sim.prng().below(60'000'000));
          sim.disk().power_cut(CrashProfile::kPosixMin);
          writer.join();
          dropper.join();
        }
        sim.disk().restart();
        Db db = Db::open("db", small(), sim.runtime()).value();
        const bool kept = get(db, "the keyspace is gone") == "yes";
        expect(sim, kept || !noted, "a durable write is lost");
        expect(sim, !kept || db.keyspaces().size() == 1,
               "a keyspace came back though somebody was told that it is gone");
      },
      300);
}

// What is written to a keyspace while it is dropped comes before the drop or is refused: a batch that was taken is not lost to a power
// cut that keeps the drop.
TEST(EngineConcurrency, ADropDoesNotOutlastABatchBesideIt) {
  simulate(
      [](Simulation& sim) {
        int taken = 0;
        bool dropped = false;
        // A single write tells of the order as well as a batch does, and so does a read (seed 8003392 of the histories).
        const uint64_t way = sim.prng().below(3);
        {
          Db db = Db::open("db", small(), sim.runtime()).value();
          const Keyspace keyspace = db.keyspace("passing").value();
          db.put("turn", "0", Durability::kDisk).value();
          sync::Thread writer("writer", [&] {
            for (int turn = 1; sim.disk().is_on(); turn++) {
              const std::string number = std::to_string(turn);
              Batch batch;
              batch.put(keyspace, "turn", number);
              batch.put(db.default_keyspace(), "turn", number);
              if (way == 0 ? !db.write(batch) : !db.put("turn", number)) return;
              if (way == 1 && !keyspace.put("turn", number)) return;
              if (way == 2 && !keyspace.contains("turn")) return;
              taken = turn;
              sim.runtime().clock->sleep_ns(sim.prng().below(20'000));
            }
          });
          sim.runtime().clock->sleep_ns(sim.prng().below(2'000'000));
          dropped = db.drop_keyspace("passing").has_value();
          sim.disk().power_cut(CrashProfile::kPosixMin);
          writer.join();
        }
        sim.disk().restart();
        Db db = Db::open("db", small(), sim.runtime()).value();
        const bool gone = db.keyspaces().size() == 1;
        expect(sim, gone || !dropped, "a drop that returned is undone");
        expect(sim, !gone || std::stoi(get(db, "turn")) >= taken, "the drop is there, and a write before it is not");
      },
      300);
}

// A table holds what the log has not synced yet, if a writer was in the middle of its copy when the memtable was frozen.
TEST(EngineConcurrency, AFlushBesideWritersLeavesAPrefixOverAllKeyspaces) {
  simulate(
      [](Simulation& sim) {
        {
          Db db = Db::open("db", small(), sim.runtime()).value();
          const Keyspace other = db.keyspace("other").value();
          std::vector<sync::Thread> threads;
          for (int i = 0; i < 2; i++) {
            threads.emplace_back("writer", [&, i] {
              const std::string key = "writer " + std::to_string(i);
              for (int n = 1; sim.disk().is_on(); n++) {
                if (!other.put(key, std::to_string(n)) || !db.put(key, std::to_string(n))) return;
                if (sim.prng().one_in(3)) sim.runtime().clock->sleep_ns(sim.prng().below(100'000));
              }
            });
          }
          sim.disk().faults().plan({.nth = 1 + sim.prng().below(60),
                                    .effect = FaultEffect::kPowerCutAfter,
                                    .profile = CrashProfile::kPosixMin});
          while (db.default_keyspace().put("k", "v") && db.flush()) {
          }
          for (sync::Thread& thread : threads) thread.join();
        }
        sim.disk().restart();
        Db db = Db::open("db", small(), sim.runtime()).value();
        const Keyspace other = db.keyspace("other").value();
        for (const char* key : {"writer 0", "writer 1"}) {
          const auto number = [&](const Keyspace& keyspace) {
            const auto value = keyspace.get(key).value();
            return value ? std::stoi(value->to_string()) : 0;
          };
          const int first = number(other);
          const int second = number(db.default_keyspace());
          expect(sim, first == second || first == second + 1, "a later write is there without the one before it");
        }
      },
      300);
}

// Found by reading: a flush that met a drop passed over its keyspace, and said that all is in tables when the drop had found no space
// and was refused.
TEST(EngineConcurrency, AFlushWaitsForADropThatIsRefused) {
  simulate(
      [](Simulation& sim) {
        Db db = Db::open("db", small(), sim.runtime()).value();
        const Keyspace keyspace = db.keyspace("doomed").value();
        keyspace.put("key", "value").value();
        sim.disk().faults().plan(
            {.kinds = kWrites, .effect = FaultEffect::kError, .error_number = ENOSPC, .for_good = true});
        sync::Thread dropper("dropper", [&] {
          const auto dropped = db.drop_keyspace("doomed");
          expect(sim, !dropped && dropped.error().kind == ErrorKind::kNoSpace, "there is no space");
          sim.disk().faults().clear();
        });
        sim.runtime().clock->sleep_ns(sim.prng().below(30'000'000));
        const bool flushed = db.flush().has_value();
        dropper.join();
        for (const KeyspaceStats& each : db.stats().keyspaces)
          expect(sim, !flushed || each.name != "doomed" || each.flushes != 0, "what was there is in no table");
      },
      200);
}

// Seed 4001139: writes had stopped after a lost page of the log, so the flush that a writer waited for was refused, and the writer was told
// to try again later.
TEST(EngineConcurrency, NoWriteIsToldToTryAgainWhenWritesHaveStopped) {
  simulate(
      [](Simulation& sim) {
        Db db = Db::open("db", small(), sim.runtime()).value();
        sim.disk().faults().set_rates({.stall = 500});  // flushes do not keep up
        const uint64_t nth = 1 + sim.prng().below(60);
        sim.disk().faults().plan({.nth = nth, .kinds = only(IoKind::kStore), .effect = FaultEffect::kError});
        std::vector<sync::Thread> writers;
        for (int i = 0; i < 3; i++) {
          writers.emplace_back("writer", [&, i] {
            Result<void> written;
            for (int n = 0; n < 150 && written; n++)
              written =
                  db.put(std::to_string(n), std::string(100'000, 'v'), i == 0 ? Durability::kOs : Durability::kMemory);
            if (!written && written.error().kind == ErrorKind::kBusy)
              expect(sim, written.error().system_errno != 0, "it is no use to try again");
          });
        }
        for (sync::Thread& writer : writers) writer.join();
      },
      40);
}

// What a reader relies on: the view is loaded before the sequence, a snapshot is registered as it is taken. Else a flush that runs
// between the two drops the version that the reader is to see. The key is there all the time, and so is each of its values to a
// snapshot. Each way to ask takes its own view and its own sequence.
void look_for_a_key_that_is_always_there(
    const std::function<std::optional<std::string>(Db&, const Snapshot&)>& value_of_key) {
  const auto body = [&](Simulation& sim) {
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
      const std::optional<std::string> value = value_of_key(db, snapshot);
      expect(sim, value.has_value(), "the key was always there");
      return std::stoi(*value);
    };
    const auto read = [&] {
      sync::Scheduler::instance().stall_current(30);
      int seen = 0;
      while (!done) {
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
  simulate(body, 150);
}

TEST(EngineConcurrency, AKeyThatIsAlwaysThereIsAlwaysFound) {
  look_for_a_key_that_is_always_there([](Db& db, const Snapshot& snapshot) {
    const auto value = db.get("key", snapshot).value();
    return value ? std::optional(value->to_string()) : std::nullopt;
  });
}

TEST(EngineConcurrency, AKeyThatIsAlwaysThereIsInEveryMultiGet) {
  look_for_a_key_that_is_always_there([](Db& db, const Snapshot& snapshot) {
    const Bytes keys[] = {"key"};
    const auto values = db.multi_get(keys, snapshot).value();
    return values[0] ? std::optional(values[0]->to_string()) : std::nullopt;
  });
}

TEST(EngineConcurrency, AKeyThatIsAlwaysThereIsAlwaysContained) {
  look_for_a_key_that_is_always_there([](Db& db, const Snapshot& snapshot) {
    return db.contains("key", snapshot).value() ? std::optional<std::string>("1") : std::nullopt;
  });
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

// They asked whether the database was open before they waited for one another: a change that a close overtook was acknowledged, and
// the next handle did not have it; its record went into a manifest that was another's by then.
TEST(EngineConcurrency, AChangeOfKeyspacesDuringACloseIsKeptOrRefused) {
  simulate(
      [](Simulation& sim) {
        uint32_t block_bytes = KeyspaceOptions{}.block_bytes;
        size_t keyspaces = 1;
        Db db = Db::open("db", small(), sim.runtime()).value();
        const Keyspace keyspace = db.default_keyspace();
        sync::Thread changer("changer", [&] {
          for (uint32_t turn = 1;; turn++) {
            KeyspaceOptions options = keyspace.options();
            options.block_bytes = 1024 * (1 + turn % 32);
            if (!keyspace.set_options(options)) return;
            block_bytes = options.block_bytes;
            const std::string name = std::to_string(turn);
            if (!db.create_keyspace(name, {})) return;
            keyspaces++;
            if (turn % 2 == 0) continue;
            if (!db.drop_keyspace(name)) return;
            keyspaces--;
          }
        });
        sim.runtime().clock->sleep_ns(sim.prng().below(100'000'000));
        db.close().value();
        const Db next = Db::open("db", small(), sim.runtime()).value();
        changer.join();
        expect(sim, next.default_keyspace().options().block_bytes == block_bytes,
               "an acknowledged change of options is lost");
        expect(sim, next.keyspaces().size() == keyspaces, "an acknowledged creation or drop is lost");
      },
      40);
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
