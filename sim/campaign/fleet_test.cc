// Processes: what they say arrives, and however one ends, the seeds are all accounted for.
#include "sim/campaign/fleet.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "base/assert.h"
#include "sim/probes.h"

namespace nacre::sim {
namespace {

using sync::Ending;
using sync::RunResult;

// A workload without parts and without a simulation, made of one function.
class Simple final : public Workload {
 public:
  explicit Simple(std::function<RunResult(uint64_t)> run) : run_(std::move(run)) {}
  const char* name() const override { return "simple"; }
  std::vector<std::string> profiles() const override { return {"mix"}; }
  std::vector<std::string> plan(uint64_t, const std::string&) override { return {}; }
  RunResult run(uint64_t seed, const std::string&, const Keep&) override { return run_(seed); }

 private:
  const std::function<RunResult(uint64_t)> run_;
};

struct Ran {
  std::map<uint64_t, Outcome> outcomes;
  Tally tally;
  uint64_t hits = 0;
};

Ran run_fleet(const FleetOptions& options, std::function<RunResult(uint64_t)> run, uint64_t gate = 0) {
  Simple workload(std::move(run));
  Fleet fleet(options, [&](uint64_t seed) {
    return Trial{.workload = &workload, .profile = "mix", .seed = seed, .run_twice = gate != 0 && seed % gate == 0};
  });
  Ran ran;
  fleet.run([&](const Record& record) {
    EXPECT_TRUE(ran.outcomes.emplace(record.outcome.seed, record.outcome).second) << "twice: " << record.outcome.seed;
    ran.tally.add(record.tally);
    for (const auto& [probe, hits] : record.probe_hits) ran.hits += hits;
    return true;
  });
  return ran;
}

RunResult ended(Ending ending, const std::string& report = "") { return {.ending = ending, .report = report}; }

TEST(Child, SaysWholeMessagesOfAnySize) {
  Child child([](const Child::Say& say) {
    say("");
    say("word");
    say(std::string(1'000'000, 'x'));
  });
  while (child.listen(-1)) {
  }
  const std::vector<std::string> heard = child.heard();
  ASSERT_EQ(heard.size(), 3U);
  EXPECT_EQ(heard[0], "");
  EXPECT_EQ(heard[1], "word");
  EXPECT_EQ(heard[2], std::string(1'000'000, 'x'));
  EXPECT_TRUE(child.end().clean);
}

TEST(Child, TellsHowItEnded) {
  const auto end_of = [](const std::function<void()>& body) {
    Child child([&](const Child::Say&) {
      Child::limit_this(std::chrono::milliseconds(200));
      body();
    });
    while (child.listen(-1)) {
    }
    return child.end();
  };
  const Child::End check = end_of([] { NACRE_CHECK(1 + 1 == 3); });
  EXPECT_FALSE(check.clean || check.hung);
  EXPECT_NE(check.words.find("signal 6, Aborted: nacre: internal error"), std::string::npos) << check.words;
  EXPECT_NE(check.words.find("1 + 1 == 3"), std::string::npos) << check.words;
  EXPECT_EQ(end_of([] { ::_exit(7); }).words, "exit code 7: ");
  EXPECT_EQ(end_of([] { ::raise(SIGKILL); }).words.rfind("signal 9", 0), 0U);
  const Child::End hung = end_of([] {
    std::fprintf(stderr, "round and round");
    const volatile bool stuck = true;
    while (stuck) {
    }
  });
  EXPECT_TRUE(hung.hung);
  EXPECT_GT(hung.cpu_ns, 150'000'000U);
  EXPECT_EQ(hung.words, "no end within its processor time: round and round");
}

TEST(Fleet, RunsEverySeedOnceOnAnyNumberOfProcesses) {
  for (const uint32_t processes : {1U, 3U, 8U}) {
    const Ran ran = run_fleet({.seeds = {5, 104}, .processes = processes}, [](uint64_t seed) {
      tally().count("even", seed % 2 == 0 ? 1 : 0);
      tally().crash_state(seed / 2);
      probes().front()->see(seed % 10 == 0);
      return RunResult{.steps = seed};
    });
    ASSERT_EQ(ran.outcomes.size(), 100U);
    for (const auto& [seed, outcome] : ran.outcomes) {
      EXPECT_TRUE(outcome.passed());
      EXPECT_EQ(outcome.result.steps, seed);
    }
    EXPECT_EQ(ran.tally.of("even"), 50U);
    EXPECT_EQ(ran.tally.crash_states_tried(), 100U);
    EXPECT_EQ(ran.tally.crash_states().size(), 51U);
    EXPECT_EQ(ran.hits, 10U);
  }
}

TEST(Fleet, GoesOnBehindFailuresCrashesAndHangs) {
  const Ran ran =
      run_fleet({.seeds = {1, 60}, .processes = 2, .hung_after = std::chrono::milliseconds(200)}, [](uint64_t seed) {
        if (seed == 7) return ended(Ending::kFailed, "the 7th is wrong\n");
        if (seed == 8) ::raise(SIGSEGV);
        if (seed == 20) NACRE_CHECK(seed != 20);
        if (seed == 60) ::_exit(0);  // as if it had ended well
        const volatile bool stuck = seed == 31;
        while (stuck) {
        }
        return RunResult{};
      });
  ASSERT_EQ(ran.outcomes.size(), 60U);
  std::map<uint64_t, std::string> kinds;
  for (const auto& [seed, outcome] : ran.outcomes) {
    if (!outcome.passed()) kinds[seed] = kind_of(outcome);
  }
  ASSERT_EQ(kinds.size(), 5U);
  EXPECT_EQ(kinds[7], "failed: the #th is wrong");
  EXPECT_EQ(kinds[8].rfind("crashed: signal #, Segmentation fault", 0), 0U) << kinds[8];
  EXPECT_NE(kinds[20].find("fleet_test.cc"), std::string::npos) << kinds[20];
  EXPECT_EQ(kinds[31], "hung");
  EXPECT_EQ(kinds[60].rfind("crashed: ", 0), 0U) << kinds[60];
}

TEST(Fleet, StopsWhenTheListenerHasHadEnough) {
  Simple workload([](uint64_t) { return RunResult{}; });
  Fleet fleet({.seeds = {1, 1'000'000'000}, .processes = 2},
              [&](uint64_t seed) { return Trial{.workload = &workload, .profile = "mix", .seed = seed}; });
  int heard = 0;
  fleet.run([&](const Record&) { return ++heard < 50; });
  EXPECT_EQ(heard, 50);
}

TEST(Fleet, StopsWhenTimeIsUp) {
  const Ran ran =
      run_fleet({.seeds = {1, 1'000'000'000'000}, .processes = 1, .time = std::chrono::duration<double>(0.2)},
                [](uint64_t) { return RunResult{}; });
  EXPECT_GT(ran.outcomes.size(), 0U);
  EXPECT_LT(ran.outcomes.size(), 1'000'000'000U);
  EXPECT_EQ(ran.outcomes.rbegin()->first, ran.outcomes.size()) << "seeds begin in order, and none is left out";
}

TEST(Gate, NoticesWhatDependsOnMoreThanTheSeed) {
  const auto kinds = [](std::function<RunResult(uint64_t)> run) {
    const Ran ran = run_fleet({.seeds = {1, 10}}, std::move(run), 5);
    std::map<uint64_t, std::string> found;
    for (const auto& [seed, outcome] : ran.outcomes) {
      if (!outcome.passed()) found[seed] = kind_of(outcome);
    }
    return found;
  };
  const std::map<uint64_t, std::string> gated = {{5, "two runs took different ways"},
                                                 {10, "two runs took different ways"}};
  uint64_t calls = 0;
  EXPECT_EQ(kinds([&](uint64_t) { return RunResult{.trace_hash = ++calls}; }), gated) << "memory of earlier runs";
  EXPECT_EQ(kinds([](uint64_t) { return RunResult{.trace_hash = static_cast<uint64_t>(::getpid())}; }), gated);
  EXPECT_EQ(kinds([](uint64_t) {  // uninitialised memory
              auto* block = static_cast<unsigned char*>(std::malloc(64));
              asm volatile("" : "+r"(block)::"memory");  // the compiler must not know that nobody wrote there
              const RunResult result{.trace_hash = block[40]};
              std::free(block);
              return result;
            }),
            gated);
  EXPECT_EQ(kinds([](uint64_t) {  // the order of addresses
              std::vector<std::unique_ptr<std::string>> blocks;
              for (size_t i = 0; i < 32; ++i) blocks.push_back(std::make_unique<std::string>(64 + 16 * i, 'x'));
              uint64_t order = 0;
              for (size_t i = 1; i < 32; ++i) order = order << 1 | (blocks[i]->data() < blocks[i - 1]->data() ? 1 : 0);
              return RunResult{.trace_hash = order};
            }),
            gated);
  EXPECT_TRUE(kinds([](uint64_t seed) { return RunResult{.trace_hash = seed}; }).empty());
}

}  // namespace
}  // namespace nacre::sim
