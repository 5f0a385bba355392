// Stats and events say what happened: known stories, counted by hand.

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "nacre/nacre.h"
#include "os/testing.h"

namespace nacre {
namespace {

constexpr uint64_t kMebibyte = uint64_t{1} << 20;

std::string key_of(int i) {
  char text[16];
  std::snprintf(text, sizeof text, "key%06d", i);
  return text;
}

// A copy of what an event says, for its views die with the call.
struct Told {
  Event event;
  std::string keyspace;
  std::string cause;
};

class Listener : public EventSink {
 public:
  void on_event(const Event& event) override {
    const std::lock_guard lock(mutex_);
    told_.push_back({.event = event, .keyspace = std::string(event.keyspace), .cause = std::string(event.cause)});
  }
  std::vector<Told> of(EventKind kind) const {
    const std::lock_guard lock(mutex_);
    std::vector<Told> found;
    std::copy_if(told_.begin(), told_.end(), std::back_inserter(found),
                 [kind](const Told& told) { return told.event.kind == kind; });
    return found;
  }

 private:
  mutable std::mutex mutex_;
  std::vector<Told> told_;
};

// Lets jobs begin only while its gate is open.
class GatedExecutor : public Executor {
 public:
  explicit GatedExecutor(std::shared_ptr<Executor> below) : below_(std::move(below)) {}
  void submit(Urgency urgency, std::function<void()> job) override {
    const std::lock_guard lock(mutex_);
    if (open_) return below_->submit(urgency, std::move(job));
    waiting_.emplace_back(urgency, std::move(job));
  }
  uint32_t threads() const override { return below_->threads(); }
  void set_urgency(Urgency urgency) override { below_->set_urgency(urgency); }

  void close() {
    const std::lock_guard lock(mutex_);
    open_ = false;
  }
  void open() {
    const std::lock_guard lock(mutex_);
    open_ = true;
    for (auto& [urgency, job] : waiting_) below_->submit(urgency, std::move(job));
    waiting_.clear();
  }

 private:
  std::shared_ptr<Executor> below_;
  std::mutex mutex_;
  bool open_ = true;
  std::vector<std::pair<Urgency, std::function<void()>>> waiting_;
};

class StatsTest : public testing::Test {
 protected:
  StatsTest() {
    runtime_.executor = executor_;
    runtime_.events = events_;
  }

  Db open() { return Db::open(path_, options_, runtime_).value(); }

  static KeyspaceStats of(const Db& db, const std::string& name = "default") {
    for (const KeyspaceStats& keyspace : db.stats().keyspaces) {
      if (keyspace.name == name) return keyspace;
    }
    ADD_FAILURE() << "no keyspace " << name;
    return {};
  }
  static LevelStats level_of(const KeyspaceStats& keyspace, uint32_t level) {
    for (const LevelStats& each : keyspace.levels) {
      if (each.level == level) return each;
    }
    return {};
  }
  uint64_t table_bytes_in_directory() const {
    uint64_t bytes = 0;
    for (const DirectoryEntry& entry : os::posix_file_system()->open_directory(path_, false).value()->list().value()) {
      if (entry.name.ends_with(".sst")) bytes += entry.size_bytes;
    }
    return bytes;
  }
  static void fill(const Keyspace& keyspace, int from, int to, size_t value_bytes = 100) {
    for (int i = from; i < to; i++) keyspace.put(key_of(i), std::string(value_bytes, 'v')).value();
  }
  static void fill(Db& db, int from, int to, size_t value_bytes = 100) {
    fill(db.default_keyspace(), from, to, value_bytes);
  }

  static Options small() {
    Options options;
    options.memory_bytes = 32 * kMebibyte;
    options.keyspace.compression = options.keyspace.bottom_compression = Compression::kNone;
    return options;
  }

  const os::TemporaryDirectory directory_;
  const std::string path_ = directory_ / "db";
  std::shared_ptr<Listener> events_ = std::make_shared<Listener>();
  std::shared_ptr<GatedExecutor> executor_ = std::make_shared<GatedExecutor>(Runtime::standard().executor);
  Runtime runtime_ = Runtime::standard();
  Options options_ = small();
};

// About one operation in 16 is timed.
void expect_sampled(const Latency& latency, uint64_t operations) {
  EXPECT_NEAR(static_cast<double>(latency.count), static_cast<double>(operations) / 16, 3);
  EXPECT_GT(latency.sum_ns, 0U);
  EXPECT_LE(latency.p50_ns, latency.p90_ns);
  EXPECT_LE(latency.p90_ns, latency.p99_ns);
  EXPECT_LE(latency.p99_ns, latency.p999_ns);
  EXPECT_LE(latency.p999_ns, latency.max_ns);
  EXPECT_GE(latency.sum_ns, latency.max_ns);
}

// ---- operations ------------------------------------------------------------------------------------------------------

TEST_F(StatsTest, CountsWritesByKindAndKeyspace) {
  Db db = open();
  const Keyspace other = db.keyspace("other").value();
  fill(db, 0, 1000);
  for (int i = 0; i < 100; i++) other.erase(key_of(i)).value();
  Batch batch;
  for (int i = 0; i < 10; i++) batch.put(key_of(i), "12345");
  batch.erase(key_of(0));
  batch.erase_range("a", "b");
  batch.put(other, "key", "value");
  for (int i = 0; i < 64; i++) db.write(batch).value();
  EXPECT_FALSE(db.erase_range("b", "a").has_value());  // refused: not counted

  const Stats stats = db.stats();
  EXPECT_EQ(stats.writes, 1000U + 100 + 64);
  EXPECT_EQ(stats.operations_written, 1000U + 100 + 64 * 13);
  const KeyspaceStats own = of(db);
  EXPECT_EQ(own.puts, 1000U + 64 * 10);
  EXPECT_EQ(own.erases, 64U);
  EXPECT_EQ(own.range_erases, 64U);
  EXPECT_EQ(own.bytes_put, 1000 * 109 + 64 * (10 * (9 + 5) + 9 + 2U));
  const KeyspaceStats others = of(db, "other");
  EXPECT_EQ(others.puts, 64U);
  EXPECT_EQ(others.erases, 100U);
  EXPECT_EQ(others.range_erases, 0U);
  EXPECT_EQ(others.bytes_put, 100 * 9 + 64 * 8U);
  EXPECT_EQ(stats.user_bytes, own.bytes_put + others.bytes_put);
  expect_sampled(stats.write_latency, 1000 + 100 + 64);
  expect_sampled(own.write_latency, 1000 + 64);
  expect_sampled(others.write_latency, 100 + 64);
}

// Two keyspaces by turns: a fixed rhythm of sampling would see only one of them.
TEST_F(StatsTest, SamplesWhateverTheRhythm) {
  Db db = open();
  const Keyspace other = db.keyspace("other").value();
  for (int i = 0; i < 3200; i++) (i % 2 == 0 ? db.default_keyspace() : other).put(key_of(i), "v").value();
  expect_sampled(of(db).write_latency, 1600);
  expect_sampled(of(db, "other").write_latency, 1600);
}

TEST_F(StatsTest, CountsGetsAndWhoAnsweredThem) {
  Db db = open();
  fill(db, 0, 1600);
  db.settle().value();
  fill(db, 1600, 3200);
  for (int i = 0; i < 4800; i++)
    EXPECT_EQ(db.get(key_of(i)).value().has_value(), i < 3200);  // the last third is missing
  KeyspaceStats own = of(db);
  EXPECT_EQ(own.gets, 4800U);
  EXPECT_EQ(own.gets_found, 3200U);
  EXPECT_EQ(own.bytes_got, 3200U * 100);
  expect_sampled(own.get_latency, 4800);
  EXPECT_NEAR(static_cast<double>(own.gets_answered_memory), 100, 3);
  EXPECT_NEAR(static_cast<double>(own.levels.back().gets_answered), 100, 3);
  EXPECT_EQ(level_of(own, 0).gets_answered, 0U);  // it was flushed there, and moved on

  for (int i = 0; i < 320; i++) EXPECT_EQ(db.contains(key_of(i - 160 + 3200)).value(), i < 160);
  own = of(db);
  EXPECT_EQ(own.gets, 4800U + 320);
  EXPECT_EQ(own.gets_found, 3200U + 160);
  EXPECT_EQ(own.bytes_got, 3200U * 100);
  expect_sampled(own.get_latency, 4800 + 320);

  const std::vector<std::string> names = {key_of(0), key_of(1700), key_of(9999)};
  const std::vector<Bytes> keys(names.begin(), names.end());
  for (int i = 0; i < 160; i++) (void)db.multi_get(keys).value();
  own = of(db);
  const Stats stats = db.stats();
  EXPECT_EQ(own.gets, 4800U + 320);
  EXPECT_EQ(own.multi_gets, 160U);
  EXPECT_EQ(own.multi_get_keys, 160U * 3);
  EXPECT_EQ(own.multi_get_keys_found, 160U * 2);
  EXPECT_EQ(own.bytes_got, 3200U * 100 + 160 * 2 * 100);
  EXPECT_EQ(stats.gets, 4800U + 320 + 160 * 3);
  EXPECT_EQ(stats.gets_found, 3200U + 160 + 160 * 2);
  expect_sampled(stats.get_latency, 4800 + 320);
  expect_sampled(stats.multi_get_latency, 160);
}

TEST_F(StatsTest, CountsScansAndSeeks) {
  Db db = open();
  fill(db, 0, 100);
  for (int i = 0; i < 160; i++) {
    Scan scan = db.scan({.limit = 10});
    uint64_t seen = 0;
    for (const auto& [key, value] : scan) seen += key.size() / 9;
    EXPECT_EQ(seen, 10U);
  }
  EXPECT_EQ(of(db).cursors, 160U);
  EXPECT_EQ(of(db).seeks, 160U);
  expect_sampled(of(db).seek_latency, 160);

  Cursor cursor = db.cursor();
  for (int i = 0; i < 40; i++) {
    cursor.seek(key_of(i));
    cursor.seek_before(key_of(i));
    cursor.seek_first();
    cursor.seek_last();
    cursor.prev();
    cursor.next();
  }
  EXPECT_EQ(of(db).cursors, 161U);
  EXPECT_EQ(of(db).seeks, 160U + 160);
  expect_sampled(of(db).seek_latency, 160 + 160);
  expect_sampled(db.stats().seek_latency, 160 + 160);
}

TEST_F(StatsTest, TotalsKeepWhatADroppedKeyspaceDid) {
  Db db = open();
  {
    const Keyspace other = db.keyspace("other").value();
    fill(other, 0, 100);
    EXPECT_TRUE(other.get(key_of(5)).value());
  }
  db.drop_keyspace("other").value();
  fill(db, 0, 10);
  const Stats stats = db.stats();
  EXPECT_EQ(stats.keyspaces.size(), 1U);
  EXPECT_EQ(stats.writes, 110U);
  EXPECT_EQ(stats.operations_written, 110U);
  EXPECT_EQ(stats.user_bytes, 110U * 109);
  EXPECT_EQ(stats.gets, 1U);
  EXPECT_EQ(stats.gets_found, 1U);
}

// ---- background work -------------------------------------------------------------------------------------------------

TEST_F(StatsTest, CountsAFlush) {
  Db db = open();
  fill(db, 0, 1000);
  fill(db, 0, 500);
  db.flush().value();
  const KeyspaceStats own = of(db);
  const LevelStats top = level_of(own, 0);
  const Stats stats = db.stats();
  const uint64_t bytes = table_bytes_in_directory();
  EXPECT_EQ(own.flushes, 1U);
  EXPECT_EQ(top.jobs, 1U);
  EXPECT_EQ(top.bytes_written, bytes);
  EXPECT_EQ(top.entries_dropped, 500U);
  EXPECT_EQ(top.job_durations.count, 1U);
  EXPECT_EQ(stats.flush_duration.count, 1U);
  EXPECT_EQ(stats.flush_duration.sum_ns, top.job_durations.sum_ns);
  EXPECT_EQ(stats.flush_bytes, bytes);
  EXPECT_EQ(stats.compaction_duration.count, 0U);

  const auto finished = events_->of(EventKind::kFlushFinished);
  ASSERT_EQ(finished.size(), 1U);
  EXPECT_EQ(finished[0].keyspace, "default");
  EXPECT_EQ(finished[0].event.bytes_out, bytes);
  EXPECT_EQ(finished[0].event.entries, 1000U);
  EXPECT_EQ(finished[0].event.files_in, 1U);
  EXPECT_EQ(finished[0].event.files_out, 1U);
  EXPECT_EQ(finished[0].event.duration_ns, stats.flush_duration.max_ns);
}

// Three generations of the same keys, then one run: by hand, what each number must be.
TEST_F(StatsTest, CountsACompactionAndTheAmplifications) {
  Db db = open();
  EXPECT_EQ(db.stats().write_amplification(), 0);
  EXPECT_EQ(db.stats().space_amplification(), 1);
  EXPECT_EQ(db.stats().read_amplification(), 0);
  options_.keyspace.shape = CompactionShape::kTiered;
  const Keyspace tiered = db.create_keyspace("tiered", options_.keyspace).value();
  for (int generation = 0; generation < 3; generation++) {
    fill(tiered, 0, 1000);
    db.flush().value();
  }
  const KeyspaceStats before = of(db, "tiered");
  uint64_t runs = 0;
  uint64_t bytes = 0;
  for (const LevelStats& level : before.levels) {
    runs += level.runs;
    bytes += level.bytes;
  }
  ASSERT_EQ(runs, 3U);
  ASSERT_EQ(before.compactions, 0U);
  EXPECT_EQ(before.read_amplification(), 3);
  EXPECT_EQ(db.stats().read_amplification(), 3) << "the keyspace with most runs, not the default one";
  EXPECT_NEAR(before.space_amplification(), 3, 0.01);
  EXPECT_DOUBLE_EQ(before.write_amplification(), static_cast<double>(bytes) / (3 * 1000 * 109));

  db.compact().value();
  const KeyspaceStats after = of(db, "tiered");
  const Stats stats = db.stats();
  const LevelStats bottom = after.levels.back();
  EXPECT_EQ(after.compactions, 1U);
  EXPECT_EQ(bottom.jobs, 1U);
  EXPECT_EQ(bottom.runs, 1U);
  EXPECT_EQ(bottom.entries, 1000U);
  EXPECT_EQ(bottom.entries_dropped, 2000U);
  EXPECT_EQ(bottom.bytes_written, bottom.bytes);
  EXPECT_EQ(bottom.job_durations.count, 1U);
  EXPECT_EQ(stats.compaction_duration.count, 1U);
  EXPECT_EQ(stats.compaction_duration.sum_ns, bottom.job_durations.sum_ns);
  EXPECT_EQ(stats.compaction_bytes_read, bytes);
  EXPECT_EQ(stats.compaction_bytes_written, bottom.bytes);
  EXPECT_EQ(after.read_amplification(), 1);
  EXPECT_EQ(after.space_amplification(), 1);
  EXPECT_EQ(stats.read_amplification(), 1);
  EXPECT_EQ(stats.space_amplification(), 1);
  EXPECT_EQ(stats.user_bytes, 3000U * 109);
  EXPECT_GT(stats.log_bytes, stats.user_bytes);
  EXPECT_LT(stats.log_bytes, stats.user_bytes * 3 / 2);
  const uint64_t written = stats.log_bytes + stats.flush_bytes + bottom.bytes;
  EXPECT_DOUBLE_EQ(stats.write_amplification(), static_cast<double>(written) / (3000 * 109));

  const auto finished = events_->of(EventKind::kCompactionFinished);
  ASSERT_EQ(finished.size(), 1U);
  EXPECT_EQ(finished[0].keyspace, "tiered");
  EXPECT_FALSE(finished[0].cause.empty());
  EXPECT_EQ(finished[0].event.bytes_in, bytes);
  EXPECT_EQ(finished[0].event.bytes_out, bottom.bytes);
  EXPECT_EQ(finished[0].event.files_in, 3U);
  EXPECT_EQ(finished[0].event.files_out, 1U);
  EXPECT_EQ(finished[0].event.entries, 1000U);
  EXPECT_EQ(finished[0].event.level_to, bottom.level);
  EXPECT_EQ(finished[0].event.duration_ns, stats.compaction_duration.max_ns);
}

TEST_F(StatsTest, CountsTablesMoved) {
  Db db = open();
  fill(db, 0, 5000);
  db.flush().value();
  const uint64_t bytes = db.stats().table_file_bytes;
  db.settle().value();  // one run alone: it goes to the bottom as it is
  const KeyspaceStats own = of(db);
  EXPECT_EQ(own.tables_moved, 1U);
  EXPECT_EQ(own.compactions, 0U);
  ASSERT_FALSE(own.levels.empty());
  const LevelStats bottom = own.levels.back();
  EXPECT_EQ(bottom.tables_moved_in, 1U);
  EXPECT_EQ(bottom.jobs, 0U);
  EXPECT_EQ(bottom.bytes, bytes);
  EXPECT_EQ(bottom.bytes_written, 0U);
  EXPECT_EQ(db.stats().compaction_bytes_written, 0U);

  const auto moved = events_->of(EventKind::kTablesMoved);
  ASSERT_EQ(moved.size(), 1U);
  EXPECT_EQ(moved[0].keyspace, "default");
  EXPECT_EQ(moved[0].event.files_in, 1U);
  EXPECT_EQ(moved[0].event.bytes_in, bytes);
  EXPECT_EQ(moved[0].event.level_from, 0U);
  EXPECT_EQ(moved[0].event.level_to, bottom.level);
}

// Fresh pages of memory and of the log cost more than all the rest of a put where a hypervisor has to find them first.
TEST_F(StatsTest, ASmallKeyspaceHasSmallMemtables) {
  options_.memory_bytes = 128 * kMebibyte;  // memtables of 8 MiB
  Db db = open();
  const auto largest_memtable = [&](int from, int to) {
    uint64_t largest = 0;
    for (int i = from; i < to; i++) {
      fill(db, i, i + 1, 10'000);
      KeyspaceStats own = of(db);
      for (; own.memtables != 1; own = of(db)) std::this_thread::sleep_for(std::chrono::milliseconds(1));
      largest = std::max(largest, own.memtable_bytes);  // of one: no other waits for its flush
    }
    db.flush().value();
    return largest;
  };
  EXPECT_LT(largest_memtable(0, 1500), 5 * kMebibyte);
  EXPECT_GT(largest_memtable(1500, 5000), 7 * kMebibyte);
}

TEST_F(StatsTest, TellsWhatWasRecovered) {
  const int child = os::in_child([&] {
    Db db = Db::open(path_, options_).value();
    for (int i = 0; i < 100; i++) db.put(key_of(i), "value").value();
    Batch batch;
    for (int i = 0; i < 7; i++) batch.put(key_of(i), "newer");
    db.write(batch).value();
    ::_exit(0);
    return 1;
  });
  ASSERT_EQ(child, 0);
  Db db = open();
  const auto recovered = events_->of(EventKind::kRecovered);
  ASSERT_EQ(recovered.size(), 1U);
  EXPECT_EQ(recovered[0].event.entries, 107U);
  EXPECT_GT(recovered[0].event.bytes_in, 107U * (9 + 5));
  EXPECT_GT(recovered[0].event.duration_ns, 0U);
  EXPECT_EQ(of(db).flushes, 1U);
  EXPECT_EQ(of(db).puts, 0U);
  EXPECT_EQ(db.stats().flush_duration.count, 1U);
}

// ---- delays ----------------------------------------------------------------------------------------------------------

// No flush may begin, so memtables fill, and a writer must wait until one has ended.
TEST_F(StatsTest, TellsWhyAndHowLongAWriterWaited) {
  options_.memory_bytes = kMinMemoryBytes;
  Db db = open();
  for (const DelayStats& delay : db.stats().delays) EXPECT_EQ(delay.delays.count, 0U);
  executor_->close();
  std::thread writer([&] {
    const std::string value(10'000, 'v');
    for (int i = 0; i < 800; i++) db.put(key_of(i), value).value();  // 8 MB, twice what memtables may hold
  });
  while (db.stats().memory.memtables < kMinMemoryBytes / 4 - kMebibyte)
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  std::this_thread::sleep_for(std::chrono::milliseconds(100));
  executor_->open();
  writer.join();

  uint64_t waits = 0;
  uint64_t longest_ns = 0;
  for (const DelayStats& delay : db.stats().delays) {
    if (delay.reason == DelayReason::kMemtablesFull) {
      waits = delay.delays.count;
      longest_ns = delay.delays.max_ns;
    }
    if (delay.reason == DelayReason::kCompactionDebt) {
      EXPECT_EQ(delay.delays.count, 0U);
    }
  }
  EXPECT_GE(waits, 1U);
  EXPECT_GE(longest_ns, 10'000'000U);
  uint64_t told_longest_ns = 0;
  for (const Told& told : events_->of(EventKind::kWriteDelayed)) {
    if (told.cause == to_string(DelayReason::kMemtablesFull))
      told_longest_ns = std::max(told_longest_ns, told.event.duration_ns);
    EXPECT_GE(told.event.duration_ns, 10'000'000U);
  }
  EXPECT_EQ(told_longest_ns, longest_ns);
}

// Memtables of several keyspaces wait: more than half of what they may hold, less than all.
TEST_F(StatsTest, TellsFillingMemtablesFromCompactionDebt) {
  options_.memory_bytes = 64 * kMebibyte;
  Db db = open();
  executor_->close();
  for (const char* name : {"a", "b", "c", "d"}) fill(db.keyspace(name).value(), 0, 280, 10'000);
  std::thread flusher([&db] { db.flush().value(); });
  const auto memtables = [&db] {
    uint64_t sum = 0;
    for (const KeyspaceStats& keyspace : db.stats().keyspaces) sum += keyspace.memtables;
    return sum;
  };
  while (memtables() != 5 + 4) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  fill(db, 0, 300, 10'000);
  for (const DelayStats& delay : db.stats().delays) {
    if (delay.reason == DelayReason::kMemtablesFilling) {
      EXPECT_GE(delay.delays.count, 1U);
    } else if (delay.reason != DelayReason::kLogSegment) {  // of a device that is slow to make files
      EXPECT_EQ(delay.delays.count, 0U) << to_string(delay.reason);
    }
  }
  executor_->open();
  flusher.join();
}

}  // namespace
}  // namespace nacre
