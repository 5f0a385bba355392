#include "salvage/key_ranges.h"

#include <gtest/gtest.h>

#include <set>

#include "base/prng.h"

namespace nacre::salvage {
namespace {

std::string key_of(uint64_t i) { return std::string(1, static_cast<char>('a' + i)); }

TEST(KeyRanges, AreTheUnionOfWhatWasAdded) {
  base::Prng random(1);
  for (int round = 0; round < 2000; round++) {
    KeyRanges ranges;
    std::set<std::string> keys;
    for (uint64_t i = random.below(6); i != 0; i--) {
      const uint64_t from = random.below(20);
      const uint64_t to = from + random.below(5);
      const bool open_begin = random.one_in(10);
      const bool open_end = random.one_in(10);
      ranges.add({.from = open_begin ? std::nullopt : std::optional(key_of(from)),
                  .to = open_end ? std::nullopt : std::optional(key_of(to))});
      for (uint64_t key = open_begin ? 0 : from; key <= (open_end ? 25 : to); key++) keys.insert(key_of(key));
    }
    for (uint64_t key = 0; key < 26; key++) EXPECT_EQ(ranges.contains(key_of(key)), keys.contains(key_of(key)));
    const uint64_t relied = random.below(26);
    ranges.rely_on(key_of(relied));
    EXPECT_EQ(ranges.relied_on({.from = key_of(relied), .to = key_of(relied)}), keys.contains(key_of(relied)));
    EXPECT_EQ(ranges.relied_on({}), keys.contains(key_of(relied)));
  }
}

TEST(KeyRanges, ARangeThatEndsBeforeItBeginsHoldsNothing) {
  KeyRanges ranges;
  ranges.add({.from = "m", .to = "a"});
  EXPECT_FALSE(ranges.contains("m"));
  EXPECT_FALSE(ranges.contains("b"));
  EXPECT_FALSE(ranges.relied_on({}));
}

}  // namespace
}  // namespace nacre::salvage
