// Space comes back: after erasing, obsolete files leave the directory; and a keyspace that nobody writes to does not keep
// the log from being released.

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "base/prng.h"
#include "nacre/nacre.h"
#include "os/testing.h"
#include "tests/support/random_bytes.h"

namespace nacre {
namespace {

constexpr uint64_t kMebibyte = uint64_t{1} << 20;
constexpr int kEntries = 20'000;
constexpr uint64_t kValueBytes = 500;

Options options(CompactionShape shape) {
  Options options;
  options.memory_bytes = kMinMemoryBytes;
  options.keyspace.shape = shape;
  options.keyspace.compression = options.keyspace.bottom_compression = Compression::kNone;
  return options;
}

std::string numbered(int i) {
  char text[24];
  std::snprintf(text, sizeof text, "key%08d", i);
  return text;
}

struct Files {
  uint64_t table_bytes = 0;
  uint64_t tables = 0;
  uint64_t log_bytes = 0;
};

Files files_of(const std::string& path) {
  Files files;
  for (const DirectoryEntry& entry : os::posix_file_system()->open_directory(path, false).value()->list().value()) {
    if (entry.name.ends_with(".sst")) {
      files.tables++;
      files.table_bytes += entry.size_bytes;
    }
    if (entry.name.ends_with(".wal")) files.log_bytes += entry.size_bytes;
  }
  return files;
}

uint64_t live_tables(const Db& db) {
  uint64_t tables = 0;
  for (const KeyspaceStats& keyspace : db.stats().keyspaces) {
    for (const LevelStats& level : keyspace.levels) tables += level.tables;
  }
  return tables;
}

class SpaceTest : public testing::TestWithParam<CompactionShape> {
 protected:
  void fill(Db& db) {
    base::Prng random(3);
    for (int i = 0; i < kEntries; i++) db.put(numbered(i), tests::value_of(random, kValueBytes)).value();
    db.flush().value();
    db.settle().value();
  }
  // settle() waits for jobs; the keeper removes files right after.
  void expect_no_other_tables(const Db& db) {
    for (int i = 0; i < 400 && files_of(path_).tables != live_tables(db); i++) ::usleep(10'000);
    EXPECT_EQ(files_of(path_).tables, live_tables(db)) << "obsolete tables stay";
    EXPECT_EQ(files_of(path_).table_bytes, db.stats().table_file_bytes);
  }
  static int count(const Db& db) {
    int entries = 0;
    Scan scan = db.scan();
    for (auto at = scan.begin(); at != scan.end(); ++at) entries++;
    scan.status().value();
    return entries;
  }

  os::TemporaryDirectory directory_;
  std::string path_ = directory_ / "db";
};

TEST_P(SpaceTest, ErasedKeysGiveTheirSpaceBack) {
  Db db = Db::open(path_, options(GetParam())).value();
  fill(db);
  const uint64_t before = db.stats().table_file_bytes;
  EXPECT_GE(before, kEntries * kValueBytes);
  for (int i = 0; i < kEntries; i++) {
    if (i % 10 != 0) db.erase(numbered(i)).value();
  }
  db.flush().value();
  db.settle().value();
  const uint64_t after = db.stats().table_file_bytes;
  std::printf("%.1f MB became %.1f MB\n", static_cast<double>(before) / 1e6, static_cast<double>(after) / 1e6);
  EXPECT_LT(after, before / 4);
  EXPECT_EQ(count(db), kEntries / 10);
  expect_no_other_tables(db);
}

TEST_P(SpaceTest, AnErasedRangeGivesItsSpaceBack) {
  Db db = Db::open(path_, options(GetParam())).value();
  fill(db);
  const uint64_t before = db.stats().table_file_bytes;
  db.erase_range(numbered(kEntries / 20), numbered(kEntries / 20 + kEntries * 9 / 10)).value();
  db.flush().value();
  db.settle().value();
  const uint64_t after = db.stats().table_file_bytes;
  std::printf("%.1f MB became %.1f MB\n", static_cast<double>(before) / 1e6, static_cast<double>(after) / 1e6);
  EXPECT_LT(after, before / 4);
  EXPECT_EQ(count(db), kEntries / 10);
  expect_no_other_tables(db);
}

TEST_P(SpaceTest, OverwritesDoNotPileUp) {
  Db db = Db::open(path_, options(GetParam())).value();
  fill(db);
  const uint64_t once = db.stats().table_file_bytes;
  base::Prng random(4);
  for (int round = 0; round < 3; round++) {
    for (int i = 0; i < kEntries; i += 2) db.put(numbered(i), tests::value_of(random, kValueBytes)).value();
  }
  db.compact().value();
  EXPECT_LT(db.stats().table_file_bytes, once + once / 10);
  EXPECT_EQ(count(db), kEntries);
  expect_no_other_tables(db);
}

TEST_P(SpaceTest, ASnapshotKeepsWhatItSeesAndLetsGoOfIt) {
  Db db = Db::open(path_, options(GetParam())).value();
  fill(db);
  const uint64_t before = db.stats().table_file_bytes;
  {
    const Snapshot snapshot = db.snapshot();
    db.erase_range(numbered(0), numbered(kEntries)).value();
    db.compact().value();
    EXPECT_TRUE(db.contains(numbered(7), snapshot).value());
    EXPECT_FALSE(db.contains(numbered(7)).value());
  }
  db.compact().value();
  EXPECT_LT(db.stats().table_file_bytes, before / 100);
  expect_no_other_tables(db);
}

TEST_P(SpaceTest, ADroppedKeyspaceGivesItsSpaceBack) {
  Db db = Db::open(path_, options(GetParam())).value();
  {
    const Keyspace keyspace = db.keyspace("gone").value();
    base::Prng random(3);
    for (int i = 0; i < kEntries / 4; i++) keyspace.put(numbered(i), tests::value_of(random, kValueBytes)).value();
    db.flush().value();
    db.drop_keyspace("gone").value();
  }
  db.settle().value();
  EXPECT_EQ(live_tables(db), 0U);
  expect_no_other_tables(db);
}

INSTANTIATE_TEST_SUITE_P(Shapes, SpaceTest,
                         testing::Values(CompactionShape::kLazyLeveled, CompactionShape::kLeveled,
                                         CompactionShape::kTiered));

// To rewrite large entries only so that reads meet fewer runs costs far more than it spares.
TEST(LargeEntriesTest, AtRestAreRewrittenOnlyForTheSpaceThatItGivesBack) {
  const os::TemporaryDirectory directory;
  Options roomy = options(CompactionShape::kLazyLeveled);
  roomy.memory_bytes = uint64_t{64} << 20;  // no level has its fill of runs
  Db db = Db::open(directory / "db", roomy).value();
  constexpr int kLarge = 600;
  base::Prng random(5);
  const auto write = [&](int from, int to) {
    for (int i = from; i < to; i++) {
      db.put(numbered(i * 7 % kLarge), tests::value_of(random, 8192)).value();
      if (i % 150 == 149) db.flush().value();
    }
    db.settle().value();
  };
  write(0, kLarge);
  const Stats unique = db.stats();
  EXPECT_EQ(unique.compaction_bytes_written, 0U) << "unique entries were rewritten";
  db.settle().value();
  EXPECT_EQ(db.stats().compaction_bytes_written, 0U) << "what was declined was done after all";
  write(0, 30);
  db.flush().value();
  db.settle().value();
  EXPECT_EQ(db.stats().compaction_bytes_written, 0U) << "a twentieth is not worth it";
  write(0, kLarge / 2);
  EXPECT_NE(db.stats().compaction_bytes_written, 0U);
  EXPECT_LT(db.stats().table_file_bytes, unique.table_file_bytes + unique.table_file_bytes / 20) << "a third was dead";
  int entries = 0;
  Scan scan = db.scan();
  for (auto at = scan.begin(); at != scan.end(); ++at) entries++;
  scan.status().value();
  EXPECT_EQ(entries, kLarge);
}

TEST(LogSpaceTest, AColdKeyspaceDoesNotKeepTheLog) {
  const os::TemporaryDirectory directory;
  Db db = Db::open(directory / "db", options(CompactionShape::kLazyLeveled)).value();
  const Keyspace cold = db.keyspace("cold").value();
  cold.put("once", "written").value();
  base::Prng random(5);
  uint64_t most = 0;
  for (int i = 0; i < 60'000; i++) {
    db.put(numbered(static_cast<int>(random.below(5000))), tests::value_of(random, 1000)).value();
    if (i % 500 == 0) most = std::max(most, files_of(directory / "db").log_bytes);
  }
  std::printf("60 MB written, at most %.1f MB of log\n", static_cast<double>(most) / 1e6);
  EXPECT_LT(most, 24 * kMebibyte);  // half of the memory may wait in the log, and segments are made ahead
  const auto value = cold.get("once").value();
  EXPECT_TRUE(value && *value == "written");
}

}  // namespace
}  // namespace nacre
