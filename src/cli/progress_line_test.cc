#include "cli/progress_line.h"

#include <gtest/gtest.h>

namespace nacre::cli {
namespace {

constexpr uint64_t kMiB = 1 << 20;

TEST(ProgressLine, SaysAllThatFits) {
  const ProgressState state{
      .what = "import", .bytes = 50 * kMiB, .entries = 1'234'567, .total_bytes = 200 * kMiB, .seconds = 10};
  EXPECT_EQ(progress_line(state, 200),
            "import  25%  1.2 M entries  123.5 k/s  50.0 MiB  5.0 MiB/s  0:30 left  [##########                        "
            "      ]");
  EXPECT_EQ(progress_line(state, 40), "import  25%  123.5 k/s  0:30 left");
  EXPECT_EQ(progress_line(state, 8), "import");
  EXPECT_EQ(progress_line(state, 3), "imp");
  EXPECT_EQ(progress_line(state, 0), "");
}

TEST(ProgressLine, CountsWhereTheEndIsUnknown) {
  EXPECT_EQ(progress_line({.what = "export", .bytes = 3 * kMiB, .entries = 999, .seconds = 2}, 100),
            "export  999 entries  500/s  3.0 MiB  1.5 MiB/s");
  EXPECT_EQ(progress_line({.what = "check", .bytes = 100, .seconds = 0}, 100), "check  100 B  97.7 KiB/s");
}

TEST(ProgressLine, AnEstimatedEndHasItsMark) {
  const ProgressState state{
      .what = "export", .bytes = 3 * kMiB, .entries = 999, .seconds = 2, .estimated_entries = 2000};
  EXPECT_EQ(progress_line(state, 70), "export  ~49%  999 entries  500/s  3.0 MiB  1.5 MiB/s  ~0:02 left");
}

TEST(ProgressLine, AnEndThatWasPassedIsNone) {
  EXPECT_EQ(progress_line({.what = "export", .bytes = 9, .entries = 9, .seconds = 1, .estimated_entries = 8}, 100),
            "export  9 entries  9/s  9 B  9 B/s");
  EXPECT_EQ(progress_line({.what = "import", .bytes = 9, .entries = 9, .total_bytes = 8, .seconds = 1}, 100),
            "import  9 entries  9/s  9 B  9 B/s");
}

TEST(ProgressLine, IsNotAtItsEndBeforeItIs) {
  EXPECT_EQ(progress_line({.what = "check", .bytes = 999, .total_bytes = 1000, .seconds = 9}, 50),
            "check  99%  999 B  111 B/s  0:00 left");
  EXPECT_EQ(progress_line({.what = "check", .bytes = 1000, .total_bytes = 1000, .seconds = 9}, 20), "check  100%");
}

TEST(ProgressLine, GuessesNothingInTheFirstSecond) {
  EXPECT_EQ(progress_line({.what = "check", .bytes = 100, .total_bytes = 1000, .seconds = 0.9}, 50),
            "check  10%  100 B  111 B/s  [##                  ]");
}

// 60 of 100 MiB are there: 50 were passed over in a second, 10 took 5 more, 40 are left.
TEST(ProgressLine, WhatWasPassedOverPromisesNothing) {
  const ProgressState state{.what = "import",
                            .bytes = 60 * kMiB,
                            .entries = 6000,
                            .total_bytes = 100 * kMiB,
                            .seconds = 6,
                            .skipped_bytes = 50 * kMiB,
                            .skipped_entries = 5000,
                            .skipping_seconds = 1};
  EXPECT_EQ(progress_line(state, 75), "import  60%  6.0 k entries  200/s  60.0 MiB  2.0 MiB/s  0:20 left");
}

TEST(ProgressLine, FitsAnyWidth) {
  for (const uint64_t total : {uint64_t{0}, uint64_t{1}, uint64_t{7} << 40}) {
    for (const uint64_t bytes : {uint64_t{0}, uint64_t{5}, kMiB, UINT64_MAX}) {
      for (const double seconds : {0.0, 1.0, 1e9}) {
        for (size_t columns = 0; columns < 150; columns++) {
          const ProgressState state{
              .what = "import", .bytes = bytes, .entries = bytes / 3, .total_bytes = total, .seconds = seconds};
          ASSERT_LE(progress_line(state, columns).size(), columns);
        }
      }
    }
  }
}

}  // namespace
}  // namespace nacre::cli
