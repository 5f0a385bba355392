// Threads that race through the public API: writers, readers, scanners, snapshots and background work at once. Each reader
// checks what must hold at any moment; run under the thread sanitizer as well.

#include <gtest/gtest.h>

#include <atomic>
#include <barrier>
#include <chrono>
#include <cstring>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "base/prng.h"
#include "nacre/nacre.h"
#include "os/testing.h"
#include "tests/support/random_bytes.h"

namespace nacre {
namespace {

constexpr uint64_t kScale = os::kThreadSanitizer ? 1 : 4;

Options options(MemtableKind memtable) {
  Options options;
  options.memory_bytes = kMinMemoryBytes;
  options.memtable = memtable;
  options.keyspace.block_bytes = 2048;
  return options;
}

std::string numbered(uint64_t i) {
  char text[24];
  std::snprintf(text, sizeof text, "key%05llu", static_cast<unsigned long long>(i));
  return text;
}

// A number, with a tail that makes memtables fill.
std::string value_of(uint64_t number, uint64_t tail) {
  std::string value(sizeof number + tail, static_cast<char>(number));
  std::memcpy(value.data(), &number, sizeof number);
  return value;
}
uint64_t number_in(Bytes value) {
  uint64_t number = 0;
  EXPECT_GE(value.size(), sizeof number);
  std::memcpy(&number, value.data(), sizeof number);
  EXPECT_EQ(value.find_first_not_of(static_cast<char>(number), sizeof number), Bytes::npos) << "a torn value";
  return number;
}

class EngineConcurrentTest : public testing::TestWithParam<MemtableKind> {
 protected:
  void start(std::function<void()> body) { threads_.emplace_back(std::move(body)); }
  // Runs `body` until the writers are done.
  void start_beside(std::function<void(base::Prng&)> body) {
    const uint64_t seed = threads_.size();
    start([this, seed, body = std::move(body)] {
      base::Prng random(seed);
      do body(random);
      while (writers_ != 0 && !HasFailure());
    });
  }
  void start_writer(std::function<void(base::Prng&)> body) {
    writers_++;
    const uint64_t seed = threads_.size();
    start([this, seed, body = std::move(body)] {
      base::Prng random(seed);
      body(random);
      writers_--;
    });
  }
  void join() {
    for (std::thread& thread : threads_) thread.join();
    threads_.clear();
  }
  // Flushes and compactions that nobody asked for, again and again.
  void start_upheaval() {
    start_beside([this](base::Prng& random) {
      if (random.one_in(8)) {
        db_->compact().value();
      } else {
        db_->flush().value();
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(random.below(20)));
    });
  }
  void TearDown() override {
    const auto findings = db_->check().value();
    for (const CheckFinding& finding : findings) ADD_FAILURE() << finding.error.to_string() << " " << finding.detail;
    const auto closed = db_->close();
    EXPECT_TRUE(closed.has_value()) << closed.error().to_string();
  }

  os::TemporaryDirectory directory_;
  std::optional<Db> db_{Db::open(directory_ / "db", options(GetParam())).value()};
  std::vector<std::thread> threads_;
  std::atomic<int> writers_{0};
};

// Each key is a counter that only grows, each writer owns its keys. Whoever reads a key, by whatever way, may never see it
// fall, and never see less than was acknowledged before the read began.
TEST_P(EngineConcurrentTest, NobodySeesTimeRunBackwards) {
  constexpr uint64_t kWriters = 3;
  constexpr uint64_t kKeys = 150;
  std::vector<std::atomic<uint64_t>> acknowledged(kKeys);
  for (uint64_t writer = 0; writer < kWriters; writer++) {
    start_writer([&, writer](base::Prng& random) {
      std::vector<uint64_t> counters(kKeys);
      for (uint64_t i = 0; i < 1500 * kScale; i++) {
        const uint64_t key = random.below(kKeys / kWriters) * kWriters + writer;
        db_->put(numbered(key), value_of(++counters[key], 50 + random.below(1500))).value();
        acknowledged[key].store(counters[key], std::memory_order_release);
      }
    });
  }
  for (int reader = 0; reader < 2; reader++) {
    start_beside([&, seen = std::vector<uint64_t>(kKeys)](base::Prng& random) mutable {
      for (int i = 0; i < 50; i++) {
        const uint64_t key = random.below(kKeys);
        const uint64_t floor = acknowledged[key].load(std::memory_order_acquire);
        const auto value = db_->get(numbered(key)).value();
        const uint64_t number = value ? number_in(*value) : 0;
        EXPECT_GE(number, floor) << "get lost an acknowledged write of " << key;
        EXPECT_GE(number, seen[key]) << "get went back in time at " << key;
        seen[key] = number;
      }
      std::vector<std::string> names;
      std::vector<uint64_t> floors(kKeys);
      for (uint64_t key = 0; key < kKeys; key++) {
        names.push_back(numbered(key));
        floors[key] = acknowledged[key].load(std::memory_order_acquire);
      }
      const std::vector<Bytes> asked(names.begin(), names.end());
      const auto values = db_->multi_get(asked).value();
      for (uint64_t key = 0; key < kKeys; key++) {
        const uint64_t number = values[key] ? number_in(*values[key]) : 0;
        EXPECT_GE(number, std::max(floors[key], seen[key])) << "multi_get at " << key;
        seen[key] = number;
      }
    });
  }
  start_beside([&, seen = std::vector<uint64_t>(kKeys)](base::Prng& random) mutable {
    std::vector<uint64_t> floors(kKeys);
    for (uint64_t key = 0; key < kKeys; key++) floors[key] = acknowledged[key].load(std::memory_order_acquire);
    std::vector<uint64_t> found(kKeys);
    Scan scan = db_->scan({.reverse = random.one_in(2)});
    for (const auto& [key, value] : scan) found.at(std::stoull(std::string(key.substr(3)))) = number_in(value);
    scan.status().value();
    for (uint64_t key = 0; key < kKeys; key++) {
      EXPECT_GE(found[key], std::max(floors[key], seen[key])) << "scan at " << key;
      seen[key] = found[key];
    }
  });
  start_upheaval();
  join();
  for (uint64_t key = 0; key < kKeys; key++) {
    const auto value = db_->get(numbered(key)).value();
    EXPECT_EQ(value ? number_in(*value) : 0, acknowledged[key].load());
  }
}

// Batches write the same number to a key in each of two keyspaces, or erase both. No snapshot, cursor pair or multi_get may
// ever see one without the other.
TEST_P(EngineConcurrentTest, BatchesAreSeenWholeOrNotAtAll) {
  constexpr uint64_t kKeys = 40;
  const Keyspace left = db_->keyspace("left").value();
  const Keyspace right = db_->keyspace("right").value();
  for (uint64_t writer = 0; writer < 2; writer++) {
    start_writer([&, writer](base::Prng& random) {
      Batch batch;
      for (uint64_t i = 1; i < 1200 * kScale; i++) {
        const std::string key = numbered(random.below(kKeys));
        batch.clear();
        if (random.one_in(10)) {
          batch.erase(left, key);
          batch.erase(right, key);
        } else if (random.one_in(40)) {
          batch.erase_range(left, key, key + "z");
          batch.erase_range(right, key, key + "z");
        } else {
          const std::string value = value_of(i * 2 + writer, 20 + random.below(1500));
          batch.put(left, key, value);
          batch.put(right, key, value);
        }
        db_->write(batch, random.one_in(5) ? WriteOptions{.durability = Durability::kMemory} : WriteOptions()).value();
      }
    });
  }
  const auto contents = [](const Keyspace& keyspace, const Snapshot& snapshot, bool reverse) {
    std::map<std::string, uint64_t> all;
    Scan scan = keyspace.scan({.reverse = reverse, .snapshot = snapshot});
    for (const auto& [key, value] : scan) all[std::string(key)] = number_in(value);
    scan.status().value();
    return all;
  };
  for (int reader = 0; reader < 2; reader++) {
    start_beside([&](base::Prng& random) {
      const Snapshot snapshot = db_->snapshot();
      for (int i = 0; i < 20; i++) {
        const std::string key = numbered(random.below(kKeys));
        const auto one = left.get(key, snapshot).value();
        const auto other = right.get(key, snapshot).value();
        ASSERT_EQ(one.has_value(), other.has_value()) << key;
        if (one) {
          ASSERT_EQ(number_in(*one), number_in(*other)) << key;
        }
      }
      const auto all = contents(left, snapshot, false);
      EXPECT_EQ(all, contents(right, snapshot, true));
      EXPECT_EQ(all, contents(left, snapshot, true)) << "a snapshot must not move";
    });
  }
  start_upheaval();
  join();
  EXPECT_EQ(contents(left, {}, false), contents(right, {}, false));
}

// Transactions add one to a shared counter, and move money between accounts: no update is lost, the sum never changes.
TEST_P(EngineConcurrentTest, TransactionsLoseNoUpdates) {
  constexpr uint64_t kAccounts = 12;
  constexpr uint64_t kEach = 1000;
  const Keyspace counts = db_->keyspace("counts").value();
  for (uint64_t i = 0; i < kAccounts; i++) db_->put(numbered(i), std::to_string(kEach)).value();
  std::atomic<uint64_t> committed{0};
  std::atomic<uint64_t> conflicts{0};
  for (int writer = 0; writer < 3; writer++) {
    start_writer([&](base::Prng& random) {
      for (uint64_t i = 0; i < 120 * kScale; i++) {
        const std::string from = numbered(random.below(kAccounts));
        const std::string to = numbered(random.below(kAccounts));
        if (from == to) continue;
        while (true) {
          Transaction transaction = db_->begin();
          const uint64_t count =
              std::strtoull(transaction.get(counts, "count").value().value_or("0").c_str(), nullptr, 10);
          const uint64_t had = std::strtoull(transaction.get(from).value()->c_str(), nullptr, 10);
          const uint64_t has = std::strtoull(transaction.get(to).value()->c_str(), nullptr, 10);
          const uint64_t amount = random.below(had + 1);
          transaction.put(from, std::to_string(had - amount)).value();
          transaction.put(to, std::to_string(has + amount)).value();
          transaction.put(counts, "count", std::to_string(count + 1)).value();
          const auto result = transaction.commit();
          if (result) break;
          ASSERT_EQ(result.error().kind, ErrorKind::kConflict) << result.error().to_string();
          conflicts++;
        }
        committed++;
      }
    });
  }
  start_beside([&](base::Prng&) {
    uint64_t sum = 0;
    Scan scan = db_->scan();
    for (const auto& [key, value] : scan) sum += std::strtoull(std::string(value).c_str(), nullptr, 10);
    scan.status().value();
    EXPECT_EQ(sum, kAccounts * kEach);
  });
  start_upheaval();
  join();
  EXPECT_EQ(counts.get("count").value()->to_string(), std::to_string(committed));
  std::printf("%llu commits, %llu conflicts\n", static_cast<unsigned long long>(committed),
              static_cast<unsigned long long>(conflicts));
}

// Write skew: two transactions each read both keys and take one away if both are there. One key must always be left.
TEST_P(EngineConcurrentTest, TransactionsAreSerializableForReadsAndRanges) {
  for (uint64_t round = 0; round < 60 * kScale; round++) {
    db_->put("on/1", "x").value();
    db_->put("on/2", "x").value();
    const Keyspace keyspace = db_->default_keyspace();
    const auto leave = [&](const char* mine, bool by_range) {
      Transaction transaction = db_->begin();
      const bool both =
          by_range ? transaction.read_range(keyspace, "on/", "on0").value().size() == 2
                   : transaction.get("on/1").value().has_value() && transaction.get("on/2").value().has_value();
      if (both) transaction.erase(mine).value();
      const auto result = transaction.commit();
      EXPECT_TRUE(result.has_value() || result.error().kind == ErrorKind::kConflict);
    };
    std::thread one([&] { leave("on/1", round % 2 == 0); });
    std::thread two([&] { leave("on/2", round % 3 == 0); });
    one.join();
    two.join();
    ASSERT_TRUE(db_->contains("on/1").value() || db_->contains("on/2").value()) << "round " << round;
  }
}

// Keyspaces come and go under readers and writers; objects of a dropped one stay usable or say that it is gone.
TEST_P(EngineConcurrentTest, KeyspacesComeAndGo) {
  start_writer([&](base::Prng& random) {
    for (uint64_t i = 0; i < 25 * kScale; i++) {
      const Keyspace keyspace = db_->keyspace("passing").value();
      for (uint64_t j = random.below(60); j > 0; j--) {
        const auto put = keyspace.put(numbered(j), value_of(j, random.below(3000)));
        ASSERT_TRUE(put.has_value() || put.error().kind == ErrorKind::kNotFound) << put.error().to_string();
      }
      ASSERT_TRUE(db_->drop_keyspace("passing").has_value());
    }
  });
  start_beside([&](base::Prng& random) {
    const auto keyspace = db_->keyspace("passing");
    if (!keyspace) return;
    const auto put = keyspace->put(numbered(random.below(60)), value_of(7, 100));
    ASSERT_TRUE(put.has_value() || put.error().kind == ErrorKind::kNotFound) << put.error().to_string();
    Scan scan = keyspace->scan();
    for (const auto& [key, value] : scan) number_in(value);
    ASSERT_TRUE(scan.status().has_value() || scan.status().error().kind == ErrorKind::kNotFound)
        << scan.status().error().to_string();
    const auto got = keyspace->get(numbered(1));
    ASSERT_TRUE(got.has_value() || got.error().kind == ErrorKind::kNotFound) << got.error().to_string();
  });
  start_beside(
      [&](base::Prng& random) { db_->put(numbered(random.below(100)), value_of(1, random.below(2000))).value(); });
  start_upheaval();
  join();
}

// A counter is a plain number for the first threads, and shared by those that are too many: none may lose what another adds.
TEST(EngineCounters, AreExactForAnyNumberOfThreads) {
  constexpr uint64_t kThreads = 100;
  constexpr uint64_t kGets = 2000 * kScale;
  const os::TemporaryDirectory directory;
  Db db = Db::open(directory / "db", options(MemtableKind::kBTree)).value();
  db.put("there", "value").value();
  std::barrier all_alive(kThreads);
  std::vector<std::thread> threads;
  for (uint64_t t = 0; t < kThreads; t++) {
    threads.emplace_back([&] {
      all_alive.arrive_and_wait();
      for (uint64_t i = 0; i < kGets; i++)
        EXPECT_EQ(db.get(i % 2 == 0 ? "there" : "not").value().has_value(), i % 2 == 0);
      all_alive.arrive_and_wait();
    });
  }
  for (std::thread& thread : threads) thread.join();
  const Stats stats = db.stats();
  EXPECT_EQ(stats.gets, kThreads * kGets);
  EXPECT_EQ(stats.gets_found, kThreads * kGets / 2);
}

INSTANTIATE_TEST_SUITE_P(Memtables, EngineConcurrentTest,
                         testing::Values(MemtableKind::kBTree, MemtableKind::kSkipList));

}  // namespace
}  // namespace nacre
