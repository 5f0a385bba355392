#include "tree/table_meta.h"

#include <gtest/gtest.h>

#include "tree/test_kit.h"

namespace nacre::tree {
namespace {

using base::IntrusivePtr;

struct Fixture {
  std::shared_ptr<FakeOpener> opener = std::make_shared<FakeOpener>();
  std::vector<uint64_t> obsolete;
  std::shared_ptr<TableHome> home = std::make_shared<TableHome>(
      kTestUuid, opener, nullptr, [this](const ObsoleteTable& table) { obsolete.push_back(table.number); });

  IntrusivePtr<TableMeta> make(uint64_t number) {
    return base::make_intrusive<TableMeta>(placed(0, 1, number, "b", "d").table, home);
  }
};

TEST(TableMeta, KnowsWhatItCovers) {
  Fixture fixture;
  const auto meta = fixture.make(5);
  EXPECT_FALSE(meta->covers("a"));
  EXPECT_TRUE(meta->covers("b"));
  EXPECT_TRUE(meta->covers("d"));
  EXPECT_FALSE(meta->covers(Bytes("d\0", 2)));
  format::TableRecord open = meta->record();
  open.largest_exclusive = true;
  const auto exclusive = base::make_intrusive<TableMeta>(open, fixture.home);
  EXPECT_TRUE(exclusive->covers("cz"));
  EXPECT_FALSE(exclusive->covers("d"));
  EXPECT_FALSE(exclusive->reaches("d"));
  EXPECT_EQ(meta->identity(), (format::TableIdentity{.uuid = kTestUuid, .number = 5}));
}

TEST(TableMeta, OpensOnceAndClosesWithTheLastReference) {
  Fixture fixture;
  auto meta = fixture.make(5);
  EXPECT_EQ(meta->table_if_open(), nullptr);
  fixture.opener->failing_opens = 1;
  EXPECT_FALSE(meta->table().has_value());
  table::Table* const opened = meta->table().value();  // a failed open is tried again
  EXPECT_EQ(meta->table().value(), opened);
  EXPECT_EQ(meta->table_if_open(), opened);
  EXPECT_EQ(fixture.opener->opens, 1U);
  IntrusivePtr<TableMeta> second = meta;
  meta = nullptr;
  EXPECT_EQ(fixture.opener->closes, 0U);
  second = nullptr;
  EXPECT_EQ(fixture.opener->closes, 1U);
  EXPECT_TRUE(fixture.obsolete.empty());  // it was not removed
}

TEST(TableMeta, ObsoleteOnceWhenRemovedAndGone) {
  Fixture fixture;
  auto meta = fixture.make(5);
  IntrusivePtr<TableMeta> reader = meta;
  meta->mark_removed();
  meta = nullptr;
  EXPECT_TRUE(fixture.obsolete.empty());
  reader = nullptr;
  EXPECT_EQ(fixture.obsolete, std::vector<uint64_t>{5});
  auto late = fixture.make(6);
  late->mark_removed();
  fixture.home->disconnect();
  late = nullptr;
  EXPECT_EQ(fixture.obsolete, std::vector<uint64_t>{5});
}

// Keeps each opener waiting for a while, so that several are inside at once.
class SlowOpener final : public TableOpener {
 public:
  Result<std::optional<format::TableIdentity>> identify(ReadableFile&) override {
    return std::optional<format::TableIdentity>();
  }
  Result<table::Table*> open(const TableMeta&) override {
    const uint64_t address = ++opens;
    for (uint32_t turn = 0; opens < 2 && turn < 2000; turn++) sync::spin_turn(turn);
    return reinterpret_cast<table::Table*>(address * 4096);
  }
  void close(table::Table*) override { closes++; }

  std::atomic<uint64_t> opens{0};
  std::atomic<uint64_t> closes{0};
};

TEST(TableMeta, RacingOpensKeepOneHandleAndCloseTheOthers) {
  uint64_t races = 0;
  for (int round = 0; round < 10; round++) {
    auto opener = std::make_shared<SlowOpener>();
    auto home = std::make_shared<TableHome>(kTestUuid, opener, nullptr, nullptr);
    auto meta = base::make_intrusive<TableMeta>(placed(0, 1, 5, "b", "d").table, home);
    std::vector<table::Table*> got(4);
    std::vector<sync::Thread> threads(got.size());
    for (size_t i = 0; i < threads.size(); i++) {
      threads[i] = sync::Thread("opener", [&, i] { got[i] = meta->table().value(); });
    }
    for (auto& thread : threads) thread.join();
    for (table::Table* each : got) EXPECT_EQ(each, meta->table_if_open());
    EXPECT_EQ(opener->opens, opener->closes + 1);
    races += opener->closes;
    meta = nullptr;
    EXPECT_EQ(opener->opens, opener->closes);
  }
  EXPECT_GT(races, 0U);
}

}  // namespace
}  // namespace nacre::tree
