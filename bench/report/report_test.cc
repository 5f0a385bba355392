// Statistics, histograms and tables.

#include <gtest/gtest.h>

#include "bench/measure/latencies.h"
#include "bench/measure/result.h"
#include "bench/report/comparison.h"
#include "bench/report/html.h"
#include "bench/report/statistics.h"
#include "bench/run/progress.h"

namespace bench {
namespace {

TEST(StatisticsTest, TheMedianOfAnEvenNumberIsTheMeanOfTheMiddleTwo) {
  EXPECT_EQ(repeats_of({5}).median, 5);
  EXPECT_EQ(repeats_of({9, 1, 5}).median, 5);
  EXPECT_EQ(repeats_of({4, 1, 3, 2}).median, 2.5);
  const Repeats spread = repeats_of({8, 10, 13});
  EXPECT_EQ(spread.min, 8);
  EXPECT_EQ(spread.max, 13);
  EXPECT_DOUBLE_EQ(spread.relative(), 0.5);
  EXPECT_EQ(repeats_of({0, 0}).relative(), 0);
}

TEST(LatenciesTest, QuantilesAreWithinOnePercentAndStallsAreCounted) {
  Latencies latencies(1'000'000), others(1'000'000);
  for (uint64_t ns = 1; ns <= 100'000; ns++) (ns % 2 == 0 ? latencies : others).record(ns);
  others.record(3'000'000);
  latencies.add(others);
  EXPECT_EQ(latencies.count(), 100'001u);
  for (const double q : {0.01, 0.5, 0.9, 0.99, 0.999}) {
    EXPECT_NEAR(static_cast<double>(latencies.quantile(q)), q * 100'000, q * 1000 + 2) << q;
  }
  EXPECT_EQ(latencies.max_ns(), 3'000'000u);
  EXPECT_EQ(latencies.quantile(1), 3'000'000u);
  EXPECT_EQ(latencies.stalls(), 1u);
  EXPECT_DOUBLE_EQ(latencies.stalled_seconds(), 0.003);
  const auto curve = latencies.curve();
  EXPECT_EQ(curve.front().q, 0);
  EXPECT_EQ(curve.back().ns, 3'000'000u);
  EXPECT_TRUE(std::ranges::is_sorted(curve, {}, &Quantile::ns));
  EXPECT_EQ(Latencies(1).quantile(0.5), 0u);
}

TEST(ResultTest, WhatCouldNotBeHadIsNullAndAnEmptyCell) {
  Result result;
  result.engine = "nacre";
  result.workload = "fillseq";
  result.rate = 5;
  const nlohmann::ordered_json line = to_json(result);
  EXPECT_TRUE(line["device_written"].is_null());
  EXPECT_EQ(line["rate"], 5);
  const std::string header = csv_header(), row = to_csv(line);
  EXPECT_EQ(std::ranges::count(header, ','), std::ranges::count(row, ','));
  EXPECT_TRUE(row.starts_with("1,nacre,fillseq,"));
  EXPECT_NE(row.find(",,"), std::string::npos);
}

nlohmann::json line_of(const char* engine, const char* workload, double rate, int round) {
  Result result;
  result.engine = engine;
  result.workload = workload;
  result.rate = rate;
  result.p99_us = 12.5;
  nlohmann::json line = to_json(result);
  line["round"] = round;
  return line;
}

TEST(ComparisonTest, PrintsMediansSpreadsAndRatios) {
  Comparison comparison;
  for (const int round : {1, 2, 3}) {
    comparison.add(line_of("nacre", "fillseq", 1000 * (round + 1), round));
    comparison.add(line_of("peer", "fillseq", 1000 * round, round));
    comparison.add(line_of("nacre", "readseq", 7000, round));
  }
  EXPECT_EQ(comparison.engines(), (std::vector<std::string>{"nacre", "peer"}));
  const std::string rates = comparison.rates();
  EXPECT_NE(rates.find("| fillseq | 3.0 (2.0-4.0) | 2.0 (1.0-3.0) | 1.50 |"), std::string::npos) << rates;
  EXPECT_NE(rates.find("| readseq | 7.0 (7.0-7.0) |  |  |"), std::string::npos) << rates;
  const std::string details = comparison.details();
  EXPECT_NE(details.find("| fillseq | peer |  | 12.5 us |"), std::string::npos) << details;
  EXPECT_FALSE(comparison.figure("fillseq", "nacre", "device_written").has_value());
  EXPECT_FALSE(comparison.figure("nothing", "nacre", "rate").has_value());
}

TEST(HtmlTest, ResultsCannotEndTheScriptTheyLieIn) {
  nlohmann::ordered_json environment{{"command", "x</script><b>"}};
  const std::string page = html_report(environment, {});
  EXPECT_EQ(page.find("x</script>"), std::string::npos);
  EXPECT_NE(page.find("x<\\/script>"), std::string::npos);
  for (const char* mark : {"/*STYLE*/", "/*SCRIPT*/", "/*RESULTS*/"}) EXPECT_EQ(page.find(mark), std::string::npos);
}

TEST(UnitsTest, NumbersAreShort) {
  EXPECT_EQ(in_thousands(1'234'567), "1.23 M");
  EXPECT_EQ(in_thousands(12), "12.0");
  EXPECT_EQ(in_time(0.0000123), "12.3 us");
  EXPECT_EQ(in_bytes(1536), "1.50 KiB");
}

}  // namespace
}  // namespace bench
