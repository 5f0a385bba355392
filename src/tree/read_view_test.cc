#include "tree/read_view.h"

#include <gtest/gtest.h>

#include "base/checksum.h"
#include "tree/test_kit.h"

namespace nacre::tree {
namespace {

// A flush as the engine does it: the view changes in one pointer, and who holds the old one goes on reading it whole.
TEST(ReadView, AFlushReplacesAMemtableByATableInOneStep) {
  FaultyDirectory directory;
  TestTree tree(directory);
  tree.open().value();
  const memtable::MemtableOptions options{.kind = MemtableKind::kBTree, .capacity_bytes = 1 << 20, .account = nullptr};
  auto flushed = memtable::Memtable::create(options);
  flushed->insert("key", base::hash_key("key"), format::make_trailer(1, format::EntryKind::kPut), "value");
  auto before = base::make_intrusive<ReadView>(std::vector{flushed}, tree.set->current(0));

  const uint64_t number = tree.flush("key", "key").value();
  auto after = base::make_intrusive<ReadView>(std::vector{memtable::Memtable::create(options)}, tree.set->current(0));
  EXPECT_EQ(before->memtables[0]->get("key", base::hash_key("key"), 5).value, "value");
  EXPECT_TRUE(before->version->empty());
  EXPECT_FALSE(after->memtables[0]->get("key", base::hash_key("key"), 5).found);
  ASSERT_EQ(after->version->runs().size(), 1U);
  EXPECT_EQ(after->version->runs()[0].find("key")->number(), number);
}

TEST(ReadView, PinsItsTables) {
  FaultyDirectory directory;
  TestTree tree(directory);
  tree.open().value();
  const uint64_t number = tree.flush("a", "b").value();
  auto view =
      base::make_intrusive<ReadView>(std::vector<base::IntrusivePtr<memtable::Memtable>>{}, tree.set->current(0));
  format::VersionEdit edit;
  edit.removed = {number};
  tree.set->commit(edit).value();
  tree.forget_installed();
  EXPECT_TRUE(tree.obsolete.empty());
  view = nullptr;
  EXPECT_EQ(tree.obsolete, std::vector<uint64_t>{number});
}

}  // namespace
}  // namespace nacre::tree
