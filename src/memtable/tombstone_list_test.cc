#include "memtable/tombstone_list.h"

#include <gtest/gtest.h>

#include <deque>
#include <string>

#include "base/prng.h"

namespace nacre::memtable {
namespace {

TEST(TombstoneList, AgreesWithAPlainListAtEveryLength) {
  base::Prng prng(4);
  base::MemoryAccount account(1 << 30);
  {
    TombstoneList list(&account);
    std::deque<std::string> keys;  // never move
    std::vector<format::RangeTombstone> plain;
    const auto random_key = [&] { return "key/" + std::to_string(prng.below(300)); };
    for (uint64_t sequence = 1; sequence <= 700; sequence++) {
      const std::string& begin = keys.emplace_back(random_key());
      const std::string& end = keys.emplace_back(random_key());
      plain.push_back({begin, end, sequence});
      list.insert(plain.back());
      for (int i = 0; i < 20; i++) {
        const std::string key = random_key();
        const format::Sequence at = prng.below(sequence + 2);
        format::Sequence expected = 0;
        for (const auto& t : plain) {
          if (t.begin <= key && key < t.end && t.sequence <= at) expected = t.sequence;
        }
        ASSERT_EQ(list.covering(key, at), expected) << key << " at " << at << " of " << sequence;
        ASSERT_TRUE(sequence % 50 != 0 || list.all()->covering(key, at) == expected);
      }
    }
    EXPECT_EQ(list.count(), 700U);
    EXPECT_EQ(list.all(), list.all());  // built once
    EXPECT_EQ(account.held_total(), list.memory_bytes());
    EXPECT_GT(list.memory_bytes(), 700 * sizeof(format::RangeTombstone));
  }
  EXPECT_EQ(account.held_total(), 0U);
}

TEST(TombstoneList, ASetThatWasHandedOutDoesNotChange) {
  TombstoneList list(nullptr);
  EXPECT_TRUE(list.all()->empty());
  list.insert({"a", "b", 1});
  const auto one = list.all();
  list.insert({"c", "d", 2});
  EXPECT_EQ(one->size(), 1U);
  EXPECT_EQ(list.all()->size(), 2U);
}

}  // namespace
}  // namespace nacre::memtable
