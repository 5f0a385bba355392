// Options as text and in the engine: what is written is read back, and text may say exactly what the engine accepts.

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <filesystem>

#include "config/option_table.h"
#include "nacre/nacre.h"
#include "os/testing.h"

namespace nacre {
namespace {

using config::OptionRow;

// Ends, sound units and anything between.
rc::Gen<uint64_t> any_value(const OptionRow& row) {
  const auto within = rc::gen::map(rc::gen::arbitrary<uint64_t>(), [&row](uint64_t number) {
    const uint64_t span = row.most - row.least;
    return span == UINT64_MAX ? number : row.least + number % (span + 1);
  });
  const auto round = rc::gen::map(rc::gen::inRange(0, 64),
                                  [&row](int shift) { return std::clamp(uint64_t{1} << shift, row.least, row.most); });
  return rc::gen::oneOf(within, round, rc::gen::element(row.least, row.most, row.default_value()));
}

Options any_options() {
  Options options;
  for (const OptionRow& row : config::option_rows()) row.set(options, *any_value(row));
  return options;
}

TEST(Config, WhatIsWrittenIsReadBack) {
  EXPECT_TRUE(rc::check("options, as text, are the same options", [] {
    const Options options = any_options();
    RC_ASSERT((options_from_toml(to_toml(options)) == options));
    RC_ASSERT((options_from_toml(to_commented_toml(options)) == options));
  }));
}

// The engine checks by itself what code gives it: at the ends of each range it must say what text is told.
TEST(Config, TextMaySayWhatTheEngineAccepts) {
  const os::TemporaryDirectory directory;
  const auto accepts = [&](Options options) {
    options.mode = OpenMode::kMustExist;  // there is none: what is refused for its options is refused before
    const auto db = Db::open(directory / "none", options);
    EXPECT_FALSE(db.has_value());
    return db.error().kind == ErrorKind::kNotFound;
  };
  for (const OptionRow& row : config::option_rows()) {
    if (row.name == "mode") continue;
    const auto with = [&](uint64_t value) {
      Options options;
      row.set(options, value);
      return options;
    };
    EXPECT_TRUE(accepts(with(row.least))) << row.name;
    EXPECT_TRUE(accepts(with(row.most))) << row.name;
    if (row.least > 0) {
      EXPECT_FALSE(accepts(with(row.least - 1))) << row.name;
    }
    if (row.most < UINT64_MAX) {
      EXPECT_FALSE(accepts(with(row.most + 1))) << row.name;
    }
  }
}

// ---- while a database is open ----------------------------------------------------------------------------------------

constexpr KeyspaceOptions kOther{.compression = Compression::kZstd,
                                 .bottom_compression = Compression::kNone,
                                 .shape = CompactionShape::kTiered,
                                 .filter_bits_per_key = 0,
                                 .block_bytes = 1500};

TEST(OptionsAtRunTime, WhatAnOpenWasGivenIsInForce) {
  const os::TemporaryDirectory directory;
  const Options options{.durability = Durability::kMemory,
                        .memory_bytes = kMinMemoryBytes,
                        .memtable = MemtableKind::kSkipList,
                        .row_cache_percent = 7,
                        .keyspace = kOther};
  Db db = Db::open(directory / "db", options).value();
  EXPECT_EQ(db.options(), options);
  EXPECT_EQ(db.default_keyspace().options(), kOther);
  EXPECT_EQ(db.create_keyspace("users", {}).value().options(), KeyspaceOptions{});
}

// Whoever opens it later gets them too, whatever he would give to new keyspaces.
TEST(OptionsAtRunTime, OfAKeyspaceAreFoundByTheNextOpen) {
  const os::TemporaryDirectory directory;
  {
    Db db = Db::open(directory / "db").value();
    const Keyspace users = db.keyspace("users").value();
    users.set_options(kOther).value();
    EXPECT_EQ(users.options(), kOther);
    EXPECT_EQ(db.keyspace("users").value().options(), kOther);
    EXPECT_EQ(db.default_keyspace().options(), KeyspaceOptions{});
    EXPECT_EQ(db.options().keyspace, KeyspaceOptions{});
    db.close().value();
  }
  for (const OpenMode mode : {OpenMode::kReadOnly, OpenMode::kMustExist, OpenMode::kReadOnly}) {
    Db db = Db::open(directory / "db", {.mode = mode}).value();
    EXPECT_EQ(db.keyspace("users").value().options(), kOther);
    EXPECT_EQ(db.default_keyspace().options(), KeyspaceOptions{});
    db.close().value();
  }
}

// A copy of the files at this moment is what a killed process leaves.
TEST(OptionsAtRunTime, OfAKeyspaceSurviveTheProcessOnceTheyAreSet) {
  const os::TemporaryDirectory directory;
  Db db = Db::open(directory / "db").value();
  db.put("key", "value").value();
  for (uint32_t bits = 11; bits < 20; bits++) {
    KeyspaceOptions options = kOther;
    options.filter_bits_per_key = bits;
    db.default_keyspace().set_options(options).value();
    const std::string copy = directory / ("copy" + std::to_string(bits));
    std::filesystem::copy(directory / "db", copy);
    Db left = Db::open(copy).value();
    EXPECT_EQ(left.default_keyspace().options(), options);
    EXPECT_EQ(left.get("key").value()->bytes(), "value");
    EXPECT_TRUE(left.check().value().empty());
  }
}

uint64_t table_bytes(Db& db) {
  db.flush().value();
  db.compact().value();
  return db.stats().table_file_bytes;
}

TEST(OptionsAtRunTime, TablesFollowThemFromThenOn) {
  const os::TemporaryDirectory directory;
  Db db = Db::open(directory / "db", {.keyspace = {.bottom_compression = Compression::kNone}}).value();
  const auto write_all = [&] {
    for (int i = 0; i < 2000; i++) db.put("key" + std::to_string(i), std::string(200, 'v')).value();
  };
  write_all();
  const uint64_t plain = table_bytes(db);
  db.default_keyspace().set_options({.bottom_compression = Compression::kZstd}).value();
  write_all();
  EXPECT_LT(table_bytes(db), plain / 4);
  db.default_keyspace().set_options({.bottom_compression = Compression::kNone}).value();
  write_all();
  EXPECT_GT(table_bytes(db), plain / 2);
}

TEST(OptionsAtRunTime, AnotherShapeIsTakenOnAtLeisure) {
  const os::TemporaryDirectory directory;
  Db db = Db::open(directory / "db", {.memory_bytes = kMinMemoryBytes, .keyspace = {.shape = CompactionShape::kTiered}})
              .value();
  for (int round = 0; round < 12; round++) {
    for (int i = 0; i < 400; i++) db.put("key" + std::to_string(i * 12 + round), std::string(100, 'v')).value();
    db.flush().value();
  }
  db.settle().value();
  db.default_keyspace().set_options({}).value();
  db.settle().value();
  const KeyspaceStats keyspace = db.stats().keyspaces.at(0);
  uint64_t runs = 0;
  for (const LevelStats& level : keyspace.levels) runs += level.runs;
  EXPECT_EQ(runs, 1U);
  EXPECT_TRUE(db.check().value().empty());
}

TEST(OptionsAtRunTime, DurabilityAndDefaultsOfNewKeyspacesChangeForTheHandle) {
  const os::TemporaryDirectory directory;
  Db db = Db::open(directory / "db").value();
  const uint64_t syncs = db.stats().syncs;
  db.put("a", "1").value();
  EXPECT_EQ(db.stats().syncs, syncs);
  Options options = db.options();
  options.durability = Durability::kDisk;
  options.memtable = MemtableKind::kSkipList;
  options.keyspace = kOther;
  db.set_options(options).value();
  EXPECT_EQ(db.options(), options);
  db.put("b", "2").value();
  EXPECT_EQ(db.stats().syncs, syncs + 1);
  EXPECT_EQ(db.keyspace("new").value().options(), kOther);
  EXPECT_EQ(db.default_keyspace().options(), KeyspaceOptions{});  // recorded, as at an open
  db.flush().value();
  db.put("c", "3").value();
  EXPECT_EQ(db.get("a").value()->bytes(), "1");
  EXPECT_EQ(db.get("c").value()->bytes(), "3");
  db.close().value();
  Db again = Db::open(directory / "db").value();
  EXPECT_EQ(again.options(), Options{});
}

TEST(OptionsAtRunTime, WhatAnOpenDecidesIsRefusedAndNothingIsChanged) {
  const os::TemporaryDirectory directory;
  Db db = Db::open(directory / "db").value();
  const auto refused = [&](auto change, Bytes word) {
    Options options = db.options();
    options.durability = Durability::kDisk;
    change(options);
    const auto set = db.set_options(options);
    return !set && set.error().kind == ErrorKind::kInvalidArgument && Bytes(set.error().reason).contains(word) &&
           db.options() == Options{};
  };
  EXPECT_TRUE(refused([](Options& options) { options.memory_bytes *= 2; }, "Options::memory_bytes is divided"));
  EXPECT_TRUE(refused([](Options& options) { options.row_cache_percent = 5; }, "Options::row_cache_percent is taken"));
  EXPECT_TRUE(refused([](Options& options) { options.mode = OpenMode::kMustExist; }, "Options::mode says how"));
  EXPECT_TRUE(refused([](Options& options) { options.keyspace.block_bytes = 5; }, "1,024 to 65,536"));
  const auto keyspace = db.default_keyspace().set_options({.filter_bits_per_key = 25});
  EXPECT_EQ(keyspace.error().kind, ErrorKind::kInvalidArgument);
  EXPECT_EQ(db.default_keyspace().options(), KeyspaceOptions{});
}

TEST(OptionsAtRunTime, OfAKeyspaceNeedAHandleThatWritesAndAKeyspaceThatIsThere) {
  const os::TemporaryDirectory directory;
  {
    Db db = Db::open(directory / "db").value();
    const Keyspace users = db.keyspace("users").value();
    db.drop_keyspace("users").value();
    EXPECT_EQ(users.set_options(kOther).error().kind, ErrorKind::kNotFound);
    const Keyspace left = db.default_keyspace();
    db.close().value();
    EXPECT_EQ(left.set_options(kOther).error().kind, ErrorKind::kClosed);
    EXPECT_EQ(db.set_options({}).error().kind, ErrorKind::kClosed);
  }
  const Db db = Db::open(directory / "db", {.mode = OpenMode::kReadOnly}).value();
  EXPECT_EQ(db.default_keyspace().set_options(kOther).error().kind, ErrorKind::kInvalidArgument);
}

}  // namespace
}  // namespace nacre
