#include "sim/engine_workload.h"

#include <optional>
#include <string>
#include <vector>

#include "nacre/db.h"
#include "sim/engine_oracle.h"
#include "sim/probes.h"
#include "sim/simulation.h"
#include "sync/sync.h"

namespace nacre::sim {

namespace {

constexpr CrashProfile kProfiles[] = {CrashProfile::kPrefix, CrashProfile::kTorn, CrashProfile::kPosixMin};

class EngineRun {
 public:
  EngineRun(Simulation& sim, bool faulty) : sim_(sim), faulty_(faulty) {}

  void run() {
    const uint64_t boots = 3 + prng().below(4);
    for (uint64_t i = 0; i < boots; ++i) one_boot();
    // The last word has a machine without faults.
    faulty_ = false;
    quiet_ = true;
    one_boot();
  }

 private:
  // Everything of one life of the process. The handles point into the Db.
  struct Boot {
    uint64_t number = 0;
    Db* db = nullptr;
    std::vector<Keyspace> keyspaces;
    bool large_values = false;
    uint32_t working = 0;  // writers
  };

  base::Prng& prng() { return sim_.prng(); }
  SimDisk& disk() { return sim_.disk(); }
  bool alive(const Boot& boot) { return disk().alive(boot.number); }

  // An error that a living process met: what the disk of this seed does not do, it may not claim.
  bool excused(const Error& error) const {
    return faulty_ && (error.kind == ErrorKind::kIo || error.kind == ErrorKind::kClosed || for_now(error));
  }
  // A write that was refused because flushes fail; a later one may be taken.
  static bool for_now(const Error& error) {
    return error.kind == ErrorKind::kNoSpace || (error.kind == ErrorKind::kBusy && error.system_errno != 0);
  }
  template <class T>
  bool good(const Boot& boot, const Result<T>& result, const char* what) {
    if (result) return alive(boot);
    if (alive(boot) && !excused(result.error()))
      sim_.fail(std::string(what) + " failed: " + result.error().to_string());
    return false;
  }

  Options draw_options();
  void plan_an_end();
  void one_boot();
  void live(Boot& boot);
  bool check_what_was_opened(Boot& boot);
  void close(Boot& boot);
  void write(Boot& boot, uint32_t writer);
  Result<void> apply(Boot& boot, uint32_t writer, const EngineCommit& commit, uint64_t number);
  void read(Boot& boot);
  void keep_house(Boot& boot);
  void pull_the_plug(Boot& boot);
  void nap(uint64_t most_ns) {
    if (prng().one_in(2)) sim_.clock().sleep_ns(prng().below(most_ns));
  }
  std::optional<EngineView> view_of(Boot& boot, const Snapshot& snapshot);
  bool check_gets(Boot& boot, const EngineView& view, const Snapshot& snapshot);

  Simulation& sim_;
  bool faulty_;
  bool quiet_ = false;
  bool blue_end_ = false;  // the end comes at a time, not at an I/O
  EngineOracle oracle_;
};

Options EngineRun::draw_options() {
  Options options;
  options.memory_bytes = kMinMemoryBytes;
  options.memtable = prng().one_in(2) ? MemtableKind::kBTree : MemtableKind::kSkipList;
  options.row_cache_percent = prng().one_in(3) ? 10 : 0;
  options.keyspace.shape = static_cast<CompactionShape>(prng().below(3));
  options.keyspace.compression = static_cast<Compression>(prng().below(3));
  options.keyspace.bottom_compression = static_cast<Compression>(prng().below(3));
  options.keyspace.filter_bits_per_key = prng().one_in(4) ? 0 : 10;
  options.keyspace.block_bytes = prng().one_in(2) ? 1024 : 8192;
  return options;
}

void EngineRun::plan_an_end() {
  Faults& faults = disk().faults();
  faults.clear();
  disk().set_capacity(uint64_t{1} << 30);
  blue_end_ = false;
  if (quiet_) return;
  if (faulty_) {
    const auto rate = [&] { return prng().one_in(2) ? static_cast<uint32_t>(100 + prng().below(1000)) : 0; };
    faults.set_rates({.read_error = rate(),
                      .write_error = rate(),
                      .write_short = rate(),
                      .sync_error = rate(),
                      .name_error = rate(),
                      .error_number = prng().one_in(2) ? EIO : ENOSPC});
  }
  const uint64_t way = prng().below(8);
  if (way < 2) return;  // a close
  if (way < 4) {
    blue_end_ = true;
    return;
  }
  static constexpr FaultEffect kEnds[] = {FaultEffect::kPowerCut, FaultEffect::kPowerCutAfter, FaultEffect::kKill,
                                          FaultEffect::kKillAfter};
  static constexpr uint64_t kReach[] = {40, 200, 600};
  faults.plan({.nth = 1 + prng().below(kReach[prng().below(3)]),
               .effect = kEnds[prng().below(4)],
               .profile = kProfiles[prng().below(3)]});
}

void EngineRun::one_boot() {
  plan_an_end();
  const uint64_t cuts = disk().cuts();
  Boot boot{.number = disk().boot(), .large_values = prng().one_in(3)};
  {
    auto db = Db::open("db", draw_options(), sim_.runtime());
    if (good(boot, db, "open")) {
      boot.db = &*db;
      live(boot);
      boot.keyspaces.clear();
    }
  }
  for (const SimEventSink::Kept& event : sim_.events().events()) {
    NACRE_SOMETIMES("a log has a torn tail", event.kind == EventKind::kTornTail);
    NACRE_SOMETIMES("a compaction ends", event.kind == EventKind::kCompactionFinished);
    if (event.error.kind == ErrorKind::kCorruption) sim_.fail("damage was reported: " + event.error.to_string());
  }
  sim_.events().forget();
  NACRE_SOMETIMES("a boot ends in the middle of its work", !disk().is_on());
  NACRE_SOMETIMES("a boot dies before it is open", !disk().is_on() && boot.db == nullptr);
  NACRE_SOMETIMES("a process is killed", !disk().is_on() && disk().cuts() == cuts);
  if (disk().cuts() != cuts) oracle_.power_lost();
  if (!disk().is_on()) disk().restart();
}

void EngineRun::live(Boot& boot) {
  auto second = boot.db->keyspace("second");
  if (!good(boot, second, "opening a keyspace")) return;
  boot.keyspaces = {boot.db->default_keyspace(), *second};
  if (!check_what_was_opened(boot)) return;
  {
    std::vector<sync::Thread> threads;
    boot.working = kWriters;
    for (uint32_t w = 0; w < kWriters; ++w) {
      threads.emplace_back("writer", [this, &boot, w] {
        write(boot, w);
        boot.working--;
      });
    }
    threads.emplace_back("reader", [this, &boot] { read(boot); });
    threads.emplace_back("keeper of the test", [this, &boot] { keep_house(boot); });
    if (blue_end_) threads.emplace_back("plug", [this, &boot] { pull_the_plug(boot); });
    for (sync::Thread& thread : threads) thread.join();
  }
  close(boot);
}

void EngineRun::close(Boot& boot) {
  const EngineCut all = oracle_.acknowledged_so_far();
  if (prng().one_in(4)) return;  // the destructor closes, and tells nobody
  if (good(boot, boot.db->close(), "close")) oracle_.made_durable(all);
}

bool EngineRun::check_what_was_opened(Boot& boot) {
  const auto view = view_of(boot, {});
  if (!view) return false;
  if (const std::string wrong = oracle_.check_opened(*view); !wrong.empty()) sim_.fail(wrong);
  return true;
}

// ---- the threads of a boot -------------------------------------------------------------------------------------------

Result<void> EngineRun::apply(Boot& boot, uint32_t writer, const EngineCommit& commit, uint64_t number) {
  if (!commit.batch) {
    return boot.keyspaces[commit.ops.front().keyspace].put(EngineOracle::single_key(writer), std::to_string(number),
                                                           commit.durability);
  }
  Batch batch;
  for (const EngineOp& op : commit.ops) {
    const Keyspace& keyspace = boot.keyspaces[op.keyspace];
    if (op.kind == EngineOp::Kind::kPut)
      batch.put(keyspace, op.key, EngineOracle::value_of(op.value_id, op.value_bytes));
    if (op.kind == EngineOp::Kind::kErase) batch.erase(keyspace, op.key);
    if (op.kind == EngineOp::Kind::kEraseRange) batch.erase_range(keyspace, op.key, op.end);
  }
  for (const Keyspace& keyspace : boot.keyspaces) {
    batch.put(keyspace, EngineOracle::counter_key(writer), std::to_string(number));
    batch.put(keyspace, "last", EngineOracle::last_value(writer, number));
  }
  return boot.db->write(batch, commit.durability);
}

void EngineRun::write(Boot& boot, uint32_t writer) {
  const uint64_t commits = quiet_ ? 3 : prng().below(40);
  for (uint64_t i = 0; i < commits && alive(boot); ++i) {
    const EngineCommit commit = oracle_.begin(writer, prng(), boot.large_values);
    const Result<void> written = apply(boot, writer, commit, oracle_.count(writer));
    if (!alive(boot)) return;  // the dead acknowledge nothing
    if (written) {
      oracle_.acknowledged(writer);
    } else {
      if (written.error().kind != ErrorKind::kIo) oracle_.refused(writer);
      if (!good(boot, written, "write") && !for_now(written.error())) return;
    }
    nap(3'000'000);
  }
}

std::optional<EngineView> EngineRun::view_of(Boot& boot, const Snapshot& snapshot) {
  EngineView view;
  const Snapshot held = snapshot.valid() ? snapshot : boot.db->snapshot();
  for (uint32_t k = 0; k < kKeyspaces; ++k) {
    Scan scan = boot.keyspaces[k].scan({.snapshot = held});
    for (const auto& [key, value] : scan) view[k].emplace_back(key, value);
    if (!good(boot, scan.status(), "a scan")) return std::nullopt;
  }
  return view;
}

// Point reads, absent keys, and a scan from the other end, against the view that a scan gave.
bool EngineRun::check_gets(Boot& boot, const EngineView& view, const Snapshot& snapshot) {
  const uint32_t k = static_cast<uint32_t>(prng().below(kKeyspaces));
  const Keyspace& keyspace = boot.keyspaces[k];
  for (const auto& [key, value] : view[k]) {
    const auto got = keyspace.get(key, snapshot);
    if (!good(boot, got, "a get")) return false;
    if (!*got || (*got)->bytes() != Bytes(value)) sim_.fail("get and scan differ at " + key);
    const auto absent = keyspace.contains(key + "!", snapshot);
    if (!good(boot, absent, "contains")) return false;
    if (*absent) sim_.fail("a key that was never written is there");
  }
  Scan scan = keyspace.scan({.reverse = true, .snapshot = snapshot});
  std::vector<std::pair<std::string, std::string>> backwards;
  for (const auto& [key, value] : scan) backwards.emplace_back(key, value);
  if (!good(boot, scan.status(), "a scan backwards")) return false;
  if (!std::equal(backwards.rbegin(), backwards.rend(), view[k].begin(), view[k].end()))
    sim_.fail("scans of both directions differ");
  return true;
}

void EngineRun::read(Boot& boot) {
  while (boot.working > 0 && alive(boot)) {
    const uint64_t began = oracle_.now();
    const Snapshot snapshot = boot.db->snapshot();
    nap(10'000'000);
    const auto view = view_of(boot, snapshot);
    if (view) {
      if (const std::string wrong = oracle_.check(*view, began); !wrong.empty()) sim_.fail("a reader: " + wrong);
      check_gets(boot, *view, snapshot);
    }
    sim_.clock().sleep_ns(1 + prng().below(10'000'000));
  }
}

void EngineRun::keep_house(Boot& boot) {
  while (boot.working > 0 && alive(boot)) {
    nap(20'000'000);
    const EngineCut done = oracle_.acknowledged_so_far();
    const uint64_t what = prng().below(8);
    if (what == 0 && good(boot, boot.db->settle(), "settle")) oracle_.made_durable(done);
    if (what == 1 && good(boot, boot.db->compact(), "compact")) oracle_.made_durable(done);
    if (what == 2 && good(boot, boot.db->sync(), "sync")) oracle_.made_durable(done);
    if (what >= 3 && what < 7 && good(boot, boot.db->flush(), "flush")) oracle_.made_durable(done);
    if (what == 7) {
      const auto findings = boot.db->check();
      if (good(boot, findings, "check") && !findings->empty() && !excused(findings->front().error)) {
        sim_.fail("check found: " + findings->front().error.to_string() + ", " + findings->front().detail);
      }
    }
    if (faulty_ && prng().one_in(4))
      disk().set_capacity(prng().one_in(2) ? disk().used_bytes() + prng().below(2 << 20) : uint64_t{1} << 30);
    sim_.clock().sleep_ns(1 + prng().below(2'000'000));
  }
}

void EngineRun::pull_the_plug(Boot& boot) {
  sim_.clock().sleep_ns(1 + prng().below(prng().one_in(2) ? 5'000'000 : 100'000'000));
  if (!alive(boot)) return;
  if (prng().one_in(2)) {
    disk().kill_process();
  } else {
    disk().power_cut(kProfiles[prng().below(3)]);
  }
}

class EngineWorkload final : public Workload {
 public:
  const char* name() const override { return "engine"; }
  std::vector<std::string> profiles() const override { return {"mix"}; }
  std::vector<std::string> plan(uint64_t, const std::string&) override { return {}; }
  sync::RunResult run(uint64_t seed, const std::string&, const Keep&) override {
    Simulation sim(seed);
    return sim.run([&] { EngineRun(sim, seed % 3 == 0).run(); });
  }
};

}  // namespace

std::unique_ptr<Workload> engine_workload() { return std::make_unique<EngineWorkload>(); }

}  // namespace nacre::sim
