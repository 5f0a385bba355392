#include "cli/progress_line.h"

#include <gtest/gtest.h>

namespace nacre::cli {
namespace {

constexpr uint64_t kMiB = 1 << 20;

TEST(ProgressLine, SaysAllThatFits) {
  const ProgressState state{
      .what = "import", .bytes = 50 * kMiB, .entries = 1'234'567, .total_bytes = 200 * kMiB, .seconds = 10};
  EXPECT_EQ(
      progress_line(state, 200),
      "import  25%  1.2 M entries  123 k/s  50 MiB  5.0 MiB/s  0:30 left  [##########                              ]");
  EXPECT_EQ(progress_line(state, 40), "import  25%  123 k/s  0:30 left");
  EXPECT_EQ(progress_line(state, 8), "import");
  EXPECT_EQ(progress_line(state, 3), "imp");
  EXPECT_EQ(progress_line(state, 0), "");
}

TEST(ProgressLine, CountsWhereTheEndIsUnknown) {
  EXPECT_EQ(progress_line({.what = "export", .bytes = 3 * kMiB, .entries = 999, .seconds = 2}, 100),
            "export  999 entries  500/s  3.0 MiB  1.5 MiB/s");
  EXPECT_EQ(progress_line({.what = "check", .bytes = 100, .seconds = 0}, 100), "check  100 B  98 KiB/s");
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
