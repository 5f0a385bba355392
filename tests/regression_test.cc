// Bugs of the whole engine that were found by reading, testing or use, each as the shortest story that shows it. What needs
// the simulator to be seen is in sim/engine_test.cc.

#include <gtest/gtest.h>
#include <unistd.h>

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "nacre/nacre.h"
#include "os/testing.h"

namespace nacre {
namespace {

Options small(uint32_t row_cache_percent = 0) {
  Options options;
  options.memory_bytes = kMinMemoryBytes;
  options.row_cache_percent = row_cache_percent;
  options.keyspace.compression = options.keyspace.bottom_compression = Compression::kNone;
  return options;
}

std::string key_of(int i) {
  char text[16];
  std::snprintf(text, sizeof text, "key%04d", i);
  return text;
}

class Regression : public testing::Test {
 protected:
  Db open(const Options& options = small()) { return Db::open(directory_ / "db", options).value(); }
  os::TemporaryDirectory directory_;
};

// The end of a range tombstone that is cut at the first key of the next table counts as the largest key of the former. A seek
// into the middle of that key's versions began the next table at its first entry, which lies before the target: a scan
// that skipped many newer versions showed the key again, with an old value.
TEST_F(Regression, AScanShowsAKeyOnceThoughARangeTombstoneEndsAtIt) {
  constexpr int kKeys = 700;
  Db db = open();
  for (int i = 0; i < kKeys; i++) db.put(key_of(i), "first").value();
  const Snapshot first = db.snapshot();  // keeps the tombstone needed
  db.erase_range("a", "z").value();
  for (int i = 0; i < kKeys; i++) db.put(key_of(i), std::string(4000, 'o')).value();
  db.compact().value();
  const Snapshot snapshot = db.snapshot();
  for (int version = 0; version < 20; version++) {
    for (int i = 0; i < kKeys; i++) db.put(key_of(i), std::to_string(version)).value();
  }
  for (const bool reverse : {false, true}) {
    int seen = 0;
    Scan scan = db.scan({.reverse = reverse});
    for (const auto& [key, value] : scan) {
      ASSERT_EQ(key, key_of(reverse ? kKeys - 1 - seen : seen));
      ASSERT_EQ(value, "19");
      seen++;
    }
    EXPECT_EQ(seen, kKeys);
  }
  Scan old = db.scan({.snapshot = snapshot});
  int seen = 0;
  for (const auto& [key, value] : old) ASSERT_EQ(key, key_of(seen++));
  EXPECT_EQ(seen, kKeys);
}

// The sources of a cursor were moved one after another to a target that was a view of the first one's key.
TEST_F(Regression, ACursorMaySeekWhatItShows) {
  for (const bool shown_is_newer : {false, true}) {
    Db db = Db::open(directory_ / (shown_is_newer ? "newer" : "older"), small()).value();
    for (const bool first : {true, false}) {
      if (first == shown_is_newer) {
        db.put("f", "3").value();
      } else {
        db.put("b", "1").value();
        db.put("m", "f").value();
      }
      db.flush().value();
    }
    Cursor cursor = db.cursor();
    cursor.seek("m");
    cursor.seek_before(cursor.key());
    ASSERT_TRUE(cursor.valid());
    EXPECT_EQ(cursor.key(), "f");
    cursor.seek("m");
    cursor.seek(cursor.value());
    ASSERT_TRUE(cursor.valid());
    EXPECT_EQ(cursor.key(), "f");
  }
}

// Values that came from the row cache were not counted, so a close went through and took their account away.
TEST_F(Regression, AValueOfTheRowCacheKeepsItsDatabase) {
  std::optional<Value> value;
  {
    Db db = open(small(20));
    db.put("key", "value").value();
    db.flush().value();
    for (int i = 0; i < 3; i++) value = db.get("key").value();
    const auto refused = db.close();
    ASSERT_FALSE(refused.has_value());
    EXPECT_EQ(refused.error().kind, ErrorKind::kBusy);
  }
  EXPECT_EQ(value->bytes(), "value");
  value.reset();
  Db again = Db::open(directory_ / "again", small(20)).value();
  again.put("key", "value").value();
  again.flush().value();
  for (int i = 0; i < 3; i++) value = again.get("key").value();
  value.reset();
  again.close().value();
}

// The old core went before the state that lives in it.
TEST_F(Regression, AKeyspaceThatOutlivedItsDatabaseMayBeAssignedTo) {
  std::optional<Db> db = open();
  Keyspace keyspace = db->keyspace("x").value();
  keyspace.put("key", "1").value();
  db->flush().value();
  keyspace.put("key", "2").value();
  db.reset();
  db = open();
  keyspace = db->keyspace("x").value();
  EXPECT_EQ(keyspace.get("key").value()->to_string(), "2");
}

// Keyspaces were told apart by their number alone: the write went to another one.
TEST_F(Regression, ABatchOrTransactionRefusesKeyspacesOfAnotherDatabase) {
  Db db = open();
  Db other = Db::open(directory_ / "other", small()).value();
  const Keyspace own = db.keyspace("a").value();
  const Keyspace foreign = other.keyspace("b").value();
  Batch batch;
  batch.put(foreign, "key", "value");
  EXPECT_EQ(db.write(batch).error().kind, ErrorKind::kInvalidArgument);
  batch.clear();
  batch.put(own, "key", "value");
  batch.put(foreign, "key", "value");
  EXPECT_EQ(db.write(batch).error().kind, ErrorKind::kInvalidArgument);
  EXPECT_EQ(other.write(batch).error().kind, ErrorKind::kInvalidArgument);
  EXPECT_FALSE(own.contains("key").value());
  Transaction transaction = db.begin();
  EXPECT_EQ(transaction.put(foreign, "key", "value").error().kind, ErrorKind::kInvalidArgument);
  EXPECT_EQ(transaction.erase(foreign, "key").error().kind, ErrorKind::kInvalidArgument);
  EXPECT_FALSE(transaction.get(foreign, "key").has_value());
}

// A refused write was added to what later writers owed.
TEST_F(Regression, AWriteThatMayNotWaitOwesNothing) {
  Db db = open();
  const std::string value(100'000, 'v');
  for (int i = 0; i < 2000; i++) {
    const auto written = db.put(key_of(i % 300), value, WriteOptions{.fail_if_delayed = true});
    if (written) continue;
    ASSERT_EQ(written.error().kind, ErrorKind::kBusy);
  }
  for (const DelayStats& delay : db.stats().delays) {
    if (delay.reason == DelayReason::kLogSegment) continue;  // of a device that is slow to make files
    EXPECT_EQ(delay.delays.count, 0U) << to_string(delay.reason);
  }
  db.settle().value();
  db.put("key", value, WriteOptions{.fail_if_delayed = true}).value();
}

// Holds back the jobs that are submitted while its gate is closed, for as long as the test likes.
class LateExecutor : public Executor {
 public:
  void submit(Urgency urgency, std::function<void()> job) override {
    const std::lock_guard lock(mutex_);
    if (open_) return below_->submit(urgency, std::move(job));
    late_.push_back(std::move(job));
  }
  uint32_t threads() const override { return below_->threads(); }
  void set_urgency(Urgency urgency) override { below_->set_urgency(urgency); }
  void open_gate() {
    const std::lock_guard lock(mutex_);
    open_ = true;
  }
  size_t run_late() {
    for (const auto& job : late_) job();
    return std::exchange(late_, {}).size();
  }

 private:
  const std::shared_ptr<Executor> below_ = Runtime::standard().executor;
  std::mutex mutex_;
  bool open_ = false;
  std::vector<std::function<void()>> late_;
};

// Jobs that an open offers to the executor hold on to nothing of the database once it is gone, however late they come; and an open
// does not need them. Their first form kept a keyspace (seed 104).
TEST_F(Regression, AnOpenNeedsNoExecutorAndItsLateJobsTouchNothing) {
  constexpr int kEntries = 8000;
  ASSERT_EQ(os::in_child([this]() -> int {
              Options roomy;
              roomy.memory_bytes = uint64_t{1} << 30;  // nothing is flushed before the process dies
              Db db = Db::open(directory_ / "killed", roomy).value();
              for (int i = 0; i < kEntries; i++) db.put(key_of(i), std::string(500, 'v')).value();
              ::_exit(42);
            }),
            42);
  const auto executor = std::make_shared<LateExecutor>();
  {
    Runtime runtime = Runtime::standard();
    runtime.executor = executor;
    Db db = Db::open(directory_ / "killed", small(), runtime).value();
    executor->open_gate();
    EXPECT_GE(db.stats().keyspaces.front().flushes, 3U) << "there is nothing to be late with";
    for (int i = 0; i < kEntries; i++) ASSERT_TRUE(db.contains(key_of(i)).value()) << i;
    db.close().value();
  }
  EXPECT_GE(executor->run_late(), 3U);
}

}  // namespace
}  // namespace nacre
