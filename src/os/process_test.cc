#include "os/process.h"

#include <gtest/gtest.h>
#include <time.h>

#include <set>

#include "os/testing.h"

namespace nacre::os {
namespace {

TEST(Process, GenerationChangesInAForkedChild) {
  const uint64_t mine = process_generation();
  EXPECT_EQ(in_child([&] {
              if (process_generation() == mine) return 1;
              const uint64_t childs = process_generation();
              return in_child([&] { return process_generation() == childs || process_generation() == mine ? 1 : 0; });
            }),
            0);
  EXPECT_EQ(process_generation(), mine);
}

TEST(Process, PerProcessIsMadeAnewInAForkedChild) {
  static constinit PerProcess<int> value;
  int made = 0;
  const auto make = [&] { return ++made; };
  EXPECT_EQ(value.get(make), 1);
  EXPECT_EQ(value.get(make), 1);
  EXPECT_EQ(in_child([&] { return value.get(make); }), 2);
  EXPECT_EQ(value.get(make), 1);
}

TEST(Process, SeedsDiffer) {
  std::set<uint64_t> seeds;
  for (int i = 0; i < 100; ++i) seeds.insert(random_seed_from_system());
  EXPECT_EQ(seeds.size(), 100u);
  EXPECT_FALSE(seeds.contains(0));
}

TEST(Process, HasACore) { EXPECT_GE(usable_cores(), 1u); }

TEST(PosixClock, GoesForward) {
  auto clock = posix_clock();
  const uint64_t coarse = clock->coarse_now_ns();
  const uint64_t start = clock->now_ns();
  EXPECT_LE(coarse, start) << "one scale, and the coarse one lags";
  EXPECT_LT(start - coarse, 1'000'000'000u);
  clock->sleep_ns(20'000'000);
  EXPECT_GE(clock->now_ns() - start, 20'000'000u);
  EXPECT_GT(clock->coarse_now_ns(), coarse);
  EXPECT_GT(clock->wall_ns(), uint64_t{1'600'000'000} * 1'000'000'000);
}

// Waits and retries go by now_ns(): it must not be a clock that somebody sets.
TEST(PosixClock, IsNotMovedWithTheWallClock) {
  const auto read = [](clockid_t id) {
    timespec time{};
    ::clock_gettime(id, &time);
    return static_cast<uint64_t>(time.tv_sec) * 1'000'000'000 + static_cast<uint64_t>(time.tv_nsec);
  };
  auto clock = posix_clock();
  const auto expect_between = [&](clockid_t id, uint64_t (Clock::*now)()) {
    const uint64_t before = read(id);
    const uint64_t seen = ((*clock).*now)();
    EXPECT_LE(before, seen);
    EXPECT_LE(seen, read(id));
  };
  expect_between(CLOCK_MONOTONIC, &Clock::now_ns);
  expect_between(CLOCK_MONOTONIC_COARSE, &Clock::coarse_now_ns);
  expect_between(CLOCK_REALTIME, &Clock::wall_ns);
}

TEST(Runtime, StandardIsCompleteAndTheSameEachTime) {
  const Runtime& runtime = Runtime::standard();
  EXPECT_EQ(&runtime, &Runtime::standard());
  EXPECT_EQ(runtime.executor->threads(), usable_cores());
  EXPECT_EQ(runtime.random_seed, 0u);
  runtime.events->on_event(Event{});
  EXPECT_GT(runtime.clock->now_ns(), 0u);
  TemporaryDirectory temporary;
  runtime.file_system->open_directory(temporary.path(), false).value();
}

TEST(Runtime, ForkedChildGetsOneWithLivingThreads) {
  if (kThreadSanitizer) GTEST_SKIP() << "the thread sanitizer allows no new threads after a fork";
  const Runtime& parents = Runtime::standard();
  EXPECT_EQ(in_child([&] {
              const Runtime& mine = Runtime::standard();
              if (&mine == &parents) return 1;
              std::atomic<bool> ran{false};
              mine.executor->submit(Urgency::kNormal, [&] { ran.store(true); });
              for (int i = 0; i < 5000 && !ran.load(); ++i) mine.clock->sleep_ns(1'000'000);
              return ran.load() ? 0 : 2;
            }),
            0);
}

}  // namespace
}  // namespace nacre::os
