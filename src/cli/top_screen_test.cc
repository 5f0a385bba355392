#include "cli/top_screen.h"

#include <gtest/gtest.h>

namespace nacre::cli {
namespace {

constexpr uint64_t kMiB = 1 << 20;

std::vector<std::string> space(uint64_t largest_run_bytes, const std::vector<uint64_t>& levels) {
  KeyspaceStats keyspace{.largest_run_bytes = largest_run_bytes};
  for (const uint64_t bytes : levels) keyspace.levels.push_back({.bytes = bytes});
  std::vector<std::string> lines;
  draw_space(lines, keyspace, {.columns = 80, .ascii = true});
  return lines;
}

TEST(DrawSpace, OfLittleDataSaysBytesAndNoRatio) {
  EXPECT_EQ(space(1000, {4000}), std::vector<std::string>{"beyond one copy of the data: 2.9 KiB at most"});
  EXPECT_EQ(space(kMiB, {kMiB}), std::vector<std::string>{"beyond one copy of the data: nothing"});
  EXPECT_EQ(space(0, {}), std::vector<std::string>{"beyond one copy of the data: nothing"});
  EXPECT_EQ(space(1 << 20, {kMiB, 64 * kMiB - 1}),
            std::vector<std::string>{"beyond one copy of the data: 64.0 MiB at most"});
  EXPECT_EQ(space(1000 * kMiB, {63 * kMiB, 1000 * kMiB}),
            std::vector<std::string>{"beyond one copy of the data: 63.0 MiB at most"});
}

TEST(DrawSpace, OfMuchDataSaysTheRatio) {
  EXPECT_EQ(space(kMiB, {kMiB, 64 * kMiB}),
            (std::vector<std::string>{"one copy of the data [#                                 ]",
                                      "space amplification 65.00 at most"}));
  EXPECT_EQ(space(1000 * kMiB, {250 * kMiB, 1000 * kMiB}),
            (std::vector<std::string>{"one copy of the data [###########################       ]",
                                      "space amplification 1.25 at most"}));
}

}  // namespace
}  // namespace nacre::cli
