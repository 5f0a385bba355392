// Db::check on a database whose tables are all sound and stand in the wrong order: what a wrong compaction would leave.

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "format/footer.h"
#include "nacre/nacre.h"
#include "os/testing.h"
#include "tree/version_set.h"

namespace nacre {
namespace {

// For who changes the tree and never looks into a table.
class Identifier : public tree::TableOpener {
 public:
  Result<std::optional<format::TableIdentity>> identify(ReadableFile& file) override {
    char footer[format::kFooterBytes];
    NACRE_TRY_ASSIGN(const size_t got, file.read(file.size_bytes() - sizeof footer, footer));
    return format::peek_identity({footer, got});
  }
  Result<table::Table*> open(const tree::TableMeta&) override { return Error{.kind = ErrorKind::kUnsupported}; }
  void close(table::Table*) override {}
};

// The tables of the two runs change places.
void exchange_runs(const std::string& path) {
  const auto directory = Runtime::standard().file_system->open_directory(path, false).value();
  tree::VersionSetOptions options;
  options.mode = OpenMode::kMustExist;
  options.opener = std::make_shared<Identifier>();
  tree::OpenReport report;
  const auto versions = tree::VersionSet::open(*directory, std::move(options), &report).value();
  versions->begin_writing().value();
  const auto version = versions->current(format::kDefaultKeyspace);
  ASSERT_EQ(version->runs().size(), 2U);
  format::VersionEdit edit;
  edit.keyspace = format::kDefaultKeyspace;
  for (size_t i = 0; i < 2; i++) {
    const tree::Run& other = version->runs()[1 - i];
    for (const auto& table : version->runs()[i].tables()) {
      edit.removed.push_back(table->number());
      edit.added.push_back({.level = other.level(), .run = other.id(), .table = table->record()});
    }
  }
  versions->commit(edit).value();
}

class CheckTest : public testing::Test {
 protected:
  // What it finds once the older of two changes stands before the newer.
  template <class First, class Second>
  std::string found_when_exchanged(First&& first, Second&& second) {
    Options options;
    options.memory_bytes = kMinMemoryBytes;
    {
      Db db = Db::open(path_, options).value();
      first(db);
      db.flush().value();
      second(db);
      db.flush().value();
      EXPECT_TRUE(db.check().value().empty());
      db.close().value();
    }
    exchange_runs(path_);
    Db db = Db::open(path_, options).value();
    const auto findings = db.check().value();
    return findings.empty() ? "nothing" : findings.front().error.reason;
  }

  os::TemporaryDirectory directory_;
  const std::string path_ = directory_ / "db";
};

TEST_F(CheckTest, TellsHowFarItIsFromTheFirstByteToTheLast) {
  Db db = Db::open(path_).value();
  Keyspace other = db.keyspace("other").value();
  for (int i = 0; i < 100'000; i++) db.put(std::to_string(i), "value").value();
  other.put("k", "v").value();
  db.flush().value();
  const uint64_t table_bytes = db.stats().table_file_bytes;
  std::vector<uint64_t> told;
  EXPECT_TRUE(db.check([&](uint64_t done, uint64_t all) {
                  EXPECT_EQ(all, 2 * table_bytes) << "each table is read twice";
                  told.push_back(done);
                })
                  .value()
                  .empty());
  EXPECT_TRUE(std::ranges::is_sorted(told));
  EXPECT_EQ(told.back(), 2 * table_bytes);
  EXPECT_GE(std::ranges::count_if(told, [&](uint64_t done) { return done > table_bytes && done < 2 * table_bytes; }), 5)
      << "nothing is told while runs are held against each other";
}

TEST_F(CheckTest, AnOlderVersionBeforeANewerOneIsFound) {
  const auto put = [](const char* value) { return [value](Db& db) { db.put("key", value).value(); }; };
  EXPECT_EQ(found_when_exchanged(put("old"), put("new")), "a run holds an older version of a key than a run behind it");
}

TEST_F(CheckTest, ATombstoneBehindWhatItErasedIsFound) {
  const auto put = [](Db& db) { db.put("key", "old").value(); };
  const auto erase = [](Db& db) { db.erase_range("a", "z").value(); };
  EXPECT_EQ(found_when_exchanged(put, erase),
            "a range tombstone stands on the wrong side of what it erased, or did not erase");
}

TEST_F(CheckTest, ATombstoneBeforeWhatCameLaterIsFound) {
  const auto put = [](Db& db) { db.put("key", "new").value(); };
  const auto erase = [](Db& db) { db.erase_range("a", "z").value(); };
  EXPECT_EQ(found_when_exchanged(erase, put),
            "a range tombstone stands on the wrong side of what it erased, or did not erase");
}

TEST_F(CheckTest, RunsThatShareNoKeyMayStandInAnyOrder) {
  const auto put = [](const char* key) { return [key](Db& db) { db.put(key, "value").value(); }; };
  EXPECT_EQ(found_when_exchanged(put("one"), put("two")), "nothing");
}

}  // namespace
}  // namespace nacre
