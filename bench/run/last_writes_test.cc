// Which values a number may have after the writes of several workers and workloads.

#include "bench/run/last_writes.h"

#include <gtest/gtest.h>

namespace bench {
namespace {

class LastWritesTest : public testing::Test {
 protected:
  LastWritesTest() { begin_workload(); }
  void begin_workload() {
    writes_.begin_workload();
    writes_.begin_worker();
  }
  std::vector<uint64_t> versions_of(uint64_t number) const {
    std::vector<uint64_t> versions;
    const auto at = writes_.all().find(number);
    if (at == writes_.all().end()) return versions;
    for (const LastWrites::Write& write : at->second) versions.push_back(write.version);
    return versions;
  }
  using Versions = std::vector<uint64_t>;

  LastWrites writes_{Records{.count = 100, .key = {}, .value = {}}};
};

TEST_F(LastWritesTest, OneWorkersLastWriteIsTheOnlyOne) {
  writes_.put(7, 1, 100);
  writes_.put(8, 2, 100);
  writes_.put(7, 3, 100);
  EXPECT_EQ(versions_of(7), Versions({3}));
  EXPECT_EQ(versions_of(8), Versions({2}));
}

TEST_F(LastWritesTest, OfSeveralWorkersEachHasALastWrite) {
  writes_.put(7, 1, 100);
  writes_.put(7, 2, 100);
  writes_.begin_worker();
  writes_.put(7, 5, 100);
  writes_.put(7, 6, 100);
  EXPECT_EQ(versions_of(7), Versions({2, 6}));
}

TEST_F(LastWritesTest, ALaterWorkloadsWritesAreNewer) {
  writes_.put(7, 1, 100);
  writes_.put(8, 2, 100);
  begin_workload();
  writes_.put(7, 3, 100);
  EXPECT_EQ(versions_of(7), Versions({3}));
  EXPECT_EQ(versions_of(8), Versions({2}));
}

TEST_F(LastWritesTest, AnErasedNumberHasNone) {
  writes_.put(7, 1, 100);
  writes_.erase(7);
  EXPECT_EQ(versions_of(7), Versions());
}

TEST(LastWritesOfManyTest, AboutTenThousandAreRemembered) {
  constexpr uint64_t kNumbers = 1'000'000;
  LastWrites writes(Records{.count = kNumbers, .key = {}, .value = {}});
  for (uint64_t number = 0; number < kNumbers; number++) writes.put(number, 0, 100);
  EXPECT_NEAR(static_cast<double>(writes.all().size()), 10'000, 500);
}

}  // namespace
}  // namespace bench
