// The harness on a sorted map: every workload runs and counts right; and every kind of wrong answer ends the run.

#include "bench/run/suite.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <map>

#include "bench/failure.h"
#include "bench/tests/map_store.h"

namespace bench {
namespace {

Settings small_settings() {
  Settings settings;
  settings.n = 2000;
  settings.memory_bytes = 64 << 20;
  settings.directory = testing::TempDir() + "nacre-bench-suite";
  return settings;
}

std::map<std::string, Result> run_suite(const Settings& settings, Lie lie = Lie::kNone) {
  std::map<std::string, Result> results;
  the_lie = lie;
  Suite(kMapEngine, settings, "", [&](const Result& result) { results[result.workload] = result; }).run();
  return results;
}

TEST(SuiteTest, EveryWorkloadRunsAndFindsWhatItMust) {
  const auto results = run_suite(small_settings());
  for (const Workload& workload : catalogue()) {
    SCOPED_TRACE(workload.name);
    ASSERT_TRUE(results.contains(workload.name));
    const Result& result = results.at(workload.name);
    EXPECT_GT(result.operations, 0u);
    EXPECT_GT(result.rate, 0);
    EXPECT_EQ(result.found, result.expected);
    EXPECT_LE(result.p50_us, result.p99_us);
    EXPECT_LE(result.p99_us, result.p999_us);
    EXPECT_LE(result.p999_us, result.max_us);
  }
  EXPECT_EQ(results.at("filluniquerandom").found, 2000);
  EXPECT_LT(results.at("fillrandom").found, 2000);
  EXPECT_EQ(results.at("fillseq-1000").entries, 2000u);
  EXPECT_EQ(results.at("readseq").entries, 2000u);
  EXPECT_EQ(results.at("multiget").found, static_cast<double>(results.at("multiget").entries));
  EXPECT_GT(results.at("readwhilewriting/writer").operations, 0u);
  EXPECT_EQ(results.at("ts-expire").found, 10'000);  // half of 100 series of 200 points
}

TEST(SuiteTest, SeveralThreadsDoTheSameWorkTogether) {
  Settings settings = small_settings();
  settings.threads = 3;
  const auto results = run_suite(settings);
  EXPECT_EQ(results.at("filluniquerandom").found, 2000);
  EXPECT_EQ(results.at("fillseq-1000").entries, 2000u);
  EXPECT_EQ(results.at("readseq").threads, 1u);  // 2,000 entries are one walk
  EXPECT_EQ(results.at("readrandom").threads, 3u);
  EXPECT_EQ(results.at("readrandom").operations, 2000u);
  EXPECT_EQ(results.at("ts-append").found, 20'000);
  EXPECT_EQ(results.at("ycsb-d").found, results.at("ycsb-d").expected);
}

TEST(SuiteTest, CallsCanBeBoundedButNotThoseOfALoad) {
  Settings settings = small_settings();
  settings.most_calls = 70;
  const auto results = run_suite(settings);
  EXPECT_EQ(results.at("filluniquerandom").found, 2000);
  EXPECT_EQ(results.at("readrandom").operations, 70u);
  EXPECT_EQ(results.at("overwrite").operations, 70u);
  EXPECT_EQ(results.at("ts-append").found, 20'000);
  EXPECT_EQ(results.at("ts-expire").found, 20'000 - 70 * 100);
  EXPECT_EQ(results.at("ycsb-d").found, results.at("ycsb-d").expected);
}

TEST(SuiteTest, OddShapesOfKeysAndValuesWork) {
  Settings settings = small_settings();
  settings.key = {.size_bytes = 200, .prefix_bytes = 192};
  settings.value = {.mean_bytes = 300, .spread = Spread::kPareto};
  settings.workloads = {"filluniquerandom", "readrandom", "readmissing", "seekreverse"};
  const auto results = run_suite(settings);
  EXPECT_EQ(results.size(), 4u);
  const double per_entry = *results.at("filluniquerandom").live / 2000;
  EXPECT_GT(per_entry, 200 + 200);
  EXPECT_LT(per_entry, 200 + 450);
}

class SuiteDeathTest : public testing::TestWithParam<std::pair<Lie, const char*>> {};

TEST_P(SuiteDeathTest, AWrongAnswerEndsTheRun) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  Settings settings = small_settings();
  settings.warm = false;
  settings.workloads = {GetParam().second};
  EXPECT_EXIT(run_suite(settings, GetParam().first), testing::ExitedWithCode(kWrongAnswer), "wrong answer: .*");
}

INSTANTIATE_TEST_SUITE_P(
    Lies, SuiteDeathTest,
    testing::Values(std::pair{Lie::kForgetsAPut, "fillseq"}, std::pair{Lie::kForgetsAPut, "fillrandom-1000"},
                    std::pair{Lie::kKeepsAnOldValue, "fillrandom"}, std::pair{Lie::kKeepsAnOldValue, "overwrite"},
                    std::pair{Lie::kKeepsAnOldValue, "mixgraph"}, std::pair{Lie::kKeepsAnOldValue, "ycsb-a"},
                    std::pair{Lie::kKeepsAnOldValue, "ycsb-f"}, std::pair{Lie::kForgetsAnErase, "deleterandom"},
                    std::pair{Lie::kWrongValue, "readrandom"}, std::pair{Lie::kWrongValue, "ycsb-f"},
                    std::pair{Lie::kFindsNothing, "readrandom"}, std::pair{Lie::kFindsNothing, "multiget"},
                    std::pair{Lie::kFindsNothing, "readwhilewriting"}, std::pair{Lie::kShortScan, "seekrandom"},
                    std::pair{Lie::kShortScan, "ts-scan"}, std::pair{Lie::kGhost, "readmissing"}),
    [](const auto& lie) {
      std::string name = std::to_string(lie.index) + "_" + lie.param.second;
      std::ranges::replace(name, '-', '_');
      return name;
    });

}  // namespace
}  // namespace bench
