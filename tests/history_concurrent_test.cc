// Histories of real threads, checked (sim/history/): each test lets clients do random things to a few hot keys, while tables
// are flushed, compacted and dropped beside them, and then looks for an order that explains every answer. Run under the thread
// sanitizer as well.
//
//   NACRE_HISTORY_SEED=N    the first seed (1)
//   NACRE_HISTORY_ROUNDS=N  databases a test (3; 1 under the thread sanitizer)
//   NACRE_HISTORY_STEPS=N   what a client does in each (1500; 150)

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <iterator>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "nacre/nacre.h"
#include "os/testing.h"
#include "sim/history/checker.h"
#include "sim/history/client.h"
#include "sim/history/explain.h"

namespace nacre {
namespace {

using history::Client;
using history::Operation;
using history::Stage;
using history::Version;

constexpr uint32_t kClients = 5;

uint64_t variable(const char* name, uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text != nullptr ? std::strtoull(text, nullptr, 10) : otherwise;
}

struct Setting {
  const char* name;
  MemtableKind memtable;
  uint32_t row_cache_percent;
  CompactionShape shape;
};

class HistoryTest : public testing::TestWithParam<Setting> {
 protected:
  Options options() const {
    Options options;
    options.memory_bytes = kMinMemoryBytes;
    options.memtable = GetParam().memtable;
    options.row_cache_percent = GetParam().row_cache_percent;
    options.keyspace.block_bytes = 1024;
    options.keyspace.shape = GetParam().shape;
    return options;
  }

  // One database, from nothing.
  void round(uint64_t seed);
  // Beside the clients, until they are done.
  void keep_house(Db& db, uint64_t seed, const std::atomic<bool>& done);
};

void HistoryTest::keep_house(Db& db, uint64_t seed, const std::atomic<bool>& done) {
  base::Prng prng(seed);
  while (!done.load()) {
    const uint64_t what = prng.below(16);
    if (what < 11) {
      EXPECT_TRUE(db.flush().has_value());
    } else if (what < 14) {
      EXPECT_TRUE(db.compact().has_value());
    } else if (what == 14) {
      EXPECT_TRUE(db.settle().has_value());
    } else {
      const Keyspace passing = db.keyspace("passing").value();
      EXPECT_TRUE(passing.put("p", std::string(prng.below(3000), 'p')).has_value());
      EXPECT_TRUE(db.drop_keyspace("passing").has_value());
    }
    std::this_thread::sleep_for(std::chrono::microseconds(prng.below(2000)));
  }
}

void HistoryTest::round(uint64_t seed) {
  const os::TemporaryDirectory directory;
  Db db = Db::open(directory / "db", options()).value();
  history::Ticks ticks;
  std::atomic<bool> failed = false;
  Stage stage{
      .db = &db, .keyspaces = {db.default_keyspace(), db.keyspace("second").value()}, .keys_each = 6, .ticks = &ticks};
  stage.failed = [&](const Error& error, const char* what) {
    ADD_FAILURE() << what << ": " << error.to_string();
    failed = true;
  };
  const uint64_t steps = variable("NACRE_HISTORY_STEPS", os::kThreadSanitizer ? 150 : 1500);
  std::vector<std::vector<Operation>> lists(kClients);
  std::vector<std::thread> threads;
  for (uint32_t i = 0; i < kClients; ++i) {
    threads.emplace_back([&, i] {
      Client client(stage, i, seed * 100 + i, 1 + i, kClients);
      for (uint64_t step = 0; step < steps && !failed; ++step) client.step();
      lists[i] = client.finish();
    });
  }
  std::atomic<bool> done = false;
  std::thread house([&] { keep_house(db, seed, done); });
  for (std::thread& thread : threads) thread.join();
  done = true;
  house.join();
  history::Boot boot{.keys = stage.keys()};
  for (std::vector<Operation>& list : lists) std::ranges::move(list, std::back_inserter(boot.operations));
  const std::string wrong = history::explain(boot, [&](history::Key key) { return stage.name_of(key); });
  ASSERT_EQ(wrong, "") << "NACRE_HISTORY_SEED=" << seed;
}

// Whatever threads do at once, everything they are told has one order.
TEST_P(HistoryTest, HasAnOrderThatExplainsEveryAnswer) {
  const uint64_t first = variable("NACRE_HISTORY_SEED", 1);
  const uint64_t rounds = variable("NACRE_HISTORY_ROUNDS", os::kThreadSanitizer ? 1 : 3);
  for (uint64_t seed = first; seed < first + rounds && !HasFatalFailure(); ++seed) round(seed);
}

INSTANTIATE_TEST_SUITE_P(Settings, HistoryTest,
                         testing::Values(Setting{"BTree", MemtableKind::kBTree, 0, CompactionShape::kLazyLeveled},
                                         Setting{"SkipList", MemtableKind::kSkipList, 0, CompactionShape::kLeveled},
                                         Setting{"RowCache", MemtableKind::kBTree, 30, CompactionShape::kTiered}),
                         [](const auto& param) { return param.param.name; });

}  // namespace
}  // namespace nacre
