// The price of a write against what piles up behind it.

#include "compaction/pacing.h"

#include <gtest/gtest.h>

#include <array>

namespace nacre::compaction {
namespace {

constexpr uint64_t kMebibyte = uint64_t{1} << 20;
constexpr uint64_t kFrozenFine = 8 * kMebibyte;
constexpr uint64_t kDebtFine = 8 * kMebibyte;
constexpr uint32_t kDearest = 1'000'000;

PacingInput piles(uint64_t frozen_bytes, uint64_t debt_bytes) {
  return {.frozen_bytes = frozen_bytes,
          .memtable_bytes = kDebtFine / 8,
          .all_memtables_bytes = 2 * kFrozenFine,
          .debt_bytes = debt_bytes};
}

TEST(Pacing, CostsNothingUpToWhatIsFine) {
  EXPECT_EQ(delay_ns_per_kib({}), 0U);
  EXPECT_EQ(delay_ns_per_kib(piles(0, 0)), 0U);
  EXPECT_EQ(delay_ns_per_kib(piles(kFrozenFine, kDebtFine)), 0U);
}

TEST(Pacing, IsTheSquareOfHowFarAPileStandsAbove) {
  EXPECT_EQ(delay_ns_per_kib(piles(2 * kFrozenFine, 0)), 2000U);
  EXPECT_EQ(delay_ns_per_kib(piles(0, 2 * kDebtFine)), 2000U);
  EXPECT_EQ(delay_ns_per_kib(piles(0, 4 * kDebtFine)), 18'000U);
  EXPECT_EQ(delay_ns_per_kib(piles(2 * kFrozenFine, 4 * kDebtFine)), 20'000U);
}

// No step: a little more behind makes writing a little dearer, up to a price that does not grow any more.
TEST(Pacing, GrowsWithoutAStepToItsCap) {
  const std::array<PacingInput, 3> directions = {piles(1, 0), piles(0, 1), piles(1, 1)};
  for (const PacingInput& direction : directions) {
    constexpr uint64_t kStep = kMebibyte / 64;
    uint32_t last = 0;
    for (uint64_t bytes = 0; bytes < 400 * kMebibyte; bytes += kStep) {
      const uint32_t price = delay_ns_per_kib(piles(direction.frozen_bytes * bytes, direction.debt_bytes * bytes));
      ASSERT_GE(price, last) << bytes;
      // Both slopes are steepest at the cap: 2 * kUnit * x / fine with x < 23, and the truncation to whole ns.
      ASSERT_LE(price - last, 2 * 2 * 2000 * 23 * kStep / kDebtFine + 1) << bytes;
      last = price;
    }
    EXPECT_EQ(last, kDearest);
  }
  EXPECT_EQ(delay_ns_per_kib(piles(~uint64_t{0}, ~uint64_t{0})), kDearest);
}

}  // namespace
}  // namespace nacre::compaction
