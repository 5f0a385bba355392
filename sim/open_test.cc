// What an open says when the device fails under it, or the log holds what no release wrote.
#include <gtest/gtest.h>

#include <string>

#include "format/mend.h"
#include "sim/story.h"

namespace nacre::sim {
namespace {

// There is no handle yet that could be closed: whatever a step leaves broken for the next one, the device is what failed.
TEST(Open, NoErrorOfTheDeviceIsToldAsClosed) {
  for (const IoKind kind : {IoKind::kWrite, IoKind::kSyncFile, IoKind::kSyncMapped, IoKind::kSyncDirectory}) {
    for (uint64_t nth = 1; nth <= 12; nth++) {
      const auto body = [&](Simulation& sim) {
        {
          Db db = Db::open("db", small(), sim.runtime()).value();
          db.put("key", "1", Durability::kDisk).value();
          sim.disk().kill_process();
        }
        sim.disk().restart();
        sim.disk().faults().plan({.nth = nth, .kinds = only(kind), .effect = FaultEffect::kError, .error_number = EIO});
        if (const auto db = Db::open("db", small(), sim.runtime()); !db)
          expect(sim, db.error().kind == ErrorKind::kIo, "an open that met an error of the device says so");
        sim.disk().faults().clear();
        Db db = Db::open("db", small(), sim.runtime()).value();
        expect(sim, get(db, "key") == "1", "an open that failed lost a write");
      };
      simulate(body, 2);
    }
  }
}

// Whole, with the right checksum, and no batch: by the name of its file and not as the end of the log.
TEST(Open, ARecordThatHoldsNoBatchIsCorruption) {
  simulate([](Simulation& sim) {
    {
      Db db = Db::open("db", small(), sim.runtime()).value();
      db.put("the key", "the value", Durability::kDisk).value();
      sim.disk().kill_process();
    }
    sim.disk().restart();
    for (const std::string& path : sim.disk().files()) {
      std::string bytes = sim.disk().content(path);
      const size_t key_at = bytes.find("the key");
      if (!path.ends_with(".wal") || key_at == std::string::npos) continue;
      bytes[key_at - 2] = 100;  // the size of the key: behind the end
      format::testing::mend_log_segment(bytes);
      sim.disk().set_content(path, bytes);
    }
    const auto db = Db::open("db", small(), sim.runtime());
    expect(sim, !db && db.error().kind == ErrorKind::kCorruption, "the record holds no batch");
    expect(sim, db.error().file_kind == FileKind::kLog && db.error().file_number != 0, "the file must be named");
  });
}

}  // namespace
}  // namespace nacre::sim
