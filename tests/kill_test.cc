// kill -9 at random moments, judged from outside: after each kill the database must hold exactly what some prefix of the
// steps makes, at least up to the last one that was acknowledged.
//
// The steps are a pure function of their number, so writer and judge need to share nothing but a pipe of numbers. Every
// step puts at least one value, and values carry their step: the largest step that is found says which prefix to compare.
// Seeded; NACRE_KILL_SEED and NACRE_KILL_ROUNDS search further.

#include <gtest/gtest.h>
#include <signal.h>

#include <algorithm>
#include <chrono>
#include <cstring>
#include <map>
#include <optional>
#include <string>
#include <thread>

#include "base/prng.h"
#include "nacre/nacre.h"
#include "os/testing.h"
#include "tests/support/random_bytes.h"

namespace nacre {
namespace {

using tests::seed_from_environment;

struct Step {
  struct Op {
    enum Kind { kPut, kErase, kEraseRange } kind = kPut;
    bool second_keyspace = false;
    std::string key;
    std::string value;  // or the end of the range
  };
  std::vector<Op> ops;
  Durability durability = Durability::kOs;
};

std::string numbered_key(uint64_t i) {
  char text[24];
  std::snprintf(text, sizeof text, "key%06llu", static_cast<unsigned long long>(i));
  return text;
}

// What step `number` does. `mixed`: some steps are acknowledged before the log has them.
Step step_of(uint64_t number, bool mixed) {
  base::Prng random(number * 7919 + 13);
  Step step;
  if (mixed && random.one_in(2)) step.durability = Durability::kMemory;
  if (random.one_in(300)) step.durability = Durability::kDisk;
  const uint64_t extra = random.one_in(2) ? 0 : random.below(10);
  for (uint64_t i = 0; i < extra; i++) {
    Step::Op op;
    op.second_keyspace = random.one_in(2);
    const uint64_t key = random.below(3000);
    op.key = numbered_key(key);
    if (random.one_in(4)) {
      op.kind = Step::Op::kErase;
    } else if (random.one_in(10)) {
      op.kind = Step::Op::kEraseRange;
      op.value = numbered_key(key + 1 + random.below(40));
    } else {
      op.value =
          std::string(sizeof number, '\0') + std::string(random.below(300), static_cast<char>('a' + random.below(26)));
    }
    step.ops.push_back(std::move(op));
  }
  const uint64_t bytes = random.one_in(400) ? 150'000 : random.below(1500);
  step.ops.push_back({.second_keyspace = number % 3 == 0,
                      .key = numbered_key(random.below(3000)),
                      .value = std::string(sizeof number, '\0') + std::string(bytes, static_cast<char>(number))});
  for (Step::Op& op : step.ops) {
    if (op.kind == Step::Op::kPut) std::memcpy(op.value.data(), &number, sizeof number);
  }
  return step;
}

using Contents = std::map<std::string, std::string>;

// The state that a prefix of the steps makes.
struct Model {
  Contents keyspaces[2];
  uint64_t steps = 0;

  void apply_through(uint64_t count, bool mixed) {
    for (; steps < count; steps++) {
      for (const Step::Op& op : step_of(steps, mixed).ops) {
        Contents& contents = keyspaces[op.second_keyspace];
        if (op.kind == Step::Op::kPut) contents[op.key] = op.value;
        if (op.kind == Step::Op::kErase) contents.erase(op.key);
        if (op.kind == Step::Op::kEraseRange)
          contents.erase(contents.lower_bound(op.key), contents.lower_bound(op.value));
      }
    }
  }
};

Options options_of(OpenMode mode) {
  Options options;
  options.mode = mode;
  options.memory_bytes = kMinMemoryBytes;  // a memtable of 1 MiB: flushes and compactions all the time
  return options;
}

Contents contents_of(const Keyspace& keyspace) {
  Contents contents;
  Scan scan = keyspace.scan();
  for (const auto& [key, value] : scan) contents.emplace_hint(contents.end(), key, value);
  scan.status().value();
  return contents;
}

// How many steps the values say were taken.
uint64_t steps_in(const Contents (&keyspaces)[2]) {
  uint64_t steps = 0;
  for (const Contents& contents : keyspaces) {
    for (const auto& [key, value] : contents) {
      uint64_t number = 0;
      std::memcpy(&number, value.data(), sizeof number);
      steps = std::max(steps, number + 1);
    }
  }
  return steps;
}

uint64_t from_environment(const char* name) { return seed_from_environment(name, 0); }

// The writer: started by the test in a fresh process, takes steps until it is killed.
TEST(KillTestWriter, DISABLED_Writer) {
  const bool mixed = from_environment("NACRE_KILL_MIXED") != 0;
  const int acks = static_cast<int>(from_environment("NACRE_KILL_PIPE"));
  Db db = Db::open(std::getenv("NACRE_KILL_DIRECTORY"), options_of(OpenMode::kCreateIfMissing)).value();
  const Keyspace keyspaces[] = {db.default_keyspace(), db.keyspace("second").value()};
  Contents found[2] = {contents_of(keyspaces[0]), contents_of(keyspaces[1])};
  for (uint64_t number = steps_in(found);; number++) {
    const Step step = step_of(number, mixed);
    if (step.ops.size() == 1) {
      keyspaces[step.ops[0].second_keyspace].put(step.ops[0].key, step.ops[0].value, step.durability).value();
    } else {
      Batch batch;
      for (const Step::Op& op : step.ops) {
        const Keyspace& keyspace = keyspaces[op.second_keyspace];
        if (op.kind == Step::Op::kPut) batch.put(keyspace, op.key, op.value);
        if (op.kind == Step::Op::kErase) batch.erase(keyspace, op.key);
        if (op.kind == Step::Op::kEraseRange) batch.erase_range(keyspace, op.key, op.value);
      }
      db.write(batch, step.durability).value();
    }
    if (::write(acks, &number, sizeof number) != sizeof number) return;
    if (number % 1500 == 1499) db.flush().value();
  }
}

class KillTest : public testing::Test {
 protected:
  void loop(uint64_t rounds, bool mixed) {
    mixed_ = mixed;
    for (uint64_t round = 0; round < rounds && !HasFailure(); round++) {
      run_writer();
      // Unjudged rounds put a crash on a crash: the writer dies in the recovery from the one before.
      if (random_.below(3) != 0 || round + 1 == rounds) judge();
    }
    EXPECT_GT(acknowledged_, 0U);
    std::printf("%llu kills, %llu during open, %llu steps, %llu acknowledged and durable, seed %llu\n",
                static_cast<unsigned long long>(rounds), static_cast<unsigned long long>(killed_in_open_),
                static_cast<unsigned long long>(model_.steps), static_cast<unsigned long long>(acknowledged_),
                static_cast<unsigned long long>(seed_));
    if (HasFailure())
      ADD_FAILURE() << "replay: NACRE_KILL_SEED=" << seed_ << " (moments of kills differ from run to run)";
  }

  void run_writer() {
    int ends[2];
    ASSERT_EQ(::pipe(ends), 0);
    const std::string pipe = std::to_string(ends[1]);
    std::fflush(nullptr);
    const pid_t child = ::fork();
    if (child == 0) {
      ::close(ends[0]);
      ::setenv("NACRE_KILL_PIPE", pipe.c_str(), 1);
      ::setenv("NACRE_KILL_MIXED", mixed_ ? "1" : "0", 1);
      ::setenv("NACRE_KILL_DIRECTORY", path_.c_str(), 1);
      ::execl("/proc/self/exe", "writer", "--gtest_filter=KillTestWriter.DISABLED_Writer",
              "--gtest_also_run_disabled_tests", "--gtest_brief=1", static_cast<char*>(nullptr));
      ::_exit(127);
    }
    ::close(ends[1]);
    listen(child, ends[0]);
    ::close(ends[0]);
  }

  // Takes acknowledgements and kills: early, some milliseconds after the start, or after some number of steps.
  void listen(pid_t child, int pipe) {
    const bool early = random_.one_in(3);
    const uint64_t quota = 1 + (random_.one_in(3) ? random_.below(4000) : random_.below(400));
    const uint64_t lingering_us = random_.below(3000);
    uint64_t seen = 0;
    if (early) std::this_thread::sleep_for(std::chrono::microseconds(random_.below(60'000)));
    while (!early && seen < quota) {
      uint64_t number = 0;
      if (::read(pipe, &number, sizeof number) != sizeof number) break;
      take(number, &seen);
    }
    if (!early) std::this_thread::sleep_for(std::chrono::microseconds(lingering_us));
    ::kill(child, SIGKILL);
    uint64_t number = 0;
    while (::read(pipe, &number, sizeof number) == sizeof number) take(number, &seen);
    if (seen == 0) killed_in_open_++;
    int status = 0;
    ::waitpid(child, &status, 0);
    ASSERT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL) << "the writer failed by itself: see above";
  }
  void take(uint64_t number, uint64_t* seen) {
    if (*seen == 0) {
      ASSERT_GE(number, acknowledged_) << "an acknowledged step was lost";
    } else {
      ASSERT_EQ(number, last_ + 1);
    }
    (*seen)++;
    last_ = number;
    if (step_of(number, mixed_).durability != Durability::kMemory) acknowledged_ = std::max(acknowledged_, number + 1);
  }

  // Reading only leaves the crash to the next writer; writing recovers it here.
  void judge() {
    auto opened = Db::open(path_, options_of(random_.one_in(2) ? OpenMode::kReadOnly : OpenMode::kCreateIfMissing));
    if (!opened && opened.error().kind == ErrorKind::kNotFound && acknowledged_ == 0)
      return;  // killed before it existed
    ASSERT_TRUE(opened.has_value()) << opened.error().to_string();
    Db db = *std::move(opened);
    const auto second = db.keyspace("second");
    if (!second) {
      ASSERT_EQ(second.error().kind, ErrorKind::kNotFound);
      ASSERT_EQ(acknowledged_, 0U);
      return;
    }
    const Contents found[2] = {contents_of(db.default_keyspace()), contents_of(*second)};
    const uint64_t steps = steps_in(found);
    ASSERT_GE(steps, acknowledged_) << "an acknowledged step was lost";
    ASSERT_GE(steps, judged_) << "what an earlier open had decided was undone";
    Model expected = steps >= model_.steps ? std::move(model_) : Model();
    expected.apply_through(steps, mixed_);
    for (const int i : {0, 1}) {
      if (found[i] == expected.keyspaces[i]) continue;
      const auto [got, wanted] =
          std::mismatch(found[i].begin(), found[i].end(), expected.keyspaces[i].begin(), expected.keyspaces[i].end());
      ADD_FAILURE() << "keyspace " << i << " is not what " << steps << " steps make (" << acknowledged_
                    << " acknowledged): found " << found[i].size() << " entries, next "
                    << (got == found[i].end() ? "nothing" : got->first) << ", expected " << expected.keyspaces[i].size()
                    << ", next " << (wanted == expected.keyspaces[i].end() ? "nothing" : wanted->first);
    }
    model_ = std::move(expected);
    judged_ = std::max(judged_, steps);
    const auto findings = db.check();
    ASSERT_TRUE(findings.has_value());
    for (const CheckFinding& finding : *findings) ADD_FAILURE() << finding.error.to_string() << " " << finding.detail;
  }

  os::TemporaryDirectory directory_;
  std::string path_ = directory_ / "db";
  uint64_t seed_ = seed_from_environment("NACRE_KILL_SEED", 4711);
  base::Prng random_{seed_};
  bool mixed_ = false;
  uint64_t acknowledged_ = 0;  // steps that must survive: one more than the last acknowledged one of kOs or kDisk
  uint64_t judged_ = 0;        // steps that an open has shown
  uint64_t last_ = 0;
  uint64_t killed_in_open_ = 0;
  Model model_;
};

TEST_F(KillTest, AcknowledgedStepsSurviveAndTheRestIsOnePrefix) {
  loop(seed_from_environment("NACRE_KILL_ROUNDS", 24), false);
}

TEST_F(KillTest, MixedDurabilitiesStillLeaveOnePrefix) { loop(seed_from_environment("NACRE_KILL_ROUNDS", 16), true); }

}  // namespace
}  // namespace nacre
