// Bugs of the log where threads meet, each as the shortest story that shows it.
#include <gtest/gtest.h>

#include <cstring>
#include <functional>
#include <vector>

#include "sim/story.h"
#include "wal/wal.h"

namespace nacre::sim {
namespace {

// A log of segments of the least size.
struct SmallLog {
  SmallLog(Simulation& sim, uint32_t kept_segments)
      : directory(sim.runtime().file_system->open_directory("log", true).value()),
        log(wal::Wal::create(
                *directory, [this] { return next_number++; },
                {.first_segment_bytes = 16384, .max_segment_bytes = 16384, .kept_segments = kept_segments},
                format::kFirstLsn)
                .value()) {}
  wal::Wal::Claim append(uint64_t bytes, uint64_t sequence) const {
    const wal::Wal::Claim claim = log->claim(bytes, sequence, 1).value();
    std::memset(wal::Wal::payload(claim), 'v', bytes);
    log->seal(claim);
    return claim;
  }

  uint64_t next_number = 1;
  const std::unique_ptr<Directory> directory;
  const std::unique_ptr<wal::Wal> log;
};

// Found by AddressSanitizer in EngineConcurrentTest.KeyspacesComeAndGo: of two keyspaces that were flushed at once, one released
// log that the other was just syncing and, there being enough mapped files to use again, unmapped it under that sync.
TEST(LogConcurrency, AReleaseDoesNotUnmapWhatASyncIsAt) {
  simulate([](Simulation& sim) {
    const SmallLog small(sim, 20);
    const auto& log = small.log;
    uint64_t sealed = log->end_lsn();
    bool running = true;
    // Few at a time stay mapped and are used again at once; of many most are unmapped.
    const uint64_t released_together = 5 + sim.seed() % 26;
    sync::Thread syncer("syncer", [&] {
      while (running) {
        log->sync(sealed).value();
        sim.runtime().clock->sleep_ns(sim.prng().below(300'000));
      }
    });
    for (uint64_t i = 0; i < 2000; i++) {
      const wal::Wal::Claim claim = small.append(3000, i + 1);
      sealed = claim.end_lsn;
      if (i % released_together != released_together - 1) continue;
      const format::LogFloor floor = log->floor_at(sealed).value();
      sim.runtime().clock->sleep_ns(sim.prng().below(400'000));  // while the manifest is written, the next sync begins
      log->release_before(floor).value();
    }
    running = false;
    syncer.join();
  });
}

// A segment is synced to its end and unmapped while its closing record is being stored, if it says too early where it ends.
TEST(LogConcurrency, ASegmentIsMappedUntilItsClosingRecordIsThere) {
  simulate(
      [](Simulation& sim) {
        const SmallLog small(sim, 4);
        const auto& log = small.log;
        uint64_t sealed = log->end_lsn();
        bool running = true;
        const auto again_and_again = [&](const std::function<void()>& work) {
          while (running) {
            work();
            sim.runtime().clock->sleep_ns(sim.prng().below(100'000));
          }
        };
        sync::Thread syncer("syncer", [&] { again_and_again([&] { log->sync(sealed).value(); }); });
        sync::Thread keeper("keeper", [&] { again_and_again([&] { log->prepare_next().value(); }); });
        for (uint64_t i = 0; i < 60; i++) {
          const wal::Wal::Claim claim = small.append(7000, i + 1);
          sealed = claim.end_lsn;
          if (sim.prng().one_in(2)) sim.runtime().clock->sleep_ns(sim.prng().below(10'000'000));
        }
        running = false;
        syncer.join();
        keeper.join();
      },
      60);
}

// Two flushes ask where the log may begin. One waits for a sync until the other, which came later, has given up the segment.
TEST(LogConcurrency, AFloorMayBeGivenUpWhileItIsMadeDurable) {
  simulate(
      [](Simulation& sim) {
        const SmallLog small(sim, 2);
        const auto& log = small.log;
        uint64_t sealed = log->end_lsn();
        bool running = true;
        std::vector<sync::Thread> threads;
        for (const bool syncs : {true, false, false, false}) {
          threads.emplace_back(syncs ? "syncer" : "flusher", [&, syncs] {
            while (running) {
              if (syncs) {
                log->sync(sealed).value();
              } else {
                log->release_before(log->floor_at(sealed).value()).value();
              }
              sim.runtime().clock->sleep_ns(sim.prng().below(300'000));
            }
          });
        }
        for (uint64_t i = 0; i < 400; i++) {
          const wal::Wal::Claim claim = small.append(3000, i + 1);
          sealed = claim.end_lsn;
          sim.runtime().clock->sleep_ns(sim.prng().below(50'000));
        }
        running = false;
        for (sync::Thread& thread : threads) thread.join();
      },
      400);
}

// Two keyspaces are flushed at once: the log is released before the segment of one's floor is known to be placed durably.
TEST(LogConcurrency, AFloorIsFoundWhileAnotherReleasesMore) {
  const auto body = [](Simulation& sim) {
    const SmallLog small(sim, 20);
    const auto& log = small.log;
    uint64_t in_the_third = 0;
    for (uint64_t i = 0; log->stats().rotations < 4; i++) {
      const wal::Wal::Claim claim = small.append(3000, i + 1);
      if (log->stats().rotations == 2) in_the_third = claim.lsn;
    }
    sync::Thread slow("slow", [&] {
      const auto floor = log->floor_at(in_the_third);
      expect(sim, floor && floor->lsn >= in_the_third, "a floor that is not needed any more is found all the same");
      log->release_before(*floor).value();
    });
    sync::Thread quick("quick", [&] { log->release_before(log->floor_at(log->end_lsn()).value()).value(); });
    slow.join();
    quick.join();
    expect(sim, log->stats().live_segments == 1 && !log->damaged(), "the later floor is in force");
  };
  simulate(body, 100);
}

// Seed 2000799: the mark of a creation or drop was sealed when a flush had given up its place in the log, since nothing that waits for
// its flush holds the log back there.
TEST(LogConcurrency, TheMarkOfACreationOrDropIsSealedBeforeItsPlaceIsGivenUp) {
  simulate(
      [](Simulation& sim) {
        Db db = Db::open("db", small(), sim.runtime()).value();
        bool done = false;
        sync::Thread lord("lord", [&] {
          for (int turn = 0; turn < 10; turn++) {
            db.create_keyspace("passing", {}).value();
            db.drop_keyspace("passing").value();
          }
          done = true;
        });
        // Not without end: a schedule by priorities may run this thread and an executor's alone, for as long as they have work.
        for (int turn = 0; turn < 300 && !done; turn++) {
          db.put("key", "value").value();
          db.flush().value();
        }
        lord.join();
      },
      300);
}

}  // namespace
}  // namespace nacre::sim
