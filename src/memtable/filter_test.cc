#include "memtable/filter.h"

#include <gtest/gtest.h>

#include "base/checksum.h"

namespace nacre::memtable {
namespace {

// Inserts keys of 150 bytes each, as a memtable would, until the capacity is used up.
TEST(Filter, FindsEverythingInsertedAndLittleElse) {
  for (const uint64_t capacity : {uint64_t{1}, uint64_t{64} << 10, uint64_t{4} << 20, uint64_t{32} << 20}) {
    Arena arena(capacity, nullptr);
    Filter filter(arena, capacity);
    Lane lane;
    EXPECT_FALSE(filter.may_contain(1));
    const uint64_t keys = capacity / 150;
    for (uint64_t i = 0; i < keys; i++) {
      arena.allocate(lane, 150);
      filter.insert(base::mix64(i, 1));
    }
    for (uint64_t i = 0; i < keys; i++) ASSERT_TRUE(filter.may_contain(base::mix64(i, 1)));
    int wrong = 0;
    for (uint64_t i = 0; i < 10'000; i++) wrong += filter.may_contain(base::mix64(i, 2)) ? 1 : 0;
    EXPECT_LE(wrong, 100) << capacity;
  }
}

TEST(Filter, StartsSmall) {
  Arena arena(uint64_t{256} << 20, nullptr);
  Filter filter(arena, uint64_t{256} << 20);
  filter.insert(7);
  EXPECT_LE(arena.mapped_bytes(), 64U << 10);
  Lane lane;
  while (arena.used_bytes() <= 5U << 20) arena.allocate(lane, 1000);
  filter.insert(8);
  EXPECT_GE(arena.used_bytes(), 9U << 20);  // now it has its whole size
  EXPECT_TRUE(filter.may_contain(7));
  EXPECT_TRUE(filter.may_contain(8));
}

}  // namespace
}  // namespace nacre::memtable
