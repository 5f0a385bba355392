// What an open, a flush, a compaction and a close wait for, they are told: none of them needs one of its time-outs, which are there so that
// what goes wrong cannot last. Virtual time shows it: a step takes 100 ns and I/O almost nothing, while the shortest time-out is 50 ms.
#include <gtest/gtest.h>

#include "nacre/db.h"
#include "sim/simulation.h"

namespace nacre::sim {
namespace {

constexpr uint64_t kLongestNs = 20'000'000;

// A schedule in which time passes by steps and by waiting only.
SimulationOptions without_delays(uint64_t seed) {
  sync::Schedule schedule = sync::Schedule::from_seed(seed);
  schedule.stall_one_in = schedule.stall_place_one_in = schedule.time_jump_one_in = 0;
  schedule.spurious_wake_one_in = 0;  // it would end a wait that nobody ends
  return {.schedule = schedule, .disk = DiskOptions{.seed = seed, .latency_ns_min = 0, .latency_ns_max = 100}};
}

TEST(Waiting, NoCallNeedsATimeOut) {
  Options options;
  options.memory_bytes = kMinMemoryBytes;
  for (uint64_t seed = 1; seed <= 200; seed++) {
    Simulation sim(seed, without_delays(seed));
    const sync::RunResult result = sim.run([&] {
      uint64_t began_ns = 0;
      const auto expect_quick = [&](const char* call) {
        const uint64_t now_ns = sim.runtime().clock->now_ns();
        if (now_ns - began_ns > kLongestNs) sim.fail(std::string(call) + " took " + std::to_string(now_ns - began_ns));
        began_ns = sim.runtime().clock->now_ns();
      };
      for (int life = 0; life < 3; life++) {
        began_ns = sim.runtime().clock->now_ns();
        Db db = Db::open("db", options, sim.runtime()).value();
        expect_quick("open");
        const Keyspace other = db.keyspace("other").value();
        db.put("key", "value").value();
        other.put("key", "value", Durability::kMemory).value();
        expect_quick("the writes");
        if (life == 0) db.flush().value();
        expect_quick("the flush");
        if (life == 1) db.compact().value();
        expect_quick("the compaction");
        db.settle().value();
        expect_quick("the settling");
        db.close().value();
        expect_quick("the close");
      }
    });
    ASSERT_EQ(result.report, "") << "seed " << seed;
  }
}

}  // namespace
}  // namespace nacre::sim
