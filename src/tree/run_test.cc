#include "tree/run.h"

#include <gtest/gtest.h>

#include <set>

#include "tree/test_kit.h"

namespace nacre::tree {
namespace {

using base::IntrusivePtr;
using SortedRun = tree::Run;  // a TEST's body sees testing::Test::Run first

struct Maker {
  std::shared_ptr<TableHome> home =
      std::make_shared<TableHome>(kTestUuid, std::make_shared<FakeOpener>(), nullptr, nullptr);
  uint64_t next = 1;

  IntrusivePtr<TableMeta> table(const std::string& smallest, const std::string& largest, bool exclusive = false) {
    format::TableRecord record = placed(0, 1, next++, smallest, largest).table;
    record.largest_exclusive = exclusive;
    return base::make_intrusive<TableMeta>(record, home);
  }
};

const TableMeta* find_slowly(const SortedRun& run, Bytes key) {
  for (const auto& table : run.tables()) {
    if (table->covers(key)) return table.get();
  }
  return nullptr;
}

TEST(Run, PutsTablesInOrderAndAddsThemUp) {
  Maker make;
  const SortedRun run =
      SortedRun::make(2, 7, {make.table("m", "p"), make.table("a", "c"), make.table("x", "z")}).value();
  EXPECT_EQ(run.level(), 2U);
  EXPECT_EQ(run.id(), 7U);
  EXPECT_EQ(run.smallest_key(), "a");
  EXPECT_EQ(run.largest_key(), "z");
  EXPECT_EQ(std::vector(run.numbers().begin(), run.numbers().end()), (std::vector<uint64_t>{2, 1, 3}));
  EXPECT_EQ(run.totals().tables, 3U);
  EXPECT_EQ(run.totals().entries, 30U);
}

TEST(Run, OverlappingTablesAreRefused) {
  Maker make;
  EXPECT_FALSE(SortedRun::make(0, 1, {make.table("a", "c"), make.table("c", "d")}).has_value());
  EXPECT_FALSE(SortedRun::make(0, 1, {make.table("a", "z"), make.table("b", "c")}).has_value());
  EXPECT_FALSE(SortedRun::make(0, 1, {make.table("a", "a"), make.table("a", "a")}).has_value());
  EXPECT_FALSE(SortedRun::make(0, 1, {make.table("a", "a"), make.table("a", "b", true)}).has_value());
  EXPECT_TRUE(SortedRun::make(0, 1, {make.table("a", "c", true), make.table("c", "d")}).has_value());
  EXPECT_TRUE(SortedRun::make(0, 1, {make.table("", ""), make.table(std::string(1, '\0'), "b")}).has_value());
}

TEST(Run, AMeetingPointBelongsToTheRightTable) {
  Maker make;
  const auto left = make.table("a", "c", true);
  const auto right = make.table("c", "d");
  const SortedRun run = SortedRun::make(0, 1, {right, left}).value();
  EXPECT_EQ(run.find("b"), left.get());
  EXPECT_EQ(run.find("c"), right.get());
  EXPECT_EQ(run.bounds().first_reaching("c"), 1U);
  EXPECT_EQ(run.overlapping("a", "c", true).size(), 1U);
  EXPECT_EQ(run.overlapping("a", "c", false).size(), 2U);
  EXPECT_EQ(run.overlapping("c", "c", false).size(), 1U);
  EXPECT_EQ(run.overlapping("c", "c", true).size(), 0U);
}

// Random runs over alphabets that make long common prefixes, equal heads, keys that are prefixes of keys, zero bytes.
TEST(Run, AnswersAsASlowSearchDoes) {
  for (uint64_t seed = 0; seed < 400; seed++) {
    base::Prng prng(seed);
    const std::string prefix(prng.one_in(2) ? 0 : prng.below(20), 'p');
    const auto random_key = [&] {
      std::string key = prng.one_in(8) ? std::string(prng.below(prefix.size() + 2), 'p') : prefix;
      for (uint64_t n = prng.below(12); n > 0; n--)
        key += static_cast<char>(prng.below(3) == 0 ? 0 : 'a' + prng.below(3));
      return key;
    };
    std::set<std::string> keys;
    for (uint64_t n = 1 + prng.below(60); n > 0; n--) keys.insert(random_key());
    Maker make;
    std::vector<IntrusivePtr<TableMeta>> tables;
    for (auto at = keys.begin(); at != keys.end();) {
      const std::string smallest = *at++;
      std::string largest = smallest;
      bool exclusive = false;
      if (at != keys.end() && !prng.one_in(3)) {
        exclusive = prng.one_in(2);
        largest = *at;
        if (!exclusive) ++at;
      }
      tables.push_back(make.table(smallest, largest, exclusive));
    }
    const SortedRun run = SortedRun::make(0, 1, tables).value();
    for (int i = 0; i < 100; i++) {
      const std::string key = random_key();
      const std::string other = random_key();
      ASSERT_EQ(run.find(key), find_slowly(run, key)) << "seed " << seed;
      size_t reaching = 0;
      size_t after = 0;
      size_t at = 0;
      std::vector<uint64_t> closed;
      std::vector<uint64_t> open;
      for (const auto& table : run.tables()) {
        reaching += !table->reaches(key);
        after += table->smallest_key() <= key;
        at += table->smallest_key() < key;
        if (key <= other && table->reaches(key) && table->smallest_key() <= other) closed.push_back(table->number());
        if (key < other && table->reaches(key) && table->smallest_key() < other) open.push_back(table->number());
      }
      ASSERT_EQ(run.bounds().first_reaching(key), reaching) << "seed " << seed;
      ASSERT_EQ(run.bounds().first_beginning_after(key), after) << "seed " << seed;
      ASSERT_EQ(run.bounds().first_beginning_at(key), at) << "seed " << seed;
      for (const bool exclusive : {false, true}) {
        std::vector<uint64_t> found;
        for (const auto& table : run.overlapping(key, other, exclusive)) found.push_back(table->number());
        ASSERT_EQ(found, exclusive ? open : closed) << "seed " << seed;
      }
    }
  }
}

TEST(Run, ChargesWhatItHolds) {
  base::MemoryAccount account(1 << 20);
  Maker make;
  make.home = std::make_shared<TableHome>(kTestUuid, std::make_shared<FakeOpener>(), &account, nullptr);
  {
    const SortedRun run = SortedRun::make(0, 1, {make.table("a", "b")}).value();
    const SortedRun copy = run;
    EXPECT_TRUE(copy.is_same_as(run));
    EXPECT_GT(account.held(base::MemoryPart::kTableMeta), sizeof(TableMeta));
  }
  EXPECT_EQ(account.held(base::MemoryPart::kTableMeta), 0U);
}

}  // namespace
}  // namespace nacre::tree
